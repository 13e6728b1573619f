"""Pictures that a user names, which may be hostile."""

from __future__ import annotations

import stat
import struct
import warnings
import zlib
from io import BytesIO
from typing import TYPE_CHECKING

from nvpipe.errors import MediaError, UnsupportedMediaError
from nvpipe.media.safety import name_of

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "WEBP")
MAX_FILE_BYTES = 64 << 20
MAX_PIXELS = 20_000_000
_DAMAGED = (
    OSError,
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    RuntimeError,
    EOFError,
    struct.error,
    zlib.error,
)
"""What Pillow's readers, Python code over numbers that nobody checked, have been seen to raise."""


def read_picture(path: Path) -> Image:
    """The first picture of a PNG, JPEG or WebP file as upright 8-bit RGBA.

    Raises:
        MediaError: it is missing, empty, damaged or cut off.
        UnsupportedMediaError: it is no such picture, or too large.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    data = read_bytes(path)
    try:
        with warnings.catch_warnings():
            # The size is judged below; whatever else Pillow finds odd does not matter once the picture is read.
            warnings.simplefilter("ignore")
            with Image.open(BytesIO(data), formats=FORMATS) as opened:
                _judge_size(path, opened.width, opened.height)
                opened.load()
                return _eight_bit(ImageOps.exif_transpose(opened))
    except (Image.DecompressionBombError, MemoryError) as error:
        raise UnsupportedMediaError(f"{name_of(path)} is too large for a picture", hint="make it smaller") from error
    except UnidentifiedImageError as error:
        raise UnsupportedMediaError(
            f"{name_of(path)} is no PNG, JPEG or WebP picture, or is damaged", hint="convert it to PNG"
        ) from error
    except _DAMAGED as error:
        raise MediaError(
            f"{name_of(path)} cannot be read as a picture: {_reason(error)}", hint="it is damaged or cut off"
        ) from error


def read_bytes(path: Path) -> bytes:
    """The content of a picture's file, whatever it is.

    Raises:
        MediaError: it is missing, empty, unreadable, too large or not a regular file.
    """
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
            raise MediaError(f"{name_of(path)} is {kind}", hint="name a PNG, JPEG or WebP file")
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise MediaError(f"{name_of(path)} does not exist", hint="check the path") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise MediaError(f"{name_of(path)} cannot be read: {reason}", hint="check the permissions") from error
    if not data:
        raise MediaError(f"{name_of(path)} is empty", hint="copy or download it again")
    if len(data) > MAX_FILE_BYTES:
        raise UnsupportedMediaError(
            f"{name_of(path)} is larger than {MAX_FILE_BYTES >> 20} MB", hint="make it smaller"
        )
    return data


def _judge_size(path: Path, width_px: int, height_px: int) -> None:
    if width_px * height_px > MAX_PIXELS:
        raise UnsupportedMediaError(
            f"{name_of(path)} has {width_px}x{height_px} pixels, more than {MAX_PIXELS // 1_000_000} million",
            hint="make it smaller",
        )


def _eight_bit(picture: Image) -> Image:
    """RGBA; Pillow would cut 16-bit grey off instead of scaling it."""
    if picture.mode.startswith("I"):
        import numpy as np
        from PIL import Image

        return Image.fromarray((np.asarray(picture).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)).convert(
            "RGBA"
        )
    return picture.convert("RGBA")


def _reason(error: Exception) -> str:
    """What Pillow says, in one printable line."""
    text = " ".join(str(error).split()) or type(error).__name__
    return "".join(char if char.isprintable() else "\ufffd" for char in text[:120])
