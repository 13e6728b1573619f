"""The order of work on surfaces of a card: it is done before the decoder puts other pictures there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import torch

    from nvpipe.media.decode import Frame


class Sent(NamedTuple):
    """What is made of surfaces, on its way to the host."""

    result: torch.Tensor
    """In host memory, to be read after `arrived`."""
    read: Callable[[], object]
    """Waits until the surfaces are not needed any longer."""
    arrived: Callable[[], object]
    """Waits for the result."""


class Queue(Protocol):
    """Where work on surfaces is queued."""

    def send(self, work: Callable[[], torch.Tensor]) -> Sent:
        """Queue work, and bring what it makes to the host; nothing is waited for."""
        ...


class HostQueue:
    """For tensors in host memory: work is done at once."""

    def send(self, work: Callable[[], torch.Tensor]) -> Sent:
        return Sent(work(), _nothing, _nothing)


class CudaQueue:
    """torch's current stream of a card, and pinned memory.

    Args:
        device: the card.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def send(self, work: Callable[[], torch.Tensor]) -> Sent:
        import torch

        with torch.cuda.device(self._device):
            made = work()
            read = _mark()
            result = torch.empty(made.shape, dtype=made.dtype, pin_memory=True)
            result.copy_(made, non_blocking=True)
            return Sent(result, read.synchronize, _mark().synchronize)


def registered(frame: Frame, settle: Callable[[], None]) -> bool:
    """Whether a frame will call `settle` before its planes are reused or freed.

    Frames without such a promise are only valid until the next one is asked for.
    """
    before_reuse = getattr(frame, "before_reuse", None)
    if before_reuse is None:
        return False
    before_reuse(settle)
    return True


def settle_before_reuse(frame: Frame, device: torch.device) -> None:
    """See to it that what is queued so far on a frame's planes is done before they are reused."""
    if device.type != "cuda":
        return
    import torch

    with torch.cuda.device(device):
        wait = _mark().synchronize
    if not registered(frame, wait):
        wait()


def _mark() -> Any:
    """An event behind all that is queued on the current stream."""
    import torch

    event = torch.cuda.Event()  # type: ignore[no-untyped-call]
    event.record()
    return event


def _nothing() -> None:
    return
