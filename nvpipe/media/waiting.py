"""Packets that wait on the disk until they can be written, so that memory does not grow with their number."""

from __future__ import annotations

import tempfile
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Self, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from fractions import Fraction
    from pathlib import Path

    from av.packet import Packet
    from av.video.stream import VideoStream

_FIELDS = 5
"""Kept of each packet: its size, presentation and decoding times, duration, whether it is a keyframe."""


@dataclass(frozen=True, slots=True)
class PacketList:
    """A closed file of packets, for another process to read."""

    path: Path
    facts: bytes
    time_base: Fraction | None


class WaitingPackets:
    """Packets of one stream, in their order, in a file.

    Args:
        folder: where the file lies, which has no name.
        file: an open one instead.

    Raises:
        OSError: the file cannot be written or read; every method can raise that.
    """

    def __init__(self, folder: Path, file: BinaryIO | None = None) -> None:
        self._file = tempfile.TemporaryFile(dir=folder) if file is None else file  # noqa: SIM115 - see `close`
        self._facts = array("q")
        self._time_base: Fraction | None = None

    @classmethod
    def opened(cls, found: PacketList) -> Self:
        """What `listed` said of a file."""
        packets = cls(found.path.parent, found.path.open("rb"))
        packets._facts.frombytes(found.facts)
        packets._time_base = found.time_base
        return packets

    def listed(self, path: Path) -> PacketList:
        """Close the file, which has this name, and say what another process needs to read it."""
        self._file.close()
        return PacketList(path, self._facts.tobytes(), self._time_base)

    def add(self, packets: Iterable[Packet[VideoStream]]) -> None:
        """Keep packets, all with the time base of the first."""
        for packet in packets:
            self._time_base = packet.time_base
            times = (packet.pts or 0, packet.dts or 0, packet.duration or 0)
            self._facts.extend((packet.size, *times, packet.is_keyframe))
            self._file.write(packet)

    def take(self, stream: VideoStream | None = None) -> Iterator[Packet[VideoStream]]:
        """All of them, as packets of a stream if one is given."""
        import av

        self._file.seek(0)
        for at in range(0, len(self._facts), _FIELDS):
            size, pts, dts, duration, keyframe = self._facts[at : at + _FIELDS]
            packet = cast("Packet[VideoStream]", av.Packet(self._file.read(size)))
            if stream is not None:
                packet.stream = stream
            if self._time_base is not None:
                packet.time_base = self._time_base
            packet.pts, packet.dts, packet.duration, packet.is_keyframe = pts, dts, duration, bool(keyframe)
            yield packet

    def close(self) -> None:
        self._file.close()
