"""One job, stage by stage: script, narration, analysis, render."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nvpipe.errors import BackendFailedError, BackendUnavailableError, MediaError, NvpipeError, OutputError
from nvpipe.pipeline.analyse import logged_all
from nvpipe.pipeline.author import told_by
from nvpipe.pipeline.auto_look import choose_look
from nvpipe.pipeline.batch.turns import Alone
from nvpipe.pipeline.beside import choose_beside
from nvpipe.pipeline.casting import cast, recast
from nvpipe.pipeline.choose import demand_of, reserve
from nvpipe.pipeline.extras import described
from nvpipe.pipeline.given import told_as_given
from nvpipe.pipeline.manifest import manifest
from nvpipe.pipeline.music import music_entry, music_of
from nvpipe.pipeline.plan import AUTO_CAPTIONS, plan_timeline, subtitles
from nvpipe.pipeline.precompiled import Ready
from nvpipe.pipeline.subtitles import subtitle_texts
from nvpipe.pipeline.tell import Tellers, Told
from nvpipe.pipeline.timings import predicted_and_measured
from nvpipe.pipeline.versions import make_all, versions_of
from nvpipe.registry import AUTO
from nvpipe.story.language import detect_language, primary_of
from nvpipe.types import BackendChoice

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nvpipe.cache.stages import StageStore
    from nvpipe.footage.library import Library
    from nvpipe.pipeline.batch.turns import Turn
    from nvpipe.pipeline.beside import Beside, Second
    from nvpipe.pipeline.kept import Kept
    from nvpipe.pipeline.stages import JobLog
    from nvpipe.pipeline.tools import Toolbox
    from nvpipe.pipeline.versions import Version
    from nvpipe.settings import Settings
    from nvpipe.types import Article, CaptionTrack, Footage, MotionTrack, Segment

SHORTER_S = 0.5
"""A file that misses its length by more gets a notice."""


@dataclass(frozen=True, slots=True)
class Made:
    """Finished files under temporary names: the video, its subtitles, its manifest, its cover."""

    files: tuple[Path, ...]
    render_keys: Mapping[str, str]
    """What each video follows from, by its file's name."""


