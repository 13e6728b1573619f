"""WebVTT and ASS files, as libav reads them back."""

from __future__ import annotations

import re
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nvpipe.captions.ass import to_ass
from nvpipe.captions.box import safe_area
from nvpipe.captions.chain import FONT_FOLDER
from nvpipe.captions.cues import build_captions
from nvpipe.captions.formats import FORMATS, parse_formats
from nvpipe.captions.srt import to_srt
from nvpipe.captions.styles import STYLE_NAMES, style
from nvpipe.captions.subtitles import two_lines
from nvpipe.captions.typeface import Typeface
from nvpipe.captions.vtt import to_vtt
from nvpipe.errors import UsageError
from nvpipe.types import CaptionTrack, Cue, Word

HOSTILE = ["<b>", "-->", "{\\an8}", "\\N", "a&b", "</i>", "{", "}", "&lt;", "x\\h", "NOTE", "WEBVTT", "00:00:01.000"]


def spoken(text: str, language: str = "en", name: str = "default") -> CaptionTrack:
    words = [Word(word, i * 0.4, i * 0.4 + 0.35, 0) for i, word in enumerate(text.split())]
    return build_captions(words, style=name, language=language, duration_s=60)


def ass(track: CaptionTrack, size_px: tuple[int, int] = (1080, 1920)) -> str:
    look = style(track.style)
    return to_ass(track, look, Typeface(FONT_FOLDER / look.font), size_px, safe_area(*size_px))


def decoded(path: Path, text: str) -> list[tuple[float, float, str]]:
    """Start, end and text of every subtitle that libav finds."""
    path.write_text(text, "utf-8")
    found = []
    with av.open(str(path)) as container:
        for packet in container.demux(container.streams.subtitles[0]):
            if packet.pts is None or not packet.size:
                continue
            start_s = float(packet.pts * packet.time_base)
            end_s = start_s + float(packet.duration * packet.time_base)
            found += [(start_s, end_s, subtitle.ass.decode()) for subtitle in packet.decode()]
    return found


def dialogue(text: str) -> str:
    """What a player shows of an event's text as libav gives it (ASS)."""
    plain = text.split(",", 8)[-1].replace("\\{{}", "\ue000")
    plain = re.sub(r"\{[^}]*\}", "", plain)
    return plain.replace("\\N", "\n").replace("\ue000", "{").replace("\u2060", "")


def test_a_player_finds_the_same_times_and_words_in_every_format(tmp_path: Path) -> None:
    track = spoken("So we went, and they came. Then “everyone” left!")
    found = {
        name: decoded(tmp_path / f"x.{name}", text)
        for name, text in (("srt", to_srt(track)), ("vtt", to_vtt(track)), ("ass", ass(track)))
    }
    assert len(found["srt"]) == len(found["vtt"]) == len(found["ass"]) >= 3
    for one, two, three in zip(*found.values(), strict=True):
        assert one[:2] == pytest.approx(two[:2], abs=0.001)
        assert one[:2] == pytest.approx(three[:2], abs=0.0101)
        assert dialogue(one[2]) == dialogue(two[2]) == dialogue(three[2]) != ""


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12)), min_size=1, max_size=12))
def test_no_text_is_taken_for_markup(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    words = [Word(text, i * 0.4, i * 0.4 + 0.35, 0) for i, text in enumerate(texts)]
    track = build_captions(words, style="default", language="en", duration_s=60)
    folder = tmp_path_factory.mktemp("subtitles")
    for suffix, text in (("vtt", to_vtt(track)), ("ass", ass(track))):
        found = decoded(folder / f"x.{suffix}", text)
        shown = [" ".join(cue.words) for cue in track.cues if cue.active == 0]
        assert len(found) == len(shown)
        for (_, _, text_found), expected in zip(found, shown, strict=True):
            letters = [re.sub(r"\W", "", text) for text in (dialogue(text_found), expected)]
            assert letters[0] == letters[1]


def test_vtt_escapes() -> None:
    track = CaptionTrack((Cue(0, 1.5, ("a<b>&", "-->"), None),), "default")
    assert to_vtt(track) == "WEBVTT\n\n1\n00:00:00.000 --> 00:00:01.500\na&lt;b&gt;&amp; --&gt;\n"


def test_ass_has_a_karaoke_time_for_each_word() -> None:
    cues = tuple(Cue(i * 0.5, i * 0.5 + 0.5, ("one", "two", "ten"), i) for i in range(3))
    lines = ass(CaptionTrack(cues, "default")).splitlines()
    (event,) = [line for line in lines if line.startswith("Dialogue:")]
    assert event.startswith("Dialogue: 0,0:00:00.00,0:00:01.50,Default,,0,0,0,,{\\an5\\pos(540,")
    assert re.sub(r"\{\\an5[^}]*\}", "", event).endswith(",,{\\k50}one {\\k50}two {\\k50}ten")


def test_ass_words_in_the_letters_and_colours_of_the_style() -> None:
    text = ass(spoken("loud words", name="bold"))
    look = style("bold")
    assert "LOUD" in text
    colour = f"&H00{look.active.blue:02X}{look.active.green:02X}{look.active.red:02X}"
    row = next(line for line in text.splitlines() if line.startswith("Style:"))
    assert colour in row
    assert "Montserrat" in row
    assert len(row.split(",")) == 23


@pytest.mark.parametrize("name", STYLE_NAMES)
@pytest.mark.parametrize("size_px", [(1080, 1920), (1920, 1080), (1080, 1080)])
def test_ass_of_every_style_stands_in_the_safe_area(name: str, size_px: tuple[int, int], tmp_path: Path) -> None:
    text = ass(spoken("one two three", name=name), size_px)
    assert f"PlayResX: {size_px[0]}\nPlayResY: {size_px[1]}\n" in text
    x, y = map(int, re.findall(r"\\pos\((\d+),(\d+)\)", text)[0])
    safe = safe_area(*size_px)
    assert safe.left_px <= x <= safe.right_px
    assert safe.top_px <= y <= safe.bottom_px
    assert decoded(tmp_path / "x.ass", text)


def test_a_second_line_starts_with_a_word() -> None:
    assert two_lines("x" * 20 + " — " + "y" * 22, "en") == ["x" * 20 + " —", "y" * 22]
    assert two_lines("これはとても長い日本語の文章です。「次の行」に続きますよね。", "ja")[1][0] not in "。」、"
    assert two_lines("z" * 60, "en") == ["z" * 60]


def test_the_direction_of_a_line_that_begins_with_a_foreign_word() -> None:
    assert two_lines("iPhone הוא טוב", "he") == ["\u200fiPhone הוא טוב"]
    assert two_lines("הוא iPhone", "he") == ["הוא iPhone"]
    assert two_lines("iPhone, 2", "he") == ["iPhone, 2"]


def test_formats() -> None:
    assert parse_formats("srt") == ("srt",)
    assert parse_formats("ASS, .vtt") == FORMATS
    for text in ("", "srt,", "sub", "srt vtt"):
        with pytest.raises(UsageError, match="subtitle format"):
            parse_formats(text)
