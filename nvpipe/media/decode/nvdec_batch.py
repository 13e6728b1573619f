"""Surfaces of PyNvVideoCodec, which belong to its decoder: the next fetch writes over them."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from nvpipe.media.decode.nvdec_frame import Card, Look, eight_bits, told

if TYPE_CHECKING:
    import av
    import torch

    from nvpipe.media.decode.nvdec_frame import Planes
    from nvpipe.media.decode.nvdec_packets import Coded


class SurfaceReleasedError(RuntimeError):
    """A picture was asked for after its decoder had been asked for later ones."""


class Fetched(NamedTuple):
    """A surface and its presentation stamp, in the time base of the stream."""

    surface: Any
    stamp: int


class Feed:
    """A threaded decoder, and the one batch of its surfaces that is valid.

    What was fetched stays valid until the batch is released, which fetching the next one does. A frame keeps its
    batch, and a batch its feed: a decoder ends when nothing of it is used any more, or when the feed is closed.

    Args:
        decoder: PyNvVideoCodec's; it has a thread of its own.
        card: waits until what reads the surfaces is done.
        size: how many surfaces are fetched at once.
        ask: calls the decoder, and turns what it raises into errors.
    """

    def __init__(self, decoder: Any, card: Card, size: int, ask: Callable[[Callable[[], Any]], Any]) -> None:
        self._decoder = decoder
        self._card = card
        self._size = size
        self._ask = ask
        self._batch: weakref.ref[Batch] | None = None
        self.settles: list[Callable[[], object]] = []
        """What wants to be called before the surfaces that are fetched are written over."""
        self._end = weakref.finalize(self, _end, decoder, card, self.settles)
        # At the interpreter's end the driver's own order of going down holds.
        self._end.atexit = False

    def fetch(self) -> Batch | None:
        """The next surfaces, None at the end of the file; those fetched before are released."""
        self._release()
        if not self._end.alive:
            return None
        surfaces = self._ask(lambda: self._decoder.get_batch_frames(self._size))
        if not surfaces:
            return None
        batch = Batch(self, [Fetched(surface, int(surface.getPTS())) for surface in surfaces])
        self._batch = weakref.ref(batch)
        return batch

    def _release(self) -> None:
        settle(self.settles)
        held = self._batch() if self._batch is not None else None
        if held is not None:
            held.release()
        # What was queued on the surfaces runs on after whoever queued it has let go of them.
        self._card.finish()

    def close(self) -> None:
        """Release what is fetched and end the decoder."""
        self._release()
        self._end()


def settle(settles: list[Callable[[], object]]) -> None:
    """Call what waits, each once."""
    while settles:
        settles.pop()()


def _end(decoder: Any, card: Card, settles: list[Callable[[], object]]) -> None:
    """The end of a decoder that nobody uses any more."""
    settle(settles)
    card.finish()
    decoder.end()


class Batch:
    """Surfaces that were fetched together; they are valid until the batch is released."""

    def __init__(self, feed: Feed, fetched: Sequence[Fetched]) -> None:
        self._feed: Feed | None = feed
        self.fetched = tuple(fetched)

    @property
    def released(self) -> bool:
        return self._feed is None

    def before_release(self, call: Callable[[], object]) -> None:
        """Have something called before the surfaces are written over."""
        if self._feed is not None:
            self._feed.settles.append(call)

    def release(self) -> None:
        """Let go of the surfaces, which the decoder is going to write over."""
        self._feed = None
        self.fetched = ()


class BatchFrame:
    """A picture of a batch.

    Args:
        batch: whose surface it is.
        planes: luma and chroma of the surface, see `halves`.
        time_s: when it is shown.
        coded: what its packet says.
        look: how a copy in host memory is to be told.
    """

    __slots__ = ("_batch", "_coded", "_look", "_planes", "_time_s")

    def __init__(
        self, batch: Batch, planes: tuple[torch.Tensor, torch.Tensor], time_s: float, coded: Coded, look: Look
    ) -> None:
        self._batch: Batch | None = batch
        self._planes = planes
        self._time_s = time_s
        self._coded = coded
        self._look = look

    @property
    def time_s(self) -> float:
        return self._time_s

    @property
    def size_bytes(self) -> int:
        return self._coded.size_bytes

    @property
    def end_s(self) -> float:
        """End of display by the packet's own duration, `time_s` when unknown."""
        return self._time_s + self._coded.duration_s

    def planes(self) -> Planes:
        """Y, U and V as in `Frame.planes`, on the card.

        Raises:
            SurfaceReleasedError: the decoder has been asked for later pictures, or is closed.
        """
        return eight_bits(*self._valid())

    def to_av(self) -> av.VideoFrame:
        """A copy in host memory, as coded. Raises the same."""
        luma, chroma = (plane.cpu().numpy() for plane in self._valid())
        return told(luma, chroma, self._look)

    def keep(self) -> None:
        """Go on with copies of the planes, which stay."""
        luma, chroma = self._valid()
        self._planes = luma.clone(), chroma.clone()
        self._batch = None

    def before_reuse(self, settle: Callable[[], object]) -> None:
        """Have something called before the planes are written over: until then they stay as they are."""
        if self._batch is not None:
            self._batch.before_release(settle)

    def _valid(self) -> tuple[torch.Tensor, torch.Tensor]:
        if self._batch is not None and self._batch.released:
            raise SurfaceReleasedError(
                f"the picture of {self._time_s:.3f} s is asked for after its surface was given back"
            )
        return self._planes


def from_dlpack(surface: Any) -> torch.Tensor:
    """A surface as a tensor that owns nothing; what torch queues on its current stream waits for the decoder."""
    from torch.utils import dlpack

    return dlpack.from_dlpack(surface)


def fits(whole: torch.Tensor, size_px: tuple[int, int]) -> bool:
    """Whether a surface is a picture of a size, in 4:2:0."""
    width, height = size_px
    rows, columns = height + (height + 1) // 2, (width + 1) // 2 * 2
    return whole.dim() == 2 and whole.shape[0] == rows and whole.shape[1] in (width, columns)


def halves(whole: torch.Tensor, size_px: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Luma `[H, W]` and chroma `[H/2, W/2, 2]` of a surface `[H + H/2, W]`.

    Raises:
        ValueError: it is no picture of that size.
    """
    width, height = size_px
    if not fits(whole, size_px):
        raise ValueError(f"a surface of {tuple(whole.shape)} is no picture of {width}x{height} in 4:2:0")
    return whole[:height, :width], whole[height:].view((height + 1) // 2, -1, 2)
