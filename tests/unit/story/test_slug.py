from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nvpipe.story.slug import MAX_SLUG_CHARS, slugify, unique_slugs


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Harbour bridge to close", "harbour-bridge-to-close"),
        ("Über die Brücke: 10 % – „nein“!", "uber-die-brucke-10-nein"),
        ("Łódź, Ærø & Straße", "lodz-aero-strasse"),
        ("Don’t look down", "dont-look-down"),
        ("橋の閉鎖", "橋の閉鎖"),
        ("पुल बंद है", "पुल-बंद-है"),
        ("Йод", "йод"),
        ("", "short"),
        ("...", "short"),
        ("-rf /", "rf"),
        ("../../etc/passwd", "etc-passwd"),
        ("CON", "con-short"),
        ("a\0b\nc", "a-b-c"),
    ],
)
def test_slug(title: str, slug: str) -> None:
    assert slugify(title) == slug


def test_long_title_is_cut_at_a_word() -> None:
    slug = slugify("one two three " * 20)
    assert len(slug) <= MAX_SLUG_CHARS
    assert set(slug.split("-")) == {"one", "two", "three"}


def test_one_long_word_is_cut() -> None:
    assert slugify("a" * 500) == "a" * MAX_SLUG_CHARS


@given(st.text())
def test_slug_is_a_safe_file_name(title: str) -> None:
    slug = slugify(title)
    assert slug
    assert len(slug) <= MAX_SLUG_CHARS
    assert len(slug.encode()) <= 200
    assert not slug.startswith(("-", "."))
    assert all(char == "-" or unicodedata.category(char)[0] in "LMN" for char in slug)


def test_equal_slugs_are_numbered_in_order() -> None:
    assert unique_slugs(["a", "b", "a", "a"]) == ["a", "b", "a-2", "a-3"]


def test_numbers_in_use_are_passed_over() -> None:
    assert unique_slugs(["a", "a", "a-2"]) == ["a", "a-3", "a-2"]
    assert unique_slugs(["a-2", "a", "a"]) == ["a-2", "a", "a-3"]


@given(st.lists(st.sampled_from(["a", "A", "a-2", "a-3", "a-2-2", "b"]), max_size=12))
def test_unique_slugs_are_unique_without_case(slugs: list[str]) -> None:
    unique = unique_slugs(slugs)
    assert len({slug.casefold() for slug in unique}) == len(slugs)
    assert all(new.startswith(old) for new, old in zip(unique, slugs, strict=True))


def test_many_equal_slugs() -> None:
    assert unique_slugs(["x"] * 3000)[-1] == "x-3000"


def test_names_with_endings_are_nobody_elses() -> None:
    sizes = ["-1x1"]
    assert unique_slugs(["a", "a-1x1"], endings=[sizes, []]) == ["a", "a-1x1-2"]
    assert unique_slugs(["a-1x1", "a"], endings=[[], sizes]) == ["a-1x1", "a-2"]
    assert unique_slugs(["a", "a"], endings=[sizes, sizes]) == ["a", "a-2"]
    taken = {"a-1x1"}.__contains__
    assert unique_slugs(["a"], [taken], [sizes]) == ["a-2"]
    assert unique_slugs(["a"], [taken]) == ["a"]
