"""NVIDIA's driver as decoding needs it: whether it is there, and what the card's NVDEC decodes.

The libraries are called as their public headers declare them: `cuda.h`, and `cuviddec.h` of the Video Codec SDK.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from nvpipe.registry import Probe

CUDA_LIBRARY, DECODING_LIBRARY = "libcuda.so.1", "libnvcuvid.so.1"
_TRACES = ("proc/driver/nvidia/version", "dev/nvidiactl", "dev/nvidia0", "dev/dxg")
"""Files that a machine has beside an NVIDIA card and its kernel module, inside of a container too."""
CAPABILITIES = "NVIDIA_DRIVER_CAPABILITIES=compute,video,utility"
_CPU = "--decoder pyav decodes on the CPU"

_STUB_LIBRARY, _NO_DEVICE, _MISMATCH, _NOT_READY = 34, 100, 803, 802
_VERDICTS = {
    _STUB_LIBRARY: Probe(
        False,
        f"the {CUDA_LIBRARY} that is found is the toolkit's stub for linking, not the driver",
        "take the folder `stubs` out of LD_LIBRARY_PATH",
    ),
    _NO_DEVICE: Probe(
        False,
        "the NVIDIA driver lists no card",
        f"start the container with --gpus all, look at CUDA_VISIBLE_DEVICES; {_CPU}",
    ),
    _MISMATCH: Probe(
        False,
        "the NVIDIA driver's library and its kernel module are of different versions",
        "restart the machine after the driver's update",
    ),
    _NOT_READY: Probe(False, "the NVIDIA driver is not ready", "start nvidia-fabricmanager, then try again"),
}
"""By CUresult."""

_CODEC_TYPES = {"h264": 4, "hevc": 8, "vp8": 9, "vp9": 10, "av1": 11}
"""cudaVideoCodec, of the codecs whose standards fix every bit of a decoded picture."""
CODECS = tuple(_CODEC_TYPES)
_CHROMA_420 = 1


class Caps(NamedTuple):
    """What NVDEC does with one codec at one bit depth, 4:2:0."""

    supported: bool
    engines: int
    """How many NVDEC engines the card, or the part of it that this process sees, has for it; 0 when not told."""
    min_px: tuple[int, int]
    max_px: tuple[int, int]
    max_macroblocks: int
    """Of 16x16 pixels, in a picture."""


class _DecodeCaps(ctypes.Structure):
    """CUVIDDECODECAPS."""

    _fields_ = (
        ("codec_type", ctypes.c_int),
        ("chroma_format", ctypes.c_int),
        ("bit_depth_minus_8", ctypes.c_uint),
        ("reserved_1", ctypes.c_uint * 3),
        ("is_supported", ctypes.c_ubyte),
        ("engines", ctypes.c_ubyte),
        ("output_formats", ctypes.c_ushort),
        ("max_width", ctypes.c_uint),
        ("max_height", ctypes.c_uint),
        ("max_macroblocks", ctypes.c_uint),
        ("min_width", ctypes.c_ushort),
        ("min_height", ctypes.c_ushort),
        ("is_histogram_supported", ctypes.c_ubyte),
        ("counter_bit_depth", ctypes.c_ubyte),
        ("max_histogram_bins", ctypes.c_ushort),
        ("reserved_3", ctypes.c_uint * 10),
    )


class DriverError(Exception):
    """A call of the driver's libraries failed."""


