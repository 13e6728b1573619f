"""Packets that wait on the disk until they can be written, so that memory does not grow with their number."""

from __future__ import annotations

import tempfile
from array import array
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from fractions import Fraction
    from pathlib import Path

    from av.packet import Packet
    from av.video.stream import VideoStream

_FIELDS = 5
"""Kept of each packet: its size, presentation and decoding times, duration, whether it is a keyframe."""


class WaitingPackets:
    """Packets of one stream, in their order, in a file without a name.

    Args:
        folder: where the file lies.

    Raises:
        OSError: the file cannot be written or read; every method can raise that.
    """

    def __init__(self, folder: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by `close`
        self._facts = array("q")
        self._time_base: Fraction | None = None

    def add(self, packets: Iterable[Packet[VideoStream]]) -> None:
        """Keep packets, all with the time base of the first."""
        for packet in packets:
            self._time_base = packet.time_base
            times = (packet.pts or 0, packet.dts or 0, packet.duration or 0)
            self._facts.extend((packet.size, *times, packet.is_keyframe))
            self._file.write(packet)

    def take(self, stream: VideoStream) -> Iterator[Packet[VideoStream]]:
        """All of them as packets of a stream."""
        import av

        self._file.seek(0)
        for at in range(0, len(self._facts), _FIELDS):
            size, pts, dts, duration, keyframe = self._facts[at : at + _FIELDS]
            packet = cast("Packet[VideoStream]", av.Packet(self._file.read(size)))
            packet.stream = stream
            if self._time_base is not None:
                packet.time_base = self._time_base
            packet.pts, packet.dts, packet.duration, packet.is_keyframe = pts, dts, duration, bool(keyframe)
            yield packet

    def close(self) -> None:
        self._file.close()
