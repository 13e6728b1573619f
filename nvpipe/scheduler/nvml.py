"""What NVIDIA's driver tells of a card without a CUDA context: its library libnvidia-ml, through ctypes.

NVML counts all cards; CUDA counts those that the environment leaves, in an order of its own. The card behind `cuda:0`
is therefore looked up by its UUID, which libcuda tells after `cuInit` alone.

Written to NVIDIA's documentation (NVML API reference, CUDA driver API); not yet run on hardware.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from nvpipe.errors import BackendUnavailableError
from nvpipe.scheduler.device import Memory

_SUCCESS, _INSUFFICIENT_SIZE = 0, 7
_TEXT_BYTES = 96
_NOT_AVAILABLE = (1 << 64) - 1
"""What NVML says for a process's memory where the system keeps it to itself."""
_HINT = "check the driver with nvidia-smi; in a container start it with --gpus all"


class Card(Protocol):
    """A card as the driver tells of it."""

    @property
    def name(self) -> str: ...

    @property
    def driver(self) -> str:
        """The driver's version."""
        ...

    @property
    def uuid(self) -> str: ...

    def memory(self) -> Memory: ...

    def processes(self) -> dict[int, int | None]:
        """Bytes of every process on the card by its id; None where the driver doesn't tell."""
        ...


class _Memory(ctypes.Structure):
    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


class _Process(ctypes.Structure):
    """nvmlProcessInfo_t of the calls that end in _v3."""

    _fields_ = (
        ("pid", ctypes.c_uint),
        ("used", ctypes.c_ulonglong),
        ("gpu_instance", ctypes.c_uint),
        ("compute_instance", ctypes.c_uint),
    )


@dataclass(frozen=True, slots=True)
class NvmlCard:
    """A card, asked through NVML.

    Attributes:
        nvml: the library, initialised.
        handle: of the card.
    """

    nvml: Any
    handle: Any
    name: str
    driver: str
    uuid: str

    def memory(self) -> Memory:
        """What the card has and what of it is free, all tenants counted.

        Raises:
            BackendUnavailableError: the driver does not answer.
        """
        found = _Memory()
        _check(self.nvml, self.nvml.nvmlDeviceGetMemoryInfo(self.handle, ctypes.byref(found)), "tells no memory")
        return Memory(int(found.total), int(found.free))

    def processes(self) -> dict[int, int | None]:
        found: dict[int, int | None] = {}
        for kind in ("Compute", "Graphics"):
            call = getattr(self.nvml, f"nvmlDeviceGet{kind}RunningProcesses_v3", None)
            for pid, used in _listed(call, self.handle) if call else ():
                # A process with both kinds of context is listed twice with the same memory.
                found[pid] = None if used == _NOT_AVAILABLE else max(found.get(pid) or 0, used)
        return found


def open_card(
    index: int, load: Callable[[str], Any] = ctypes.CDLL, uuid_of: Callable[[int], str | None] | None = None
) -> NvmlCard:
    """The card that CUDA calls `cuda:<index>`.

    Args:
        index: CUDA's number.
        load: opens a library by its name.
        uuid_of: tells the UUID behind CUDA's number; None where it cannot be told.

    Raises:
        BackendUnavailableError: there is no driver, or no such card.
    """
    try:
        nvml = load("libnvidia-ml.so.1")
    except OSError as error:
        raise BackendUnavailableError(f"there is no NVIDIA driver here: {error}", hint=_HINT) from None
    _check(nvml, nvml.nvmlInit_v2(), "cannot be initialised")
    uuid = (uuid_of or (lambda number: cuda_uuid(number, load)))(index)
    handle = ctypes.c_void_p()
    if uuid is None:
        code = nvml.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(index), ctypes.byref(handle))
    else:
        for kind in ("GPU", "MIG"):
            code = nvml.nvmlDeviceGetHandleByUUID(f"{kind}-{uuid}".encode(), ctypes.byref(handle))
            if code == _SUCCESS:
                break
    _check(nvml, code, f"knows no card cuda:{index}")
    return NvmlCard(
        nvml,
        handle,
        _text(nvml, nvml.nvmlDeviceGetName, handle),
        _text(nvml, nvml.nvmlSystemGetDriverVersion),
        _text(nvml, nvml.nvmlDeviceGetUUID, handle),
    )


def cuda_uuid(index: int, load: Callable[[str], Any] = ctypes.CDLL) -> str | None:
    """The UUID of a CUDA device; None where libcuda doesn't tell. No context is made.

    Raises:
        BackendUnavailableError: CUDA runs, and has no such device.
    """
    try:
        cuda = load("libcuda.so.1")
    except OSError:
        return None
    number, device = ctypes.c_int(), ctypes.c_int()
    if cuda.cuInit(ctypes.c_uint(0)) != _SUCCESS or cuda.cuDeviceGetCount(ctypes.byref(number)) != _SUCCESS:
        return None
    if not 0 <= index < number.value:
        raise BackendUnavailableError(f"there is no cuda:{index}, CUDA shows {number.value} cards", hint=_HINT)
    raw = (ctypes.c_ubyte * 16)()
    tell = getattr(cuda, "cuDeviceGetUuid_v2", None) or cuda.cuDeviceGetUuid
    if cuda.cuDeviceGet(ctypes.byref(device), index) != _SUCCESS or tell(raw, device) != _SUCCESS:
        return None
    text = bytes(raw).hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _listed(call: Any, handle: Any) -> list[tuple[int, int]]:
    """The processes that one of NVML's calls lists; it is asked again while they become more."""
    count = ctypes.c_uint(16)
    for _ in range(4):
        room = (_Process * count.value)()
        code = call(handle, ctypes.byref(count), room)
        if code == _SUCCESS:
            return [(int(one.pid), int(one.used)) for one in room[: count.value]]
        if code != _INSUFFICIENT_SIZE:
            break
        count = ctypes.c_uint(count.value + 16)
    return []


def _text(nvml: Any, call: Any, *args: Any) -> str:
    buffer = ctypes.create_string_buffer(_TEXT_BYTES)
    _check(nvml, call(*args, buffer, ctypes.c_uint(_TEXT_BYTES)), "does not tell what it is")
    return buffer.value.decode("utf-8", "replace")


def _check(nvml: Any, code: int, what: str) -> None:
    if code == _SUCCESS:
        return
    reason = f"error {code}"
    words = getattr(nvml, "nvmlErrorString", None)
    if words is not None:
        words.restype = ctypes.c_char_p
        reason = (words(code) or b"").decode("utf-8", "replace") or reason
    raise BackendUnavailableError(f"NVIDIA's driver {what}: {reason}", hint=_HINT)
