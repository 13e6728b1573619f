"""Readers of video frames, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from nvpipe.errors import BackendUnavailableError
from nvpipe.registry import AUTO, Entry, Probe, Registry

if TYPE_CHECKING:
    import av
    import torch

    from nvpipe.media.slots import Slots
    from nvpipe.types import MediaInfo

Spare = Callable[[float, float], bool]
"""Whether a picture on display from one time to another may be left out."""


class MisplacedError(Exception):
    """Pictures do not come as their packets say, after some were left out: what is shown is not known."""


class UndecodableHereError(BackendUnavailableError):
    """A decoder that is usable here cannot decode this video; another one may."""


@dataclass(frozen=True, slots=True)
class Thinning:
    """How many pictures of a whole video may be left out, where that spares decoding them."""

    gap_s: float
    """How far apart pictures may be that follow each other."""
    keep_every_s: float
    """The first picture of each of these spans, counted from time 0, is not left out."""
    left_out: Callable[[float, int], None]
    """Told the time of each picture that is left out, in no order, and the size of its packet."""


class Frame(Protocol):
    """A decoded picture.

    Its planes are valid until the reader is asked for the next one; clone what you keep. A frame whose planes stay
    longer may have a method `before_reuse(settle)`: what it is given is called before they are written over or freed.
    """

    @property
    def time_s(self) -> float:
        """Presentation time, from the start of the video (the first frame is at about 0)."""
        ...

    @property
    def size_bytes(self) -> int:
        """Size of its packet, 0 when unknown."""
        ...

    def planes(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Y `[H, W]`, U and V `[H/2, W/2]`, uint8 views (maybe strided) where the reader decodes to.

        As coded: not rotated. Other pixel formats are converted to 8-bit 4:2:0 first.
        """
        ...

    def to_av(self) -> av.VideoFrame:
        """The picture in host memory, as coded, its buffers kept alive by the returned frame."""
        ...


class Reader(Protocol):
    """An open video."""

    @property
    def info(self) -> MediaInfo: ...

    @property
    def damaged(self) -> int:
        """How many packets could not be decoded so far."""
        ...

    def frames(
        self,
        start_s: float = 0.0,
        end_s: float | None = None,
        *,
        draft: bool = False,
        sound: Slots | None = None,
        spare: Spare | None = None,
        thinning: Thinning | None = None,
    ) -> Iterator[Frame]:
        """Frames shown during `[start_s, end_s)`, in order of presentation.

        The first one is the frame on display at `start_s`. Decoding errors inside the file are skipped and
        counted; the iterator ends where nothing more can be decoded.

        Args:
            start_s: from the start of the video.
            end_s: None for the end of the video.
            draft: the pictures are only measured: a decoder may leave out the loop filter where no other picture is
                predicted from the result.
            sound: takes up the sound that lies beside the pictures, in the same pass of the file; for whole videos.
            spare: whether a frame on display from one time to another is not looked at. It may be left out then, if
                that spares decoding it; the one on display at `start_s` never is.
            thinning: how many pictures may be left out of a whole video; which they are depends on the file alone.

        Raises:
            MisplacedError: only with `thinning`: this video has to be read again without it, and with nothing of what
                has come.
        """
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Decoder(Protocol):
    """A way of decoding."""

    def probe(self) -> Probe: ...

    def open(self, path: Path) -> Reader:
        """Open a video.

        Raises:
            MediaError: it is missing, damaged beyond use, hostile or has no video.
            UnsupportedMediaError: it would come out wrong.
            UndecodableHereError: this decoder cannot decode it.
        """
        ...


DECODERS: Registry[Decoder] = Registry(
    "decoder",
    (
        Entry("nvdec", "nvpipe.media.decode.nvdec:NvdecDecoder", "NVDEC on the card, through libavcodec"),
        Entry("pyav", "nvpipe.media.decode.pyav:PyAvDecoder", "libavcodec on the CPU"),
        Entry(
            "nvdec-threaded",
            "nvpipe.media.decode.nvdec_threaded:NvdecThreadedDecoder",
            "NVDEC on the card, through PyNvVideoCodec's threaded decoder",
            by_name_only=True,
        ),
        Entry(
            "decord",
            "nvpipe.media.decode.decord_reader:DecordDecoder",
            "decord, which reads on the CPU unless it was built with CUDA",
            by_name_only=True,
        ),
    ),
)

EXACT = ("nvdec", "nvdec-threaded", "pyav")
"""Decoders that give the pictures that are coded."""


def marked(scorer: str, decoder: str) -> str:
    """A scorer's version as it stands on what was measured of a decoder's pictures.

    Those of an inexact decoder are measured apart, so that nobody gets them who has not named it.
    """
    return scorer if decoder == AUTO or decoder in EXACT else f"{scorer}+{decoder}"


ON_CARD = ("nvdec", "nvdec-threaded")
"""Decoders that leave their pictures on a card."""
