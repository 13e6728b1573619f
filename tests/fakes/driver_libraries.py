"""The driver's libraries as the doctor calls them through ctypes: libcuda and NVML of a machine with cards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

GIB = 1 << 30


@dataclass(frozen=True)
class Card:
    name: str = "NVIDIA L4"
    capability: tuple[int, int] = (8, 9)
    total_bytes: int = 24 * GIB
    free_bytes: int = 20 * GIB
    mig: bool | None = None
    """None: a card that does not know of it."""
    sessions: int = 0


class LibCuda:
    """libcuda.so.1; `code` is what cuInit answers."""

    def __init__(self, cards: tuple[Card, ...] = (Card(),), code: int = 0, version: int = 13000) -> None:
        self.cards, self.code, self.version = cards, code, version

    def cuInit(self, flags: int) -> int:  # noqa: N802
        return self.code

    def cuGetErrorName(self, code: int, text: Any) -> int:  # noqa: N802
        text._obj.value = b"CUDA_ERROR_STUB_LIBRARY" if code == 34 else b"CUDA_ERROR_OTHER"
        return 0

    def cuDriverGetVersion(self, version: Any) -> int:  # noqa: N802
        version._obj.value = self.version
        return 0

    def cuDeviceGetCount(self, count: Any) -> int:  # noqa: N802
        count._obj.value = len(self.cards)
        return 0

    def cuDeviceGet(self, handle: Any, index: int) -> int:  # noqa: N802
        handle._obj.value = index
        return 0

    def cuDeviceGetName(self, name: Any, size: int, handle: Any) -> int:  # noqa: N802
        name.value = self.cards[handle.value].name.encode()[: size - 1]
        return 0

    def cuDeviceGetAttribute(self, value: Any, number: int, handle: Any) -> int:  # noqa: N802
        value._obj.value = self.cards[handle.value].capability[{75: 0, 76: 1}[number]]
        return 0


class Nvml:
    """libnvidia-ml.so.1; `code` is what nvmlInit answers. A handle is the card's number plus one."""

    class _Text:
        restype: Any = None

        def __call__(self, code: int) -> bytes:
            return b"Driver/library version mismatch" if code == 18 else b"Unknown Error"

    def __init__(self, cards: tuple[Card, ...] = (Card(),), code: int = 0) -> None:
        self.cards, self.code, self.open = cards, code, 0
        self.nvmlErrorString = self._Text()

    def nvmlInit_v2(self) -> int:  # noqa: N802
        self.open += not self.code
        return self.code

    def nvmlShutdown(self) -> int:  # noqa: N802
        self.open -= 1
        return 0

    def nvmlSystemGetDriverVersion(self, text: Any, size: int) -> int:  # noqa: N802
        text.value = b"580.95.05"
        return 0

    def nvmlDeviceGetCount_v2(self, count: Any) -> int:  # noqa: N802
        count._obj.value = len(self.cards)
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index: Any, handle: Any) -> int:  # noqa: N802
        handle._obj.value = index.value + 1
        return 0

    def nvmlDeviceGetName(self, handle: Any, name: Any, size: int) -> int:  # noqa: N802
        name.value = self.cards[handle.value - 1].name.encode()
        return 0

    def nvmlDeviceGetMemoryInfo(self, handle: Any, memory: Any) -> int:  # noqa: N802
        card = self.cards[handle.value - 1]
        memory._obj.total, memory._obj.free = card.total_bytes, card.free_bytes
        return 0

    def nvmlDeviceGetMigMode(self, handle: Any, now: Any, later: Any) -> int:  # noqa: N802
        mig = self.cards[handle.value - 1].mig
        if mig is None:
            return 3
        now._obj.value = int(mig)
        return 0

    def nvmlDeviceGetEncoderStats(self, handle: Any, sessions: Any, rate: Any, latency: Any) -> int:  # noqa: N802
        sessions._obj.value = self.cards[handle.value - 1].sessions
        return 0


class Shelf:
    """Opens libraries by name, as the linker does; what is not there cannot be opened."""

    def __init__(self, **libraries: Any) -> None:
        names = {"cuda": "libcuda.so.1", "nvml": "libnvidia-ml.so.1", "decoding": "libnvcuvid.so.1",
                 "encoding": "libnvidia-encode.so.1"}  # fmt: skip
        self.known = {names[key]: library for key, library in libraries.items()}

    def __call__(self, name: str) -> Any:
        if name not in self.known:
            raise OSError(f"{name}: cannot open shared object file: No such file or directory")
        return self.known[name]
