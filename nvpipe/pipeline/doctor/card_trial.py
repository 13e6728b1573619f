"""Trials on the first card that need a context on it, each in a process of its own.

    python -m nvpipe.pipeline.doctor.card_trial nvdec|nvenc|torch

prints one JSON document: what was found, or `error`.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from typing import Any

_ENCODED = ("h264", "hevc", "av1")
_ABSENT = "PyNvVideoCodec is not installed, which tells the engines"


def nvdec() -> dict[str, Any]:
    """The number of NVDEC engines and what they decode."""
    from nvpipe.media.decode.nvdec_driver import CODECS, Driver, DriverError

    try:
        known = {codec: Driver().caps(codec, 8) for codec in CODECS}
    except DriverError as error:
        return {"error": str(error)}
    decoded = [codec for codec, caps in known.items() if caps.supported]
    return {"engines": max(caps.engines for caps in known.values()), "codecs": decoded}


def nvenc() -> dict[str, Any]:
    """The number of NVENC engines and what they encode."""
    try:
        library = importlib.import_module("PyNvVideoCodec")
    except ModuleNotFoundError:
        return {"error": _ABSENT}
    engines, encoded, refusals = 0, [], []
    for codec in _ENCODED:
        try:
            caps = dict(library.GetEncoderCaps(gpuid=0, codec=codec))
        except Exception as error:  # noqa: BLE001 - the library's own exceptions, whose text is the answer
            refusals.append(f"{codec}: {' '.join(str(error).split())[:200]}")
            continue
        encoded.append(codec)
        engines = max(engines, int(caps.get("num_encoder_engines", 0)))
    return {"engines": engines, "codecs": encoded} if encoded else {"error": "; ".join(refusals)}


def torch() -> dict[str, Any]:
    """Whether torch computes on the card, and which CUDA it was built for."""
    import torch

    built = {"torch": torch.__version__, "cuda": torch.version.cuda or ""}
    if torch.version.cuda is None:
        return built | {"error": f"torch {torch.__version__} is a build without CUDA"}
    numbers = torch.arange(1000, device="cuda", dtype=torch.int64)
    if int(numbers.sum()) != 999 * 500:
        return built | {"error": "torch adds up wrong on the card"}
    return built


TRIALS: dict[str, Callable[[], dict[str, Any]]] = {"nvdec": nvdec, "nvenc": nvenc, "torch": torch}


def main(name: str) -> int:
    """Print what a trial found; ends without tidying up, so that a library that crashes then spoils nothing."""
    import os

    try:
        found = TRIALS[name]()
    except Exception as error:  # noqa: BLE001 - a half-installed driver fails in its own way, and the text is the answer
        found = {"error": f"{type(error).__name__}: {' '.join(str(error).split())[:400]}"}
    json.dump(found, sys.stdout)
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
