"""The backends of a run, each chosen and proven once, when it is first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from nvpipe.compose import COMPOSERS, LAYOUTS
from nvpipe.footage.motion import SCORERS
from nvpipe.media.decode import DECODERS
from nvpipe.media.encode import ENCODERS
from nvpipe.pipeline.models import Models
from nvpipe.registry import AUTO, Backend, Registry
from nvpipe.story import WRITERS, Desk, Wishes
from nvpipe.voice import SPEAKERS, Booth, Manner

if TYPE_CHECKING:
    from collections.abc import Callable

    from nvpipe.compose import Composer, Layout
    from nvpipe.footage.motion import Scorer
    from nvpipe.media.decode import Decoder
    from nvpipe.media.encode import Encoder
    from nvpipe.settings import Settings
    from nvpipe.story import Writer
    from nvpipe.types import BackendChoice, Progress
    from nvpipe.voice import Speaker

B = TypeVar("B", bound=Backend)

REGISTRIES: dict[str, Registry[Any]] = {
    "decode": DECODERS,
    "score": SCORERS,
    "write": WRITERS,
    "speak": SPEAKERS,
    "layout": LAYOUTS,
    "compose": COMPOSERS,
    "encode": ENCODERS,
}
"""The stages that have backends, in the order of the work."""


class Toolbox:
    """Backends for the settings of one job, sharing what earlier jobs of the run have proven.

    Every method raises BackendUnavailableError when nothing usable is there.
    """

    def __init__(
        self,
        settings: Settings,
        proven: dict[tuple[str, str, object], tuple[Any, BackendChoice]],
        say: Callable[[str], None],
        models: Models | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self._settings = settings
        self._proven = proven
        self._say = say
        self._models = models or Models(settings.storage)
        self._progress = progress
        self.fast = settings.fast
        """Whether coarse tracks will do."""
        self.choices: dict[str, BackendChoice] = {}
        """What was chosen so far, by stage."""

    def decoder(self) -> Decoder:
        return self._choose("decode", DECODERS, self._settings.decoder)

    def encoder(self) -> Encoder:
        # Parameters for x264 ask for x264.
        named = "x264" if self._settings.x264_params and self._settings.encoder == AUTO else self._settings.encoder
        return self._choose("encode", ENCODERS, named)

    def scorer(self) -> Scorer:
        return self._choose("score", SCORERS, AUTO)

    def scorer_versions(self) -> list[str]:
        """What cached tracks are looked up by, best first; nothing is proven, since they need no scorer."""
        return [SCORERS.load(name).version for name in SCORERS.names()]

    def writer(self, wanted: str | None = None) -> Writer:
        """The writer of the settings, or another one by its name."""
        settings = self._settings
        wishes, desk = self.wishes_and_desk()
        # Who names no model misses none.
        quiet = settings.llama is None and settings.writer == AUTO
        name = wanted or settings.writer
        return self._choose("write", WRITERS, name, lambda one: one.prepare(wishes, desk), wishes, quiet=quiet)

    def wishes_and_desk(self) -> tuple[Wishes, Desk]:
        """What a writer is prepared with."""
        settings = self._settings
        wishes = Wishes(settings.storage, settings.llama, settings.tone, settings.seed, settings.call_to_action)
        return wishes, Desk(self._models.scheduler, self._say, self._progress)

    def speaker(self, wanted: str | None = None) -> Speaker:
        """The speaker of the settings, or another one by its name."""
        settings = self._settings
        manner, booth = self.manner_and_booth()
        quiet = settings.kokoro is None and settings.speaker == AUTO
        name = wanted or settings.speaker
        return self._choose("speak", SPEAKERS, name, lambda one: one.prepare(manner, booth), manner, quiet=quiet)

    def manner_and_booth(self) -> tuple[Manner, Booth]:
        """What a speaker is prepared with."""
        settings = self._settings
        manner = Manner(settings.storage, settings.kokoro, settings.lexicon)
        return manner, Booth(self._models.scheduler, self._say, self._progress)

    def composer(self) -> Composer:
        return self._choose("compose", COMPOSERS, AUTO)

    def layout(self) -> Layout:
        return self._choose("layout", LAYOUTS, self._settings.layout)

    def _choose(
        self,
        stage: str,
        registry: Registry[B],
        wanted: str,
        prepare: Callable[[B], None] | None = None,
        needs: object = None,
        *,
        quiet: bool = False,
    ) -> B:
        found = self._proven.get((stage, wanted, needs))
        if found is None:
            found = self._proven[stage, wanted, needs] = registry.choose(wanted, prepare)
        elif prepare is not None:
            # What it says from now on is of this job.
            prepare(found[0])
        backend: B = found[0]
        choice: BackendChoice = found[1]
        if choice.reason and not quiet and self.choices.get(stage) != choice:
            self._say(f"{registry.kind} {choice.used} is used, since {choice.reason}")
        self.choices[stage] = choice
        return backend
