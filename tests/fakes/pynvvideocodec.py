"""PyNvVideoCodec without a card: its threaded decoder over libavcodec, with a pool of surfaces that is really reused.

The calls and their keywords are those of version 2.2.4. As there, a batch is given back by fetching the next one, and
the decoder's thread goes on writing at once: here every surface of the batch is overwritten in that moment.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import torch

from nvpipe.media.reading import packets

NOISE = 0xEE


class PyNvVCException(Exception):  # noqa: N818
    """As the library's own."""


class PyNvVCExceptionUnsupported(Exception):  # noqa: N818
    """As the library's own."""


class OutputColorType(enum.Enum):
    NATIVE = 0
    RGB = 1
    RGBP = 2


class DecodedFrame:
    """A surface of the pool and the stamp of its picture."""

    def __init__(self, memory: Any, stamp: int) -> None:
        self._memory = memory
        self._stamp = stamp

    def getPTS(self) -> int:  # noqa: N802
        return self._stamp

    def __dlpack__(self, stream: object = 0) -> Any:
        return torch.from_numpy(self._memory).__dlpack__()

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)


class ThreadedDecoder:
    """Pictures of a file in the order in which they are shown, those too that an edit list hides."""

    def __init__(
        self,
        enc_file_path: str,
        buffer_size: int,
        gpu_id: int = 0,
        cuda_context: int = 0,
        cuda_stream: int = 0,
        use_device_memory: bool = True,
        max_width: int = 0,
        max_height: int = 0,
        need_scanned_stream_metadata: int = 0,
        decoder_cache_size: int = 4,
        output_color_type: OutputColorType = OutputColorType.NATIVE,
        start_frame: int = 0,
        enableDecodeStats: bool = False,  # noqa: N803
    ) -> None:
        assert use_device_memory, "pictures are to stay on the card"
        assert output_color_type is OutputColorType.NATIVE
        if not Path(enc_file_path).is_file():
            raise PyNvVCException(f"{enc_file_path}: no such file")
        self.buffer_size = buffer_size
        self.ended = False
        self.fetches = 0
        self._pool: list[Any] = []
        self._given: list[Any] = []
        self._container = av.open(enc_file_path)
        self._pictures = self._decoded(self._container, start_frame)

    def _decoded(self, container: Any, start_frame: int) -> Iterator[av.VideoFrame]:
        # The card reads packets, and knows of no edit list.
        stream = container.streams.video[0]
        decoder = av.CodecContext.create(stream.codec_context.codec.canonical_name, "r")
        decoder.extradata = stream.codec_context.extradata
        count = 0
        for packet in packets(container, stream, Path(container.name), lambda: None):
            copy = None
            if packet.size:
                copy = av.Packet(bytes(packet))
                copy.pts, copy.dts, copy.time_base = packet.pts, packet.dts, packet.time_base
            try:
                pictures = decoder.decode(copy)
            except av.error.FFmpegError:
                # Errors are concealed without a word.
                continue
            for picture in pictures:
                if count >= start_frame:
                    yield picture
                count += 1

    def get_batch_frames(self, batch_size: int) -> list[DecodedFrame]:
        if batch_size > self.buffer_size:
            raise Exception(f"batch_size cannot be greater than buffer_size. Got batch_size = {batch_size}")
        if self.ended:
            raise PyNvVCException("the decoder was ended")
        self.fetches += 1
        for memory in self._given:
            memory[:] = NOISE
        self._pool, self._given = self._pool + self._given, []
        frames = []
        for _, picture in zip(range(batch_size), self._pictures, strict=False):
            frames.append(DecodedFrame(self._surface(picture), picture.pts))
        return frames

    def _surface(self, picture: av.VideoFrame) -> Any:
        layout, kind = ("p010le", np.uint16) if "10" in picture.format.name else ("nv12", np.uint8)
        tags = {"src_color_range": picture.color_range, "dst_color_range": picture.color_range}
        rows = []
        for plane in picture.reformat(format=layout, **tags).planes:
            samples = np.frombuffer(memoryview(plane), kind).reshape(plane.height, -1)
            rows.append(samples[:, : (picture.width + 1) // 2 * 2])
        whole = np.concatenate(rows)
        memory = next((one for one in self._pool if one.shape == whole.shape and one.dtype == whole.dtype), None)
        if memory is None:
            memory = np.empty_like(whole)
        else:
            self._pool = [one for one in self._pool if one is not memory]
        memory[:] = whole
        self._given.append(memory)
        return memory

    def end(self) -> None:
        if self.ended:
            raise PyNvVCException("the decoder was ended before")
        self.ended = True
        for memory in self._given:
            memory[:] = NOISE
        self._container.close()


class Library:
    """The module; `decoders` has what was made of it."""

    PyNvVCException = PyNvVCException
    PyNvVCExceptionUnsupported = PyNvVCExceptionUnsupported
    OutputColorType = OutputColorType
    __version__ = "2.2.4"

    def __init__(self) -> None:
        self.decoders: list[ThreadedDecoder] = []

    def ThreadedDecoder(self, enc_file_path: str, buffer_size: int, **options: Any) -> ThreadedDecoder:  # noqa: N802
        self.decoders.append(ThreadedDecoder(enc_file_path, buffer_size, **options))
        return self.decoders[-1]
