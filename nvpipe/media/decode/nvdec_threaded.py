"""NVDEC through PyNvVideoCodec's threaded decoder: proven, and asked whether it decodes a video.

It is the second way to the card, for those who name it: when a CUDA call fails in it, PyNvVideoCodec 2.2.4 ends the
whole process with nothing but a line of its own. So it is proven in a process apart. It has not yet run on hardware.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nvpipe.errors import BackendFailedError
from nvpipe.media.decode.nvdec import NvdecDecoder
from nvpipe.media.decode.nvdec_driver import CAPABILITIES
from nvpipe.media.decode.nvdec_threaded_reader import ELSE, NvdecThreadedReader
from nvpipe.media.decode.pyav import CONTAINERS_WITHOUT_PTS
from nvpipe.registry import Probe

if TYPE_CHECKING:
    from nvpipe.media.decode import Reader
    from nvpipe.media.decode.nvdec_driver import Driver
    from nvpipe.media.decode.nvdec_frame import Card
    from nvpipe.media.probe import Inspection

_PROOF_LIMIT_S = 120.0
ENCODING_LIBRARY = "libnvidia-encode.so.1"
"""PyNvVideoCodec does not import without it, even where only decoding is wanted."""


def library() -> Any:
    """PyNvVideoCodec; it names no types, and its import fails without the driver's libraries."""
    return importlib.import_module("PyNvVideoCodec")


class NvdecThreadedDecoder(NvdecDecoder):
    """NVDEC through PyNvVideoCodec's threaded decoder: what is decoded stays on the card.

    Args:
        driver: tells what is there.
        codec_library: gives PyNvVideoCodec.
        card: where pictures lie.
    """

    name = "nvdec-threaded"

    def __init__(
        self,
        driver: Driver | None = None,
        codec_library: Callable[[], Any] = library,
        card: Card | None = None,
    ) -> None:
        super().__init__(driver, card=card)
        self._library = codec_library

    def probe(self) -> Probe:
        """Decode a small H.264 file on the card, and compare what comes with the CPU's pictures."""
        if refused := self._refused_here():
            return refused
        return proven_apart() if self._library is library else self.prove_here()

    def prove_here(self) -> Probe:
        """The proof itself, which may end the process."""
        from nvpipe.media.decode.nvdec_probe import prove

        return prove(self, self._driver)

    def _refused_here(self) -> Probe | None:
        if refused := self._driver.refusal():
            return refused
        if missing := self._driver.lacks(ENCODING_LIBRARY):
            return Probe(
                False,
                f"the driver's {ENCODING_LIBRARY} is not here, without which PyNvVideoCodec does not load: {missing}",
                f"in a container, set {CAPABILITIES}; {ELSE}",
            )
        try:
            self._library()
        except ModuleNotFoundError:
            return Probe(False, "PyNvVideoCodec is not installed", "pip install 'PyNvVideoCodec>=2.2,<3'")
        except (ImportError, OSError, RuntimeError) as error:
            return Probe(False, f"PyNvVideoCodec cannot be imported: {' '.join(str(error).split())}", ELSE)
        return self._card.refusal()

    def _reader(self, path: Path) -> Reader:
        return NvdecThreadedReader(path, self._library(), self._card)

    def _trial(self, inspection: Inspection) -> str:
        info = inspection.info
        if inspection.paced or info.container in CONTAINERS_WITHOUT_PTS:
            return "its pictures carry no presentation stamps"
        try:
            with self._reader(info.path) as reader:
                frame = next(iter(reader.frames()))
                frame.planes()
        except BackendFailedError as error:
            return error.message
        return ""


def proven_apart(command: Sequence[str] = (sys.executable, "-P", "-m", __name__)) -> Probe:
    """The proof in a process of its own, whose death is a verdict.

    Args:
        command: prints the verdict as the last line of its output.
    """
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PROOF_LIMIT_S)
    except subprocess.TimeoutExpired:
        return Probe(False, f"PyNvVideoCodec does not decode a small file within {_PROOF_LIMIT_S:.0f} s", ELSE)
    if done.returncode:
        said = [line.strip() for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip()]
        return Probe(False, f"PyNvVideoCodec ends its process: {said[-1] if said else done.returncode}", ELSE)
    usable, reason, fix = json.loads(done.stdout.splitlines()[-1])
    return Probe(bool(usable), str(reason), str(fix))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(NvdecThreadedDecoder().prove_here()) + "\n")
