"""Why NVENC does not encode here, told apart by what was seen, each with its cure.

The lines are those of libavcodec's NVENC encoders (FFmpeg 8.1); their wording is held by tests that run the real
encoders against stand-in driver libraries.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from nvpipe.registry import Probe

CUDA, NVENC = "libcuda.so.1", "libnvidia-encode.so.1"
LIBRARIES = (CUDA, NVENC)
"""What libavcodec loads of NVIDIA's driver."""

_WITHOUT_NVENC = re.compile(r"\b(A100X?|A800|A30X?|H100|H800|H20|H200|GH200|B100|B200|B300|GB200|GB300)\b")
"""Data-centre cards that decode and compute but have no encoder; NVIDIA's support matrix of 2025."""
_DEVICE = re.compile(r"GPU #\d+ - < (.+?) > has Compute")
_VERSION = re.compile(r"Required: ([\d.]+) Found: ([\d.]+)")
_DRIVER = re.compile(r"minimum required Nvidia driver for nvenc is (\S+)")
_CUDA_FAULT = re.compile(r"-> (CUDA_ERROR_\w+): (.*)")
_LIMIT = re.compile(r"OpenEncodeSessionEx failed: (out of memory|incompatible client key)")
_REFUSALS = (
    "OpenEncodeSessionEx failed: unsupported device",
    "OpenEncodeSessionEx failed: no encode device",
    "does not support NVENC",
)
_SIZE = re.compile(r"((?:Width|Height) \d+ exceeds \d+|Frame Dimension less than the minimum supported value)")
_LACKS = re.compile(r"(.*(?:not supported|exceed \d+).*)")

_SOFTWARE = "take --encoder auto or x264"
_CAPABILITIES = "NVIDIA_DRIVER_CAPABILITIES=compute,video,utility"
_PACKAGE = "install the driver's encode library (libnvidia-encode) of the same version as the driver"


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is to judge by."""

    missing: tuple[str, ...] = ()
    """Those of LIBRARIES that cannot be loaded."""
    device: str = ""
    """The card's name, where the kernel tells it."""
    in_container: bool = False
    card: bool = False
    """Whether the machine has a card with its kernel module, whatever else is missing."""
    capabilities: str = ""
    """What NVIDIA_DRIVER_CAPABILITIES says; "" where it is not set."""
    codec: str = "h264"
    lines: tuple[str, ...] = ()
    """What libavcodec logged, in its order."""
    faults: tuple[str, ...] = ()
    """Those of the lines that are warnings or worse."""
    error: str = ""
    """What the failed call said."""


def explain(seen: Seen) -> Probe:
    """The verdict on an attempt that failed."""
    rules: tuple[Callable[[Seen], Probe | None], ...] = (
        _no_driver,
        _no_encoder,
        _no_library,
        _old_driver,
        _no_card,
        _too_many,
        _no_codec,
        _wrong_size,
        _lacking,
    )
    found = next((verdict for rule in rules if (verdict := rule(seen)) is not None), None)
    if found is not None:
        return found
    said = next((line for line in reversed(seen.faults) if line.strip()), seen.error) or "no reason was given"
    return Probe(False, f"NVENC does not encode: {said.strip()}", f"see that nvidia-smi works, or {_SOFTWARE}")


def _no_driver(seen: Seen) -> Probe | None:
    if CUDA not in seen.missing and not _said(seen, f"Cannot load {CUDA}"):
        return None
    if seen.in_container:
        reason = f"the container has no NVIDIA driver ({CUDA} is not found)"
        return Probe(False, reason, f"start it with --gpus all and {_CAPABILITIES}; the host needs NVIDIA's toolkit")
    what = "there is an NVIDIA card, but no driver for programs" if seen.card else "there is no NVIDIA driver"
    fix = "install NVIDIA's driver" if seen.card else "a card needs NVIDIA's driver, 570 or newer"
    return Probe(False, f"{what} ({CUDA} is not found)", fix)


def _no_encoder(seen: Seen) -> Probe | None:
    """A card without NVENC, by its name or by what the driver answers."""
    device = device_of(seen)
    if _said(seen, *_REFUSALS) or _WITHOUT_NVENC.search(device):
        return Probe(False, f"{device or 'the card'} has no NVENC", _SOFTWARE)
    return None


