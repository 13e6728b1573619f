"""What `auto` chose, and the CPU's decoder for the videos that it cannot decode."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.media.decode import UndecodableHereError
from nvpipe.media.decode.pyav import PyAvDecoder

if TYPE_CHECKING:
    from nvpipe.media.decode import Decoder, Reader
    from nvpipe.registry import Probe


class ElseCpuDecoder:
    """Opens with one decoder, and with the CPU's what that one cannot decode.

    Args:
        first: what is tried first.
        on_fallback: told once of each video that the CPU decodes, and why.
    """

    def __init__(self, first: Decoder, on_fallback: Callable[[str], None]) -> None:
        self.first = first
        self._cpu = PyAvDecoder()
        self._on_fallback = on_fallback
        self._told: set[Path] = set()

    def probe(self) -> Probe:
        return self.first.probe()

    def open(self, path: Path) -> Reader:
        """Open a video; see `Decoder.open`.

        Raises:
            MediaError: it is missing, damaged beyond use, hostile or has no video.
            UnsupportedMediaError: it would come out wrong.
        """
        try:
            return self.first.open(path)
        except UndecodableHereError as error:
            if path not in self._told:
                self._told.add(path)
                self._on_fallback(error.message)
        return self._cpu.open(path)


def open_own(decoder: Decoder, path: Path) -> Reader:
    """Open a file that nvpipe keeps pictures in: which codec that is, nobody has chosen, so that nobody is told.

    Args:
        decoder: of the footage; the CPU's where it does not decode this.
        path: the file.

    Raises:
        MediaError: it is missing or damaged.
    """
    try:
        return (decoder.first if isinstance(decoder, ElseCpuDecoder) else decoder).open(path)
    except UndecodableHereError:
        return PyAvDecoder().open(path)
