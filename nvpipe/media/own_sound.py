"""A video's own sound for a new file: copied as it is where it can stay, else encoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nvpipe.errors import MediaError, OutputError
from nvpipe.media.audio import audio_blocks, sound_stream
from nvpipe.media.mux import AUDIO_RATE_HZ, write_sound
from nvpipe.media.probe import origin_of
from nvpipe.media.reading import packets
from nvpipe.media.safety import discard_others, name_of, opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def keep_sound(video: Path, target: Path, *, on_block: Callable[[], None] | None = None) -> bool:
    """Write a video's sound into an MP4 that holds nothing else, on the clock of the video.

    Args:
        video: AAC in MP4 or QuickTime is copied; everything else is encoded as AAC-LC, 48 kHz, stereo.
        target: where to write.
        on_block: called now and then; what it raises ends the work.

    Returns:
        Whether it was copied.

    Raises:
        MediaError: the video cannot be read or has no sound.
        OutputError: the target cannot be written.
    """
    with opened(video) as container:
        stream = sound_stream(container)
        if stream is None:
            raise MediaError(f"{name_of(video)} has no sound", hint="name a video in which somebody speaks")
        copied = "mp4" in container.format.name.split(",") and stream.codec_context.name == "aac"
    if copied:
        _copy(video, target)
    else:
        write_sound(audio_blocks(video, rate_hz=AUDIO_RATE_HZ, channels=2), target, on_block=on_block)
    return copied


def _copy(video: Path, target: Path) -> None:
    import av

    with opened(video) as container:
        stream = sound_stream(container)
        assert stream is not None
        discard_others(container, stream)
        try:
            with av.open(target, "w", format="mp4") as file:
                output = file.add_stream_from_template(stream)
                for packet in packets(container, stream, video, lambda: None):
                    if packet.dts is None or packet.time_base is None:
                        continue
                    shift = round(origin_of(container) / packet.time_base)
                    packet.dts -= shift
                    packet.pts = None if packet.pts is None else packet.pts - shift
                    packet.stream = output
                    file.mux(packet)
        except OSError as error:
            raise OutputError(f"cannot write {target}: {error.strerror or error}") from error
