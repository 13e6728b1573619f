"""The backends of a run, each chosen and proven once, when it is first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from nvpipe.compose import LAYOUTS
from nvpipe.footage.motion import SCORERS
from nvpipe.media.decode import DECODERS
from nvpipe.media.encode import ENCODERS
from nvpipe.registry import AUTO, Backend, Registry
from nvpipe.story import WRITERS
from nvpipe.voice import SPEAKERS

if TYPE_CHECKING:
    from nvpipe.compose import Layout
    from nvpipe.footage.motion import Scorer
    from nvpipe.media.decode import Decoder
    from nvpipe.media.encode import Encoder
    from nvpipe.settings import Settings
    from nvpipe.story import Writer
    from nvpipe.types import BackendChoice
    from nvpipe.voice import Speaker

B = TypeVar("B", bound=Backend)

REGISTRIES: dict[str, Registry[Any]] = {
    "decode": DECODERS,
    "score": SCORERS,
    "write": WRITERS,
    "speak": SPEAKERS,
    "layout": LAYOUTS,
    "encode": ENCODERS,
}
"""The stages that have backends, in the order of the work."""


class Toolbox:
    """Backends for the settings of one job, sharing what earlier jobs of the run have proven.

    Every method raises BackendUnavailableError when nothing usable is there.
    """

    def __init__(self, settings: Settings, proven: dict[tuple[str, str], tuple[Any, BackendChoice]]) -> None:
        self._settings = settings
        self._proven = proven
        self.choices: dict[str, BackendChoice] = {}
        """What was chosen so far, by stage."""

    def decoder(self) -> Decoder:
        return self._choose("decode", DECODERS, self._settings.decoder)

    def encoder(self) -> Encoder:
        return self._choose("encode", ENCODERS, self._settings.encoder)

    def scorer(self) -> Scorer:
        return self._choose("score", SCORERS, AUTO)

    def scorer_version(self) -> str:
        """What cached tracks are looked up by; nothing is proven, since a cached track needs no scorer."""
        return SCORERS.load(SCORERS.names()[0]).version

    def writer(self) -> Writer:
        return self._choose("write", WRITERS, self._settings.writer)

    def speaker(self) -> Speaker:
        return self._choose("speak", SPEAKERS, self._settings.speaker)

    def layout(self) -> Layout:
        return self._choose("layout", LAYOUTS, self._settings.layout)

    def _choose(self, stage: str, registry: Registry[B], wanted: str) -> B:
        found = self._proven.get((stage, wanted))
        if found is None:
            found = self._proven[stage, wanted] = registry.choose(wanted)
        self.choices[stage] = found[1]
        backend: B = found[0]
        return backend
