"""`--since`: dates and spans of time."""

from __future__ import annotations

import pytest

from nvpipe.errors import UsageError
from nvpipe.pipeline.since import parse_since

NOW_S = 1_793_700_000.0


@pytest.mark.parametrize(
    ("text", "moment_s"),
    [
        ("7d", NOW_S - 7 * 86_400),
        ("12 H", NOW_S - 12 * 3600),
        ("2w", NOW_S - 14 * 86_400),
        ("30m", NOW_S - 1800),
        ("0d", NOW_S),
        ("2026-11-03T10:00:00Z", NOW_S),
        ("2026-11-03T11:00:00+01:00", NOW_S),
    ],
)
def test_moments(text: str, moment_s: float) -> None:
    assert parse_since(text, NOW_S) == moment_s


def test_a_date_is_local_midnight() -> None:
    assert parse_since("2026-11-03", NOW_S) == parse_since("2026-11-03T00:00", NOW_S)


@pytest.mark.parametrize(
    "text", ["", "d", "7", "-7d", "7 days", "yesterday", "2026-13-01", "1e3d", "9" * 9 + "d", "٧d"]
)
def test_what_is_neither_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="since") as caught:
        parse_since(text, NOW_S)
    assert caught.value.hint
