"""The backends of a run, each chosen and proven once, when it is first needed."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from nvpipe.compose import COMPOSERS, LAYOUTS, DrawingComposer
from nvpipe.errors import BackendUnavailableError
from nvpipe.footage.motion import SCORERS
from nvpipe.media.decode import DECODERS, ON_CARD, marked
from nvpipe.media.encode import ENCODERS
from nvpipe.pipeline.models import Models
from nvpipe.registry import AUTO, Backend, Registry
from nvpipe.scheduler.gpu import FIRST_CARD
from nvpipe.story import WRITERS, Desk, Wishes
from nvpipe.voice import SPEAKERS, Booth, Manner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, MutableMapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from nvpipe.compose import Composer, Layout
    from nvpipe.footage.motion import Scorer
    from nvpipe.media.decode import Decoder
    from nvpipe.media.encode import Encoder
    from nvpipe.scheduler.own_work import OwnWork
    from nvpipe.settings import Settings
    from nvpipe.story import Writer
    from nvpipe.types import BackendChoice, Progress
    from nvpipe.voice import Speaker

B = TypeVar("B", bound=Backend)

_CPU_DECODER = "pyav"
_CPU_COMPOSER = "cpu"

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
        proven: MutableMapping[tuple[str, str, object], tuple[Any, BackendChoice]],
        say: Callable[[str], None],
        models: Models | None = None,
        progress: Callable[[Progress], None] | None = None,
        proving: AbstractContextManager[object] | None = None,
    ) -> None:
        self._settings = settings
        self._proven = proven
        self._say = say
        self._models = models or Models(settings.storage)
        self._progress = progress
        self._proving: AbstractContextManager[object] = proving or nullcontext()
        """Held while a backend is proven, where several jobs are at work at once."""
        self.fast = settings.fast
        """Whether coarse tracks will do."""
        self._prepared: dict[tuple[str, str, object], tuple[Any, BackendChoice]] = {}
        """What this job has chosen already."""
        self.choices: dict[str, BackendChoice] = {}
        """What was chosen so far, by stage."""
        self._decoder: Decoder | None = None
        self._told: set[str] = set()
        """What was said of footage that is composed on the CPU."""
        self._left_to_cpu: list[str] = []
        """Why the CPU decodes some videos that the decoder chosen by `auto` does not."""

    def decoder(self) -> Decoder:
        """The decoder of the settings; under `auto`, one that leaves to the CPU what it cannot decode."""
        wanted = self._settings.decoder
        if wanted != AUTO:
            return self._choose("decode", DECODERS, wanted)
        from nvpipe.media.decode.nvdec_driver import Driver

        # Whoever has no card misses none.
        first = self._choose("decode", DECODERS, wanted, quiet=not Driver().has_traces())
        choice = self.choices["decode"]
        if choice.used == _CPU_DECODER:
            return first
        if self._decoder is None:
            from nvpipe.media.decode.nvdec_fallback import ElseCpuDecoder

            self._decoder = ElseCpuDecoder(first, self._note_fallback)
        self.choices["decode"] = replace(choice, reason="; ".join(self._left_to_cpu))
        return self._decoder

    def _note_fallback(self, reason: str) -> None:
        self._left_to_cpu.append(reason)
        self.choices["decode"] = replace(self.choices["decode"], reason="; ".join(self._left_to_cpu))
        self._say(f"decoder {_CPU_DECODER} is used, since {reason}")

    def encoder(self) -> Encoder:
        # Parameters for x264 ask for x264.
        named = "x264" if self._settings.x264_params and self._settings.encoder == AUTO else self._settings.encoder
        codec = self._settings.codec
        from nvpipe.media.decode.nvdec_driver import Driver

        # Whoever has no card misses none.
        quiet = named == AUTO and codec == "h264" and not Driver().has_traces()
        return self._choose("encode", ENCODERS, named, lambda one: one.prepare(codec), codec, quiet=quiet)

    def scorer(self) -> Scorer:
        self.decoder()
        on_card = self.choices["decode"].used in ON_CARD
        # Whoever decodes on the CPU misses no card.
        return self._choose(
            "score", SCORERS, AUTO, lambda one: one.prepare(on_card=on_card), on_card, quiet=not on_card
        )

    def scorer_versions(self) -> list[str]:
        """What cached tracks are looked up by, best first; nothing is proven, since they need no scorer."""
        versions = dict.fromkeys(SCORERS.load(name).version for name in SCORERS.names())
        return [marked(version, self._settings.decoder) for version in versions]

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

    def vision(
        self, stage: str, workers: int | None, most: int, each_bytes: int, size_px: tuple[int, int] = (0, 0)
    ) -> AbstractContextManager[OwnWork]:
        """Memory for pictures from the run's scheduler, of the card where that decodes; see `Models.vision`."""
        self.decoder()
        device = FIRST_CARD if self.choices["decode"].used in ON_CARD else ""
        return self._models.vision(stage, workers, most, each_bytes, size_px, device)

    def composer(self, footage: Iterable[Path] = ()) -> Composer:
        """The composer; the CPU's for footage that the one chosen by `auto` does not show as it does.

        Args:
            footage: what is composed.

        Raises:
            MediaError: footage cannot be read.
        """
        from nvpipe.media.decode.nvdec_driver import Driver

        # Whoever has no card misses none.
        wanted = self._settings.device
        composer = self._choose("compose", COMPOSERS, wanted, quiet=wanted != AUTO or not Driver().has_traces())
        reason = composer.refusal(footage) if isinstance(composer, DrawingComposer) else ""
        if not reason:
            return composer
        if wanted != AUTO:
            raise BackendUnavailableError(f"composer {wanted} is not usable here: {reason}", hint="use --device auto")
        choice = self.choices["compose"]
        told = f"composer {_CPU_COMPOSER} is used, since {choice.used}: {reason}"
        if told not in self._told:
            self._told.add(told)
            self._say(told)
        self.choices["compose"] = replace(choice, used=_CPU_COMPOSER, reason=f"{choice.used}: {reason}")
        return COMPOSERS.load(_CPU_COMPOSER)

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
        key = (stage, wanted, needs)
        # Whoever holds memory must not wait here for a job that proves a model and waits for memory.
        found = self._prepared.get(key)
        if found is None:
            with self._proving:
                found = self._proven.get(key)
                if found is None:
                    found = self._proven[key] = registry.choose(wanted, prepare)
                elif prepare is not None:
                    # What it says from now on is of this job.
                    prepare(found[0])
            self._prepared[key] = found
        backend: B = found[0]
        choice: BackendChoice = found[1]
        if choice.reason and not quiet and self.choices.get(stage) != choice:
            self._say(f"{registry.kind} {choice.used} is used, since {choice.reason}")
        self.choices[stage] = choice
        return backend
