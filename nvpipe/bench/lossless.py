"""A composition without any loss: the composer's pictures, kept raw in a temporary file."""

from __future__ import annotations

import time
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from nvpipe.errors import MediaError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import av

    from nvpipe.types import Timeline

SIZE_PX = (1080, 1920)
FPS = Fraction(30)
LAYOUT = "blur"
LONG_S = 60.0
"""Length of a short that is composed as long ones are; only its beginning is looked at."""


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


def compose(footage: Path, start_s: float, seconds: float, path: Path, *, quality: str, long: bool) -> Composition:
    """Compose a stretch of footage as a short does, without captions, into a raw file.

    Args:
        footage: the video.
        start_s: where the stretch begins in it.
        seconds: its length.
        path: the file to write, 93 MB a second.
        quality: the level that it is composed for.
        long: compose as in a short of a minute.

    Raises:
        MediaError: the footage cannot be read or is too short.
        OutputError: the file cannot be written.
    """
    from nvpipe.compose import COMPOSERS, LAYOUTS
    from nvpipe.media.decode import DECODERS

    timeline = _timeline(footage, start_s, seconds, quality, LONG_S if long else seconds)
    count = round(seconds * FPS)
    composition = COMPOSERS.choose()[0].open(timeline, DECODERS.choose()[0], LAYOUTS.load(LAYOUT))
    before = time.process_time()
    written = 0
    try:
        with path.open("wb") as file, composition as pictures:
            for picture in islice(pictures, count):
                _append(file, picture)
                written += 1
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}", hint="free some disk space") from error
    if written < count:
        raise MediaError(f"{footage} gave {written} of {count} pictures")
    return Composition(path, SIZE_PX, FPS, written, time.process_time() - before)


def _append(file: BinaryIO, picture: av.VideoFrame) -> None:
    import numpy as np

    for plane in picture.planes:
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        file.write(rows[: plane.height, : plane.width].tobytes())


def _timeline(footage: Path, start_s: float, seconds: float, quality: str, duration_s: float) -> Timeline:
    from nvpipe.media.probe import probe
    from nvpipe.types import CaptionTrack, Cut, Footage, Narration, OutputFormat, Timeline

    info = probe(footage)
    if start_s + seconds > info.duration_s:
        raise MediaError(
            f"{footage} is {info.duration_s:.1f} s long, too short for {seconds:g} s from {start_s:g} s on",
            hint="ask for fewer seconds",
        )
    video = Footage(
        video_id="bench",
        path=footage,
        digest="",
        width_px=info.width_px,
        height_px=info.height_px,
        fps=info.fps,
        duration_s=info.duration_s,
        codec=info.codec,
        rotation_deg=info.rotation_deg,
        has_audio=info.has_audio,
        colour_matrix=info.colour_matrix,
        colour_assumed=info.colour_assumed,
    )
    narration = Narration(Path(), 48_000, duration_s, "", "", ())
    return Timeline(
        (Cut(video, start_s, start_s + seconds, 0.0),),
        narration,
        0.0,
        CaptionTrack((), "none"),
        OutputFormat(*SIZE_PX, FPS, LAYOUT, quality),
        duration_s,
    )
