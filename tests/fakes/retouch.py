"""Files made from others without decoding them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av


def laid_down(path: Path, source: Path, matrix: tuple[int, int, int, int]) -> Path:
    """A copy of an MP4 whose video a player is told to lay down with `x' = ax + cy`, `y' = bx + dy` (a, b, c, d)."""
    data = bytearray(source.read_bytes())
    # Version 0 of the first track's header: 40 bytes stand before the matrix.
    at = data.index(b"tkhd") + 4 + 40
    a, b, c, d = (65536 * value for value in matrix)
    struct.pack_into(">9i", data, at, a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def joined(path: Path, *sources: Path) -> Path:
    """MPEG transport streams one after the other, as a broadcast that changes in mid-stream."""
    path.write_bytes(b"".join(source.read_bytes() for source in sources))
    return path


def retimed(path: Path, source: Path, change: Callable[[int, float], float]) -> Path:
    """A copy of a transport stream without B-frames in which `change(index, time_s)` gives each frame's time stamp.

    Times count from the first frame's; 1.5 s are left for stamps before it.
    """
    data = bytearray(source.read_bytes())
    index, first = 0, None
    for at in range(0, len(data), 188):
        start = at + 4 + (1 + data[at + 4] if data[at + 3] & 0x20 else 0)
        # The start of a packetised elementary stream of video with a presentation time stamp and no other.
        if not data[at + 1] & 0x40 or data[start : start + 3] != b"\0\0\1" or data[start + 3] & 0xF0 != 0xE0:
            continue
        assert data[start + 7] & 0xC0 == 0x80, "B-frames"
        old = _stamp(bytes(data[start + 9 : start + 14]))
        first = old if first is None else first
        new = first + round(90_000 * (1.5 + change(index, (old - first) / 90_000)))
        bits = (0x21 | new >> 29 & 0xE, new >> 22 & 0xFF, new >> 14 & 0xFE | 1, new >> 7 & 0xFF, new << 1 & 0xFE | 1)
        data[start + 9 : start + 14] = bytes(bits)
        index += 1
    assert index
    path.write_bytes(data)
    return path


def _stamp(five: bytes) -> int:
    return (five[0] & 0xE) << 29 | five[1] << 22 | (five[2] & 0xFE) << 14 | five[3] << 7 | five[4] >> 1


def looped(path: Path, source: Path, times: int) -> Path:
    """The same packets again and again, without decoding them."""
    with av.open(str(source)) as file, av.open(str(path), "w") as out:
        streams: dict[int, Any] = {stream.index: out.add_stream_from_template(stream) for stream in file.streams}
        length_s = 1 + max(float((stream.duration or 0) * (stream.time_base or 0)) for stream in file.streams)
        for turn in range(times):
            file.seek(0)
            for packet in file.demux():
                if packet.dts is None or packet.pts is None:
                    continue
                shift = round(turn * length_s / packet.time_base)
                packet.pts, packet.dts, packet.stream = (
                    packet.pts + shift,
                    packet.dts + shift,
                    streams[packet.stream.index],
                )
                out.mux(packet)
    return path


def with_hidden_start(path: Path, source: Path, *, hidden_s: float) -> Path:
    """A copy of an MP4 without sound of whose pictures an edit list hides the first ones."""
    options = {"avoid_negative_ts": "disabled", "use_editlist": "1"}
    with av.open(str(source)) as file, av.open(str(path), "w", options=options) as out:
        video = file.streams.video[0]
        stream = out.add_stream_from_template(video)
        for packet in file.demux(video):
            if packet.dts is None:
                continue
            moved = round(hidden_s / packet.time_base)
            packet.pts, packet.dts, packet.stream = packet.pts - moved, packet.dts - moved, stream
            out.mux(packet)
    return path
