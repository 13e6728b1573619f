"""A composition without any loss: the composer's pictures, kept raw in a temporary file."""

from __future__ import annotations

import time
from dataclasses import dataclass
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from nvpipe.bench.clips import describe
from nvpipe.errors import MediaError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import av

    from nvpipe.bench.clips import Clip
    from nvpipe.captions.draw import CaptionPainter
    from nvpipe.types import Timeline

SIZE_PX = (1080, 1920)
FPS = Fraction(30)
LAYOUT = "blur"
LONG_S = 60.0
"""Length of a short that is composed as long ones are; only its beginning is looked at."""

SPOKEN = "The tower has not moved for a hundred years, and nobody here can say why it should begin to."
"""What the captions say, from the beginning of every clip on."""
WORD_S = 0.35


@dataclass(frozen=True, slots=True)
class Composition:
    """Pictures in a file, one after the other: planes Y, U, V of 4:2:0, limited range BT.709, without padding."""

    path: Path
    size_px: tuple[int, int]
    fps: Fraction
    frames: int
    cpu_s: float
    """What composing them took."""

    @property
    def duration_s(self) -> float:
        return float(self.frames / self.fps)

    def pictures(self) -> Iterator[av.VideoFrame]:
        """Every picture, in order."""
        import av
        import numpy as np

        width, height = self.size_px
        rows = np.memmap(self.path, np.uint8, "r", shape=(self.frames, height * 3 // 2, width))
        for index in range(self.frames):
            frame = av.VideoFrame.from_ndarray(rows[index], format="yuv420p")
            frame.pts, frame.time_base = index, 1 / self.fps
            yield frame


def compose(clip: Clip, path: Path, *, quality: str, long: bool, layout: str = LAYOUT) -> Composition:
    """Compose a stretch of footage as a short does, with captions, into a raw file.

    Args:
        clip: the stretch.
        path: the file to write, 93 MB a second.
        quality: the level that it is composed for.
        long: compose as in a short of a minute.
        layout: how the footage is placed.

    Raises:
        MediaError: the footage cannot be read or is too short.
        OutputError: the file cannot be written.
    """
    from nvpipe.compose import COMPOSERS, LAYOUTS
    from nvpipe.compose.overlay import CaptionOverlay
    from nvpipe.media.decode import DECODERS

    timeline = _timeline(clip, layout, quality, LONG_S if long else clip.seconds)
    count = round(clip.seconds * FPS)
    # The last composer is the one that every machine has: what is composed is the same wherever it is encoded.
    composer = COMPOSERS.load(COMPOSERS.names()[-1])
    composition = composer.open(timeline, DECODERS.load("pyav"), LAYOUTS.load(layout))
    captions = CaptionOverlay(timeline.captions, _painter(timeline))
    before = time.process_time()
    written = 0
    try:
        with path.open("wb") as file, composition as pictures:
            for picture in islice(pictures, count):
                captions.draw(picture, float(written / FPS))
                _append(file, picture)
                written += 1
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}", hint="free some disk space") from error
    if written < count:
        raise MediaError(f"{clip.footage} gave {written} of {count} pictures")
    return Composition(path, SIZE_PX, FPS, written, time.process_time() - before)


def _append(file: BinaryIO, picture: av.VideoFrame) -> None:
    import numpy as np

    for plane in picture.planes:
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        file.write(rows[: plane.height, : plane.width].tobytes())


def _painter(timeline: Timeline) -> CaptionPainter:
    from nvpipe.captions.box import safe_area
    from nvpipe.captions.draw import CaptionPainter
    from nvpipe.captions.styles import style

    return CaptionPainter(style(timeline.captions.style), *SIZE_PX, safe_area(*SIZE_PX), system_font_folders=[])


def _timeline(clip: Clip, layout: str, quality: str, duration_s: float) -> Timeline:
    from nvpipe.captions.cues import build_captions
    from nvpipe.captions.styles import STYLE_NAMES
    from nvpipe.types import Cut, Narration, OutputFormat, Timeline, Word

    words = tuple(
        Word(text, index * WORD_S, (index + 1) * WORD_S)
        for index, text in enumerate(islice(cycle(SPOKEN.split()), int(clip.seconds / WORD_S)))
    )
    return Timeline(
        (Cut(describe(clip.footage), clip.start_s, clip.start_s + clip.seconds, 0.0),),
        Narration(Path(), 48_000, duration_s, "", "", words),
        0.0,
        build_captions(words, style=STYLE_NAMES[0], language="en", duration_s=clip.seconds),
        OutputFormat(*SIZE_PX, FPS, layout, quality),
        duration_s,
    )
