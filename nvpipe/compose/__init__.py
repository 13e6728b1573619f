"""Timelines into pictures and sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from nvpipe.registry import Entry, Probe, Registry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    import av

    from nvpipe.compose.chunks import Chunk
    from nvpipe.compose.extras import Overlay
    from nvpipe.media.decode import Decoder
    from nvpipe.media.encode import Encoder
    from nvpipe.types import OutputFormat, Timeline

Size = tuple[int, int]
"""Width and height in pixels."""


@dataclass(frozen=True, slots=True)
class Backdrop:
    """What fills the canvas around the footage: a blurred copy of it."""

    part_px: Size
    """The centred part of the footage that is shown, of the canvas' shape."""
    sigma_px: float = 30.0
    """Standard deviation of the blur, on the canvas."""
    opacity: float = 0.7
    """1 leaves the brightness as it is, 0 is black."""
    desaturation: float = 0.3
    """0 leaves the colours as they are, 1 is grey."""


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the canvas for one source, in even pixels; the source is placed on it as if it were the canvas."""

    left_px: int
    top_px: int
    size_px: Size


@dataclass(frozen=True, slots=True)
class Placement:
    """How footage is put on the canvas, or on its area; every composer draws the same from it."""

    part_px: Size
    """The centred part of the footage that is shown sharp, even numbers."""
    size_px: Size
    """Its size on the canvas, in the middle of it, even numbers."""
    backdrop: Backdrop | None
    """Behind it; None is black."""


class Layout(Protocol):
    """A way of showing footage of any shape on the canvas."""

    def probe(self) -> Probe: ...

    def areas(self, canvas_px: Size) -> tuple[Area, ...]:
        """The parts of the canvas, which fill it: the footage's, then the second footage's where it has a place."""
        ...

    def place(self, source_px: Size, canvas_px: Size) -> Placement:
        """Where upright footage with square pixels goes.

        Args:
            source_px: width and height of the footage.
            canvas_px: width and height of its area, both even.
        """
        ...


class Composition(Protocol):
    """Pictures being made, without captions: inside a `with` block, for each frame in order, one for each output.

    Each may be drawn on; leaving the block stops the work.
    """

    held: int
    """Pictures shown again because the footage ended before its cut did."""

    def __enter__(self) -> Iterator[av.VideoFrame]: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Composer(Protocol):
    """A place where pictures are composed."""

    def probe(self) -> Probe: ...

    def open(
        self,
        timeline: Timeline,
        decoder: Decoder,
        layout: Layout,
        also: Sequence[OutputFormat] = (),
        chunks: Sequence[Chunk] = (),
    ) -> Composition:
        """Compose a timeline for its own output, and from the same decode for others of the same frame rate.

        Args:
            timeline: what to show.
            decoder: opens its footage.
            layout: places it.
            also: further outputs.
            chunks: which pictures, in this order; all in one when there is none.
        """
        ...


@runtime_checkable
class DrawingComposer(Composer, Protocol):
    """A composer whose pictures are finished where they are made, with what is drawn on them."""

    def refusal(self, footage: Iterable[Path]) -> str:
        """Why it cannot show some footage as others do, and which; empty when it can.

        Raises:
            MediaError: footage cannot be read.
        """
        ...

    def open_drawn(
        self,
        timeline: Timeline,
        decoder: Decoder,
        layout: Layout,
        also: Sequence[OutputFormat],
        chunks: Sequence[Chunk],
        overlays: Sequence[Sequence[Overlay]],
        encoder: Encoder,
    ) -> Composition:
        """As `open`, with everything drawn on the pictures already.

        Args:
            timeline: what to show.
            decoder: opens its footage.
            layout: places it.
            also: further outputs.
            chunks: which pictures.
            overlays: what is drawn on the pictures of each output, from below to above.
            encoder: takes them; they come in a format that it accepts, and stay as long as it holds them.

        Raises:
            BackendUnavailableError: `refusal` says why.
        """
        ...


LAYOUTS: Registry[Layout] = Registry(
    "layout",
    (
        Entry("blur", "nvpipe.compose.layout:Blur", "the middle sharp, over a blurred copy that fills the frame"),
        Entry("fill", "nvpipe.compose.layout:Fill", "cropped to fill the frame"),
        Entry("letterbox", "nvpipe.compose.layout:Letterbox", "the whole picture between black bars"),
        Entry("split", "nvpipe.compose.layout:Split", "a second video or a picture above, the footage below"),
    ),
)
CROPS = ("center", "follow")
"""Where the sharp part is cut out: in the middle, or where the action is."""
RATES = (30, 60)
"""Frames per second that a short can have."""
COMPOSERS: Registry[Composer] = Registry(
    "composer",
    (
        Entry("cuda", "nvpipe.compose.cuda:CudaComposer", "one kernel on an NVIDIA card"),
        Entry("cpu", "nvpipe.compose.cpu:CpuComposer", "libavfilter in host memory"),
    ),
)
