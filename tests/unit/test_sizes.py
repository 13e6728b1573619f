"""Sizes as people give them: one reading for every option."""

from __future__ import annotations

import pytest

from nvpipe.errors import UsageError
from nvpipe.pipeline.fetch import size_bytes
from nvpipe.settings import parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("500", 500),
        ("500M", 500 << 20),
        ("2G", 2 << 30),
        ("1.5g", 3 << 29),
        ("2 GiB", 2 << 30),
        ("10kb", 10240),
        (" 1T ", 1 << 40),
        ("7B", 7),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "x", "-1", "5X", "1e3", "nan", "inf", "M", "1 2", "1" * 50, "١", "5 M B", "1.", "0x10"]
)
def test_what_is_no_size_is_an_error_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="no size") as caught:
        parse_size(text)
    assert "500M" in caught.value.hint


def test_a_download_may_be_as_large_as_the_cache_says() -> None:
    assert size_bytes("4G") == parse_size("4G") == 4 << 30


@pytest.mark.parametrize("text", ["0", "0.1", "many"])
def test_a_download_needs_room(text: str) -> None:
    with pytest.raises(UsageError):
        size_bytes(text)
