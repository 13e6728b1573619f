"""Memory "on the card" of the stand-in driver, whose addresses are the process's own."""

from __future__ import annotations

import ctypes
from types import SimpleNamespace
from typing import Any

import numpy as np

_CUDA = 2
_DEVICE_TYPE_AT = 8
"""In DLPack's DLTensor: behind the address of the data."""


class CardMemory:
    """As much of a CUDA tensor as a ring of frames needs: slices, and DLPack that says the data is on a card."""

    is_cuda = True
    device = SimpleNamespace(type="cuda", index=0)

    def __init__(self, data: np.ndarray) -> None:
        self.data = data

    def __getitem__(self, key: Any) -> CardMemory:
        return CardMemory(self.data[key])

    @property
    def address(self) -> int:
        return int(self.data.__array_interface__["data"][0])

    def __dlpack_device__(self) -> tuple[int, int]:
        return _CUDA, 0

    def __dlpack__(self, *, stream: int | None = None, **_: Any) -> Any:
        capsule = self.data.__dlpack__()
        get_pointer = ctypes.pythonapi.PyCapsule_GetPointer
        get_pointer.restype, get_pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        tensor = get_pointer(capsule, b"dltensor")
        ctypes.c_int32.from_address(tensor + _DEVICE_TYPE_AT).value = _CUDA
        return capsule


def _make_context_current() -> None:
    """The primary context in this thread, as the CUDA runtime does with its first call; without a driver nothing."""
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return
    context = ctypes.c_void_p()
    cuda.cuCtxGetCurrent(ctypes.byref(context))
    if not context:
        cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), 0)
        cuda.cuCtxPushCurrent_v2(context)


def on_card(rows: int, pitch: int) -> Any:
    """Memory for a ring of frames."""
    _make_context_current()
    return CardMemory(np.zeros((rows, pitch), np.uint8))
