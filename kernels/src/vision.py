"""torchvision's functional operations, whatever build of torch they meet."""

from __future__ import annotations

from types import ModuleType

import torch

_DESCRIBED = ("nms", "qnms")
_SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def functional() -> ModuleType:
    """`torchvision.transforms.v2.functional`.

    torchvision's compiled operators are built against torch with CUDA. Beside torch's CPU build they do not load, and
    its import then fails on those that it describes without looking whether they are there. Nothing here needs them,
    so they are declared, without an implementation.

    Raises:
        ImportError: torchvision is not installed.
    """
    try:
        from torchvision.transforms.v2 import functional as found
    except RuntimeError:
        for name in _DESCRIBED:
            torch.library.define(f"torchvision::{name}", _SIGNATURE)
        from torchvision.transforms.v2 import functional as found
    module: ModuleType = found
    return module
