"""What this machine has of NVIDIA's: kernel module, libraries, cards, engines, and torch's way to them.

    python -m nvpipe.pipeline.doctor.driver_look

prints it as one JSON document. The doctor starts it in a process of its own, because a driver that is half installed
may crash or hang whoever opens it, and because a CUDA context must not stay behind in the doctor. NVML is called
through ctypes, as `nvml.h` declares it: where something is broken, a package for it may well be missing too.
"""

from __future__ import annotations

import ctypes
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

LIBRARIES = {
    "cuda": "libcuda.so.1",
    "nvml": "libnvidia-ml.so.1",
    "decoding": "libnvcuvid.so.1",
    "encoding": "libnvidia-encode.so.1",
}
FOLDERS = ("usr/local/nvidia/lib64", "usr/local/nvidia/lib", "usr/lib/wsl/lib", "run/opengl-driver/lib")
"""Where the driver is mounted on some machines without the linker being told."""
_TRACES = ("proc/driver/nvidia/version", "dev/nvidiactl", "dev/nvidia0", "dev/dxg")
_CONTAINER_MARKS = (".dockerenv", "run/.containerenv", "var/run/secrets/kubernetes.io")
_NAME_BYTES = 96
Load = Callable[[str], Any]


class _Memory(ctypes.Structure):
    """nvmlMemory_t, in bytes."""

    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


def look(load: Load = ctypes.CDLL, root: Path = Path("/")) -> dict[str, Any]:
    """Everything but what needs a context on the card.

    Args:
        load: opens a shared library by name; OSError when it cannot.
        root: of the file system.
    """
    libraries, found = {}, {}
    for key, name in LIBRARIES.items():
        try:
            libraries[key] = load(name)
            found[key] = ""
        except OSError as error:
            found[key] = " ".join(str(error).split())
    return {
        "traces": [trace for trace in _TRACES if (root / trace).exists()],
        "container": any((root / mark).exists() for mark in _CONTAINER_MARKS),
        "unlisted": [f"/{folder}" for folder in FOLDERS if (root / folder / LIBRARIES["cuda"]).exists()],
        "libraries": found,
        "cuda": _cuda(libraries.get("cuda")),
        "nvml": _nvml(libraries.get("nvml")),
    }


def _cuda(cuda: Any) -> dict[str, Any]:
    """What the CUDA driver says of itself and of its cards; makes no context."""
    if cuda is None:
        return {}
    if code := int(cuda.cuInit(0)):
        text = ctypes.c_char_p()
        named = not cuda.cuGetErrorName(code, ctypes.byref(text)) and text.value
        return {"error": code, "error_name": text.value.decode("ascii", "replace") if named and text.value else ""}
    version, count = ctypes.c_int(), ctypes.c_int()
    cuda.cuDriverGetVersion(ctypes.byref(version))
    cuda.cuDeviceGetCount(ctypes.byref(count))
    cards = []
    for index in range(count.value):
        handle, name = ctypes.c_int(), ctypes.create_string_buffer(_NAME_BYTES)
        cuda.cuDeviceGet(ctypes.byref(handle), index)
        cuda.cuDeviceGetName(name, _NAME_BYTES, handle)
        major, minor = (_attribute(cuda, number, handle) for number in (75, 76))
        cards.append({"name": name.value.decode("utf-8", "replace"), "capability": f"{major}.{minor}"})
    return {"error": 0, "version": f"{version.value // 1000}.{version.value % 1000 // 10}", "cards": cards}


def _attribute(cuda: Any, number: int, handle: ctypes.c_int) -> int:
    value = ctypes.c_int()
    cuda.cuDeviceGetAttribute(ctypes.byref(value), number, handle)
    return value.value


def _nvml(nvml: Any) -> dict[str, Any]:
    """Driver version, and memory and use of every card of the machine, in NVML's order."""
    if nvml is None:
        return {}
    if code := int(nvml.nvmlInit_v2()):
        nvml.nvmlErrorString.restype = ctypes.c_char_p
        return {"error": code, "error_name": (nvml.nvmlErrorString(code) or b"").decode("ascii", "replace")}
    version, count = ctypes.create_string_buffer(_NAME_BYTES), ctypes.c_uint()
    nvml.nvmlSystemGetDriverVersion(version, _NAME_BYTES)
    nvml.nvmlDeviceGetCount_v2(ctypes.byref(count))
    cards = []
    for index in range(count.value):
        handle = ctypes.c_void_p()
        if nvml.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(index), ctypes.byref(handle)):
            continue
        name, memory = ctypes.create_string_buffer(_NAME_BYTES), _Memory()
        card: dict[str, Any] = {}
        if not nvml.nvmlDeviceGetName(handle, name, _NAME_BYTES):
            card["name"] = name.value.decode("utf-8", "replace")
        if not nvml.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(memory)):
            card |= {"total_bytes": memory.total, "free_bytes": memory.free}
        now, later = ctypes.c_uint(), ctypes.c_uint()
        if not nvml.nvmlDeviceGetMigMode(handle, ctypes.byref(now), ctypes.byref(later)):
            card["mig"] = bool(now.value)
        sessions = ctypes.c_uint()
        if not nvml.nvmlDeviceGetEncoderStats(
            handle, ctypes.byref(sessions), ctypes.byref(ctypes.c_uint()), ctypes.byref(ctypes.c_uint())
        ):
            card["encoder_sessions"] = sessions.value
        cards.append(card)
    nvml.nvmlShutdown()
    return {"error": 0, "driver": version.value.decode("ascii", "replace"), "cards": cards}


def main() -> int:
    """Print what was seen; ends without tidying up, so that a library that crashes then spoils nothing."""
    import os

    json.dump(look(), sys.stdout)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
