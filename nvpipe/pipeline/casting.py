"""Who speaks a text of some language, and in which voice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nvpipe.errors import (
    ArticleError,
    BackendFailedError,
    BackendUnavailableError,
    NvpipeError,
    SpeakerFailedError,
    WriterFailedError,
)
from nvpipe.registry import AUTO
from nvpipe.types import BackendChoice

if TYPE_CHECKING:
    from nvpipe.pipeline.stages import JobLog
    from nvpipe.pipeline.tools import Toolbox
    from nvpipe.settings import Settings
    from nvpipe.voice import Speaker

EMBEDDED = "espeak"


def cast(language: str, settings: Settings, tools: Toolbox, log: JobLog) -> tuple[Speaker, str]:
    """The speaker of the settings and its voice; where `auto` chose one without the language, the embedded one.

    A voice that is named stays with the speaker that has it, so that it never becomes another one in silence.

    Args:
        language: of the text, perhaps with a region.
        settings: name the speaker and the voice, or leave them open.
        tools: where the speakers are; its choice is corrected.
        log: hears of the other speaker, once a run.

    Raises:
        UsageError: there is no voice of that name.
        ArticleError: no voice speaks the language.
        BackendUnavailableError: no speaker is usable here.
    """
    speaker = tools.speaker()
    chosen = tools.choices["speak"]
    if settings.kokoro is not None and chosen.reason:
        log.fallback = True
    try:
        return speaker, speaker.resolve_voice(language, settings.voice)
    except (ArticleError, BackendUnavailableError) as error:
        if _is_fixed(settings, chosen):
            raise
        return _embedded(error, language, tools, log)


def recast(error: NvpipeError, language: str, settings: Settings, tools: Toolbox, log: JobLog) -> tuple[Speaker, str]:
    """The embedded speaker and its voice, for one that `auto` chose and that failed while it spoke.

    Args:
        error: how it failed.
        language: of the text, perhaps with a region.
        settings: name the speaker and the voice, or leave them open.
        tools: where the speakers are; its choice is corrected.
        log: hears of the other speaker, once a run.

    Raises:
        SpeakerFailedError: the speaker or its voice was asked for by name.
        NvpipeError: `error` itself, where it is the writer's or the embedded speaker's.
    """
    chosen = tools.choices["speak"]
    if isinstance(error, WriterFailedError):
        raise error
    if not _is_fixed(settings, chosen):
        return _embedded(error, language, tools, log)
    named = settings.speaker != AUTO or settings.voice is not None
    if named and isinstance(error, BackendFailedError):
        raise SpeakerFailedError(error.message, hint=error.hint) from error
    raise error


def _is_fixed(settings: Settings, chosen: BackendChoice) -> bool:
    """Whether nobody else may speak."""
    return settings.speaker != AUTO or settings.voice is not None or chosen.used == EMBEDDED


def _embedded(error: NvpipeError, language: str, tools: Toolbox, log: JobLog) -> tuple[Speaker, str]:
    """The embedded speaker in another one's place, said once."""
    failed = tools.choices["speak"].used
    reason = f"{failed}: {' '.join(error.message.split())}"
    if not isinstance(error, ArticleError):
        # It is the model or the machine; a language that it lacks, it will always lack.
        log.fallback = True
    speaker = tools.speaker(EMBEDDED)
    voice = speaker.resolve_voice(language, None)
    tools.choices["speak"] = BackendChoice(EMBEDDED, AUTO, reason)
    log.notice(f"speaker {EMBEDDED} is used, since {reason}", once_a_run=True)
    return speaker, voice
