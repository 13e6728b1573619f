"""A run: articles and footage in, finished shorts out, one job after the other."""

from __future__ import annotations

import errno
import time
import traceback
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nvpipe.cache.journal import Journal
from nvpipe.cache.ledger import Ledger
from nvpipe.cache.listing import sweep
from nvpipe.cache.stages import StageStore
from nvpipe.cache.store import once
from nvpipe.errors import InterruptedRunError, NvpipeError, OutputError, UsageError
from nvpipe.footage.library import Library
from nvpipe.media.encode import prove_parameters
from nvpipe.options import OPTIONS
from nvpipe.pipeline import tell
from nvpipe.pipeline.author import author_key
from nvpipe.pipeline.beside import Second, second_of
from nvpipe.pipeline.extras import logo_digest, prove_logo
from nvpipe.pipeline.given import given_key
from nvpipe.pipeline.idle import idle_options
from nvpipe.pipeline.job import Made, make
from nvpipe.pipeline.kept import Kept
from nvpipe.pipeline.models import Models
from nvpipe.pipeline.music import music_of, prove_music
from nvpipe.pipeline.narrator import voice_key
from nvpipe.pipeline.plan import own_looks
from nvpipe.pipeline.reading import Job, from_the_web, read_jobs
from nvpipe.pipeline.stages import JobLog
from nvpipe.pipeline.subtitles import caption_font
from nvpipe.pipeline.tools import Toolbox
from nvpipe.pipeline.workspace import publish, workspace
from nvpipe.types.codec import digest_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from nvpipe.pipeline.feeds import Skipped
    from nvpipe.pipeline.jobs import JobRequest
    from nvpipe.pipeline.reporter import Reporter
    from nvpipe.settings import Settings
    from nvpipe.types import Article, Footage

VERSION = 3
"""Part of every job's key; a change of what a job makes from the same inputs changes it."""


@dataclass(frozen=True, slots=True)
class JobReport:
    """What became of one job."""

    article: str
    status: str
    """`done` or `failed`."""
    output: Path | None
    manifest: Path | None
    seconds: float
    error: str | None = None
    exit_code: int = 0
    cached: bool = False
    """True when everything was there already."""


@dataclass(frozen=True, slots=True)
class RunReport:
    """What became of a run."""

    jobs: tuple[JobReport, ...]
    seconds: float
    skipped: tuple[Skipped, ...] = ()
    """Entries of feeds that are not told."""

    @property
    def exit_code(self) -> int:
        """That of the job, or of several 1 if any failed."""
        if len(self.jobs) == 1:
            return self.jobs[0].exit_code
        return 1 if any(job.exit_code for job in self.jobs) else 0


@dataclass(slots=True)
class _Shared:
    """What the jobs of a run have in common."""

    out: Path
    kept: Kept
    models: Models
    journal: Journal
    reporter: Reporter
    heard: list[str] = field(default_factory=list)
    """Warnings that came from the storage folder."""
    said: set[str] = field(default_factory=set)
    """Notices that are said once a run."""
    footage: dict[tuple[str, ...], tuple[list[Footage], list[str]]] = field(default_factory=dict)
    proven: dict[tuple[str, str, object], tuple[Any, Any]] = field(default_factory=dict)


def run(
    requests: Sequence[JobRequest],
    out: Path,
    reporter: Reporter,
    stdin: BinaryIO | None = None,
    *,
    allow_private: bool = False,
) -> RunReport:
    """Do the jobs in order; one that fails does not stop the others.

    Args:
        requests: the jobs, all with the same storage folder.
        out: the output folder.
        reporter: told of everything that happens.
        stdin: where the article `-` is read from.
        allow_private: fetch articles and feeds from private and loopback hosts too.

    Raises:
        UsageError: the output folder cannot be written.
        InterruptedRunError: the user asked to stop; what is finished stays.
    """
    start = time.perf_counter()
    reports: list[JobReport] = []
    with workspace(out) as work:
        sweep(requests[0].settings.storage)
        shared = _shared(requests[0].settings.storage, out, reporter)
        with (
            closing(shared.models),
            from_the_web(requests, out, reporter, allow_private=allow_private) as (found, skipped),
        ):
            jobs = read_jobs(found, stdin, shared.journal)
            for number, job in enumerate(jobs, 1):
                reporter.job_started(job.slug or job.request.source, number, len(jobs))
                report = _guarded(job, shared, work)
                reports.append(report)
                text = report.error or ("already done" if report.cached else str(report.output))
                reporter.job_ended(job.slug or job.request.source, report.status, text, report.seconds)
    return RunReport(tuple(reports), round(time.perf_counter() - start, 3), tuple(skipped))


def _shared(storage: Path, out: Path, reporter: Reporter) -> _Shared:
    heard: list[str] = []

    def warn(text: str) -> None:
        heard.append(text)
        reporter.warning(text)

    said_once = once(warn)
    library = Library(storage, said_once, notice=reporter.notice)
    kept = Kept(library, StageStore(storage, said_once), Ledger(storage, said_once))
    return _Shared(out, kept, Models(storage, said_once), Journal(out), reporter, heard)


