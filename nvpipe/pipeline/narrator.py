"""What a job's narration follows from besides its options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nvpipe.pipeline.casting import EMBEDDED

if TYPE_CHECKING:
    from nvpipe.settings import Settings


def voice_key(settings: Settings) -> dict[str, object]:
    """The content of the model that speaks; nothing where none is named or asked for.

    A repository's model counts by its name: it is downloaded once, so that one storage folder has one content for it.
    """
    if settings.kokoro is None or settings.speaker == EMBEDDED or settings.narration is not None:
        return {}
    from nvpipe.voice.kokoro.content import content_of_named

    return {"kokoro": content_of_named(settings.kokoro, settings.storage)}
