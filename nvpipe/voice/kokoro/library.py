"""The library kokoro, as the model's process imports it."""

from __future__ import annotations

import sys
from typing import Any, cast


def kokoro() -> Any:
    """The module.

    transformers, through which it loads, takes torchvision along where that is installed, and fails where that was
    built for another torch. Kokoro has no use for pictures, so in its process there is none.

    Raises:
        ImportError: it is not installed, or a part of it is missing.
    """
    sys.modules.setdefault("torchvision", cast("Any", None))
    import kokoro as module

    return module
