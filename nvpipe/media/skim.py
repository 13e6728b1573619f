"""A glance at a whole video in one pass of its file: packet sizes, sound, and a few frames after some keyframes.

Reading packets costs a hundredth of decoding them. What is decoded of the pictures are bursts, each a keyframe and
the frames right after it, so that no picture is decoded only to be thrown away.
"""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from nvpipe.media.audio import sound_stream
from nvpipe.media.heap import trim
from nvpipe.media.probe import Inspection, inspect
from nvpipe.media.reading import decode, packets
from nvpipe.media.safety import (
    MAX_DURATION_S,
    MAX_SIDE_PX,
    DecodeBudget,
    discard_others,
    open_container,
)
from nvpipe.media.slots import Slots

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    import av
    import numpy as np
    from av.video import VideoStream
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

T = TypeVar("T")

_MIN_BURST_FRAMES = 3
_MAX_BURST_PACKETS = 64
_PROGRESS_S = 2.0
_ALONE_PIXELS = 1280 * 720
"""Bursts of smaller pictures are decoded by one thread: to start and to empty several costs a tenth more."""
_MAX_WAITING = 4
"""Bursts read ahead of the one that is decoded."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded frame of a burst."""

    time_s: float
    """From the start of the video."""
    frame: av.VideoFrame


@dataclass(frozen=True, slots=True)
class Skim(Generic[T]):
    """What a glance shows; P packets of video in order of presentation."""

    inspection: Inspection
    time_s: Floats
    """`[P]` from the start of the video, rising."""
    size_bytes: Floats
    """`[P]`"""
    is_key: NDArray[np.bool_]
    """`[P]` whether decoding can start there."""
    looks: tuple[T, ...]
    """What was made of the bursts, in order of time."""
    powers: Floats
    """Mean squares of the sound, full scale at 1, in slots of `slot_s`; empty without sound."""
    decoded: int
    """How many packets of video were decoded for the bursts."""
    decoded_bytes: int
    damaged: int
    """How many packets could not be read or decoded."""


def skim(
    path: Path,
    look: Callable[[list[Picture]], T],
    *,
    spacing_s: float,
    burst_s: float,
    slot_s: float,
    on_progress: Callable[[float], None] | None = None,
) -> Skim[T]:
    """Read a video once from start to end, decoding only its sound and bursts of pictures.

    Args:
        path: the file.
        look: what to make of a burst's frames, in order of presentation; they are not kept.
        spacing_s: least distance of two bursts.
        burst_s: length of a burst; at low frame rates it is longer, three frames.
        slot_s: length of the slots of sound.
        on_progress: told how many seconds are done.

    Raises:
        MediaError: the file cannot be opened, or reading or decoding it takes too long.
        UnsupportedMediaError: it is no video that can be used here.
    """
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np

    inspection = inspect(path)
    # While libav builds the index of an hour it takes half as much again; that is the peak.
    trim()
    container = open_container(path)
    try:
        video = cast("VideoStream", container.streams[inspection.stream_index])
        sound = sound_stream(container)
        decoder = _Decoder(path, video, inspection, look, burst_s)
        slots = Slots(slot_s, inspection.origin_s)
        told_s = 0.0
        # Pictures are decoded in a thread of their own while this one reads packets and decodes the sound.
        with ThreadPoolExecutor(1, "bursts") as beside:
            bursts = _Bursts(video, inspection, decoder, beside, spacing_s, burst_s)
            discard_others(container, video, sound)
            for packet in packets(container, video, path, bursts.lost, sound):
                if not packet.size:
                    continue
                if packet.stream.index != video.index:
                    slots.take(packet)
                    continue
                time_s = bursts.take(packet)
                if time_s > MAX_DURATION_S:
                    break
                if on_progress and time_s >= told_s + _PROGRESS_S:
                    told_s = time_s
                    on_progress(told_s)
            bursts.finish()
    finally:
        container.close()
    # The index of an hour of packets lies between blocks that stay.
    trim()
    times_s, sizes = np.frombuffer(bursts.times, np.float64), np.frombuffer(bursts.sizes, np.float32)
    order = np.argsort(times_s, kind="stable")
    return Skim(
        inspection=inspection,
        time_s=times_s[order],
        size_bytes=sizes[order].astype(np.float64),
        is_key=np.frombuffer(bursts.keys, np.bool_)[order],
        looks=tuple(bursts.looks),
        powers=slots.powers(),
        decoded=bursts.packets,
        decoded_bytes=bursts.size_bytes,
        damaged=bursts.unread + decoder.damaged,
    )


