"""The versions of a short, one for each size: what each follows from, and making those that are not known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from nvpipe.cache.disk import digest_file
from nvpipe.pipeline.analyse import DECODED_ON_CPU
from nvpipe.pipeline.covers import Cover, restore_cover, write_cover
from nvpipe.pipeline.extras import draw_extras, key_of
from nvpipe.pipeline.plan import NO_CAPTIONS, outputs_of
from nvpipe.pipeline.stages import peak_memory_bytes
from nvpipe.types.codec import digest_of, from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from nvpipe.cache.stages import StageStore
    from nvpipe.captions.draw import CaptionPainter
    from nvpipe.compose.render import Rendered
    from nvpipe.pipeline.extras import Drawn
    from nvpipe.pipeline.stages import JobLog
    from nvpipe.pipeline.tools import Toolbox
    from nvpipe.settings import Settings
    from nvpipe.types import CaptionStyle, Cut, Timeline

MISSING_SHOWN = 12
RENDERED = "rendered"
"""Name of the stage that keeps what became of a render; where its file lies is kept apart."""


@dataclass(frozen=True, slots=True)
class Version:
    """The short in one of its sizes."""

    path: Path
    timeline: Timeline
    key: str


def versions_of(timeline: Timeline, settings: Settings, video: Path, tools: Toolbox) -> list[Version]:
    """One for each size; all but the first have the size in the file's name."""
    versions: list[Version] = []
    for name, output in outputs_of(settings):
        sized = replace(timeline, output=output, cover=None if versions else timeline.cover)
        path = video.with_name(f"{video.stem}-{name}{video.suffix}") if versions else video
        versions.append(Version(path, sized, render_key(sized, tools)))
    return versions


def endings(settings: Settings) -> list[str]:
    """What the names of the files of all sizes but the first have behind the short's own."""
    return [f"-{name}" for name, _ in outputs_of(settings)[1:]]


def render_key(timeline: Timeline, tools: Toolbox) -> str:
    """What the finished video follows from: everything that is shown and heard, and what composes and encodes it."""
    from nvpipe.compose import render

    tools.decoder(), tools.layout(), tools.composer(footage_of(timeline)), tools.encoder()
    cuts, beside = (
        [
            [cut.footage.digest, cut.source_start_s, cut.source_end_s, cut.at_s, cut.crop_path, *_precompiled(cut)]
            for cut in shown
        ]
        for shown in (timeline.cuts, timeline.beside)
    )
    second = timeline.still.digest if timeline.still else beside
    backends = [tools.choices[stage].used for stage in ("decode", "layout", "compose", "encode")]
    music = timeline.music and [timeline.music.digest, timeline.music.volume_db]
    sound = [digest_file(timeline.narration.audio_path), timeline.narration_at_s, music]
    font = timeline.captions.font
    captions = [replace(timeline.captions, font=None), font.digest if font else ""]
    drawn = [captions, key_of(timeline.extras)]
    return digest_of([render.VERSION, backends, cuts, second, sound, drawn, timeline.output, timeline.duration_s])


def footage_of(timeline: Timeline) -> list[Path]:
    """The videos that a timeline shows."""
    return list(dict.fromkeys(cut.footage.path for cut in (*timeline.cuts, *timeline.beside)))


def _precompiled(cut: Cut) -> list[object]:
    """What holds a cut's pictures; nothing where they are composed, so that the keys of such files stay."""
    return [[one.digest, one.start_s, one.output_px] for one in cut.precompiled]


