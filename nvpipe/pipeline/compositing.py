"""A stretch of footage composed into files of pictures; what the processes of `nvpipe precompile` do."""

from __future__ import annotations

import itertools
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.cache.stages import StageStore
from nvpipe.media.intermediate import SUFFIX, IntermediateWriter
from nvpipe.pipeline.precompiled import STAGE, Shape
from nvpipe.types import CaptionTrack, Cut, Footage, Narration, OutputFormat, Timeline
from nvpipe.types.codec import to_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from nvpipe.compose import Area, Layout, Placement, Size
    from nvpipe.pipeline.tools import Toolbox
    from nvpipe.registry import Probe
    from nvpipe.settings import Settings

REPORT_EVERY = 15
"""Frames between two progress reports."""
QUALITY = "medium"
"""One at which everything is composed at the size that is asked for."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a video to be composed, in each of some shapes of one frame rate from one decode."""

    footage: Footage
    start_s: float
    end_s: float
    crop_path: tuple[tuple[float, float], ...]
    shapes: tuple[Shape, ...]
    keys: tuple[str, ...]

    @property
    def duration_s(self) -> float:
        return self.end_s - self.start_s


class Composing:
    """One piece after another into the storage folder, with one set of backends."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._tools: Toolbox | None = None

    def __call__(self, piece: Piece, on_progress: Callable[[float], None]) -> list[Path]:
        """Compose and keep a piece; the files are in the order of its shapes.

        Raises:
            MediaError: the footage cannot be decoded.
            OutputError: the storage folder cannot be written.
        """
        from nvpipe.pipeline.tools import Toolbox

        if self._tools is None:
            self._tools = Toolbox(self._settings, {}, lambda _: None)
        # What the cache warns of is the parent's to say, which reads the same folder.
        store = StageStore(self._settings.storage, lambda _: None)
        with ExitStack() as leaving:
            files = []
            for _ in piece.shapes:
                files.append(store.new_file(STAGE))
                leaving.callback(files[-1].unlink, missing_ok=True)
            _compose(piece, files, self._tools, on_progress)
            kept = []
            for shape, key, file in zip(piece.shapes, piece.keys, files, strict=True):
                data = {
                    "video_id": piece.footage.video_id,
                    "content": piece.footage.digest,
                    "start_s": piece.start_s,
                    "end_s": piece.end_s,
                    "shape": to_json(shape),
                }
                kept.append(store.take_file(STAGE, key, file, SUFFIX, data))
            return kept


def _compose(piece: Piece, files: list[Path], tools: Toolbox, on_progress: Callable[[float], None]) -> None:
    outputs = [_output(shape) for shape in piece.shapes]
    cut = Cut(piece.footage, piece.start_s, piece.end_s, 0.0, piece.crop_path)
    silence = Narration(Path(), 48_000, piece.duration_s, "", "", ())
    timeline = Timeline((cut,), silence, 0.0, CaptionTrack((), "none"), outputs[0], piece.duration_s)
    composer = tools.composer([piece.footage.path])
    composition = composer.open(timeline, tools.decoder(), _OneArea(tools.layout()), outputs[1:])
    fps = outputs[0].fps
    with ExitStack() as stack:
        writers = [
            stack.enter_context(IntermediateWriter(file, (output.width_px, output.height_px), fps))
            for file, output in zip(files, outputs, strict=True)
        ]
        pictures = stack.enter_context(composition)
        for writer, picture in zip(itertools.cycle(writers), pictures, strict=False):
            writer.write(picture)
            if writer is writers[-1] and writer.frames % REPORT_EVERY == 0:
                on_progress(float(writer.frames / fps))


def _output(shape: Shape) -> OutputFormat:
    output = OutputFormat(shape.width_px, shape.height_px, shape.fps, shape.layout, QUALITY)
    if not shape.backdrop:
        return output
    blur_px, opacity, desaturation = shape.backdrop
    return replace(output, blur_px=blur_px, blur_opacity=opacity, blur_desaturation=desaturation)


class _OneArea:
    """One area of a layout as all of the canvas."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def probe(self) -> Probe:
        return self._layout.probe()

    def areas(self, canvas_px: Size) -> tuple[Area, ...]:
        from nvpipe.compose import Area

        return (Area(0, 0, canvas_px),)

    def place(self, source_px: Size, canvas_px: Size) -> Placement:
        return self._layout.place(source_px, canvas_px)