def make(
    article: Article,
    footage: Sequence[Footage],
    second: Second,
    settings: Settings,
    share: str,
    target: Path,
    tools: Toolbox,
    kept: Kept,
    log: JobLog,
    work: Path,
    turn: Turn | None = None,
) -> Made:
    """Do a job's stages, taking from the cache what is there.

    Args:
        article: what to tell.
        footage: what may be shown.
        second: what was named to stand beside it.
        settings: the job's options.
        share: what the job's share of the footage goes by.
        target: the final name of the video, of the first where there are several sizes.
        tools: the backends.
        kept: what is known from earlier jobs and runs.
        log: where stages, choices and warnings are recorded.
        work: folder for unfinished files.
        turn: when it may do what, where other jobs are at work.

    Raises:
        NvpipeError: the job cannot be done.
    """
    turn = turn or Alone()
    with turn.story():
        told = _told(article, settings, tools, kept.store, log, work)
    with turn.footage():
        tracks = _tracks(footage, kept.library, tools, settings, log)
        demand = demand_of(told)
        ready = Ready(settings, tools, kept.store, log)
        spans = ready.spans(footage, tracks, demand.duration_s)
        segments = reserve(share, footage, tracks, demand, kept, log, spans)
        beside = choose_beside(second, demand, share, footage, tracks, tools, kept, settings, log, ready)
    chosen = _Chosen(told, {video.video_id: video for video in footage}, tracks, segments, beside, ready)
    with turn.vision():
        return _shown(article, chosen, settings, target, tools, kept, log, work, turn.workers(settings.workers))


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What is said and which footage is shown to it."""

    told: Told
    videos: Mapping[str, Footage]
    tracks: Sequence[MotionTrack]
    segments: Sequence[Segment]
    beside: Beside
    ready: Ready


def _shown(
    article: Article,
    chosen: _Chosen,
    settings: Settings,
    target: Path,
    tools: Toolbox,
    kept: Kept,
    log: JobLog,
    work: Path,
    workers: int | None,
) -> Made:
    """The finished files of what was told and chosen."""
    told, tracks, segments, beside = chosen.told, chosen.tracks, chosen.segments, chosen.beside
    _say_details(told, segments, log)
    known = {track.video_id: track for track in tracks}
    timeline = plan_timeline(told, segments, chosen.videos, known, settings, beside)
    timeline = replace(timeline, music=music_of(settings, log.warn))
    look = choose_look(timeline, settings, tools, kept.store, log) if settings.captions == AUTO_CAPTIONS else None
    drawn = settings if look is None else replace(settings, captions=look.style)
    if look is not None:
        timeline = replace(timeline, captions=subtitles(told, drawn, timeline.duration_s))
    for cut in (*timeline.cuts, *timeline.beside):
        if cut.footage.licence is None:
            log.warn(f"the licence of {cut.footage.path.name} is unknown; make sure that you may publish it")
    if timeline.music and timeline.music.licence is None:
        log.warn(f"the licence of {timeline.music.path.name} is unknown; make sure that you may publish it")
    timeline = chosen.ready.attached(timeline, known | {track.video_id: track for track in beside.tracks})
    versions = versions_of(timeline, settings, work / target.name, tools)
    rendered, cover = make_all(versions, tools, kept.store, log, workers)
    for text in rendered.warnings:
        log.warn(text)
    subtitle_files = _write_subtitles(versions, subtitles(told, drawn, timeline.duration_s), settings)
    log.backends.update(_choices(tools, tracks))
    outputs = {str(target.absolute().with_name(one.path.name)): one.timeline.output for one in versions}
    document = manifest(article, settings, told, timeline, rendered, log.backends, log, outputs)
    document |= described(timeline.extras, cover, target) | music_entry(timeline.music)
    lengths_s = {video.digest: video.duration_s for video in chosen.videos.values()}
    document |= predicted_and_measured(log, kept.store, settings, timeline.duration_s, lengths_s)
    reason = look.reason if look else ""
    document["captions"] = {"style": drawn.captions, "wanted": settings.captions, "reason": reason}
    manifest_file = (work / target.name).with_suffix(".json")
    _write(manifest_file, json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    covers = (cover.path,) if cover else ()
    files = (*subtitle_files, manifest_file, *covers, *(version.path for version in versions))
    return Made(files, {version.path.name: version.key for version in versions})


def _write_subtitles(versions: Sequence[Version], track: CaptionTrack, settings: Settings) -> list[Path]:
    files = []
    for version in versions:
        for suffix, text in subtitle_texts(track, version.timeline.output, settings).items():
            files.append(version.path.with_suffix(suffix))
            _write(files[-1], text)
    return files


def _tracks(
    footage: Sequence[Footage], library: Library, tools: Toolbox, settings: Settings, log: JobLog
) -> list[MotionTrack]:
    """Tracks of the footage; a video that cannot be analysed is left out while there are others."""
    tracks: list[MotionTrack] = []
    failures: list[MediaError] = []
    for result in logged_all(footage, library, tools, settings, log.reporter, lambda _place, _video: log):
        if isinstance(result, MediaError):
            failures.append(result)
        elif isinstance(result, NvpipeError):
            raise result
        else:
            tracks.append(result.track)
    if not tracks:
        raise failures[0]
    for failure in failures:
        log.warn(f"{failure.line()}; left out")
    return tracks


def _say_details(told: Told, segments: Sequence[Segment], log: JobLog) -> None:
    for line in told.script.lines:
        log.detail(f"says: {line.text}")
    for segment in segments:
        log.detail(f"shows: {segment.video_id} from {segment.start_s:.2f} to {segment.end_s:.2f} s")


def _told(article: Article, settings: Settings, tools: Toolbox, store: StageStore, log: JobLog, work: Path) -> Told:
    if settings.script is not None:
        return told_as_given(settings, tools, store, log, work)
    language = settings.language or detect_language(article.text)
    writer = tools.writer()
    if settings.llama is not None and tools.choices["write"].reason:
        log.fallback = True
    speaker, voice = cast(language, settings, tools, log)
    tellers = Tellers(
        writer,
        tools.choices["write"].used,
        speaker,
        tools.choices["speak"].used,
        voice,
        primary_of(language),
        settings.speed,
        settings.call_to_action,
    )
    try:
        told = told_by(article, settings, tellers, tools, store, log, work)
    except (BackendFailedError, BackendUnavailableError) as error:
        speaker, voice = recast(error, language, settings, tools, log)
        tellers = replace(tellers, speaker=speaker, speaker_name=tools.choices["speak"].used, voice=voice)
        told = told_by(article, settings, tellers, tools, store, log, work)
    if told.duration_s < settings.seconds - SHORTER_S:
        log.notice(
            f"whole sentences of the article give {told.duration_s:.1f} s of the {settings.seconds:g} s asked for; "
            "the short is shorter"
        )
    elif told.duration_s > settings.seconds + SHORTER_S:
        log.notice(
            f"no choice of whole sentences fits {settings.seconds:g} s; the short is {told.duration_s:.1f} s long"
        )
    return told


def _choices(tools: Toolbox, tracks: Sequence[MotionTrack]) -> dict[str, BackendChoice]:
    """Which backend did, or once did, each stage."""
    found = dict(tools.choices)
    scorers = sorted({track.scorer.partition("/")[0] for track in tracks})
    found.setdefault("score", BackendChoice(", ".join(scorers), AUTO, "analysed earlier"))
    return found


def _write(path: Path, text: str) -> None:
    try:
        # Names of files may hold bytes that are no text; JSON reads them back from their escapes.
        with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise OutputError(
            f"cannot write {path.name}: {error.strerror or error}", hint="free some disk space"
        ) from error
