"""Packets of several streams in one pass, and the power of sound over time from packets of whatever format."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from nvpipe.media.audio import sound_stream
from nvpipe.media.probe import origin_of
from nvpipe.media.reading import decode, demuxed
from nvpipe.media.safety import MAX_DURATION_S, DecodeBudget, open_container

if TYPE_CHECKING:
    import av
    import numpy as np
    from av.container import InputContainer
    from av.stream import Stream
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_DTYPES = {"flt": "f4", "dbl": "f8", "s16": "i2", "s32": "i4", "s64": "i8", "u8": "u1"}
"""Of libav's sample formats."""


def sound_powers(path: Path, slot_s: float, end_s: float) -> Floats:
    """Mean squares of a file's sound, full scale at 1, in slots of `slot_s` from its time zero up to `end_s`.

    Unlike `audio_blocks` it neither mixes nor resamples, which costs more than decoding. Gaps and what is damaged are
    silent; empty without sound.

    Raises:
        MediaError: the file cannot be opened, or reading or decoding it takes too long.
    """
    container = open_container(path)
    try:
        sound = sound_stream(container)
        slots = Slots(slot_s, origin_of(container))
        budget = DecodeBudget(path)
        for packet in packets_of(container, [sound], path, lambda: None):
            budget.start()
            slots.take(packet)
            budget.stop(slots.reached_s)
            if slots.reached_s > end_s:
                break
        return slots.powers()[: round(end_s / slot_s)]
    finally:
        container.close()


def packets_of(
    container: InputContainer, streams: list[Stream | None], path: Path, lost: Callable[[], None]
) -> Iterator[av.Packet[Any]]:
    """Packets of some streams in file order, past whatever damage lies between them."""
    import av

    wanted = [stream for stream in streams if stream is not None]
    if not wanted:
        return
    for other in container.streams:
        if all(other.index != stream.index for stream in wanted):
            other.discard = av.stream.Discard.all
    for packet in demuxed(container, wanted, path, lost):
        if packet.size:
            yield packet


@dataclass(slots=True)
class Slots:
    """Power of the sound by time, from frames in whatever format they decode to, about a second at once."""

    slot_s: float
    origin_s: float
    _kind: tuple[Any, ...] = ()
    _held: list[av.AudioFrame] = field(default_factory=list)
    _start_s: float = 0.0
    _count: int = 0
    _totals: Any = None

    @property
    def reached_s(self) -> float:
        """End of what was decoded last."""
        return self._start_s + self._count / self._kind[0] if self._kind else 0.0

    def take(self, packet: av.Packet[Any]) -> None:
        """Decode a packet of sound; one that cannot be decoded leaves a gap."""
        for frame in decode(packet, lambda: None):
            rate_hz = frame.sample_rate
            if not rate_hz or not frame.samples:
                continue
            kind = (rate_hz, frame.format.name, len(frame.planes), frame.layout.nb_channels)
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
        running = np.concatenate(([0.0], np.cumsum(_squares(frames))))
        self._add(first, np.diff(running[borders]), np.diff(borders))

    def _add(self, first: int, sums: Floats, counts: NDArray[np.int64]) -> None:
        import numpy as np

        end = first + len(sums)
        if self._totals is None or end > self._totals.shape[1]:
            grown = np.zeros((2, max(end * 3 // 2, 6000)))
            if self._totals is not None:
                grown[:, : self._totals.shape[1]] = self._totals
            self._totals = grown
        self._totals[0, first:end] += sums
        self._totals[1, first:end] += counts

    def powers(self) -> Floats:
        """Mean squares of all slots up to the last one that was heard."""
        import numpy as np

        self._flush()
        if self._totals is None:
            return np.zeros(0)
        sums, counts = self._totals
        heard = np.flatnonzero(counts)
        values: Floats = (sums / np.maximum(counts, 1.0))[: heard[-1] + 1 if len(heard) else 0]
        return np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)


def _squares(frames: list[av.AudioFrame]) -> Floats:
    """Mean square of the channels, sample by sample, full scale at 1; the frames are of one format."""
    import numpy as np

    first = frames[0]
    kind = np.dtype(_DTYPES[first.format.packed.name])
    channels = first.layout.nb_channels
    each = 1 if first.format.is_planar else channels
    total: Any = 0.0
    for index in range(len(first.planes)):
        parts = [np.frombuffer(cast("Any", frame.planes[index]), kind, frame.samples * each) for frame in frames]
        values = np.concatenate(parts)
        if kind.kind != "f":
            full = float(2 ** (8 * kind.itemsize - 1))
            values = values.astype(np.float64) / full - (1.0 if kind.kind == "u" else 0.0)
        squares = np.square(values, dtype=np.float64)
        total = total + (squares.reshape(-1, each).sum(1) if each > 1 else squares)
    result: Floats = total / channels
    return result