def make_all(
    versions: Sequence[Version], tools: Toolbox, store: StageStore, log: JobLog, workers: int | None = None
) -> tuple[Rendered, Cover | None]:
    """Make the versions that are not known, in one pass; `workers` processes share it if that many are asked for."""
    from nvpipe.compose import render
    from nvpipe.pipeline.render_crew import MAX_WORKERS, WORKER_BYTES, RenderCrew, worker_count

    key = versions[0].key if len(versions) == 1 else digest_of([version.key for version in versions])
    with log.stage("render", key) as stage:
        stage.backend = tools.choices["encode"].used
        timeline = versions[0].timeline
        cover = restore_cover(timeline, versions[0].key, versions[0].path, store) if timeline.cover else None
        known = {
            version.path: _known_render(version.key, version.path, store)
            for version in versions
            if cover or not version.timeline.cover
        }
        todo = [version for version in versions if known.get(version.path) is None]
        if not todo:
            stage.cached = True
            stage.made(*(version.path for version in versions))
            return next(rendered for rendered in known.values() if rendered), cover
        drawn = [_drawn(version.timeline) for version in todo]
        films = [
            render.Film(version.path, version.timeline.output, painter, extras.overlays)
            for version, (painter, extras) in zip(todo, drawn, strict=True)
        ]
        backends = render.Tools(
            tools.decoder(),
            tools.encoder(),
            tools.composer(footage_of(timeline)),
            tools.layout(),
            films[0].painter,
            films[0].overlays,
        )
        progress = log.progress("render", timeline.duration_s)
        used = {name: choice.used for name, choice in tools.choices.items()}
        size_px = (timeline.output.width_px, timeline.output.height_px)
        # A card that decodes has an order of its own.
        workers = workers if used["decode"] in DECODED_ON_CPU and used["compose"] == "cpu" else 1
        with tools.vision("render", workers, worker_count(MAX_WORKERS, None), WORKER_BYTES, size_px) as stage.held:
            crew = RenderCrew(
                [version.timeline for version in todo],
                [version.path for version in todo],
                (used["decode"], used["encode"], used["compose"], used["layout"]),
                _drawn,
                drawn[0][1],
                stage.held.workers,
            )
            rendered = render.render(
                todo[0].timeline, todo[0].path, backends, also=films[1:], on_progress=progress, crew=crew
            )
        stage.made(*(version.path for version in versions))
        if crew.peak_bytes:
            stage.peak_memory_bytes = peak_memory_bytes() + crew.peak_bytes
        if todo[0] is versions[0]:
            cover = write_cover(drawn[0][1], timeline, versions[0].key, versions[0].path, store)
    missing = set(crew.missing)
    for painter, extras in drawn:
        missing |= {*extras.missing, *(painter.missing if painter else ())}
    if missing:
        rendered = replace(rendered, warnings=(*rendered.warnings, missing_glyphs(missing)))
    untold = tuple(text for _, extras in drawn for text in extras.warnings)
    rendered = replace(rendered, warnings=(*rendered.warnings, *untold))
    for version in todo:
        store.save(RENDERED, version.key, to_json(rendered))
    return rendered, cover


def missing_glyphs(missing: set[str]) -> str:
    """The warning of characters that no font has."""
    shown = " ".join(sorted(missing)[:MISSING_SHOWN])
    return (
        f"no font here has {len(missing)} of the captions' characters, which the picture lacks "
        f"({shown}); install one that has them, such as a Noto font of the script"
    )


def _drawn(timeline: Timeline) -> tuple[CaptionPainter | None, Drawn]:
    painter = caption_painter(timeline)
    return painter, draw_extras(timeline, painter, _look(timeline))


def _known_render(key: str, video: Path, store: StageStore) -> Rendered | None:
    """What is known of a video of this key, copied from where it was finished; None when it must be made."""
    from nvpipe.compose.render import Rendered

    try:
        rendered = from_json(Rendered, store.load(RENDERED, key))
    except ValueError:
        return None
    return rendered if store.copy_render(key, video) is not None else None


def _look(timeline: Timeline) -> CaptionStyle:
    """The captions' style; without captions, what they would have been."""
    from nvpipe.captions.styles import STYLE_NAMES, style

    name = timeline.captions.style
    return timeline.captions.look or style(STYLE_NAMES[0] if name == NO_CAPTIONS else name)


def caption_painter(timeline: Timeline) -> CaptionPainter | None:
    """What draws a timeline's captions in its output's size; None without captions."""
    captions, output = timeline.captions, timeline.output
    if captions.style == NO_CAPTIONS:
        return None
    from nvpipe.captions.box import safe_area
    from nvpipe.captions.draw import CaptionPainter
    from nvpipe.captions.styles import style

    size = (output.width_px, output.height_px)
    look = captions.look or style(captions.style)
    font_file = captions.font.path if captions.font else None
    return CaptionPainter(look, *size, safe_area(*size), language=captions.language, font_file=font_file)
