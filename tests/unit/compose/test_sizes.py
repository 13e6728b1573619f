"""Sizes as they are named on the command line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvpipe.compose.sizes import LONGEST_PX, SHORTEST_PX, NamedSize, parse_sizes
from nvpipe.errors import UsageError


def test_shapes_and_pixels_are_read_in_their_order() -> None:
    assert parse_sizes("9:16, 1:1,720X1280") == (
        NamedSize("9x16", 1080, 1920),
        NamedSize("1x1", 1080, 1080),
        NamedSize("720x1280", 720, 1280),
    )
    assert [(size.width_px, size.height_px) for size in parse_sizes("4:5,16:9")] == [(1080, 1350), (1920, 1080)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no size"),
        ("9:16,", "no size"),
        ("3:2", "no size"),
        ("1080", "no size"),
        ("-1080x1920", "no size"),
        ("1080x", "no size"),
        ("１０８０x1920", "no size"),
        ("1081x1920", "odd"),
        ("1080x4000", "180 to 3840"),
        ("2x2", "180 to 3840"),
        ("99999x99998", "odd"),
        ("1:1,1080x1080", "twice"),
        ("9:16,9:16", "twice"),
        (",".join(f"{200 + 2 * index}x200" for index in range(9)), "too many"),
    ],
)
def test_what_is_no_size_is_refused(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse_sizes(text)


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        sizes = parse_sizes(text)
    except UsageError:
        return
    for size in sizes:
        assert min(size.width_px, size.height_px) >= SHORTEST_PX
        assert max(size.width_px, size.height_px) <= LONGEST_PX
