"""Packets without those whose pictures nobody looks at and no other picture is predicted from.

A picture is on display until the next one: any later stamp that is known bounds that time from above, so that a
picture is left out for sure, or decoded in vain. Where stamps, order or state of the decoder give any reason to
doubt that pictures come out as their packets say, everything is decoded.

A video that is thinned gives the same pictures whatever the number of threads that decode it: which packets are left
out is told by packets alone, and after any doubt, however late it is seen, nothing that was decoded so far is used.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from nvpipe.media.decode import MisplacedError
from nvpipe.media.decode.clock import REBASE_S, Clock
from nvpipe.media.decode.disposable import Syntax

if TYPE_CHECKING:
    import av
    from av.video.codeccontext import VideoCodecContext

    from nvpipe.media.decode import Spare, Thinning
    from nvpipe.types import MediaInfo

    VideoPacket = av.Packet[Any]

_AHEAD = 16
"""Packets that are read before the one that is decoded, so that the next picture is known."""
_BEHIND = 32
_MAX_REORDER = 16
"""Pictures that may precede one in the file and follow it on display (H.264 and HEVC allow no more)."""
_ROUNDING_S = 0.0015
"""By how much distances of times differ where stamps are whole milliseconds."""


class Recent:
    """The last times of a series, in order of time."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._series: deque[float] = deque()
        self.times: list[float] = []

    def add(self, time_s: float) -> None:
        self._series.append(time_s)
        insort(self.times, time_s)
        if len(self._series) > self._length:
            del self.times[bisect_left(self.times, self._series.popleft())]

    def later(self, time_s: float) -> int:
        """How many are later."""
        return len(self.times) - bisect_right(self.times, time_s)

    def __contains__(self, time_s: object) -> bool:
        return isinstance(time_s, float) and self.times[bisect_left(self.times, time_s) :][:1] == [time_s]


def needed_of(
    context: VideoCodecContext,
    info: MediaInfo,
    clock: Clock,
    start_s: float,
    spare: Spare | None,
    thinning: Thinning | None,
    damaged: Callable[[], int],
) -> Needed | None:
    """What chooses among the packets of a video, None where all have to be decoded; parameters as of `Needed`."""
    syntax = Syntax(context.name, bytes(context.extradata or b""))
    # Only its neighbours complete an interlaced picture.
    if info.interlaced or not syntax.known:
        return None
    return Needed(context, syntax, clock, start_s, spare, thinning, info.duration_s, damaged)


