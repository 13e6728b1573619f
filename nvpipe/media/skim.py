"""A glance at a whole video in one pass of its file: packet sizes, sound, and a few frames after some keyframes.

Reading packets costs a hundredth of decoding them. What is decoded of the pictures are bursts, each a keyframe and
the frames right after it, so that no picture is decoded only to be thrown away.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from nvpipe.media.audio import sound_stream
from nvpipe.media.probe import Inspection, inspect
from nvpipe.media.reading import decode
from nvpipe.media.safety import (
    MAX_DURATION_S,
    MAX_SIDE_PX,
    DecodeBudget,
    open_container,
)
from nvpipe.media.slots import Slots, packets_of

if TYPE_CHECKING:
    import av
    import numpy as np
    from av.video import VideoStream
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

T = TypeVar("T")

_MIN_BURST_FRAMES = 3
_MAX_BURST_PACKETS = 64
_PROGRESS_S = 2.0
_SLACK_S = 0.002
_LOST_S = 5.0
"""Further behind the keyframe that was sought, the search has gone astray."""


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
    import numpy as np

    inspection = inspect(path)
    container = open_container(path)
    try:
        video = cast("VideoStream", container.streams[inspection.stream_index])
        sound = sound_stream(container)
        bursts = _Bursts(path, video, inspection, look, spacing_s, burst_s)
        slots = Slots(slot_s, inspection.origin_s)
        told_s = 0.0
        for packet in packets_of(container, [video, sound], path, bursts.lost):
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
    table = np.frombuffer(bursts.table, dtype=np.float64).reshape(-1, 3)
    table = table[np.argsort(table[:, 0], kind="stable")]
    return Skim(
        inspection=inspection,
        time_s=table[:, 0],
        size_bytes=table[:, 1],
        is_key=table[:, 2] > 0,
        looks=tuple(bursts.looks),
        powers=slots.powers(),
        damaged=bursts.damaged,
    )


def glimpses(
    path: Path,
    look: Callable[[list[Picture]], T],
    inspection: Inspection,
    starts_s: Sequence[float],
    burst_s: float,
) -> list[T]:
    """Bursts of pictures at some keyframes of a video, sought one after the other; those not found are left out.

    Args:
        path: the file.
        look: what to make of a burst's frames.
        inspection: of the file.
        starts_s: times of keyframes, rising.
        burst_s: length of a burst.

    Raises:
        MediaError: the file cannot be opened, or reading or decoding it takes too long.
    """
    import av

    container = open_container(path)
    try:
        video = cast("VideoStream", container.streams[inspection.stream_index])
        bursts = _Bursts(path, video, inspection, look, 0.0, burst_s)
        base_s = float(video.time_base or 0.001)
        for start_s in starts_s:
            try:
                container.seek(math.floor((start_s + inspection.origin_s) / base_s + 0.5), stream=video)
            except av.error.FFmpegError:
                continue
            found = len(bursts.looks)
            bursts.expect(start_s)
            for packet in packets_of(container, [video], path, bursts.lost):
                time_s = bursts.take(packet)
                if len(bursts.looks) > found or time_s > start_s + _LOST_S:
                    break
            bursts.finish()
        return bursts.looks
    finally:
        container.close()


@dataclass(slots=True)
class _Bursts(Generic[T]):
    """Takes all packets of the video and decodes those of the bursts."""

    path: Path
    stream: VideoStream
    inspection: Inspection
    look: Callable[[list[Picture]], T]
    spacing_s: float
    burst_s: float
    table: array[float] = field(default_factory=lambda: array("d"))
    looks: list[T] = field(default_factory=list)
    damaged: int = 0
    _base_s: float = 0.001
    _fps: float = 30.0
    _budget: DecodeBudget = field(init=False)
    _burst: list[Any] = field(default_factory=list)
    _start_s: float = -math.inf
    _last_s: float = -math.inf
    _open: bool = False

    def __post_init__(self) -> None:
        self._base_s = float(self.stream.time_base or self._base_s)
        self._fps = float(self.inspection.info.fps)
        self._budget = DecodeBudget(self.path)
        # Without the loop filter pictures drift, but not visibly within a burst, and decode a fifth faster.
        self.stream.codec_context.options = {
            "max_pixels": str(MAX_SIDE_PX * MAX_SIDE_PX),
            "skip_loop_filter": "all",
        }
        self.stream.thread_type = cast("Any", "AUTO")

    def expect(self, start_s: float) -> None:
        """Pass over everything before a time; times start anew after a seek."""
        self._start_s = start_s - _SLACK_S
        self._last_s = self._start_s

    def take(self, packet: av.Packet[VideoStream]) -> float:
        """Note a packet, and keep it if it belongs to a burst; its time."""
        stamp = packet.dts if packet.pts is None else packet.pts
        if stamp is None:
            time_s = max(self._last_s, 0.0) + 1 / self._fps
        else:
            time_s = max(0.0, stamp * self._base_s - self.inspection.origin_s)
        self._last_s = time_s
        self.table.extend((time_s, packet.size, packet.is_keyframe))
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
        enough = beyond > self.stream.codec_context.reorder_depth and len(self._burst) >= _MIN_BURST_FRAMES
        if enough or len(self._burst) >= _MAX_BURST_PACKETS:
            self.finish()

    def finish(self) -> None:
        """Decode the burst that is open."""
        if not self._open:
            return
        packets, self._burst, self._open = [packet for _, packet in self._burst], [], False
        pictures = sorted(self._decoded(packets), key=lambda picture: picture.time_s)
        inside = [one for one in pictures if one.time_s <= self._start_s + self.burst_s + 0.5 / self._fps]
        kept = inside if len(inside) >= _MIN_BURST_FRAMES else pictures[:_MIN_BURST_FRAMES]
        if kept:
            self.looks.append(self.look(kept))

    def _decoded(self, packets: list[av.Packet[VideoStream]]) -> list[Picture]:
        context = self.stream.codec_context
        self._budget.start()
        found: list[Picture] = []
        for packet in packets:
            if packet.pts is None:
                packet.pts = packet.dts
            found += self._pictures(decode(packet, self.lost))
        found += self._pictures(self._rest())
        context.flush_buffers()
        self._budget.stop(self._start_s)
        return found

    def _rest(self) -> list[av.VideoFrame]:
        import av

        try:
            return list(self.stream.codec_context.decode(None))
        except av.error.FFmpegError:
            self.lost()
            return []

    def _pictures(self, frames: list[av.VideoFrame]) -> Iterator[Picture]:
        for frame in frames:
            if frame.pts is not None and not frame.is_corrupt:
                yield Picture(frame.pts * self._base_s - self.inspection.origin_s, frame)

    def lost(self) -> None:
        self.damaged += 1
