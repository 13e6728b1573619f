"""A model of so many MiB on a card."""

from __future__ import annotations

import ctypes
import os
from typing import Any


class CardModel:
    """Memory on the first card."""

    def __init__(self, size_mib: int) -> None:
        import torch

        self._weights: Any = torch.ones(size_mib << 20, dtype=torch.uint8, device="cuda:0")
        torch.cuda.synchronize()

    def size(self) -> int:
        return int(self._weights.numel())

    def crash(self) -> None:
        ctypes.string_at(0)

    def abort(self) -> None:
        os.abort()
