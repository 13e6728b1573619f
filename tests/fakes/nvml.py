"""NVIDIA's libraries as Python objects: what the driver would write into our buffers, written."""

# ruff: noqa: N802 - the libraries name their functions

from __future__ import annotations

import ctypes
from typing import Any

from nvpipe.scheduler.device import Memory

UUID = "12345678-9abc-def0-1234-56789abcdef0"


class FakeNvml:
    """libnvidia-ml with some cards; `used` is bytes by process id, None where the driver doesn't tell."""

    def __init__(self, uuids: tuple[str, ...] = (f"GPU-{UUID}",), init: int = 0) -> None:
        self.uuids = uuids
        self.used: dict[int, int | None] = {}
        self.total_bytes, self.free_bytes = 8 << 30, 7 << 30
        self._init = init
        self.nvmlErrorString = _Words()

    def nvmlInit_v2(self) -> int:
        return self._init

    def nvmlDeviceGetHandleByIndex_v2(self, index: Any, handle: Any) -> int:
        if index.value >= len(self.uuids):
            return 6
        handle._obj.value = index.value + 1
        return 0

    def nvmlDeviceGetHandleByUUID(self, uuid: bytes, handle: Any) -> int:
        if uuid.decode() not in self.uuids:
            return 6
        handle._obj.value = self.uuids.index(uuid.decode()) + 1
        return 0

    def nvmlDeviceGetName(self, handle: Any, buffer: Any, size: Any) -> int:
        buffer.value = b"Card " + str(handle.value).encode()
        return 0

    def nvmlDeviceGetUUID(self, handle: Any, buffer: Any, size: Any) -> int:
        buffer.value = self.uuids[handle.value - 1].encode()
        return 0

    def nvmlSystemGetDriverVersion(self, buffer: Any, size: Any) -> int:
        buffer.value = b"580.1"
        return 0

    def nvmlDeviceGetMemoryInfo(self, handle: Any, memory: Any) -> int:
        memory._obj.total, memory._obj.free = self.total_bytes, self.free_bytes
        memory._obj.used = self.total_bytes - self.free_bytes
        return 0

    def nvmlDeviceGetComputeRunningProcesses_v3(self, handle: Any, count: Any, listed: Any) -> int:
        room, count._obj.value = count._obj.value, len(self.used)
        if room < len(self.used):
            return 7
        for place, (pid, used) in enumerate(self.used.items()):
            listed[place].pid = pid
            listed[place].used = (1 << 64) - 1 if used is None else used
        return 0

    def nvmlDeviceGetGraphicsRunningProcesses_v3(self, handle: Any, count: Any, listed: Any) -> int:
        count._obj.value = 0
        return 0


class _Words:
    restype: Any = None

    def __call__(self, code: int) -> bytes:
        return {6: b"Not Found", 9: b"Driver Not Loaded"}.get(code, b"")


class FakeCuda:
    """libcuda with one device."""

    def __init__(self, count: int = 1, init: int = 0) -> None:
        self._count, self._init = count, init

    def cuInit(self, flags: Any) -> int:
        return self._init

    def cuDeviceGetCount(self, number: Any) -> int:
        number._obj.value = self._count
        return 0

    def cuDeviceGet(self, device: Any, index: int) -> int:
        device._obj.value = index
        return 0

    def cuDeviceGetUuid_v2(self, raw: Any, device: Any) -> int:
        ctypes.memmove(raw, bytes.fromhex(UUID.replace("-", "")), 16)
        return 0


class FakeCard:
    """A card whose memory and processes the test sets."""

    name, driver, uuid = "Card", "580.1", "GPU-1"

    def __init__(self) -> None:
        self.free_bytes = 7 << 30
        self.used: dict[int, int | None] = {}

    def memory(self) -> Memory:
        return Memory(8 << 30, self.free_bytes)

    def processes(self) -> dict[int, int | None]:
        return dict(self.used)
