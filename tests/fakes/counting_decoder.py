"""A decoder that counts what it decodes."""

from __future__ import annotations

from pathlib import Path

from nvpipe.media.decode.pyav import PyAvDecoder, PyAvReader
from nvpipe.registry import Probe


class CountingDecoder:
    """The CPU's decoder; `opened` has the path of every video that was opened, in order."""

    def __init__(self) -> None:
        self._decoder = PyAvDecoder()
        self.opened: list[Path] = []

    def probe(self) -> Probe:
        return self._decoder.probe()

    def open(self, path: Path) -> PyAvReader:
        self.opened.append(path)
        return self._decoder.open(path)
