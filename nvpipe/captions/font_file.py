"""The user's own font: proven before any work is done, known by its content."""

from __future__ import annotations

import stat
import struct
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.cache.disk import digest_file
from nvpipe.captions.typeface import Typeface, UnusableFontError
from nvpipe.media.safety import name_of
from nvpipe.types.captions import CaptionFont

if TYPE_CHECKING:
    from typing import BinaryIO

MAX_BYTES = 256 << 20
"""The largest collections of East Asian fonts have half of this."""
_MAX_FACES = 256
_TRIAL = "Ag0"
_SIZE_PX, _STROKE_PX = 96.0, 4.0
_HINT = "name a TrueType or OpenType font (.ttf, .otf, .ttc)"


def read_font(path: Path) -> CaptionFont:
    """A font file that captions can be drawn with.

    Raises:
        UnusableFontError: it is missing, no font, cut off, far too large or cannot be drawn.
    """
    try:
        found = path.stat()
        return _read(path, (found.st_mode, found.st_size, found.st_mtime_ns))
    except FileNotFoundError as error:
        raise UnusableFontError(f"the font {name_of(path)} does not exist", hint="check the path") from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise UnusableFontError(f"{name_of(path)} cannot be read: {reason}", hint="check its permissions") from error


@lru_cache(maxsize=4)
def _read(path: Path, state: tuple[int, int, int]) -> CaptionFont:
    """The same file is read once, however often it is asked for."""
    name = name_of(path)
    mode, size, _ = state
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "not a regular file"
        raise UnusableFontError(f"{name} is {kind}", hint=_HINT)
    if size > MAX_BYTES:
        raise UnusableFontError(f"{name} has {size >> 20} MiB, too many for a font", hint=_HINT)
    if not size:
        raise UnusableFontError(f"{name} is empty", hint=_HINT)
    with path.open("rb") as file:
        _prove_whole(file, size, name)
    digest = digest_file(path)
    _prove_drawable(path)
    return CaptionFont(path, digest)


def _prove_whole(file: BinaryIO, size: int, name: str) -> None:
    """Every table of every face lies within the file (OpenType 1.9, table directory)."""
    head = file.read(12)
    if head[:4] in (b"wOFF", b"wOF2"):
        raise UnusableFontError(f"{name} is a web font", hint="convert it to TrueType or OpenType")
    if head[:4] not in (b"\0\1\0\0", b"OTTO", b"true", b"ttcf"):
        raise UnusableFontError(f"{name} is no font", hint=_HINT)
    try:
        starts: tuple[int, ...] = (0,)
        if head[:4] == b"ttcf":
            count = struct.unpack(">I", head[8:12])[0]
            if not 0 < count <= _MAX_FACES:
                raise UnusableFontError(f"{name} is damaged: it claims {count} fonts", hint=_HINT)
            starts = struct.unpack(f">{count}I", file.read(4 * count))
        for start in starts:
            file.seek(start)
            (tables,) = struct.unpack(">4xH6x", file.read(12))
            for _ in range(tables):
                offset, length = struct.unpack(">8xII", file.read(16))
                if offset + length > size:
                    raise UnusableFontError(f"{name} is cut off", hint="copy or download it again")
    except struct.error as error:
        raise UnusableFontError(f"{name} is cut off", hint="copy or download it again") from error


def _prove_drawable(path: Path) -> None:
    face = Typeface(path)
    letters = "".join(char for char in _TRIAL if face.covers(char))
    if not letters:
        return
    for glyph in face.shape(letters, False, "en").glyphs:
        face.mask(glyph.number, _SIZE_PX, 0.0, _STROKE_PX)
    if not face.draws(letters):
        raise UnusableFontError(f"{name_of(path)} has letters that cannot be drawn", hint=_HINT)