class Needed:
    """Chooses among the packets of one pass.

    Args:
        context: the decoder, which is asked how far it reorders.
        syntax: of its packets.
        clock: of the same pass.
        start_s: the picture on display then is the first that is wanted.
        spare: tells of pictures later than that; None wants all of them.
        thinning: how many of all pictures may be left out, for passes from the start of the file.
        end_s: where the video ends by its header.
        damaged: tells how many packets could not be decoded so far.
    """

    def __init__(
        self,
        context: VideoCodecContext,
        syntax: Syntax,
        clock: Clock,
        start_s: float,
        spare: Spare | None,
        thinning: Thinning | None,
        end_s: float,
        damaged: Callable[[], int],
    ) -> None:
        # What the decoder learns later it learns sooner or later, as its threads go.
        self._depth: int = context.reorder_depth
        self._syntax = syntax
        self._clock = clock
        self._start_s = start_s
        self._spare = spare
        self._thinning = thinning
        self._end_s = end_s
        self._damaged = damaged
        self._damaged_before = damaged()
        self._doubted = False
        self._read = Recent(_AHEAD + _BEHIND)
        """Times of the last packets in file order."""
        self._passed = Recent(_BEHIND)
        """Those up to the one to be decoded."""
        self._visible = Recent(_AHEAD + _BEHIND)
        """Those that an edit list does not hide."""
        self._last_dts: int | None = None
        self._parameters = b""
        self._first_key_s: float | None = None
        self._keys = 0
        self._safe_from_s: float | None = None
        """What is shown after this time surely comes out of the decoder."""
        self._expected: list[float] = []
        """Heap of the times of pictures that have yet to come out of the decoder."""
        self._first_came_s: float | None = None
        self._left_out = 0
        self._gone = Recent(_AHEAD + _BEHIND)
        """Times of the last pictures that were left out."""

    def of(self, packets: Iterator[VideoPacket]) -> Iterator[VideoPacket]:
        """The packets to be decoded, in their order."""
        ahead: deque[tuple[VideoPacket, float | None]] = deque()
        for packet in packets:
            ahead.append((packet, self._noted(packet)))
            if len(ahead) > _AHEAD:
                yield from self._chosen(*ahead.popleft())
        while ahead:
            yield from self._chosen(*ahead.popleft())

    def _noted(self, packet: VideoPacket) -> float | None:
        """Time of a packet that was read; whatever is wrong with it ends the leaving out."""
        if self._doubted or not packet.size:
            return None
        stamp, dts = packet.pts, packet.dts
        backwards = dts is not None and self._last_dts is not None and dts < self._last_dts
        if stamp is None or backwards or packet.is_corrupt or packet.has_sidedata("new_extradata"):
            self._doubt_packets()
            return None
        self._last_dts = dts
        time_s = self._clock.seconds(stamp)
        if time_s in self._read or self._read.later(time_s) > _MAX_REORDER or time_s > self._end_s + REBASE_S:
            self._doubt_packets()
        elif packet.is_keyframe:
            self._note_key(bytes(packet))
        self._read.add(time_s)
        if not packet.is_discard:
            self._visible.add(time_s)
        return time_s

    def _note_key(self, packet: bytes) -> None:
        parameters = self._syntax.parameters(packet)
        if parameters and self._parameters and parameters != self._parameters:
            self._doubt_packets()
        self._parameters = parameters or self._parameters

    def _chosen(self, packet: VideoPacket, time_s: float | None) -> Iterator[VideoPacket]:
        if time_s is None or self._doubted:
            yield packet
            return
        if packet.is_keyframe and self._safe_from_s is None:
            self._note_entry(packet, time_s)
        needless = self._is_needless(packet, time_s)
        self._passed.add(time_s)
        if needless:
            self._left_out += 1
            self._gone.add(time_s)
            if self._thinning is not None:
                self._thinning.left_out(time_s, packet.size)
            return
        if self._first_key_s is not None and not packet.is_discard:
            came_s = -math.inf if self._first_came_s is None else self._first_came_s
            if time_s >= max(self._first_key_s, came_s):
                heappush(self._expected, time_s)
        yield packet

    def _note_entry(self, packet: VideoPacket, time_s: float) -> None:
        """Note a keyframe that the decoder may begin at."""
        self._keys += 1
        if self._first_key_s is None:
            self._first_key_s = time_s
        # One that is refreshed bit by bit (H.264's intra refresh) is whole when the next one begins.
        if self._syntax.restarts(bytes(packet)) or (self._thinning is not None and self._keys > 1):
            self._safe_from_s = time_s

    def came(self, picture: av.VideoFrame) -> None:
        """Compare a decoded picture with what was expected.

        Raises:
            MisplacedError: it is another one, and some were left out.
        """
        if self._first_key_s is None or (self._doubted and not self._expected):
            return
        time_s = math.nan if picture.pts is None else self._clock.seconds(picture.pts)
        if self._first_came_s is None:
            # What a decoder gives no picture for before it has found its way is not missing.
            while self._expected and self._expected[0] < time_s:
                heappop(self._expected)
            self._first_came_s = time_s
        if self._expected and time_s == self._expected[0]:
            heappop(self._expected)
        elif not (time_s < self._first_key_s or (self._doubted and time_s < self._expected[0])):
            self._doubt()
        if not self._doubted and not self._is_sound():
            self._doubt()

    def ended(self) -> None:
        """Nothing more comes.

        Raises:
            MisplacedError: something more was expected, and some were left out.
        """
        if self._expected or (self._thinning is not None and not self._doubted and not self._is_sound()):
            self._doubt()

    def _is_sound(self) -> bool:
        return self._clock.honest and self._damaged() == self._damaged_before

    def _doubt(self) -> None:
        self._doubted = True
        if self._left_out:
            raise MisplacedError

    def _doubt_packets(self) -> None:
        """What is not decoded yet will not be left out."""
        self._doubted = True
        if self._thinning is not None:
            self._doubt()

    def _is_needless(self, packet: VideoPacket, time_s: float) -> bool:
        if self._safe_from_s is None and self._first_came_s is not None and self._thinning is None:
            # A decoder that has given a picture gives all that are shown later.
            self._safe_from_s = self._first_key_s
        if self._safe_from_s is None or time_s <= self._safe_from_s or packet.is_discard:
            return False
        following = self._visible.times[bisect_right(self._visible.times, time_s) :][:1]
        return (
            bool(following)
            and self._is_unseen(time_s, following[0])
            and self._comes_in_place(time_s)
            and self._syntax.is_disposable(bytes(packet))
        )

    def _is_unseen(self, time_s: float, next_s: float) -> bool:
        if time_s <= self._start_s:
            return next_s <= self._start_s
        if self._thinning is not None:
            return self._leaves_no_gap(self._thinning, time_s)
        return self._spare is not None and self._spare(time_s, next_s)

    def _leaves_no_gap(self, thinning: Thinning, time_s: float) -> bool:
        """Whether its neighbours are close enough together, those left out that were."""
        gap_s = thinning.gap_s + _ROUNDING_S
        times = self._visible.times
        last = bisect_left(times, time_s) - 1
        before, after = last, bisect_right(times, time_s)
        while before >= 0 and times[before] in self._gone:
            before -= 1
        while after < len(times) and times[after] in self._gone:
            after += 1
        if before < 0 or after == len(times) or times[after] - times[before] > gap_s:
            return False
        last_s = times[last]
        first, second = (math.floor((one_s + _ROUNDING_S) / thinning.keep_every_s) for one_s in (last_s, time_s))
        return first == second

    def _comes_in_place(self, time_s: float) -> bool:
        """Whether the decoder would give the picture where its stamp says, without learning to wait longer first.

        Where pictures are reordered, one that nothing refers to precedes another that was decoded before: stamps
        that say otherwise are not those of the pictures.
        """
        moved = self._passed.later(time_s)
        return 0 < moved <= self._depth or moved == self._depth == 0
