"""The scorer for pictures that are decoded on a card: what it reads of them is gathered there, by a Triton kernel."""

from __future__ import annotations

import ctypes
from typing import TYPE_CHECKING, Any

from nvpipe.footage.motion.torch_diff import TorchDiffScorer
from nvpipe.registry import Probe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch

    from nvpipe.footage.motion.gather import Gather, Gatherer

_SIZE_PX = (70, 46)
"""Of the pictures of the proof, small, with an odd number of chroma samples on either side."""
_FRAMES = 3
_ON_CPU = "--decoder pyav decodes and scores on the CPU"


class TritonDiffScorer(TorchDiffScorer):
    """Gives the tracks of `torch-diff`, number for number, and has its version, so that both share the cache.

    It has not yet run on hardware.

    Args:
        load: opens a shared library by name, OSError when there is none.
    """

    def __init__(self, load: Callable[[str], object] = ctypes.CDLL) -> None:
        self._load = load
        self._on_card = True

    def prepare(self, *, on_card: bool) -> None:
        self._on_card = on_card

    def gather(self) -> Gather:
        return gatherer

    def probe(self) -> Probe:
        """Gather from small surfaces on the card, and compare with what plain torch makes of them."""
        if not self._on_card:
            return Probe(False, "pictures are decoded to host memory", "--decoder nvdec decodes them on a card")
        # Without a card nobody waits for torch.
        try:
            self._load("libcuda.so.1")
        except OSError as error:
            return Probe(False, f"no NVIDIA driver: {' '.join(str(error).split())}", _ON_CPU)
        import torch

        if not torch.cuda.is_available():
            built = f"built for CUDA {torch.version.cuda}" if torch.version.cuda else "built without CUDA"
            return Probe(False, f"torch {torch.__version__} ({built}) cannot use the card", _ON_CPU)
        try:
            import triton
        except ImportError as error:
            return Probe(False, f"Triton cannot be imported: {error}", "install the triton that this torch asks for")
        if not _is_right(torch.device("cuda")):
            return Probe(False, "what the kernel makes of pictures on the card is wrong", _ON_CPU)
        name = torch.cuda.get_device_name()
        return Probe(True, f"gathered from {_FRAMES} pictures as torch does, Triton {triton.__version__} on {name}")


def gatherer(planes: Sequence[Any]) -> Gatherer:
    """Gathers by the kernel from planes on a card, and from others as `torch-diff` does."""
    from nvpipe.footage.motion.gather import StoringGatherer

    device: Any = planes[0].device
    # An array's is a word.
    if device == "cpu" or device.type != "cuda":
        return StoringGatherer(planes)
    from nvpipe.footage.motion.card_gather import CardGatherer
    from nvpipe.footage.motion.surfaces import CudaQueue
    from nvpipe.kernels.motion import gather

    return CardGatherer(planes, gather, CudaQueue(device))


def _is_right(device: torch.device) -> bool:
    """Whether the kernel makes of surfaces what its reference does."""
    import torch

    from nvpipe.footage.motion.card_gather import plan_of
    from nvpipe.kernels.motion import gather, gather_reference

    width, height = _SIZE_PX
    pitch = width + 26
    whole = torch.arange(_FRAMES * height * 3 // 2 * pitch, device=device).mul(7919).remainder(251).to(torch.uint8)
    frames = []
    for surface in whole.view(_FRAMES, height * 3 // 2, pitch):
        pairs = surface[height:, :width]
        frames.append((surface[:height, :width], pairs[:, 0::2], pairs[:, 1::2]))
    due = (2, 0)
    plan = plan_of(frames[0])
    return torch.equal(gather(frames, due, plan), gather_reference(frames, due, plan))
