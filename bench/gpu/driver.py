"""Checks of the driver and the packages: libraries, cards, engines, imports."""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from probe import Context

LIBRARIES = ("libcuda.so.1", "libnvcuvid.so.1", "libnvidia-encode.so.1", "libnvidia-ml.so.1")
FOLDERS = (
    "/usr/local/nvidia/lib64",
    "/usr/local/nvidia/lib",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib/wsl/lib",
    "/run/opengl-driver/lib",
)
SETTINGS = ("NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES", "CUDA_VISIBLE_DEVICES", "LD_LIBRARY_PATH")
CARD_FIELDS = (
    "name", "driver_version", "memory.total", "memory.used", "clocks.max.sm", "clocks.max.memory", "pci.bus_id",
    "mig.mode.current", "compute_cap", "encoder.stats.sessionCount",
)  # fmt: skip


def output_of(*command: str) -> str | None:
    """Standard output of a program, its error line when it fails, None when it is missing."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except FileNotFoundError:
        return None
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"failed: {error}"
    return done.stdout if done.returncode == 0 else f"failed: {(done.stderr or done.stdout).strip()}"


def libraries(context: Context) -> None:
    """Where the driver's libraries lie, whether they load, and which cards the driver sees."""
    from probe import reason_of

    cached = output_of("ldconfig", "-p") or ""
    found: dict[str, Any] = {}
    add: list[str] = []
    for name in LIBRARIES:
        paths = [str(Path(folder, name)) for folder in FOLDERS if Path(folder, name).exists()]
        entry: dict[str, Any] = {
            "in_linker_cache": [
                line.split("=> ")[1] for line in cached.splitlines() if line.strip().startswith(name)
            ],
            "in_known_folders": paths,
        }
        try:
            ctypes.CDLL(name)
            entry["loads"] = True
        except OSError as error:
            entry |= {"loads": False, "error": reason_of(error)}
            entry["files"] = {path: loading(path) for path in paths}
            add += [str(Path(path).parent) for path, reason in entry["files"].items() if reason == "loads"]
        found[name] = entry
    context.note(
        libraries=found,
        library_folders_to_add=list(dict.fromkeys(add)),
        device_nodes=sorted(path.name for path in Path("/dev").glob("nvidia*")),
        environment={
            name: os.environ[name]
            for name in (
                "NVIDIA_VISIBLE_DEVICES",
                "NVIDIA_DRIVER_CAPABILITIES",
                "CUDA_VISIBLE_DEVICES",
                "LD_LIBRARY_PATH",
            )
            if name in os.environ
        },
    )
    devices, reason = cards([*add, ""])
    context.note(devices=devices, no_gpu=reason, nvidia_smi=smi())


def loading(path: str) -> str:
    from probe import reason_of

    try:
        ctypes.CDLL(path)
    except OSError as error:
        return reason_of(error)
    return "loads"


def cards(folders: list[str]) -> tuple[list[dict[str, Any]], str]:
    """The cards that the CUDA driver lists, or why there are none. Makes no context."""
    cuda, reason = None, ""
    for folder in folders:
        try:
            cuda = ctypes.CDLL(os.path.join(folder, "libcuda.so.1"))  # noqa: PTH118 - "" means the linker's own search
            break
        except OSError as error:
            reason = str(error)
    if cuda is None:
        return [], f"the CUDA driver cannot be loaded: {reason}"
    if code := cuda.cuInit(0):
        return [], f"cuInit fails with CUDA error {code}"
    count, version = ctypes.c_int(), ctypes.c_int()
    cuda.cuDeviceGetCount(ctypes.byref(count))
    cuda.cuDriverGetVersion(ctypes.byref(version))
    devices = []
    for index in range(count.value):
        name, handle, total = ctypes.create_string_buffer(128), ctypes.c_int(), ctypes.c_size_t()
        cuda.cuDeviceGet(ctypes.byref(handle), index)
        cuda.cuDeviceGetName(name, 128, handle)
        cuda.cuDeviceTotalMem_v2(ctypes.byref(total), handle)
        entry = {"name": name.value.decode("utf-8", "replace"), "memory_bytes": total.value}
        devices.append(entry | {"cuda_driver_api": version.value, "multiprocessors": attribute(cuda, 16, handle)})
        devices[-1]["compute_capability"] = f"{attribute(cuda, 75, handle)}.{attribute(cuda, 76, handle)}"
    return devices, "" if devices else "the CUDA driver lists no device"


