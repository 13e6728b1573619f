"""One track of an MP4 file: its header, edit list, sample tables and codec."""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from nvpipe.media.mp4_codecs import AacConfig, AvcConfig, Colour, boxes_in, read_aac, read_avc, read_colour

MAX_EDITS = 10_000


@dataclass(frozen=True, slots=True)
class Edit:
    """An entry of an edit list."""

    duration_ticks: int
    """In the movie's timescale; 0 means the rest of the media."""
    media_time_ticks: int
    """In the media's timescale; -1 is an empty edit."""
    rate: float = 1.0


@dataclass(frozen=True, slots=True)
class SampleTable:
    """When samples are decoded and presented, in ticks of the track's timescale."""

    count: int = 0
    delta_runs: array[int] = field(default_factory=lambda: array("I"))
    """`stts`: count, delta, count, delta, ..."""
    offset_runs: array[int] = field(default_factory=lambda: array("i"))
    """`ctts`: count, offset, ...; empty when samples are presented in decoding order."""
    sync: array[int] | None = None
    """`stss`: one-based sync samples; None when every sample is one."""

    def presentation_ticks(self) -> tuple[int, int]:
        """When the first sample is presented and when the last one ends, edit lists aside."""
        first, end, at = None, 0, 0
        for count, delta, offset in _joined(self.delta_runs, self.offset_runs):
            first = at + offset if first is None else min(first, at + offset)
            at += count * delta
            end = max(end, at + offset)
        return first or 0, end


@dataclass(slots=True)
class Track:
    """One track."""

    handler: str = ""
    """`vide`, `soun`, ..."""
    timescale: int = 0
    duration_ticks: int = 0
    codec: str = ""
    """The sample entry's four characters."""
    matrix: tuple[int, ...] = ()
    """`tkhd`: nine numbers as written, 16.16 and 2.30 fixed point."""
    display_width_px: float = 0.0
    display_height_px: float = 0.0
    edits: tuple[Edit, ...] = ()
    samples: SampleTable = field(default_factory=SampleTable)
    pixel_aspect: Fraction | None = None
    colour: Colour | None = None
    avc: AvcConfig | None = None
    aac: AacConfig | None = None
    width_px: int = 0
    height_px: int = 0


def read_times(payload: bytes) -> tuple[int, int]:
    """Timescale and duration of `mvhd` and `mdhd`."""
    wide = payload[:1] == b"\1"
    timescale, duration = struct.unpack_from(">IQ" if wide else ">II", payload, 20 if wide else 12)
    return timescale, duration


def _table(payload: bytes, code: str, width: int) -> array[int]:
    """The entries of a table of 32-bit numbers, `width` numbers an entry."""
    count = struct.unpack_from(">I", payload, 4)[0]
    if count * width * 4 > len(payload) - 8:
        raise ValueError(f"{count} entries do not fit")
    table = array(code, payload[8 : 8 + count * width * 4])
    if sys.byteorder == "little":
        table.byteswap()
    return table


def _read_tkhd(track: Track, payload: bytes) -> None:
    start = 52 if payload[:1] == b"\1" else 40
    track.matrix = struct.unpack_from(">9i", payload, start)
    width, height = struct.unpack_from(">II", payload, start + 36)
    track.display_width_px, track.display_height_px = width / 65536, height / 65536


def _read_mdhd(track: Track, payload: bytes) -> None:
    track.timescale, track.duration_ticks = read_times(payload)


def _read_hdlr(track: Track, payload: bytes) -> None:
    # QuickTime has a second handler, inside `minf`, for the data; the first one is the media's.
    track.handler = track.handler or payload[8:12].decode("latin-1")


def _read_elst(track: Track, payload: bytes) -> None:
    wide = payload[:1] == b"\1"
    layout = struct.Struct(">QqI" if wide else ">IiI")
    count = struct.unpack_from(">I", payload, 4)[0]
    if count * layout.size > len(payload) - 8:
        raise ValueError(f"{count} edits do not fit")
    if count > MAX_EDITS:
        raise ValueError(f"{count} edits")
    entries = (layout.unpack_from(payload, 8 + i * layout.size) for i in range(count))
    track.edits = tuple(Edit(duration, at, rate / 65536) for duration, at, rate in entries)


def _read_stsd(track: Track, payload: bytes) -> None:
    entry = payload[8:]
    track.codec = entry[4:8].decode("latin-1")
    if track.handler == "vide":
        track.width_px, track.height_px = struct.unpack_from(">HH", entry, 32)
        start = 86
    elif track.handler == "soun":
        start = 36 + {1: 16, 2: 36}.get(struct.unpack_from(">H", entry, 16)[0], 0)
    else:
        return
    for kind, content in boxes_in(entry, start):
        if kind == "wave":
            for inner, inner_content in boxes_in(content, 0):
                _read_extension(track, inner, inner_content)
        else:
            _read_extension(track, kind, content)


def _read_extension(track: Track, kind: str, payload: bytes) -> None:
    if kind == "avcC":
        track.avc = read_avc(payload)
    elif kind == "esds":
        track.aac = read_aac(payload)
    elif kind == "colr":
        track.colour = read_colour(payload) or track.colour
    elif kind == "pasp":
        width, height = struct.unpack_from(">II", payload)
        track.pixel_aspect = Fraction(width, height) if width and height else None


def _read_stts(track: Track, payload: bytes) -> None:
    track.samples = replace(track.samples, delta_runs=_table(payload, "I", 2))


def _read_ctts(track: Track, payload: bytes) -> None:
    # Read as signed in version 0 too: writers of negative offsets got the version wrong for years.
    track.samples = replace(track.samples, offset_runs=_table(payload, "i", 2))


def _read_stss(track: Track, payload: bytes) -> None:
    track.samples = replace(track.samples, sync=_table(payload, "I", 1))


def _read_stsz(track: Track, payload: bytes) -> None:
    track.samples = replace(track.samples, count=struct.unpack_from(">I", payload, 8)[0])


READERS: dict[str, Callable[[Track, bytes], None]] = {
    "tkhd": _read_tkhd,
    "mdhd": _read_mdhd,
    "hdlr": _read_hdlr,
    "elst": _read_elst,
    "stsd": _read_stsd,
    "stts": _read_stts,
    "ctts": _read_ctts,
    "stss": _read_stss,
    "stsz": _read_stsz,
    "stz2": _read_stsz,
}
"""Readers of the boxes of a track, by kind; they raise struct.error, IndexError or ValueError."""


def _joined(deltas: array[int], offsets: array[int]) -> Iterator[tuple[int, int, int]]:
    """Runs of samples that share delta and offset: count, delta, offset. As many as there are entries."""
    offset_at, left = 0, 0
    for at in range(0, len(deltas) - 1, 2):
        count = deltas[at]
        while count:
            while not left and offset_at + 1 < len(offsets):
                left = offsets[offset_at]
                offset_at += 2
            offset = offsets[offset_at - 1] if left else 0
            taken = min(count, left) if left else count
            yield taken, deltas[at + 1], offset
            count -= taken
            left -= min(left, taken)
