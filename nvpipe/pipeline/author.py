"""Who writes the script: what it follows from besides the options, and who takes over when a model fails."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nvpipe.errors import WriterFailedError
from nvpipe.pipeline.tell import Told, tell
from nvpipe.registry import AUTO
from nvpipe.types import BackendChoice
from nvpipe.types.codec import digest_of

if TYPE_CHECKING:
    from pathlib import Path

    from nvpipe.cache.stages import StageStore
    from nvpipe.pipeline.stages import JobLog
    from nvpipe.pipeline.tell import Tellers
    from nvpipe.pipeline.tools import Toolbox
    from nvpipe.settings import Settings
    from nvpipe.types import Article

REFUSED = "script-refused"
"""Name of the stage that remembers which article a model could not write about."""
EMBEDDED = "extractive"


def author_key(settings: Settings) -> dict[str, object]:
    """What a script follows from besides its options: the content of the model and of the tone.

    A repository's file counts by its name: it is downloaded once, so that one storage folder has one content for it.

    Raises:
        InputError: there is no such model.
        UsageError: there is no such tone.
    """
    if settings.script is not None or settings.writer == EMBEDDED:
        return {"llama": None, "tone": None}
    from nvpipe.story.llama.prompt import tone_text

    return {"llama": _model_key(settings), "tone": tone_text(settings.tone)}


def _model_key(settings: Settings) -> str | None:
    if settings.llama is None:
        return None
    from nvpipe.story.llama.files import content_digest, find_model, parse_wish

    if parse_wish(settings.llama) is not None:
        return settings.llama
    found = find_model(settings.llama, settings.storage)
    return None if found is None else content_digest(found.path, settings.storage)


def told_by(
    article: Article, settings: Settings, tellers: Tellers, tools: Toolbox, store: StageStore, log: JobLog, work: Path
) -> Told:
    """`tell`; where `auto` chose a model that fails at it, the embedded writer takes over, said once.

    Raises:
        ArticleError: there is nothing in the article that can be told.
        WriterFailedError: the writer that was asked for by name failed.
        BackendFailedError: the synthesiser failed.
    """
    if settings.writer != AUTO or tellers.writer_name == EMBEDDED:
        return tell(article, settings.seconds, tellers, store, log, work)
    who = [tellers.writer.version, tellers.speaker.version, tellers.voice, tellers.language, settings.speed]
    key = digest_of([article.digest, settings.seconds, *who])
    known = store.load(REFUSED, key)
    if isinstance(known, str):
        reason = known
    else:
        try:
            return tell(article, settings.seconds, tellers, store, log, work)
        except WriterFailedError as error:
            reason = " ".join(error.message.split())
            log.fallback = log.fallback or not error.lasting
            if error.lasting:
                # The same model would fail in the same way, after minutes of work.
                store.save(REFUSED, key, reason)
    log.notice(f"writer {EMBEDDED} takes over, since {tellers.writer_name}: {reason}", once_a_run=True)
    writer = tools.writer(EMBEDDED)
    tools.choices["write"] = BackendChoice(EMBEDDED, AUTO, f"{tellers.writer_name}: {reason}")
    return tell(article, settings.seconds, replace(tellers, writer=writer, writer_name=EMBEDDED), store, log, work)