def _guarded(job: Job, shared: _Shared, work: Path) -> JobReport:
    """Do a job; whatever goes wrong in it becomes its report."""
    start = time.perf_counter()
    try:
        if job.error is not None:
            raise job.error
        report = _do(job, shared, work)
        _tell(job, None)
        return report
    except NvpipeError as error:
        failure = error
    except KeyboardInterrupt:
        with suppress(OutputError):
            shared.journal.append("interrupted", slug=job.slug)
        raise InterruptedRunError("interrupted", hint="the same command goes on where it stopped") from None
    except OSError as error:
        hint = "free some space" if error.errno == errno.ENOSPC else "check its permissions"
        failure = OutputError(f"a file in {shared.out} cannot be written: {error.strerror or error}", hint=hint)
    except Exception as error:  # noqa: BLE001 - the job's boundary: a fault in one job must not end the others
        shared.reporter.detail(traceback.format_exc())
        failure = NvpipeError(
            f"unexpected {type(error).__name__}: {error}", hint="this is a fault of nvpipe, please report it"
        )
    seconds = round(time.perf_counter() - start, 3)
    if job.slug:
        _note_failure(job, shared, failure)
    _tell(job, failure)
    return JobReport(job.request.source, "failed", None, None, seconds, failure.line(), failure.exit_code)


def _tell(job: Job, failure: NvpipeError | None) -> None:
    if job.request.ended is not None:
        job.request.ended(failure)


def _note_failure(job: Job, shared: _Shared, failure: NvpipeError) -> None:
    try:
        shared.journal.append("failed", slug=job.slug, error=failure.line())
    except OutputError as error:
        shared.reporter.warning(error.line())


def _do(job: Job, shared: _Shared, work: Path) -> JobReport:
    start = time.perf_counter()
    assert job.article is not None
    settings = job.request.settings
    log = JobLog(job.slug, shared.reporter, shared.said, lambda: shared.models.stats)
    footage = _footage(settings, shared, log)
    second = second_of(settings, shared.kept.library)
    for idle in idle_options(settings):
        log.notice(idle, once_a_run=True)
    key = job_key(job.article, settings, footage, second)
    target = shared.out / f"{job.slug}.mp4"
    manifest = target.with_suffix(".json")
    if _is_done(shared, job.slug, key):
        seconds = round(time.perf_counter() - start, 3)
        return JobReport(job.request.source, "done", target, manifest, seconds, cached=True)
    if settings.x264_params or settings.bitrate:
        # Wrong parameters end the job before any work is done.
        prove_parameters(settings.encoder, settings.x264_params, settings.bitrate)
    prove_logo(settings)
    prove_music(settings)
    shared.journal.append("started", slug=job.slug, key=key, source=job.request.source)
    folder = work / job.slug
    folder.mkdir()
    say = partial(log.notice, once_a_run=True)
    tools = Toolbox(settings, shared.proven, say, shared.models, shared.reporter.progress)
    share = ledger_key(job.article, settings, footage)
    made = make(job.article, footage, second, settings, share, target, tools, shared.kept, log, folder)
    _publish(made, target, shared, job, key, job.article, fallback=log.fallback)
    return JobReport(job.request.source, "done", target, manifest, round(time.perf_counter() - start, 3))


def _publish(
    made: Made, target: Path, shared: _Shared, job: Job, key: str, article: Article, *, fallback: bool
) -> None:
    finals = [target.with_name(path.name) for path in made.files]
    publish(list(zip(made.files, finals, strict=True)))
    mark = {"entry": job.request.mark} if job.request.mark else {}
    shared.journal.append_done(job.slug, key, finals, fallback=fallback, article=article.digest, **mark)
    for name, render_key in made.render_keys.items():
        shared.kept.store.save_render(render_key, target.with_name(name))


def _is_done(shared: _Shared, slug: str, key: str) -> bool:
    record = shared.journal.finished(slug)
    if record is None or record.key != key or record.fallback:
        # What was missing may be there now; where it is not, the stages are found in the cache.
        return False
    return shared.journal.verify_outputs(record)


def _footage(settings: Settings, shared: _Shared, log: JobLog) -> list[Footage]:
    if not settings.footage:
        raise UsageError("no footage is named", hint="give --footage PATH, or try nvpipe run --sample")
    if settings.footage not in shared.footage:
        before = len(shared.heard)
        found = shared.kept.library.resolve(settings.footage)
        shared.footage[settings.footage] = (found, shared.heard[before:])
    found, heard = shared.footage[settings.footage]
    log.warnings.extend(text for text in heard if text not in log.warnings)
    return found


def job_key(article: Article, settings: Settings, footage: Sequence[Footage], second: Second | None = None) -> str:
    """What a job's files follow from: the text, the options, the footage and its licences, not where they lie."""
    videos = [[video.digest, video.licence, video.credit] for video in footage]
    logo = None if settings.logo is None else logo_digest(settings.logo)
    font = caption_font(settings)
    music = music_of(settings, lambda _: None)
    return digest_of(
        [
            VERSION,
            tell.VERSION,
            article.digest,
            _options(settings),
            logo,
            videos,
            second.key if second else "",
            own_looks(settings),
            font.digest if font else "",
            music and [music.digest, music.licence, music.credit],
        ]
    )


def ledger_key(article: Article, settings: Settings, footage: Sequence[Footage]) -> str:
    """What a job's share of the footage goes by: the text, the options and the footage, whatever is known of it."""
    drawn = {option.field for option in OPTIONS if not option.in_share}
    options = {name: value for name, value in _options(settings).items() if name not in drawn}
    return digest_of([article.digest, options, [video.digest for video in footage]])


def _options(settings: Settings) -> dict[str, object]:
    found = {option.field: getattr(settings, option.field) for option in OPTIONS if option.in_result}
    return found | given_key(settings) | author_key(settings) | voice_key(settings)
