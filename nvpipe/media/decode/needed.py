"""Packets without those whose pictures nobody sees and no other picture is predicted from.

A picture is on display until the next one: any later stamp that is known bounds that time from above, so that a
picture is left out for sure, or decoded in vain. Where stamps, order or state of the decoder give any reason to
doubt that pictures come out as their packets say, everything is decoded.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from nvpipe.media.decode.clock import REBASE_S, Clock
from nvpipe.media.decode.disposable import Syntax

if TYPE_CHECKING:
    import av
    from av.video.codeccontext import VideoCodecContext

    from nvpipe.media.decode import Spare
    from nvpipe.types import MediaInfo

    VideoPacket = av.Packet[Any]

_AHEAD = 16
"""Packets that are read before the one that is decoded, so that the next picture is known."""
_BEHIND = 32
_MAX_REORDER = 16
"""Pictures that may precede one in the file and follow it on display (H.264 and HEVC allow no more)."""


class MisplacedError(Exception):
    """Pictures do not come as their packets say, after some were left out: what is shown is not known."""


def needed_of(
    context: VideoCodecContext,
    info: MediaInfo,
    clock: Clock,
    start_s: float,
    spare: Spare | None,
    damaged: Callable[[], int],
) -> Needed | None:
    """What chooses among the packets of a video, None where all have to be decoded; parameters as of `Needed`."""
    syntax = Syntax(context.name, bytes(context.extradata or b""))
    # Only its neighbours complete an interlaced picture.
    if info.interlaced or not syntax.known:
        return None
    return Needed(context, syntax, clock, start_s, spare, info.duration_s, damaged)


class Needed:
    """Chooses among the packets of one pass.

    Args:
        context: the decoder, which is asked how far it reorders.
        syntax: of its packets.
        clock: of the same pass.
        start_s: the picture on display then is the first that is wanted.
        spare: tells of pictures later than that; None wants all of them.
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
        end_s: float,
        damaged: Callable[[], int],
    ) -> None:
        self._context = context
        self._syntax = syntax
        self._clock = clock
        self._start_s = start_s
        self._spare = spare
        self._end_s = end_s
        self._damaged = damaged
        self._damaged_before = damaged()
        self._doubted = False
        self._read: deque[float] = deque(maxlen=_AHEAD + _BEHIND)
        """Times of the last packets in file order."""
        self._passed: deque[float] = deque(maxlen=_BEHIND)
        """Those up to the one to be decoded."""
        self._visible: deque[float] = deque(maxlen=_AHEAD + _BEHIND)
        """Those that an edit list does not hide."""
        self._last_dts: int | None = None
        self._parameters = b""
        self._first_key_s: float | None = None
        self._safe_from_s: float | None = None
        """What is shown after this time surely comes out of the decoder."""
        self._expected: list[float] = []
        """Heap of the times of pictures that have yet to come out of the decoder."""
        self._came = False
        self._left_out = 0

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
            self._doubted = True
            return None
        self._last_dts = dts
        time_s = self._clock.seconds(stamp)
        later = sum(other_s > time_s for other_s in self._read)
        if time_s in self._read or later > _MAX_REORDER or time_s > self._end_s + REBASE_S:
            self._doubted = True
        elif packet.is_keyframe:
            self._note_key(bytes(packet))
        self._read.append(time_s)
        if not packet.is_discard:
            self._visible.append(time_s)
        return time_s

    def _note_key(self, packet: bytes) -> None:
        parameters = self._syntax.parameters(packet)
        if parameters and self._parameters and parameters != self._parameters:
            self._doubted = True
        self._parameters = parameters or self._parameters

    def _chosen(self, packet: VideoPacket, time_s: float | None) -> Iterator[VideoPacket]:
        if time_s is None or self._doubted:
            yield packet
            return
        if packet.is_keyframe and self._first_key_s is None:
            self._first_key_s = time_s
            if self._syntax.restarts(bytes(packet)):
                self._safe_from_s = time_s
        needless = self._is_needless(packet, time_s)
        self._passed.append(time_s)
        if needless:
            self._left_out += 1
            return
        if self._first_key_s is not None and time_s >= self._first_key_s and not packet.is_discard:
            heappush(self._expected, time_s)
        yield packet

    def came(self, picture: av.VideoFrame) -> None:
        """Compare a decoded picture with what was expected.

        Raises:
            MisplacedError: it is another one, and some were left out.
        """
        if self._first_key_s is None or (self._doubted and not self._expected):
            return
        time_s = math.nan if picture.pts is None else self._clock.seconds(picture.pts)
        if not self._came:
            # What a decoder gives no picture for before it has found its way is not missing.
            while self._expected and self._expected[0] < time_s:
                heappop(self._expected)
        self._came = True
        if self._expected and time_s == self._expected[0]:
            heappop(self._expected)
        elif not (time_s < self._first_key_s or (self._doubted and time_s < self._expected[0])):
            self._doubt()
        if not self._doubted and not (self._clock.honest and self._damaged() == self._damaged_before):
            self._doubt()

    def ended(self) -> None:
        """Nothing more comes.

        Raises:
            MisplacedError: something more was expected, and some were left out.
        """
        if self._expected:
            self._doubt()

    def _doubt(self) -> None:
        self._doubted = True
        if self._left_out:
            raise MisplacedError

    def _is_needless(self, packet: VideoPacket, time_s: float) -> bool:
        if self._safe_from_s is None and self._came:
            # A decoder that has given a picture gives all that are shown later.
            self._safe_from_s = self._first_key_s
        if self._safe_from_s is None or time_s <= self._safe_from_s or packet.is_discard:
            return False
        following = [other_s for other_s in self._visible if other_s > time_s]
        return (
            bool(following)
            and self._is_unseen(time_s, min(following))
            and self._comes_in_place(time_s)
            and self._syntax.is_disposable(bytes(packet))
        )

    def _is_unseen(self, time_s: float, next_s: float) -> bool:
        if time_s <= self._start_s:
            return next_s <= self._start_s
        return self._spare is not None and self._spare(time_s, next_s)

    def _comes_in_place(self, time_s: float) -> bool:
        """Whether the decoder would give the picture where its stamp says, without learning to wait longer first.

        Where pictures are reordered, one that nothing refers to precedes another that was decoded before: stamps
        that say otherwise are not those of the pictures.
        """
        moved = sum(other_s > time_s for other_s in self._passed)
        depth: int = self._context.reorder_depth
        return 0 < moved <= depth or moved == depth == 0
