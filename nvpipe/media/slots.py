"""The power of sound over time, from packets of whatever format."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from nvpipe.media.reading import decode
from nvpipe.media.safety import MAX_DURATION_S

if TYPE_CHECKING:
    import av
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_DTYPES = {"flt": "f4", "dbl": "f8", "s16": "i2", "s32": "i4", "s64": "i8", "u8": "u1"}
"""Of libav's sample formats."""
_ROOM = 1000
"""Slots that are set aside when room is short."""


@dataclass(slots=True)
class Slots:
    """Power of the sound by time, from frames in whatever format they decode to, about a second at once.

    Unlike `audio_blocks` they neither mix nor resample, which costs more than decoding. Gaps and what is damaged are
    silent.
    """

    slot_s: float
    origin_s: float = 0.0
    """Time stamp of the start of the video."""
    _kind: tuple[Any, ...] = ()
    _held: list[av.AudioFrame] = field(default_factory=list)
    _start_s: float = 0.0
    _count: int = 0
    _powers: array[float] = field(default_factory=lambda: array("f"))
    _end: int = 0
    """Slots up to the last one that was heard."""
    _rooms: dict[str, Any] = field(default_factory=dict)
    """Arrays that are used again: to get them from the system each second costs more than the sums."""

    def take(self, packet: av.Packet[Any]) -> None:
        """Decode a packet of sound; one that cannot be decoded leaves a gap."""
        for frame in decode(packet, lambda: None):
            rate_hz = frame.sample_rate
            if not rate_hz or not frame.samples:
                continue
            kind = (rate_hz, frame.format.name, frame.layout.nb_channels)
            due_s = self._start_s + self._count / rate_hz
            time_s = due_s if frame.time is None else frame.time - self.origin_s
            if kind != self._kind or abs(time_s - due_s) > self.slot_s / 2 or self._count >= rate_hz:
                self._flush()
                self._kind, self._start_s = kind, time_s
            self._held.append(frame)
            self._count += frame.samples

    def _flush(self) -> None:
        import numpy as np

        frames, self._held, count, self._count = self._held, [], self._count, 0
        start_s = self._start_s
        if not frames or start_s > MAX_DURATION_S:
            return
        rate_hz = self._kind[0]
        if start_s < 0:
            # What precedes the video is left out.
            frames, start_s = frames[math.ceil(-start_s * rate_hz / frames[0].samples) :], 0.0
            count = sum(frame.samples for frame in frames)
        if not count:
            return
        first = int(start_s / self.slot_s)
        last = int((start_s + count / rate_hz) / self.slot_s)
        borders = np.ceil((np.arange(first, last + 2) * self.slot_s - start_s) * rate_hz).astype(np.int64)
        borders = np.clip(borders, 0, count)
        heard = np.flatnonzero(np.diff(borders))
        sums = np.zeros(len(borders) - 1)
        sums[heard] = np.add.reduceat(self._squares(frames, count), borders[heard])
        self._add(first, sums / (rate_hz * self.slot_s))

    def _add(self, first: int, powers: Floats) -> None:
        import numpy as np

        self._end = max(self._end, first + len(powers))
        if self._end > len(self._powers):
            # The C library moves pages where numpy would hold all of it twice.
            self._powers.frombytes(bytes((self._end - len(self._powers) + _ROOM) * self._powers.itemsize))
        np.frombuffer(self._powers, np.float32)[first : first + len(powers)] += powers

    def powers(self) -> Floats:
        """Mean squares of all slots up to the last one that was heard; what is missing in one is silent."""
        import numpy as np

        self._flush()
        values: Floats = np.frombuffer(self._powers, np.float32)[: self._end].astype(np.float64)
        values[~np.isfinite(values)] = 0.0
        return values

    def _squares(self, frames: list[av.AudioFrame], count: int) -> NDArray[np.float32]:
        """Mean square of the channels, sample by sample, full scale at 1; the frames are of one format."""
        import numpy as np

        first = frames[0]
        kind = np.dtype(_DTYPES[first.format.packed.name])
        channels = first.layout.nb_channels
        each = 1 if first.format.is_planar else channels
        total = self._room("total", count, np.dtype("f4"))
        for index in range(len(first.planes)):
            parts = [np.frombuffer(cast("Any", frame.planes[index]), kind, frame.samples * each) for frame in frames]
            whole = np.concatenate(parts, out=self._room("whole", count * each, kind))
            squares = whole if kind.str == total.dtype.str else self._room("squares", count * each, total.dtype)
            if kind.kind != "f":
                full = np.float32(2 ** (8 * kind.itemsize - 1))
                np.divide(whole.astype(np.float32), full, out=squares)
                squares -= np.float32(kind.kind == "u")
            elif squares is not whole:
                squares[:] = whole
            np.square(squares, out=squares)
            summed = squares.reshape(-1, each).sum(1) if each > 1 else squares
            np.add(total, summed, out=total) if index else np.copyto(total, summed)
        total /= np.float32(channels)
        return total

    def _room(self, use: str, count: int, kind: np.dtype[Any]) -> NDArray[Any]:
        """An array that is free for use, with whatever it holds."""
        import numpy as np

        room = self._rooms.get(use)
        if room is None or room.dtype != kind or len(room) < count:
            room = self._rooms[use] = np.empty(count, kind)
        return cast("NDArray[Any]", room[:count])
