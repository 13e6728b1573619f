"""Options that have no effect on a job, so that nobody waits for what they were meant to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nvpipe.pipeline.beside import BLUR, BLUR_OPTIONS, SPLIT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nvpipe.settings import Settings

MODEL_OPTIONS = ("tone", "seed")
"""Of a language model alone."""
WRITER_OPTIONS = ("writer", "llama", *MODEL_OPTIONS, "call-to-action")
SPEAKER_OPTIONS = ("speaker", "kokoro", "voice", "speed")


def idle_options(settings: Settings) -> list[str]:
    """A notice for each thing that takes no heed of options that were given."""
    plain = type(settings)(settings.storage)
    found = []
    blurs = () if settings.layout == BLUR else BLUR_OPTIONS
    seconds = () if settings.layout == SPLIT else ("split-with",)
    found.append((f"layout {settings.layout}", _given((*blurs, *seconds), settings, plain)))
    if settings.script is not None:
        found.append(("a script that is given", _given(WRITER_OPTIONS, settings, plain)))
    elif settings.llama is None:
        found.append(("a writer without --llama", _given(MODEL_OPTIONS, settings, plain)))
    if settings.narration is not None:
        found.append(("a narration that is given", _given(SPEAKER_OPTIONS, settings, plain)))
    return [f"{what} does not use {', '.join(names)}" for what, names in found if names]


def _given(names: Iterable[str], settings: Settings, plain: Settings) -> list[str]:
    return [
        name for name in names if getattr(settings, name.replace("-", "_")) != getattr(plain, name.replace("-", "_"))
    ]
