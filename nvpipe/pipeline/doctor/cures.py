"""What helps against the common failures of drivers, containers and GPU packages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

NEEDED = ("compute", "video", "utility")
_CAPABILITIES = f"NVIDIA_DRIVER_CAPABILITIES={','.join(NEEDED)}"
_GIVE_CARD = (
    "start the container with the card: `--gpus all` (Docker), `--device nvidia.com/gpu=all` (Podman), "
    "`nvidia.com/gpu: 1` among the limits (Kubernetes); the host needs NVIDIA's container toolkit"
)
_INSTALL = "install NVIDIA's driver for the card; without a card nothing is missing, everything works on the CPU"
_BY_CODE = {
    34: (
        "the libcuda.so.1 that is found is the toolkit's stub for linking, not the driver",
        "take the folder `stubs` out of LD_LIBRARY_PATH",
    ),
    46: ("the card is busy or in exclusive use", "end the other program, or set the compute mode to Default"),
    100: (
        "the driver shows no card",
        "look at CUDA_VISIBLE_DEVICES and NVIDIA_VISIBLE_DEVICES, and whether nvidia-smi lists the card",
    ),
    802: ("the driver is not ready", "start nvidia-fabricmanager on the host, then try again"),
    803: (
        "the driver's libraries and its kernel module are of different versions",
        "restart the machine after the driver's update; a container: start it again",
    ),
    804: (
        "CUDA's forward compatibility does not work on this card",
        "take the folder `compat` out of LD_LIBRARY_PATH, or install the newer driver",
    ),
    999: (
        "the driver fails without saying why",
        "load its kernel module again (modprobe -r nvidia_uvm, then modprobe nvidia_uvm) or restart the machine",
    ),
}
"""Meaning and cure of what cuInit answers, by CUresult."""
_BY_REASON: tuple[tuple[str, str], ...] = (
    (
        r"driver .{0,40}too old|driver version is insufficient|CUDA driver version",
        "install a newer driver: CUDA 13 needs 580 or newer, or take a torch built for an older CUDA",
    ),
    (
        r"no kernel image|not compatible with the current PyTorch",
        "this torch has no code for the card: install a torch whose list of architectures has it",
    ),
    (
        r"build without CUDA|not compiled with CUDA",
        "install torch's build for CUDA: the plain `pip install torch` on Linux",
    ),
    (r"PyNvVideoCodec is not installed|No module named 'PyNvVideoCodec'", "pip install 'nvpipe[gpu]'"),
    (r"No module named 'triton'", "pip install triton, in the version that torch names"),
    (
        r"find C compiler|No such file or directory: '(gcc|cc|clang)'|Python\.h",
        "install a C compiler and Python's headers (gcc, libc6-dev, python3-dev): Triton compiles its launchers",
    ),
    (
        r"incompatible client key|EXCEED|[Ss]ession.{0,30}limit|OpenEncodeSessionEx.{0,40}(failed|out of memory)",
        "end other programs that encode: cards for home use have a limit of encoding sessions at a time",
    ),
    (
        r"nvenc: .*(UNSUPPORTED_DEVICE|NO_ENCODE_DEVICE|no NVENC|not supported|No capable devices)",
        "nothing: A100, H100, H200 and B200 have no NVENC (L4, L40S and RTX cards do), and x264 encodes on the CPU",
    ),
    (
        r"nvdec: .*no NVDEC",
        "take a MIG profile with a decoder (media extensions), or the whole card; the CPU decodes meanwhile",
    ),
    (r"out of memory|OUT_OF_MEMORY", "end other programs on the card; nvidia-smi lists them"),
    (r"[Pp]ermission denied|Operation not permitted", "let the user open /dev/nvidia* (group `video`, or `render`)"),
    (r"no answer within|ended by SIG", "see whether nvidia-smi works; if it hangs too, restart the machine"),
)
"""Cures by the words of a failure; the first that fits."""


def of_driver(seen: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[str, str]:
    """Why there is no working driver, and what helps; empty when there is one.

    Args:
        seen: what `driver_look` saw.
        environ: what the environment says on the driver.
    """
    if "libraries" not in seen:
        reason = str(seen.get("error", "no answer"))
        return f"the look at the driver failed: {reason}", of_reason(reason) or "install the driver again"
    if missing := seen["libraries"]["cuda"]:
        return _without_cuda(seen, environ, missing)
    code = seen["cuda"].get("error", 0)
    if code:
        reason, fix = _BY_CODE.get(code, ("the driver does not start", "see whether nvidia-smi works"))
        if code == 100 and seen["container"] and not seen["traces"]:
            fix = _GIVE_CARD
        name = seen["cuda"].get("error_name", "")
        return f"{reason} (error {code}{', ' + name if name else ''})", fix
    return ("", "") if seen["cuda"]["cards"] else _BY_CODE[100]


def _without_cuda(seen: Mapping[str, Any], environ: Mapping[str, str], error: str) -> tuple[str, str]:
    """libcuda.so.1 cannot be loaded."""
    if seen["unlisted"]:
        folder = seen["unlisted"][0]
        return (
            f"the driver lies in {folder}, where it is not looked for: {error}",
            f"put {folder} into LD_LIBRARY_PATH, or into /etc/ld.so.conf.d and run ldconfig",
        )
    if seen["traces"]:
        if not seen["container"]:
            return f"there is a card, but not the driver's libraries: {error}", "install the rest of the driver"
        given = environ.get("NVIDIA_DRIVER_CAPABILITIES", "")
        told = f" (NVIDIA_DRIVER_CAPABILITIES is {given!r})" if given else ""
        return f"there is a card, but not the driver's libraries{told}: {error}", f"set {_CAPABILITIES}; {_GIVE_CARD}"
    if seen["container"]:
        return f"this container has no card: {error}", f"{_GIVE_CARD}; or go on, on the CPU"
    return f"no NVIDIA driver: {error}", _INSTALL


def without_library(seen: Mapping[str, Any], capability: str) -> str:
    """What helps when the libraries of a capability (`video`, `utility`) are missing; empty when they are there."""
    keys = {"video": ("decoding", "encoding"), "utility": ("nvml",)}[capability]
    if not any(seen["libraries"][key] for key in keys):
        return ""
    if seen["container"]:
        return f"set {_CAPABILITIES}: without `{capability}` the container gets no such libraries"
    packages = {"video": "libnvidia-decode and libnvidia-encode", "utility": "nvidia-utils"}[capability]
    return f"install the driver's {packages} (of the driver's own version)"


def of_reason(reason: str) -> str:
    """What helps against a failure, by its words; empty when nothing is known."""
    for pattern, fix in _BY_REASON:
        if re.search(pattern, reason):
            return fix
    return ""
