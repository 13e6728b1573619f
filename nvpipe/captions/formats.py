"""Which subtitle files can be written."""

from __future__ import annotations

from nvpipe.errors import UsageError

FORMATS = ("srt", "vtt", "ass")
"""Their file name extensions; the first is always written."""


def parse_formats(text: str) -> tuple[str, ...]:
    """The formats in a list like `srt,ass`, the first of `FORMATS` added when it is not named.

    Raises:
        UsageError: one is unknown.
    """
    asked = [name.strip().lower().removeprefix(".") for name in text.split(",")]
    for name in asked:
        if name not in FORMATS:
            raise UsageError(f"there is no subtitle format {name!r}", hint=f"choose from: {', '.join(FORMATS)}")
    return tuple(name for name in FORMATS if name in asked or name == FORMATS[0])
