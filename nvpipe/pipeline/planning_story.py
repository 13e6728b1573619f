"""Script and narration of a plan: who makes them, whether they are cached, and what models they need."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nvpipe.errors import BackendUnavailableError
from nvpipe.pipeline.author import EMBEDDED as OWN_WRITER
from nvpipe.pipeline.casting import EMBEDDED as OWN_SPEAKER
from nvpipe.pipeline.planning_types import PlannedStage
from nvpipe.pipeline.tell import Tellers, kept_story
from nvpipe.registry import AUTO
from nvpipe.story import WRITERS, Desk, Wishes
from nvpipe.story.language import detect_language, primary_of
from nvpipe.voice import SPEAKERS, Booth, Manner

if TYPE_CHECKING:
    from nvpipe.cache.stages import StageStore
    from nvpipe.scheduler import ModelSpec, Scheduler
    from nvpipe.settings import Settings
    from nvpipe.story import Writer
    from nvpipe.types import Article
    from nvpipe.voice import Speaker

LLAMA, KOKORO = "llama", "kokoro"
_LIBRARIES = {LLAMA: "llama_cpp", KOKORO: "kokoro"}


@dataclass(slots=True)
class Story:
    """The first two stages of a job.

    Attributes:
        seconds: length of the short, as far as it is known before it is told.
        specs: of the models that must be loaded for them, by name.
    """

    stages: list[PlannedStage]
    seconds: float
    specs: dict[str, ModelSpec] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def planned_story(article: Article, settings: Settings, store: StageStore, card_room_bytes: int) -> Story:
    """The stages of a job's script and narration.

    Args:
        article: what is told.
        settings: the job's options.
        store: of the storage folder.
        card_room_bytes: what models may take of a card; 0 without one.

    Raises:
        NvpipeError: a model is missing or damaged, or nobody speaks the language.
    """
    if settings.script is not None:
        return _given(settings)
    notes: list[str] = []
    writer_name = _who(LLAMA, settings.writer, settings.llama, OWN_WRITER, notes)
    speaker_name = _who(KOKORO, settings.speaker, settings.kokoro, OWN_SPEAKER, notes)
    if _must_be_fetched(settings, writer_name, speaker_name):
        notes.append("a model is downloaded first, and only then it is known what it needs")
        stages = [_stage("script", writer_name, ""), _stage("narration", speaker_name, "")]
        return Story(stages, settings.seconds, {}, tuple(notes))
    writer, speaker = _writer(writer_name, settings), _speaker(speaker_name, settings)
    language = settings.language or detect_language(article.text)
    tellers = Tellers(
        writer,
        writer_name,
        speaker,
        speaker_name,
        speaker.resolve_voice(language, settings.voice),
        primary_of(language),
        settings.speed,
        settings.call_to_action,
    )
    has_script, narration_s = kept_story(article, settings.seconds, tellers, store)
    stages = [
        _stage("script", writer_name, LLAMA if writer_name == LLAMA else "", cached=has_script),
        _stage("narration", speaker_name, KOKORO if speaker_name == KOKORO else "", cached=narration_s is not None),
    ]
    used = [stage.model for stage in stages if stage.model and not stage.cached]
    specs = {model: _spec(model, writer, speaker, card_room_bytes) for model in used}
    return Story(stages, settings.seconds if narration_s is None else narration_s, specs, tuple(notes))


def _given(settings: Settings) -> Story:
    """A script that is spoken as it is; whether its sound is cached is seen when it is spoken."""
    speaker_name = (
        "given"
        if settings.narration is not None
        else _who(KOKORO, settings.speaker, settings.kokoro, OWN_SPEAKER, [])
    )
    uses = speaker_name == KOKORO and not _must_be_fetched(settings, "", KOKORO)
    specs = {KOKORO: _spec(KOKORO, None, _speaker(KOKORO, settings), 0)} if uses else {}
    stages = [_stage("script", "given", ""), _stage("narration", speaker_name, KOKORO if uses else "")]
    return Story(stages, settings.seconds, specs)


def _who(model: str, wanted: str, named: str | None, own: str, notes: list[str]) -> str:
    """Who would do it; that a model works is proven by the run alone.

    Raises:
        BackendUnavailableError: it was asked for by name, and what it needs is not there.
    """
    if wanted == own or (wanted == AUTO and named is None):
        return own
    if wanted not in (AUTO, model):
        return wanted
    missing = ""
    if named is None:
        missing = "no model is named"
    elif importlib.util.find_spec(_LIBRARIES[model]) is None:
        missing = f"{_LIBRARIES[model]} is not installed"
    if not missing:
        return model
    if wanted == model:
        raise BackendUnavailableError(f"{model} is not usable here: {missing}", hint="see nvpipe doctor")
    notes.append(f"{own} takes the place of {model}, since {missing}")
    return own


def _must_be_fetched(settings: Settings, writer_name: str, speaker_name: str) -> bool:
    if writer_name == LLAMA and settings.llama is not None:
        from nvpipe.story.llama.files import find_model

        if find_model(settings.llama, settings.storage) is None:
            return True
    if speaker_name == KOKORO and settings.kokoro is not None:
        from nvpipe.voice.kokoro.fetch import is_there

        return not is_there(settings.kokoro, settings.storage)
    return False


def _writer(name: str, settings: Settings) -> Writer:
    writer = WRITERS.load(name)
    wishes = Wishes(settings.storage, settings.llama, settings.tone, settings.seed, settings.call_to_action)
    writer.prepare(wishes, Desk(_no_scheduler, _unheard))
    return writer


def _speaker(name: str, settings: Settings) -> Speaker:
    speaker = SPEAKERS.load(name)
    speaker.prepare(Manner(settings.storage, settings.kokoro, settings.lexicon), Booth(_no_scheduler, _unheard))
    return speaker


def _spec(model: str, writer: Writer | None, speaker: Speaker, card_room_bytes: int) -> ModelSpec:
    from nvpipe.story.llama.writer import LlamaWriter, offloads
    from nvpipe.voice.kokoro.speaker import KokoroSpeaker

    if isinstance(writer, LlamaWriter) and model == LLAMA:
        return writer.usual_spec(card_room_bytes if offloads() else 0)
    assert isinstance(speaker, KokoroSpeaker)
    return speaker.spec()


def _stage(name: str, backend: str, model: str, *, cached: bool = False) -> PlannedStage:
    return PlannedStage(name, backend, "named or the only one", cached, model, None)


def _no_scheduler() -> Scheduler:
    raise AssertionError("a plan loads nothing")


def _unheard(_text: str) -> None:
    return
