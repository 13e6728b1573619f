"""Packets and frames of one stream, past whatever damage lies between them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from nvpipe.errors import MediaError
from nvpipe.media.safety import READ_TIMEOUT_S, name_of

if TYPE_CHECKING:
    import av
    from av.container import InputContainer
    from av.stream import Stream

    StreamT = TypeVar("StreamT", bound=Stream)

_MAX_READ_ERRORS = 50


def packets(
    container: InputContainer,
    stream: StreamT,
    path: Path,
    lost: Callable[[], None],
    beside: Stream | None = None,
) -> Iterator[av.Packet[Any]]:
    """Packets of a stream in file order, then an empty one that empties the decoder.

    Args:
        container: where to read, from its current position on.
        stream: which packets.
        path: the file, for the error.
        lost: called for each packet that could not be read or is marked as damaged.
        beside: another stream whose packets are wanted, too.

    Raises:
        MediaError: reading stalls.
    """
    import av

    streams = [stream] if beside is None else [stream, beside]
    if (yield from demuxed(container, streams, path, lost)):
        return
    end = cast("av.Packet[StreamT]", av.Packet())
    end.stream = stream
    yield end


def apart(
    both: Iterator[av.Packet[Any]], stream: Stream, take: Callable[[av.Packet[Any]], None]
) -> Iterator[av.Packet[Any]]:
    """The packets of a stream; `take` gets the others."""
    for packet in both:
        if packet.stream.index == stream.index:
            yield packet
        else:
            take(packet)


def demuxed(
    container: InputContainer, streams: list[Any], path: Path, lost: Callable[[], None]
) -> Generator[av.Packet[Any], None, bool]:
    """Packets of some streams in file order, past whatever damage lies between them.

    Returns:
        Whether the end was reached, where libav has given an empty packet for each stream.

    Raises:
        MediaError: reading stalls.
    """
    import av

    errors = 0
    while errors < _MAX_READ_ERRORS:
        try:
            for packet in container.demux(streams):
                errors = 0
                if packet.is_corrupt:
                    lost()
                yield packet
            return True
        except IndexError:
            # PyAV's end of demuxing trips over streams that appeared while reading; ours have been emptied.
            return True
        except av.error.ExitError as error:
            raise MediaError(
                f"reading {name_of(path)} stalled for {READ_TIMEOUT_S:.0f} s", hint="check the disk"
            ) from error
        except av.error.FFmpegError:
            lost()
            errors += 1
    return False


def decode(packet: av.Packet[Any], lost: Callable[[], None]) -> list[Any]:
    """The frames that a packet completes; `lost` is called when it cannot be decoded."""
    import av

    context = packet.stream.codec_context
    try:
        return cast("list[Any]", context.decode(packet))
    except av.error.BlockingIOError:
        # After an error the decoder may refuse input until it is emptied.
        context.flush_buffers()
    except av.error.FFmpegError:
        pass
    lost()
    return []