def _no_library(seen: Seen) -> Probe | None:
    if NVENC not in seen.missing and not _said(seen, f"Cannot load {NVENC}"):
        return None
    granted = {name.strip() for name in seen.capabilities.split(",")} & {"video", "all"}
    if (seen.in_container or seen.capabilities) and not granted:
        told = f"NVIDIA_DRIVER_CAPABILITIES is {seen.capabilities}" if seen.capabilities else f"{CUDA} is found"
        reason = f"the container has no `video` capability ({NVENC} is not found, {told})"
        return Probe(False, reason, f"start it with {_CAPABILITIES}")
    where = " on the container's host" if granted else ""
    return Probe(False, f"the driver's encode library is missing ({NVENC} is not found)", f"{_PACKAGE}{where}")


def _old_driver(seen: Seen) -> Probe | None:
    version = _first(_VERSION, seen)
    if version is None:
        return None
    least = _first(_DRIVER, seen)
    newer = f"{least[1]} or newer" if least else "a newer one"
    reason = f"the driver is too old: NVENC {version[2]}, and {version[1]} is needed"
    return Probe(False, reason, f"update NVIDIA's driver to {newer}")


def _no_card(seen: Seen) -> Probe | None:
    fault = _first(_CUDA_FAULT, seen)
    if fault is None and not _said(seen, "No CUDA capable devices found"):
        return None
    name, text = (fault[1], fault[2].strip()) if fault else ("CUDA_ERROR_NO_DEVICE", "no card")
    if name == "CUDA_ERROR_STUB_LIBRARY":
        return Probe(
            False,
            f"{CUDA} is the CUDA toolkit's stub, not the driver",
            "take the toolkit's stubs folder out of LD_LIBRARY_PATH",
        )
    if name == "CUDA_ERROR_NO_DEVICE":
        fix = "start the container with --gpus all" if seen.in_container else "see that nvidia-smi lists it"
        return Probe(False, "NVIDIA's driver lists no card", f"{fix}; CUDA_VISIBLE_DEVICES may hide it")
    if name == "CUDA_ERROR_OUT_OF_MEMORY":
        return Probe(False, f"{device_of(seen) or 'the card'} has no memory left", "end other programs that use it")
    return Probe(False, f"CUDA does not start: {text} ({name})", "see that nvidia-smi works, then load nvidia_uvm")


def _too_many(seen: Seen) -> Probe | None:
    limit = _first(_LIMIT, seen)
    if limit is None:
        return None
    reason = (
        f"{device_of(seen) or 'the card'} opens no further encoding session ({limit[1]}): the driver's limit of "
        "sessions at once is reached, or the card's memory is full"
    )
    return Probe(False, reason, f"end other programs that encode (nvidia-smi encodersessions), or {_SOFTWARE}")


def _no_codec(seen: Seen) -> Probe | None:
    if not _said(seen, "Codec not supported"):
        return None
    return Probe(False, f"{device_of(seen) or 'the card'} does not encode {seen.codec}", "take --codec h264")


def _wrong_size(seen: Seen) -> Probe | None:
    size = _first(_SIZE, seen)
    return Probe(False, f"NVENC does not take the size: {size[1]}", _SOFTWARE) if size else None


def _lacking(seen: Seen) -> Probe | None:
    lack = _first(_LACKS, seen)
    if lack is None:
        return None
    return Probe(False, f"{device_of(seen) or 'the card'} cannot do what is asked: {lack[1].strip()}", _SOFTWARE)


def device_of(seen: Seen) -> str:
    """The card's name as the log has it, or as the kernel does."""
    found = _first(_DEVICE, seen)
    return found[1] if found else seen.device


def _said(seen: Seen, *texts: str) -> bool:
    return any(text in line for line in (*seen.lines, seen.error) for text in texts)


def _first(pattern: re.Pattern[str], seen: Seen) -> re.Match[str] | None:
    return next((found for line in (*seen.lines, seen.error) if (found := pattern.search(line))), None)
