"""Who speaks a text of some language, and in which voice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nvpipe.errors import ArticleError, BackendUnavailableError
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
    try:
        return speaker, speaker.resolve_voice(language, settings.voice)
    except (ArticleError, BackendUnavailableError) as error:
        if settings.speaker != AUTO or settings.voice is not None or chosen.used == EMBEDDED:
            raise
        reason = " ".join(error.message.split())
    speaker = tools.speaker(EMBEDDED)
    voice = speaker.resolve_voice(language, None)
    tools.choices["speak"] = BackendChoice(EMBEDDED, AUTO, f"{chosen.used}: {reason}")
    log.notice(f"speaker {EMBEDDED} is used, since {chosen.used}: {reason}", once_a_run=True)
    return speaker, voice
