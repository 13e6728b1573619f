"""A decoder that opens every video and fails in the middle of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nvpipe.errors import BackendFailedError
from nvpipe.media.decode import Frame
from nvpipe.media.decode.pyav import PyAvDecoder, PyAvReader
from nvpipe.registry import Probe


class BreakingReader(PyAvReader):
    def frames(self, *args: Any, **kwargs: Any) -> Iterator[Frame]:
        yield from ()
        raise BackendFailedError("the card is gone")


class BreakingDecoder(PyAvDecoder):
    def probe(self) -> Probe:
        return Probe(True, "it seemed to work")

    def open(self, path: Path) -> PyAvReader:
        return BreakingReader(path)
