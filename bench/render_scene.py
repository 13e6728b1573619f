"""One render of a stretch of footage by nvpipe's library, in a process of its own, as `bench/render.py` measures it.

The narration is spoken by eSpeak NG and cached beside the output, so that the process that is measured only renders.

    python bench/render_scene.py --footage CLIP.mp4 --start 60 --seconds 30 --out FOLDER [--plan-only] [--plain]
        [--workers N]
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.types.codec import from_json, to_json

if TYPE_CHECKING:
    from nvpipe.captions.draw import CaptionPainter
    from nvpipe.pipeline.extras import Drawn
    from nvpipe.types import Footage, Timeline

WIDTH_PX, HEIGHT_PX, FPS = 1080, 1920, 30
SENTENCE = "Number {}: the quick brown fox jumps over the lazy dog, and nobody on the bench can say why it does so. "
SENTENCES_A_SECOND = 0.2
"""Enough words for captions over the whole length: a sentence takes about six seconds."""
LEAD_S = 0.25


def describe(path: Path) -> Footage:
    """What a timeline says about footage; its content is not digested, because nothing is cached by it here."""
    from nvpipe.media.probe import probe
    from nvpipe.types import Footage

    info = probe(path)
    return Footage(
        path.stem, path, path.stem, info.width_px, info.height_px, info.fps, info.duration_s, info.codec,
        info.rotation_deg, info.has_audio, info.colour_matrix, info.colour_assumed,
    )  # fmt: skip


def plan(footage: Path, start_s: float, seconds: float, folder: Path, *, layout: str, quality: str) -> Timeline:
    """A timeline of one cut with a narration over all of it.

    Args:
        footage: the video.
        start_s, seconds: the stretch of it.
        folder: where the narration is written.
        layout, quality: as in `nvpipe run`.
    """
    from nvpipe.captions.cues import build_captions
    from nvpipe.types import Cut, OutputFormat, Script, ScriptLine, Timeline
    from nvpipe.voice.espeak import EspeakSpeaker

    count = max(1, round(seconds * SENTENCES_A_SECOND))
    lines = tuple(ScriptLine(SENTENCE.format(index + 1).strip(), ()) for index in range(count))
    speaker = EspeakSpeaker()
    narration = speaker.speak(
        Script(lines, "en", "bench", "bench"), voice=speaker.resolve_voice("en", None), rate=1.0,
        output=folder / "voice.wav",
    )  # fmt: skip
    captions = build_captions(narration.words, style="default", language="en", duration_s=seconds, offset_s=LEAD_S)
    cut = Cut(describe(footage), start_s, start_s + seconds, 0.0)
    output = OutputFormat(WIDTH_PX, HEIGHT_PX, Fraction(FPS), layout, quality)
    return Timeline((cut,), narration, LEAD_S, captions, output, seconds)


def kept_plan(path: Path) -> Timeline:
    """A timeline that `keep_plan` wrote."""
    from nvpipe.types import Timeline

    return from_json(Timeline, json.loads(path.read_text("utf-8")))


def keep_plan(timeline: Timeline, path: Path) -> None:
    path.write_text(json.dumps(to_json(timeline)), "utf-8")


def drawn(timeline: Timeline) -> tuple[CaptionPainter, Drawn]:
    """What is drawn on the pictures: captions alone."""
    from nvpipe.captions.box import safe_area
    from nvpipe.captions.draw import CaptionPainter
    from nvpipe.captions.styles import style
    from nvpipe.pipeline.extras import Drawn

    size = (timeline.output.width_px, timeline.output.height_px)
    return CaptionPainter(style(timeline.captions.style), *size, safe_area(*size)), Drawn((), None, None)


def render_whole(timeline: Timeline, path: Path, workers: int) -> None:
    """Pictures, captions and sound."""
    from nvpipe.compose import LAYOUTS
    from nvpipe.compose.cpu import CpuComposer
    from nvpipe.compose.render import Tools, render
    from nvpipe.media.decode.pyav import PyAvDecoder
    from nvpipe.media.encode.x264 import X264Encoder
    from nvpipe.pipeline.render_crew import RenderCrew

    painter, extras = drawn(timeline)
    layout = LAYOUTS.load(timeline.output.layout)
    tools = Tools(PyAvDecoder(), X264Encoder(), CpuComposer(), layout, painter)
    backends = ("pyav", "x264", "cpu", timeline.output.layout)
    render(timeline, path, tools, crew=RenderCrew([timeline], [path], backends, drawn, extras, workers))


def render_plain(timeline: Timeline, path: Path) -> None:
    """The pictures alone, by the same composer and encoder."""
    import av

    from nvpipe.compose import LAYOUTS
    from nvpipe.compose.cpu import CpuComposer
    from nvpipe.media.decode.pyav import PyAvDecoder
    from nvpipe.media.encode.x264 import X264Encoder

    layout = LAYOUTS.load(timeline.output.layout)
    time_base = 1 / timeline.output.fps
    with av.open(path, "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = X264Encoder().add_stream(container, timeline.output)
        with CpuComposer().open(timeline, PyAvDecoder(), layout) as pictures:
            for number, picture in enumerate(pictures):
                picture.pts, picture.time_base = number, time_base
                container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", type=Path, required=True)
    parser.add_argument("--start", type=float, default=0.0)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--layout", default="blur")
    parser.add_argument("--quality", default="medium")
    parser.add_argument("--out", type=Path, required=True, help="folder of the video, the narration and the plan")
    parser.add_argument("--plan-only", action="store_true", help="speak and plan, but render nothing")
    parser.add_argument("--plain", action="store_true", help="pictures alone: no captions, no sound")
    parser.add_argument("--workers", type=int, default=1, help="processes that share the pictures")
    options = parser.parse_args()
    kept = options.out / "timeline.json"
    if not kept.exists():
        options.out.mkdir(parents=True, exist_ok=True)
        keep_plan(
            plan(options.footage, options.start, options.seconds, options.out, layout=options.layout,
                 quality=options.quality),
            kept,
        )  # fmt: skip
    if options.plan_only:
        return
    timeline = kept_plan(kept)
    if options.plain:
        silent = replace(timeline, captions=replace(timeline.captions, cues=()))
        render_plain(silent, options.out / "plain.mp4")
    else:
        render_whole(timeline, options.out / "whole.mp4", options.workers)


if __name__ == "__main__":
    main()
