"""The voices that a user may name, by speaker and language."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from nvpipe.errors import ArticleError, BackendFailedError, BackendUnavailableError, NvpipeError
from nvpipe.pipeline.models import Models
from nvpipe.pipeline.tools import Toolbox
from nvpipe.registry import AUTO
from nvpipe.voice import SPEAKERS

if TYPE_CHECKING:
    from nvpipe.pipeline.reporter import Reporter
    from nvpipe.settings import Settings


class VoiceName(NamedTuple):
    """A voice that `--voice` takes."""

    speaker: str
    language: str
    """A language tag, "" where it is not known."""
    name: str


def voices_of(settings: Settings, reporter: Reporter) -> list[VoiceName]:
    """The voices of the speaker that is named, or with `auto` of all that have some here; no model is opened.

    Args:
        settings: name the speaker, its model and perhaps a language.
        reporter: hears of a speaker that has none.

    Raises:
        UsageError: there is no speaker of that name.
        ArticleError: no voice speaks the language.
        BackendUnavailableError: the speaker's files are missing.
        BackendFailedError: the synthesiser failed.
    """
    wanted = SPEAKERS.names() if settings.speaker == AUTO else (settings.speaker,)
    found: list[VoiceName] = []
    failures: dict[str, NvpipeError] = {}
    with closing(Models(settings.storage)) as models:
        tools = Toolbox(settings, {}, reporter.notice, models, reporter.progress)
        for name in wanted:
            speaker = SPEAKERS.load(name)
            speaker.prepare(*tools.manner_and_booth())
            try:
                listed = speaker.list_voices(settings.language)
            except (ArticleError, BackendFailedError, BackendUnavailableError) as error:
                if settings.speaker != AUTO or name != "kokoro" or settings.kokoro is not None:
                    # Who names no model misses none.
                    failures[name] = error
                continue
            found += [VoiceName(name, language, voice) for language, voice in listed]
    if not found:
        raise next(iter(failures.values()), _none(settings.language))
    for name, failure in failures.items():
        reporter.notice(f"speaker {name} is left out: {failure.message}")
    return found


def _none(language: str | None) -> ArticleError:
    return ArticleError(f"no voice here speaks the language {language!r}", hint="leave out --language to see all")
