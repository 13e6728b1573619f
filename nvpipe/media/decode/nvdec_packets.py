"""What packets say of the pictures that another library decodes, read beside it."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator
from contextlib import suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from nvpipe.media.audio import sound_stream
from nvpipe.media.reading import apart, packets
from nvpipe.media.safety import discard_others, opened

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.video import VideoStream

    from nvpipe.media.decode.needed import Needed
    from nvpipe.media.probe import Inspection
    from nvpipe.media.slots import Slots

_AHEAD = 64
"""How many packets are read to find the one of a picture; a picture follows its packet by far fewer."""
_KEPT = 1024


class Coded(NamedTuple):
    """What a packet says of its picture."""

    size_bytes: int = 0
    duration_s: float = 0.0
    is_hidden: bool = False
    """Whether it is not shown: an edit list hides it, or it is one of those that are to be left out."""


UNKNOWN = Coded()
_LEFT_OUT = Coded(is_hidden=True)


class PacketLedger:
    """Packets of one pass, read as far as the pictures have come, and the sound between them.

    Args:
        container: where to read, from its position on.
        inspection: of the file.
        sound: takes up the sound; None leaves it out.
        lost: called for each packet that cannot be read or is marked as damaged.
    """

    def __init__(
        self, container: InputContainer, inspection: Inspection, sound: Slots | None, lost: Callable[[], None]
    ) -> None:
        stream = cast("VideoStream", container.streams[inspection.stream_index])
        heard = None
        if sound is not None:
            heard, sound.origin_s = sound_stream(container), inspection.origin_s
        discard_others(container, stream, heard)
        self.base: Fraction = stream.time_base or Fraction(1, 1000)
        coded: Iterator[av.Packet[Any]] = packets(container, stream, inspection.info.path, lost, heard)
        self._packets = apart(coded, stream, sound.take) if sound is not None else coded
        self._known: dict[int, Coded] = {}
        self._is_left_out: Callable[[int], bool] | None = None

    def choose(self, needed: Needed, is_left_out: Callable[[int], bool]) -> None:
        """Leave out what is not needed, before any packet is read.

        Args:
            needed: chooses among the packets.
            is_left_out: whether it has not chosen the picture with a stamp; not asked again once that is so.
        """
        self._packets = needed.of(self._packets)
        self._is_left_out = is_left_out

    def of(self, stamp: int) -> Coded:
        """What is said of the picture with a presentation stamp; nothing when its packet is not found.

        Raises:
            MediaError: reading stalls.
        """
        for _ in range(_AHEAD):
            if stamp in self._known:
                break
            if self._is_left_out is not None and self._is_left_out(stamp):
                return _LEFT_OUT
            packet = next(self._packets, None)
            if packet is None:
                break
            self._note(packet)
        return self._known.pop(stamp, UNKNOWN)

    def drain(self) -> None:
        """Read to the end: what is damaged there counts, and the sound goes on after the last picture.

        Raises:
            MediaError: reading stalls.
        """
        for _ in self._packets:
            pass

    def _note(self, packet: av.Packet[Any]) -> None:
        if packet.pts is None or not packet.size:
            return
        if len(self._known) > _KEPT:
            self._known.clear()
        duration_s = float((packet.duration or 0) * (packet.time_base or 0))
        self._known[packet.pts] = Coded(packet.size, duration_s, packet.is_discard)


class Stamps:
    """Presentation stamps of all pictures of a file in the order in which they are shown, the hidden ones too.

    Raises:
        MediaError: the file cannot be read.
    """

    def __init__(self, inspection: Inspection) -> None:
        found: list[tuple[int, int, bool]] = []
        unstamped = 0
        key: int | None = None
        self.has_open_gops = False
        """Whether a keyframe is followed in the file by pictures that are shown before it."""
        with opened(inspection.info.path) as container:
            stream = cast("VideoStream", container.streams[inspection.stream_index])
            discard_others(container, stream)
            self.base: Fraction = stream.time_base or Fraction(1, 1000)
            for packet in packets(container, stream, inspection.info.path, lambda: None):
                stamp = packet.pts
                if not packet.size:
                    continue
                if stamp is None:
                    unstamped += 1
                    continue
                if packet.is_keyframe:
                    key = stamp
                elif key is not None and stamp < key:
                    self.has_open_gops = True
                found.append((stamp, packet.size, packet.is_discard))
        found.sort()
        self.stamps = array("q", [stamp for stamp, _, _ in found])
        self.sizes_bytes = array("q", [size for _, size, _ in found])
        self.hidden = array("b", [is_hidden for _, _, is_hidden in found])
        """Which ones an edit list hides."""
        self.complete = not unstamped and len(set(self.stamps)) == len(found)
        """Whether every packet has a stamp of its own."""


def stamp_of(time_s: float, origin_s: float, base: Fraction) -> int:
    """The stamp of a time of the video, rounded down."""
    return math.floor((time_s + origin_s) / base)


def sought(container: InputContainer, inspection: Inspection, stamp: int) -> None:
    """Go to the keyframe before a stamp, as far as the file can be sought."""
    import av

    with suppress(av.error.FFmpegError):
        container.seek(stamp, stream=container.streams[inspection.stream_index])
