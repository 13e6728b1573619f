"""`--since`: a date, or how long ago."""

from __future__ import annotations

import re
from datetime import datetime

from nvpipe.errors import UsageError

_UNITS_S = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AGO = re.compile(r"([0-9]{1,6})\s*([mhdw])", re.IGNORECASE)


def parse_since(text: str, now_s: float) -> float:
    """The moment that is meant, in seconds since 1970.

    Args:
        text: `30m`, `12h`, `7d`, `2w`, or a date as of ISO 8601, local time unless it says otherwise.
        now_s: from which to count back.

    Raises:
        UsageError: it is neither.
    """
    ago = _AGO.fullmatch(text.strip())
    if ago is not None:
        return now_s - int(ago[1]) * _UNITS_S[ago[2].lower()]
    try:
        return datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"since takes a date or a time span, not {text!r}", hint="give it as 2026-11-01, 7d, 12h or 2w"
        ) from None