@dataclass(slots=True)
class _Bursts(Generic[T]):
    """Takes all packets of the video and hands on those of the bursts."""

    stream: VideoStream
    inspection: Inspection
    decoder: _Decoder[T]
    beside: Executor
    spacing_s: float
    burst_s: float
    times: array[float] = field(default_factory=lambda: array("d"))
    sizes: array[float] = field(default_factory=lambda: array("f"))
    keys: array[int] = field(default_factory=lambda: array("B"))
    looks: list[T] = field(default_factory=list)
    packets: int = 0
    """How many were given to the decoder."""
    size_bytes: int = 0
    unread: int = 0
    """How many could not be read."""
    _base_s: float = 0.001
    _fps: float = 30.0
    _reorder_depth: int = 0
    _burst: list[tuple[float, Any]] = field(default_factory=list)
    _start_s: float = -math.inf
    _last_s: float = -math.inf
    _open: bool = False
    _under_way: deque[Future[T | None]] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._base_s = float(self.stream.time_base or self._base_s)
        self._fps = float(self.inspection.info.fps)
        self._reorder_depth = self.stream.codec_context.reorder_depth

    def take(self, packet: av.Packet[VideoStream]) -> float:
        """Note a packet, and keep it if it belongs to a burst; its time."""
        stamp = packet.dts if packet.pts is None else packet.pts
        if stamp is None:
            time_s = max(self._last_s, 0.0) + 1 / self._fps
        else:
            time_s = max(0.0, stamp * self._base_s - self.inspection.origin_s)
        self._last_s = time_s
        self.times.append(time_s)
        self.sizes.append(packet.size)
        self.keys.append(packet.is_keyframe)
        if packet.is_keyframe and not self._open and time_s >= self._start_s + self.spacing_s:
            self._start_s, self._open, self._burst = time_s, True, [(time_s, packet)]
        elif self._open:
            self._follow(time_s, packet)
        return time_s

    def _follow(self, time_s: float, packet: av.Packet[VideoStream]) -> None:
        # Pictures shown before the keyframe need others from before it (open GOP).
        if time_s < self._start_s:
            return
        self._burst.append((time_s, packet))
        beyond = sum(other_s > self._start_s + self.burst_s for other_s, _ in self._burst)
        # Packets come in decoding order: a few that are shown later precede the last ones of the burst.
        enough = beyond > self._reorder_depth and len(self._burst) >= _MIN_BURST_FRAMES
        if enough or len(self._burst) >= _MAX_BURST_PACKETS:
            self._hand_on()

    def _hand_on(self) -> None:
        """Have the burst decoded that is open."""
        packets, self._burst, self._open = self._needed(), [], False
        self.packets += len(packets)
        self.size_bytes += sum(packet.size for packet in packets)
        self._under_way.append(self.beside.submit(self.decoder.look_at, packets, self._start_s))
        if not self.looks and len(self._under_way) == 1:
            # Only a decoder that has seen pictures knows for sure how they are reordered.
            self._collect(0)
            self._reorder_depth = self.stream.codec_context.reorder_depth
        self._collect(_MAX_WAITING)

    def _needed(self) -> list[av.Packet[VideoStream]]:
        """Up to the last one that is shown within the burst: none depends on those that come after it."""
        earliest = sorted(time_s for time_s, _ in self._burst)[:_MIN_BURST_FRAMES]
        end_s = max(self._start_s + self.burst_s + 0.5 / self._fps, earliest[-1])
        last = max(place for place, (time_s, _) in enumerate(self._burst) if time_s <= end_s)
        return [packet for _, packet in self._burst[: last + 1]]

    def _collect(self, left: int) -> None:
        while len(self._under_way) > left:
            look = self._under_way.popleft().result()
            if look is not None:
                self.looks.append(look)

    def finish(self) -> None:
        """See all bursts decoded."""
        if self._open:
            self._hand_on()
        self._collect(0)

    def lost(self) -> None:
        self.unread += 1


@dataclass(slots=True)
class _Decoder(Generic[T]):
    """Decodes bursts, one after the other; used by one thread at a time."""

    path: Path
    stream: VideoStream
    inspection: Inspection
    look: Callable[[list[Picture]], T]
    burst_s: float
    damaged: int = 0
    _base_s: float = 0.001
    _budget: DecodeBudget = field(init=False)

    def __post_init__(self) -> None:
        self._base_s = float(self.stream.time_base or self._base_s)
        self._budget = DecodeBudget(self.path)
        # Without the loop filter pictures drift, but not visibly within a burst, and decode a fifth faster.
        self.stream.codec_context.options = {
            "max_pixels": str(MAX_SIDE_PX * MAX_SIDE_PX),
            "skip_loop_filter": "all",
        }
        if self.stream.width * self.stream.height > _ALONE_PIXELS:
            self.stream.thread_type = cast("Any", "AUTO")
        else:
            self.stream.codec_context.thread_count = 1

    def look_at(self, packets: list[av.Packet[VideoStream]], start_s: float) -> T | None:
        """What there is to see in a burst; None when nothing of it can be decoded."""
        pictures = sorted(self._decoded(packets, start_s), key=lambda picture: picture.time_s)
        shapes = [(one.frame.width, one.frame.height, one.frame.format.name) for one in pictures]
        pictures = [one for one, shape in zip(pictures, shapes, strict=True) if shape == shapes[0]]
        end_s = start_s + self.burst_s + 0.5 / float(self.inspection.info.fps)
        inside = [one for one in pictures if one.time_s <= end_s]
        kept = inside if len(inside) >= _MIN_BURST_FRAMES else pictures[:_MIN_BURST_FRAMES]
        return self.look(kept) if kept else None

    def _decoded(self, packets: list[av.Packet[VideoStream]], start_s: float) -> list[Picture]:
        context = self.stream.codec_context
        self._budget.start()
        found: list[Picture] = []
        for packet in packets:
            if packet.pts is None:
                packet.pts = packet.dts
            found += self._pictures(decode(packet, self._lost))
        found += self._pictures(self._rest())
        context.flush_buffers()
        self._budget.stop(start_s)
        return found

    def _rest(self) -> list[av.VideoFrame]:
        import av

        try:
            return list(self.stream.codec_context.decode(None))
        except av.error.FFmpegError:
            self._lost()
            return []

    def _pictures(self, frames: list[av.VideoFrame]) -> Iterator[Picture]:
        for frame in frames:
            if frame.pts is not None and not frame.is_corrupt:
                yield Picture(frame.pts * self._base_s - self.inspection.origin_s, frame)

    def _lost(self) -> None:
        self.damaged += 1