def attribute(cuda: ctypes.CDLL, number: int, handle: ctypes.c_int) -> int:
    value = ctypes.c_int()
    cuda.cuDeviceGetAttribute(ctypes.byref(value), number, handle)
    return value.value


def smi() -> dict[str, Any]:
    """What nvidia-smi says, one field a call, because a field it does not know fails the whole query."""
    if output_of("nvidia-smi", "-L") is None:
        return {"error": "nvidia-smi is not on the path"}
    values = {
        name: (output_of("nvidia-smi", f"--query-gpu={name}", "--format=csv,noheader") or "").strip()
        for name in CARD_FIELDS
    }
    clocks = output_of("nvidia-smi", "-q", "-d", "CLOCK") or ""
    video = [line.split(":", 1)[1].strip() for line in clocks.splitlines() if line.strip().startswith("Video")]
    return values | {"video_clocks": video}


def packages(context: Context) -> None:
    """Versions, and the exact text of every import that fails."""
    from probe import reason_of

    context.note(python=sys.version)
    for name in ("numpy", "torch", "triton", "av", "PyNvVideoCodec", "torchvision"):
        try:
            context.note(**{name: importlib.metadata.version(name)})
        except importlib.metadata.PackageNotFoundError:
            context.note(**{name: None})
    failures: dict[str, str] = {}
    for name in ("av", "torch", "triton", "torchvision"):
        try:
            __import__(name)
        except Exception as error:  # noqa: BLE001 - the text is the answer
            failures[name] = reason_of(error)
    context.note(import_failures=failures)
    if "av" not in failures:
        import av
        from av.codec.hwaccel import hwdevices_available

        context.note(av_hwdevices=list(hwdevices_available()), h264_nvenc_listed="h264_nvenc" in av.codecs_available)
    if "torch" not in failures:
        import torch

        context.note(torch_cuda_build=torch.version.cuda, torch_cuda_available=torch.cuda.is_available())
        if torch.cuda.is_available():
            context.note(torch_device=str(torch.cuda.get_device_properties(0)), arch_list=torch.cuda.get_arch_list())


def pynv_import(context: Context) -> None:
    """Import PyNvVideoCodec; `import` needs libnvidia-encode even where only decoding is wanted."""
    from sources import pynv

    nvc = pynv()

    context.note(
        version=getattr(nvc, "__version__", None),
        nvenc_api_of_driver=getattr(nvc, "supportedNvEncVersion", None),
        binary=getattr(nvc, "module_suffix", None),
        names=sorted(name for name in dir(nvc) if name[0].isupper()),
        signatures={
            name: (getattr(nvc, name).__doc__ or "").splitlines()[:1]
            for name in ("GetDecoderCaps", "GetEncoderCaps", "CreateDemuxer", "CreateSimpleDecoder")
            if hasattr(nvc, name)
        },
    )


def caps(context: Context) -> None:
    """Engines and limits by codec; a codec that is refused says why."""
    from probe import reason_of
    from sources import pynv

    nvc = pynv()
    decode: dict[str, Any] = {}
    for codec in ("H264", "HEVC", "AV1", "VP9"):
        for bits in (8, 10):
            try:
                answer = nvc.GetDecoderCaps(gpuid=0, codec=getattr(nvc.cudaVideoCodec, codec), bitdepth=bits)
                decode[f"{codec} {bits} bit"] = dict(answer)
            except Exception as error:  # noqa: BLE001 - the text is the answer
                decode[f"{codec} {bits} bit"] = reason_of(error)
    context.note(decode=decode)
    encode: dict[str, Any] = {}
    for name in ("h264", "hevc", "av1"):
        try:
            encode[name] = dict(nvc.GetEncoderCaps(gpuid=0, codec=name))
        except Exception as error:  # noqa: BLE001 - the text is the answer
            encode[name] = reason_of(error)
    context.note(encode=encode)
