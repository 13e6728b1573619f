"""The boxes of an MP4 file that say how it is laid out, as ISO/IEC 14496-12 and -15 define them.

libav shows what a file means once edit lists and tables are applied; this shows what is written.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from nvpipe.errors import MediaError
from nvpipe.media.mp4_codecs import AacConfig, AvcConfig, Colour
from nvpipe.media.mp4_track import READERS, Edit, SampleTable, Track, read_times

__all__ = ["AacConfig", "AvcConfig", "Box", "Colour", "Edit", "Mp4", "SampleTable", "Track", "is_mp4", "read_mp4"]

MAX_BOXES = 100_000
"""Per file, at all levels together."""
MAX_DEPTH = 12
MAX_PAYLOAD_BYTES = 64 << 20
"""Of one box that is read whole; sample tables of ten hours are far below it."""
MAX_TRACKS = 64

_CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts"})


@dataclass(frozen=True, slots=True)
class Box:
    """A box's place: `[offset, offset + size_bytes)` with the header included."""

    kind: str
    offset: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Mp4:
    """An MP4 file's structure."""

    brands: tuple[str, ...]
    """`ftyp`: the major brand first; empty when the file has none."""
    top_level: tuple[Box, ...]
    timescale: int
    """Of the movie."""
    duration_ticks: int
    matrix: tuple[int, ...]
    """`mvhd`: nine numbers as written, 16.16 and 2.30 fixed point."""
    fragmented: bool
    tracks: tuple[Track, ...]

    @property
    def duration_s(self) -> float:
        return self.duration_ticks / self.timescale if self.timescale else 0.0

    @property
    def index_first(self) -> bool:
        """Whether the one index stands before all media data."""
        kinds = [box.kind for box in self.top_level]
        return not self.fragmented and "moov" in kinds and "mdat" not in kinds[: kinds.index("moov")]

    def track(self, handler: str) -> Track | None:
        """The first track of that handler."""
        return next((track for track in self.tracks if track.handler == handler), None)

    def presented_s(self, track: Track) -> tuple[float, float]:
        """The span in which a track is presented, edit list applied."""
        if not track.timescale or not self.timescale:
            return 0.0, 0.0
        first, end = track.samples.presentation_ticks()
        media = [edit for edit in track.edits if edit.media_time_ticks >= 0]
        if not media:
            return first / track.timescale, end / track.timescale
        at = start = sum(edit.duration_ticks for edit in _leading_empty(track.edits)) / self.timescale
        start += max(0, first - media[0].media_time_ticks) / track.timescale
        for edit in media:
            left_s = max(0, end - edit.media_time_ticks) / track.timescale
            at += min(edit.duration_ticks / self.timescale or left_s, left_s)
        return start, at


def is_mp4(head: bytes) -> bool:
    """Whether a file's first bytes are those of an ISO base media file."""
    return head[4:8] in {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"}


def read_mp4(path: Path) -> Mp4:
    """Read the structure of a file; no media data is read.

    Raises:
        MediaError: the file cannot be read, has no index, or its boxes do not fit together.
    """
    try:
        with path.open("rb") as file:
            return _Reader(file, path).read()
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror}") from error


class _Reader:
    """One pass over the boxes of one file."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file, self._path = file, path
        self._size = os.fstat(file.fileno()).st_size
        self._boxes = 0
        self._brands: tuple[str, ...] = ()
        self._movie = (0, 0)
        self._matrix: tuple[int, ...] = ()
        self._fragmented = False
        self._tracks: list[Track] = []

    def read(self) -> Mp4:
        top: list[Box] = []
        for box in self._children(0, self._size, top=True):
            top.append(box)
            if box.kind == "ftyp":
                payload = self._payload(box)
                names = payload[:4] + payload[8:]
                self._brands = tuple(_name(names[i : i + 4]) for i in range(0, len(names) // 4 * 4, 4))
            elif box.kind == "moov":
                self._walk(box, None, 1)
        if not any(box.kind == "moov" for box in top):
            raise self._damaged("it has no index (moov)")
        fragmented = self._fragmented or any(box.kind == "moof" for box in top)
        return Mp4(self._brands, tuple(top), *self._movie, self._matrix, fragmented, tuple(self._tracks))

    def _children(self, at: int, end: int, *, top: bool = False) -> Iterator[Box]:
        while at + 8 <= end:
            self._boxes += 1
            if self._boxes > MAX_BOXES:
                raise self._damaged(f"it has more than {MAX_BOXES} boxes")
            self._file.seek(at)
            head = self._file.read(16)
            size, kind, header = struct.unpack(">I", head[:4])[0], head[4:8], 8
            if size == 1 and len(head) == 16:
                size, header = struct.unpack(">Q", head[8:16])[0], 16
            elif size == 0:
                size = end - at
            if size < header or (at + size > end and not top):
                raise self._damaged(f"box {_name(kind)!r} at byte {at} says it has {size} bytes")
            yield Box(_name(kind), at, min(size, end - at))
            at += size

    def _walk(self, parent: Box, track: Track | None, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise self._damaged(f"its boxes are nested deeper than {MAX_DEPTH}")
        for box in self._children(parent.offset + self._header(parent), parent.offset + parent.size_bytes):
            if box.kind == "trak":
                if len(self._tracks) == MAX_TRACKS:
                    raise self._damaged(f"it has more than {MAX_TRACKS} tracks")
                track = Track()
                self._tracks.append(track)
            if box.kind.encode("latin-1") in _CONTAINERS:
                self._walk(box, track, depth + 1)
            elif box.kind == "mvex":
                self._fragmented = True
            elif box.kind == "mvhd":
                self._read_movie(box)
            elif track is not None and box.kind in READERS:
                with self._reading(box):
                    READERS[box.kind](track, self._payload(box))

    def _read_movie(self, box: Box) -> None:
        with self._reading(box):
            payload = self._payload(box)
            self._movie = read_times(payload)
            self._matrix = struct.unpack_from(">9i", payload, 48 if payload[:1] == b"\1" else 36)

    @contextmanager
    def _reading(self, box: Box) -> Iterator[None]:
        try:
            yield
        except (struct.error, IndexError) as error:
            raise self._damaged(f"box {box.kind!r} at byte {box.offset} is cut short") from error
        except ValueError as error:
            raise self._damaged(f"box {box.kind!r} at byte {box.offset}: {error}") from error

    def _header(self, box: Box) -> int:
        self._file.seek(box.offset)
        return 16 if self._file.read(4) == b"\0\0\0\1" else 8

    def _payload(self, box: Box) -> bytes:
        header = self._header(box)
        if box.size_bytes - header > MAX_PAYLOAD_BYTES:
            raise self._damaged(f"box {box.kind!r} at byte {box.offset} has {box.size_bytes} bytes")
        self._file.seek(box.offset + header)
        return self._file.read(box.size_bytes - header)

    def _damaged(self, what: str) -> MediaError:
        return MediaError(f"{self._path} cannot be read as MP4: {what}", hint="it is damaged or cut short")


def _leading_empty(edits: tuple[Edit, ...]) -> Iterator[Edit]:
    for edit in edits:
        if edit.media_time_ticks >= 0:
            return
        yield edit


def _name(kind: bytes) -> str:
    return kind.decode("latin-1")
