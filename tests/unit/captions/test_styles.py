"""Styles as data: what the package brings, what a user adds, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nvpipe.captions.style_rules import colour
from nvpipe.captions.styles import STYLE_NAMES, fonts, own_styles, style
from nvpipe.errors import UsageError
from nvpipe.settings import load_settings
from nvpipe.types import CaptionTrack, Cue, Ink
from nvpipe.types.codec import from_json, to_json

if TYPE_CHECKING:
    from pathlib import Path

ORIGINAL = {
    "default", "bold", "minimal", "highlight", "modern", "impact", "roboto", "montserrat", "bubble", "bubble_blue",
    "bubble_gaming", "bubble_cute", "bubble_classic", "bubble_neon",
}  # fmt: skip


def test_the_originals_styles_are_there_and_every_font_is_shipped() -> None:
    assert set(STYLE_NAMES) >= ORIGINAL
    assert {"word", "karaoke", "pop"} <= set(STYLE_NAMES)
    assert {style(name).font for name in STYLE_NAMES} <= set(fonts())


def test_styles_can_be_told_apart() -> None:
    looks = [style(name) for name in STYLE_NAMES]
    assert len({repr(look).partition(", ")[2] for look in looks}) == len(looks)


def test_a_style_takes_the_rest_from_its_base() -> None:
    (mine,) = own_styles({"mine": {"base": "bold", "outline": {"colour": "#FF000080"}}}, "here")
    bold = style("bold")
    assert mine.outline == Ink(255, 0, 0, 0.502)
    assert (mine.outline_px, mine.size_px, mine.font) == (bold.outline_px, bold.size_px, bold.font)


def test_without_a_base_it_is_default_and_a_packaged_name_is_changed() -> None:
    mine, bold = own_styles({"mine": {"size_px": 90}, "bold": {"case": "lower"}}, "here")
    assert mine.active == style("default").active
    assert (bold.case, bold.size_px) == ("lower", style("bold").size_px)
    assert style("bold", (bold,)) is bold


def test_own_styles_can_be_based_on_each_other_in_any_order() -> None:
    last, first = own_styles({"last": {"base": "first", "size_px": 50}, "first": {"text": "#010203"}}, "here")
    assert (last.text, last.size_px) == (first.text, 50)


def test_words_that_were_spoken_look_like_words_to_come_unless_told() -> None:
    (mine,) = own_styles({"mine": {"text": "#112233"}}, "here")
    assert mine.spoken == mine.text == colour("#112233")


@pytest.mark.parametrize(
    ("tables", "place", "hint"),
    [
        (5, "captions: takes tables", ""),
        ({"mine": 3}, "captions.mine: takes a table", ""),
        ({"mine": {"sise_px": 3}}, "captions.mine.sise_px: there is no such key", "size_px"),
        ({"mine": {"size_px": "big"}}, "captions.mine.size_px: takes a number, not 'big'", ""),
        ({"mine": {"size_px": True}}, "captions.mine.size_px: takes a number", ""),
        ({"mine": {"size_px": float("nan")}}, "captions.mine.size_px: takes a number", ""),
        ({"mine": {"size_px": 4000}}, "captions.mine.size_px: is 4000, but must lie from 12 to 400", ""),
        ({"mine": {"words_per_cue": 1.5}}, "captions.mine.words_per_cue: takes a whole number", ""),
        ({"mine": {"font": "Comic"}}, "captions.mine.font: there is no font 'Comic'", "Anton_400Regular"),
        ({"mine": {"font": "../../x.ttf"}}, "captions.mine.font: there is no font", ""),
        ({"mine": {"text": "red"}}, "captions.mine.text: takes a colour", "#RRGGBB"),
        ({"mine": {"case": "title"}}, "captions.mine.case: cannot be 'title'", "upper"),
        ({"mine": {"case": ["upper"]}}, "captions.mine.case: cannot be", "upper"),
        ({"mine": {"box": "word"}}, "captions.mine.box: takes a table", "padding_x_px"),
        ({"mine": {"box": {"behind": "line"}}}, "captions.mine.box.behind: cannot be 'line'", "block"),
        ({"mine": {"animation": {"speed": 2}}}, "captions.mine.animation.speed: there is no such key", "duration_s"),
        ({"mine": {"base": "none"}}, "captions.mine.base: there is no style 'none'", "bold"),
        ({"mine": {"base": 7}}, "captions.mine.base: takes the name", ""),
        ({"one": {"base": "two"}, "two": {"base": "one"}}, "base: 'one' is based on this style itself", ""),
        ({"mine": {"base": "mine"}}, "captions.mine.base: there is no style 'mine'", ""),
        ({"auto": {}}, "a style cannot be named 'auto'", ""),
        ({"a b": {}}, "a style cannot be named 'a b'", ""),
        ({f"s{i}": {} for i in range(5000)}, "at most 200", ""),
    ],
)
def test_a_mistake_is_one_line_with_its_place(tables: object, place: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        own_styles(tables, "nvpipe.toml: captions")
    assert place in caught.value.message
    assert hint in caught.value.hint
    assert "\n" not in caught.value.line()


def test_a_settings_file_brings_styles_and_chooses_one(tmp_path: Path) -> None:
    path = tmp_path / "nvpipe.toml"
    path.write_text('[captions]\nstyle = "mine"\n[captions.mine]\nbase = "karaoke"\nactive = "#FF00AA"\n')
    settings = load_settings({}, environ={}, folder=tmp_path)
    assert settings.captions == "mine"
    assert settings.caption_styles[0].active == Ink(255, 0, 170)
    assert load_settings({"captions": "bold"}, environ={}, folder=tmp_path).captions == "bold"
    with pytest.raises(UsageError, match="cannot be 'yours'") as caught:
        load_settings({"captions": "yours"}, environ={}, folder=tmp_path)
    assert "mine" in caught.value.hint
    assert "auto" in caught.value.hint


def test_a_settings_file_can_still_name_a_style_alone(tmp_path: Path) -> None:
    (tmp_path / "nvpipe.toml").write_text('captions = "impact"\n')
    assert load_settings({}, environ={}, folder=tmp_path).captions == "impact"


def test_a_wrong_style_is_refused_even_when_it_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "nvpipe.toml").write_text("[captions.mine]\nsize_px = 1\n")
    with pytest.raises(UsageError, match=r"nvpipe\.toml: captions\.mine\.size_px: is 1"):
        load_settings({}, environ={}, folder=tmp_path)


def test_a_track_with_its_style_comes_back_from_json() -> None:
    track = CaptionTrack((Cue(0, 1, ("a",), 0, 0.5),), "modern", "en", style("modern"))
    assert from_json(CaptionTrack, to_json(track)) == track
