"""What the options for title, logo, bar and cover come to."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from nvpipe.captions.box import Box, safe_area
from nvpipe.captions.draw import CaptionPainter
from nvpipe.captions.styles import style
from nvpipe.errors import MediaError
from nvpipe.pipeline.extras import (
    LONGEST_TITLE_S,
    SHORTEST_TITLE_S,
    cover_hint,
    draw_extras,
    key_of,
    plan_extras,
    prove_logo,
    title_end_s,
    title_room,
)
from nvpipe.pipeline.tell import Told
from nvpipe.settings import Settings
from nvpipe.types import (
    CaptionTrack,
    CoverHint,
    Cue,
    Cut,
    Extras,
    Footage,
    Logo,
    MotionTrack,
    Narration,
    OutputFormat,
    Script,
    ScriptLine,
    Segment,
    Timeline,
    TitleCard,
)

HOOK = "In 1999 engineers moved a lighthouse of 4,830 tons without cracking a single brick."
SCRIPT = Script((ScriptLine(HOOK, (HOOK,)), ScriptLine("It took 23 days.", ())), "en", "fake", "digest")
NARRATION = Narration(Path("n.wav"), 22050, 20.0, "fake", "fake", ())
SIZES = [(1080, 1920), (1080, 1080), (1080, 1350), (1920, 1080), (360, 640)]


def told() -> Told:
    return Told(SCRIPT, NARRATION, 20.0, 1.0)


@pytest.fixture
def logo(tmp_path: Path) -> Path:
    path = tmp_path / "logo.png"
    Image.new("RGBA", (300, 200), (200, 30, 30, 255)).save(path)
    return path


def test_nothing_is_drawn_unless_asked_for(tmp_path: Path) -> None:
    assert plan_extras(told(), Settings(tmp_path), 20.0) == Extras()


def test_a_title_without_text_is_the_scripts_first_sentence(tmp_path: Path) -> None:
    title = plan_extras(told(), Settings(tmp_path, title=True), 20.0).title
    assert title is not None
    assert (title.text, title.language) == (HOOK, "en")
    own = plan_extras(told(), Settings(tmp_path, title="My own"), 20.0).title
    assert own is not None
    assert own.text == "My own"


def test_a_title_lasts_as_long_as_it_takes_to_read_within_bounds() -> None:
    assert title_end_s("Hook", 45) == SHORTEST_TITLE_S
    assert SHORTEST_TITLE_S < title_end_s(HOOK, 45) < LONGEST_TITLE_S
    assert title_end_s("word " * 100, 45) == LONGEST_TITLE_S
    assert title_end_s(HOOK, 4.0) == 2.0


def test_the_logos_content_counts_and_not_where_it_lies(tmp_path: Path, logo: Path) -> None:
    settings = Settings(tmp_path, logo=logo)
    before = plan_extras(told(), settings, 20.0)
    moved = logo.rename(tmp_path / "elsewhere.png")
    after = plan_extras(told(), replace(settings, logo=moved), 20.0)
    assert key_of(after) == key_of(before)
    Image.new("RGB", (9, 9)).save(moved)
    assert key_of(plan_extras(told(), replace(settings, logo=moved), 20.0)) != key_of(before)


@pytest.mark.parametrize(
    "other", [{"title": True}, {"logo_position": "top-left"}, {"logo_size": 20.0}, {"progress_bar": True}]
)
def test_whatever_is_drawn_is_part_of_the_key(tmp_path: Path, logo: Path, other: dict[str, object]) -> None:
    settings = Settings(tmp_path, logo=logo)
    changed = replace(settings, **other)  # type: ignore[arg-type]
    assert key_of(plan_extras(told(), settings, 20.0)) != key_of(plan_extras(told(), changed, 20.0))


def test_a_useless_logo_is_told_before_any_work(tmp_path: Path) -> None:
    clear = tmp_path / "clear.png"
    Image.new("RGBA", (20, 20)).save(clear)
    with pytest.raises(MediaError, match="wholly transparent"):
        prove_logo(Settings(tmp_path, logo=clear))
    with pytest.raises(MediaError, match="does not exist"):
        prove_logo(Settings(tmp_path, logo=tmp_path / "missing.png"))
    prove_logo(Settings(tmp_path))


def test_a_title_goes_to_the_top_of_the_safe_area_where_that_is_free() -> None:
    safe = safe_area(1080, 1920)
    room = title_room(safe, [Box(100, 1100, 900, 1300)], None, 1920)
    assert room is not None
    assert (room.left_px, room.top_px, room.right_px) == (safe.left_px, safe.top_px, safe.right_px)
    assert room.bottom_px <= 1100


def test_a_title_goes_below_captions_at_the_top() -> None:
    safe = safe_area(1080, 1920)
    captions = Box(100, safe.top_px + 40, 900, safe.top_px + 300)
    room = title_room(safe, [captions], None, 1920)
    assert room is not None
    assert room.top_px > captions.bottom_px
    assert room.bottom_px <= safe.bottom_px


def timeline(size: tuple[int, int], extras: Extras, caption_style: str = "default") -> Timeline:
    words = ("an", "extraordinarily", "lighthouse")
    cues = tuple(Cue(0.5 * number, 0.5 * number + 0.5, words, number % 3) for number in range(12))
    track = CaptionTrack(cues, caption_style)
    output = OutputFormat(*size, Fraction(30), "blur", "medium")
    return Timeline((), NARRATION, 0.3, track, output, 20.0, extras=extras, cover=CoverHint(5.0))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("position", "text"), [("top-right", HOOK), ("bottom-left", "Hook"), ("top-left", "word " * 60)]
)
def test_the_title_lies_in_the_safe_area_and_over_neither_caption_nor_logo(
    size: tuple[int, int], position: str, text: str, logo: Path
) -> None:
    shown = timeline(size, Extras(TitleCard(text, 4.0), Logo(logo, "d", position, 0.15)))
    look = style("default")
    captions = CaptionPainter(look, *size, safe_area(*size))
    drawn = draw_extras(shown, captions, look)
    assert drawn.title is not None
    box = drawn.title.box
    assert safe_area(*size).contains(box)
    others = [captions.rectangle(cue) for cue in shown.captions.cues if cue.start_s < 4.0]
    assert all(other is None or not overlap(box, other) for other in others)
    bitmap = drawn.overlays[1].stamp.bitmap  # type: ignore[attr-defined]
    assert not overlap(box, Box(bitmap.x_px, bitmap.y_px, bitmap.x_px + bitmap.alpha.shape[1],
                                bitmap.y_px + bitmap.alpha.shape[0]))  # fmt: skip


def overlap(one: Box, other: Box) -> bool:
    return (
        one.left_px < other.right_px
        and other.left_px < one.right_px
        and one.top_px < other.bottom_px
        and other.top_px < one.bottom_px
    )


def test_a_character_of_the_title_that_no_font_has_is_told() -> None:
    shown = timeline((360, 640), Extras(TitleCard("Hook \u0378", 4.0)))
    assert "\u0378" in draw_extras(shown, None, style("default")).missing


def test_a_title_goes_beside_a_logo_that_takes_the_height() -> None:
    safe = Box(0, 0, 1000, 180)
    room = title_room(safe, [], Box(0, 0, 170, 170), 200)
    assert room is not None
    assert room.left_px > 170
    assert room.right_px == 1000


def test_a_title_without_any_room_is_left_out_and_told(logo: Path) -> None:
    assert title_room(Box(0, 0, 1000, 100), [Box(0, 20, 900, 80)], None, 120) is None
    invisible = draw_extras(timeline((360, 640), Extras(TitleCard("\u200b", 4.0))), None, style("default"))
    assert invisible.title is None
    assert "left out at 360x640" in invisible.warnings[0]
    assert draw_extras(timeline((360, 640), Extras(TitleCard("Hook", 4.0))), None, style("default")).warnings == ()


FOOTAGE = Footage("a-1", Path("a.mp4"), "d1", 64, 64, Fraction(30), 90.0, "h264", 0, True, "bt709", False)


def test_the_cover_is_looked_for_at_the_strongest_peak_and_away_from_cuts(tmp_path: Path) -> None:
    segments = [Segment("a-1", 10.0, 14.0, 1.0, 12.0), Segment("a-1", 50.0, 56.0, 2.0, 53.0)]
    cuts = [Cut(FOOTAGE, 10.0, 14.0, 0.0), Cut(FOOTAGE, 50.0, 56.0, 4.0)]
    track = MotionTrack("a-1", "fake/1", 1.0, 90.0, (1.0,) * 90, (), cuts_s=(9.0, 11.0, 50.0, 52.5, 80.0))
    hint = cover_hint(segments, cuts, {"a-1": track}, Settings(tmp_path))
    assert hint == CoverHint(7.0, (0.0, 1.0, 4.0, 6.5))
    assert cover_hint(segments, cuts, {"a-1": track}, Settings(tmp_path, cover=False)) is None
