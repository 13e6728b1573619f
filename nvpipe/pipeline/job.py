"""One job, stage by stage: script, narration, analysis, render."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nvpipe.cache.disk import digest_file
from nvpipe.captions.srt import to_srt
from nvpipe.errors import MediaError, NvpipeError, OutputError
from nvpipe.pipeline.analyse import logged_all
from nvpipe.pipeline.choose import demand_of, reserve
from nvpipe.pipeline.manifest import manifest
from nvpipe.pipeline.plan import NO_CAPTIONS, plan_timeline, subtitles
from nvpipe.pipeline.tell import Tellers, Told, tell
from nvpipe.registry import AUTO
from nvpipe.story.language import detect_language
from nvpipe.types import BackendChoice
from nvpipe.types.codec import digest_of, from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nvpipe.cache.stages import StageStore
    from nvpipe.captions.draw import CaptionPainter
    from nvpipe.compose.render import Rendered
    from nvpipe.footage.library import Library
    from nvpipe.pipeline.kept import Kept
    from nvpipe.pipeline.stages import JobLog
    from nvpipe.pipeline.tools import Toolbox
    from nvpipe.settings import Settings
    from nvpipe.types import Article, Footage, MotionTrack, Segment, Timeline

SHORTER_S = 0.5
"""A file that misses its length by more gets a notice."""
MISSING_SHOWN = 12
RENDERED = "rendered"
"""Name of the stage that keeps what became of a render; where its file lies is kept apart."""


@dataclass(frozen=True, slots=True)
class Made:
    """Finished files under temporary names: the video, its subtitles, its manifest."""

    files: tuple[Path, ...]
    render_key: str
    """What the video follows from."""


def make(
    article: Article,
    footage: Sequence[Footage],
    settings: Settings,
    share: str,
    target: Path,
    tools: Toolbox,
    kept: Kept,
    log: JobLog,
    work: Path,
) -> Made:
    """Do a job's stages, taking from the cache what is there.

    Args:
        article: what to tell.
        footage: what may be shown.
        settings: the job's options.
        share: what the job's share of the footage goes by.
        target: the final name of the video.
        tools: the backends.
        kept: what is known from earlier jobs and runs.
        log: where stages, choices and warnings are recorded.
        work: folder for unfinished files.

    Raises:
        NvpipeError: the job cannot be done.
    """
    told = _told(article, settings, tools, kept.store, log, work)
    tracks = _tracks(footage, kept.library, tools, settings, log)
    segments = reserve(share, footage, tracks, demand_of(told), kept, log)
    _say_details(told, segments, log)
    videos = {video.video_id: video for video in footage}
    timeline = plan_timeline(told, segments, videos, {track.video_id: track for track in tracks}, settings)
    for cut in timeline.cuts:
        if cut.footage.licence is None:
            log.warn(f"the licence of {cut.footage.path.name} is unknown; make sure that you may publish it")
    video = work / target.name
    key = render_key(timeline, tools)
    rendered = _render(timeline, video, key, tools, kept.store, log)
    for text in rendered.warnings:
        log.warn(text)
    subtitle_file = video.with_suffix(".srt")
    _write(subtitle_file, to_srt(subtitles(told, settings, timeline.duration_s)))
    log.backends.update(_choices(tools, tracks))
    document = manifest(article, settings, told, timeline, rendered, log.backends, log, str(target.absolute()))
    manifest_file = video.with_suffix(".json")
    _write(manifest_file, json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
    return Made((subtitle_file, manifest_file, video), key)


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
    language = settings.language or detect_language(article.text)
    writer, speaker = tools.writer(), tools.speaker()
    voice = speaker.resolve_voice(language, settings.voice)
    tellers = Tellers(writer, tools.choices["write"].used, speaker, tools.choices["speak"].used, voice, language)
    told = tell(article, settings.seconds, tellers, store, log, work)
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


def render_key(timeline: Timeline, tools: Toolbox) -> str:
    """What the finished video follows from: everything that is shown and heard, and what composes and encodes it."""
    from nvpipe.compose import render

    tools.decoder(), tools.layout(), tools.composer(), tools.encoder()
    cuts = [
        [cut.footage.digest, cut.source_start_s, cut.source_end_s, cut.at_s, cut.crop_path] for cut in timeline.cuts
    ]
    backends = [tools.choices[stage].used for stage in ("decode", "layout", "compose", "encode")]
    sound = [digest_file(timeline.narration.audio_path), timeline.narration_at_s]
    return digest_of([render.VERSION, backends, cuts, sound, timeline.captions, timeline.output, timeline.duration_s])


def _render(timeline: Timeline, video: Path, key: str, tools: Toolbox, store: StageStore, log: JobLog) -> Rendered:
    from nvpipe.compose import render

    with log.stage("render", key) as stage:
        stage.backend = tools.choices["encode"].used
        known = _known_render(key, video, store)
        if known is not None:
            stage.cached = True
            return known
        painter = _painter(timeline)
        backends = render.Tools(tools.decoder(), tools.encoder(), tools.composer(), tools.layout(), painter)
        progress = log.progress("render", timeline.duration_s)
        rendered = render.render(timeline, video, backends, on_progress=progress)
    if painter is not None and painter.missing:
        shown = " ".join(sorted(painter.missing)[:MISSING_SHOWN])
        text = (
            f"no font here has {len(painter.missing)} of the captions' characters, which the picture lacks "
            f"({shown}); install one that has them, such as a Noto font of the script"
        )
        rendered = replace(rendered, warnings=(*rendered.warnings, text))
    store.save(RENDERED, key, to_json(rendered))
    return rendered


def _known_render(key: str, video: Path, store: StageStore) -> Rendered | None:
    """What is known of a video of this key, copied from where it was finished; None when it must be made."""
    from nvpipe.compose.render import Rendered

    try:
        rendered = from_json(Rendered, store.load(RENDERED, key))
    except ValueError:
        return None
    return rendered if store.copy_render(key, video) is not None else None


def _painter(timeline: Timeline) -> CaptionPainter | None:
    captions, output = timeline.captions, timeline.output
    if captions.style == NO_CAPTIONS:
        return None
    from nvpipe.captions.box import safe_area
    from nvpipe.captions.draw import CaptionPainter
    from nvpipe.captions.styles import style

    size = (output.width_px, output.height_px)
    return CaptionPainter(style(captions.style), *size, safe_area(*size), language=captions.language)


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
