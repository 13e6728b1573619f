"""Streams copied as they are into one Matroska file, and files read to their end to see that nothing is missing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nvpipe.errors import MediaError, OutputError
from nvpipe.media.duration import header_duration
from nvpipe.media.probe import origin_of, video_stream
from nvpipe.media.reading import packets
from nvpipe.media.safety import discard_others, name_of, opened

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.stream import Stream

MISSING_S, MISSING_SHARE = 1.0, 0.02
"""The picture may end this much before the header says; muxers round and pad."""


def require_whole(path: Path) -> None:
    """Read a video to its end, without decoding, and see that it reaches the length of its header.

    Raises:
        MediaError: it ends too early, or cannot be read.
    """
    with opened(path) as container:
        stream = video_stream(container, path)
        discard_others(container, stream)
        origin_s = origin_of(container)
        said_s = header_duration(container, stream, origin_s)
        if said_s is None:
            return
        end_s = 0.0
        for packet in packets(container, stream, path, lambda: None):
            if packet.pts is not None and packet.time_base:
                end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base) - origin_s)
    if said_s - end_s > max(MISSING_S, MISSING_SHARE * said_s):
        raise MediaError(
            f"{name_of(path)} ends after {end_s:.1f} s of the {said_s:.1f} s that it should last",
            hint="download it again",
        )


def join_streams(picture: Path, sound: Path, target: Path) -> None:
    """The video of one file and the sound of another in a new Matroska file, without encoding.

    Raises:
        MediaError: one of them cannot be read, or has no such stream.
        OutputError: the file cannot be written.
    """
    import av

    with opened(picture) as pictures, opened(sound, sound_only=True) as sounds:
        video = video_stream(pictures, picture)
        if not sounds.streams.audio:
            raise MediaError(f"{name_of(sound)} has no sound")
        audio = sounds.streams.audio[0]
        try:
            with av.open(str(target.absolute()), "w", format="matroska") as joined:
                outputs: dict[Any, Stream] = {
                    stream: joined.add_stream_from_template(stream) for stream in (video, audio)
                }
                for stream, packet in _interleaved((pictures, video, picture), (sounds, audio, sound)):
                    packet.stream = outputs[stream]
                    joined.mux(packet)
        except av.error.FFmpegError as error:
            reason = error.strerror or str(error)
            raise OutputError(f"cannot join picture and sound in {name_of(target)}: {reason}") from error


def _interleaved(*sources: tuple[InputContainer, Any, Path]) -> Iterator[tuple[Any, Packet[Any]]]:
    """Packets of several files by their decoding time."""
    import heapq

    def timed(number: int, container: InputContainer, stream: Any, path: Path) -> Iterator[tuple[Any, ...]]:
        discard_others(container, stream)
        for count, packet in enumerate(packets(container, stream, path, lambda: None)):
            if packet.dts is not None and packet.time_base is not None:
                yield float(packet.dts * packet.time_base), number, count, stream, packet

    for *_, stream, packet in heapq.merge(*(timed(number, *source) for number, source in enumerate(sources))):
        yield stream, packet