class Driver:
    """NVIDIA's driver.

    Args:
        load: opens a shared library by name, OSError when there is none.
        root: of the file system, where the driver leaves its traces.
    """

    def __init__(self, load: Callable[[str], Any] = ctypes.CDLL, root: Path = Path("/")) -> None:
        self._load = load
        self._root = root

    def has_traces(self) -> bool:
        """Whether this machine has an NVIDIA card with its kernel module, whatever of it can be used here."""
        return any((self._root / trace).exists() for trace in _TRACES)

    def refusal(self) -> Probe | None:
        """Why nothing can be decoded here, and the fix; None when the libraries and a card are there.

        It makes no context on the card.
        """
        try:
            cuda = self._load(CUDA_LIBRARY)
        except OSError as error:
            return self._without_cuda(error)
        code = cuda.cuInit(0)
        if code:
            return _VERDICTS.get(code) or Probe(
                False,
                f"the NVIDIA driver cannot be started: error {code} ({_error_name(cuda, code)})",
                "see whether nvidia-smi works; if not, install the driver again",
            )
        count = ctypes.c_int()
        if cuda.cuDeviceGetCount(ctypes.byref(count)) or not count.value:
            return _VERDICTS[_NO_DEVICE]
        if missing := self.lacks(DECODING_LIBRARY):
            return Probe(
                False,
                f"the driver's {DECODING_LIBRARY} is not here: {missing}",
                f"in a container, set {CAPABILITIES}; outside, install the driver's decoding library "
                "(libnvidia-decode, or nvidia-driver-cuda-libs)",
            )
        return None

    def _without_cuda(self, error: OSError) -> Probe:
        if self.has_traces():
            return Probe(
                False,
                f"there is an NVIDIA card, but the driver's {CUDA_LIBRARY} is not here: {_reason(error)}",
                f"in a container, set {CAPABILITIES} and start it with --gpus all; outside, install the driver",
            )
        return Probe(False, f"no NVIDIA driver: {_reason(error)}", f"a card needs its driver, 530 or newer; {_CPU}")

    def lacks(self, library: str) -> str:
        """Why a library of the driver cannot be loaded; empty when it can."""
        try:
            self._load(library)
        except OSError as error:
            return _reason(error)
        return ""

    def caps(self, codec: str, bits: int) -> Caps:
        """What NVDEC of the first card does with a codec of `CODECS` at 8, 10 or 12 bits.

        Raises:
            DriverError: the driver does not tell.
        """
        asked = _DecodeCaps(codec_type=_CODEC_TYPES[codec], chroma_format=_CHROMA_420, bit_depth_minus_8=bits - 8)
        try:
            cuda, decoding = self._load(CUDA_LIBRARY), self._load(DECODING_LIBRARY)
        except OSError as error:
            raise DriverError(_reason(error)) from error
        with _context(cuda):
            _check(cuda, "cuvidGetDecoderCaps", decoding.cuvidGetDecoderCaps(ctypes.byref(asked)))
        return Caps(
            bool(asked.is_supported),
            int(asked.engines),
            (int(asked.min_width), int(asked.min_height)),
            (int(asked.max_width), int(asked.max_height)),
            int(asked.max_macroblocks),
        )


@contextmanager
def _context(cuda: Any) -> Iterator[None]:
    """The primary context of the first card, which torch uses too, current in this thread."""
    _check(cuda, "cuInit", cuda.cuInit(0))
    device, context, popped = ctypes.c_int(), ctypes.c_void_p(), ctypes.c_void_p()
    _check(cuda, "cuDeviceGet", cuda.cuDeviceGet(ctypes.byref(device), 0))
    _check(cuda, "cuDevicePrimaryCtxRetain", cuda.cuDevicePrimaryCtxRetain(ctypes.byref(context), device))
    try:
        _check(cuda, "cuCtxPushCurrent", cuda.cuCtxPushCurrent_v2(context))
        try:
            yield
        finally:
            cuda.cuCtxPopCurrent_v2(ctypes.byref(popped))
    finally:
        cuda.cuDevicePrimaryCtxRelease_v2(device)


def _check(cuda: Any, call: str, code: int) -> None:
    if code:
        raise DriverError(f"{call} failed with error {code} ({_error_name(cuda, code)})")


def _error_name(cuda: Any, code: int) -> str:
    text = ctypes.c_char_p()
    if cuda.cuGetErrorName(code, ctypes.byref(text)) or not text.value:
        return "unknown"
    return text.value.decode("ascii", "replace")


def _reason(error: OSError) -> str:
    return " ".join(str(error).split())
