"""What can be seen in a plot: the pixels of its panels and of the whole."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes.media import corners, make_video, solid
from fakes.tracks import STEP_S, make_footage, make_track
from PIL import Image

from nvpipe.media.decode.pyav import PyAvDecoder
from nvpipe.report.plot import chosen_segments
from nvpipe.report.plot_axis import TimeAxis
from nvpipe.report.plot_drawing import LEFT_PX, MAX_SIGNALS, RIGHT_PX, WIDTH_PX, bars_of, draw
from nvpipe.report.plot_marks import Scale
from nvpipe.report.plot_panels import CUT_COLOUR, LONG_COLOUR, RANK_COLOURS, CutsPanel, SignalPanel
from nvpipe.report.plot_pictures import fitted, pictures
from nvpipe.report.plot_sheet import FAINT, GREEN, PAPER, SKY, Colour, Lettering, Sheet
from nvpipe.types import Footage, MotionTrack, Signal

HOSTILE = [
    "עברית \u202eevil\u202c عربي",
    "日本語 한국어 हिन्दी ไทย",
    "🎮🏁👩‍👩‍👧‍👦",
    "line\nbreak\r\n\ttab\x00\x1b[31m",
    "\udcff\ufffe\U0010ffff",
    "x" * 5000,
    "e" + "\u0301" * 500,
    "",
    "   ",
]


@pytest.fixture(scope="module")
def lettering() -> Lettering:
    return Lettering(system_font_folders=())


@pytest.fixture(scope="module")
def nowhere() -> Footage:
    """Footage whose pictures cannot be decoded."""
    return make_footage(Path("nowhere.mp4"))


def plotted(footage: Footage, track: MotionTrack, lettering: Lettering) -> np.ndarray:
    data, _ = draw(footage, track, PyAvDecoder(), chosen_segments(track), lettering)
    return np.asarray(Image.open(io.BytesIO(data)))


def extent(pixels: np.ndarray, colour: Colour) -> tuple[int, int]:
    """First and last column of the widest run of a colour in one row."""
    found = (0, -1)
    for row in (pixels == colour).all(axis=-1):
        edges = np.flatnonzero(np.diff(np.concatenate(([0], row.view(np.int8), [0]))))
        for first, end in zip(edges[::2], edges[1::2], strict=True):
            if end - first > found[1] + 1 - found[0]:
                found = (int(first), int(end) - 1)
    return found


def column_set(pixels: np.ndarray, colour: Colour) -> set[int]:
    return set(np.flatnonzero((pixels == colour).all(axis=-1).any(axis=0)).tolist())


@pytest.mark.parametrize("duration_s", [120.0, 1000.0, 10_800.0])
def test_the_bar_of_a_segment_lies_over_its_time(duration_s: float, nowhere: Footage, lettering: Lettering) -> None:
    loud_s = (duration_s * 0.5, duration_s * 0.5 + 30)
    track = make_track(duration_s, loud_s=loud_s)
    pixels = plotted(nowhere, track, lettering)
    axis = TimeAxis(LEFT_PX, RIGHT_PX, duration_s)
    # The frame of the peak's picture has the same colour, further down.
    bars = pixels[: int(np.flatnonzero((pixels == RANK_COLOURS[0]).all(axis=-1).any(axis=1))[0]) + 12]
    assert extent(bars, RANK_COLOURS[0]) == pytest.approx((axis.x(loud_s[0]), axis.x(loud_s[1]) - 1), abs=3)


def test_the_best_of_two_lengths_are_named_and_coloured() -> None:
    track = make_track(300.0, loud_s=(100.0, 130.0))
    bars = bars_of(chosen_segments(track))
    assert [bar.name for bar in bars] == ["best 60 s", "best 30 s, no. 1", "best 30 s, no. 2", "best 30 s, no. 3"]
    assert [bar.colour for bar in bars] == [LONG_COLOUR, *RANK_COLOURS]
    assert bars[1].segment.start_s == 100.0


@pytest.mark.parametrize(("duration_s", "lengths_s"), [(61.0, [60, 30]), (45.0, [30, 15]), (10.0, [5])])
def test_lengths_that_are_shown_are_shorter_than_the_video(duration_s: float, lengths_s: list[float]) -> None:
    chosen = chosen_segments(make_track(duration_s))
    assert [length_s for length_s, _ in chosen] == lengths_s
    assert all(segment.duration_s == length_s for length_s, segments in chosen for segment in segments)


def test_a_short_video_is_one_segment() -> None:
    (bar,) = bars_of(chosen_segments(make_track(4.0)))
    assert (bar.name, bar.segment.start_s, bar.segment.end_s) == ("whole video", 0.0, 4.0)


def test_every_cut_has_its_tick(lettering: Lettering) -> None:
    axis = TimeAxis(200, 1200, 100.0)
    panel = CutsPanel(axis, (0.0, 10.0, 55.5, 99.99))
    sheet = Sheet(1300, panel.height_px, lettering)
    panel.draw(sheet, 0)
    assert column_set(np.asarray(sheet.image)[:, 200:], CUT_COLOUR) == {0, 100, 555, 999}


def signal_pixels(signal: Signal, lettering: Lettering, height_px: int = 64) -> np.ndarray:
    axis = TimeAxis(200, 1200, len(signal.values) * STEP_S or 1.0)
    sheet = Sheet(1200, height_px, lettering)
    SignalPanel(axis, signal, STEP_S, (), height_px).draw(sheet, 0)
    return np.asarray(sheet.image)[:, 200:]


def test_a_signal_is_green_above_and_blue_below_its_zero_line(lettering: Lettering) -> None:
    pixels = signal_pixels(Signal("flash", 1.0, (2.0, 0.0, -1.0, 0.0)), lettering)
    assert column_set(pixels, GREEN) == set(range(250))
    assert column_set(pixels, SKY) == set(range(500, 750))
    above, below = ((pixels == colour).all(axis=-1).sum(axis=0).max() for colour in (GREEN, SKY))
    assert above == pytest.approx(2 * below, abs=3)


def test_an_untrusted_signal_is_grey(lettering: Lettering) -> None:
    pixels = signal_pixels(Signal("flash", 0.0, (2.0, 0.0, -1.0, 0.0)), lettering)
    assert not column_set(pixels, GREEN) | column_set(pixels, SKY)
    assert (pixels[5:20, :250] == FAINT).all(axis=-1).mean() > 0.9


@pytest.mark.parametrize(
    "values", [(), (0.0,) * 9, (float("nan"), float("inf"), -1.0), (1.7e308, -1.7e308), (0.5, 1.0)]
)
@pytest.mark.parametrize("height_px", [36, 64])
def test_any_values_can_be_drawn(values: tuple[float, ...], height_px: int, lettering: Lettering) -> None:
    assert signal_pixels(Signal("odd", 1.0, values), lettering, height_px).shape == (height_px, 1000, 3)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_stay_in_their_place(text: str, nowhere: Footage, lettering: Lettering) -> None:
    track = make_track(20.0, signals=(Signal(text, 1.0, (1.0,) * 40),), warnings=(text,), scorer=text or "x")
    footage = replace(nowhere, path=Path("folder", text.replace("\x00", "") or "x"))
    pixels = plotted(footage, track, lettering)
    assert pixels.shape[1] == WIDTH_PX
    assert (pixels[:, -20:] == PAPER).all()
    assert (pixels[:, :20] == PAPER).all()


def test_a_character_without_a_font_leaves_a_mark(lettering: Lettering) -> None:
    assert lettering.width_px("🎮", 20) == lettering.width_px("?", 20)


@pytest.mark.parametrize("text", ["short.mp4", "a" * 400 + ".mp4", "עברית" * 90])
def test_what_is_too_long_loses_its_middle(text: str, lettering: Lettering) -> None:
    shown = lettering.fit(text, 20, 300)
    assert lettering.width_px(shown, 20) <= 300
    assert (shown == text) == ("…" not in shown)
    assert shown[0] == text[0]
    assert shown[-1] == text[-1]


@pytest.mark.parametrize(
    "track",
    [
        make_track(3.0),
        make_track(36_000.0, loud_s=(18_000.0, 18_100.0)),
        make_track(60.0, scores=(), focus_x=(), signals=()),
        make_track(60.0, scores=(0.0,) * 120),
        make_track(60.0, scores=(-2.0,) * 120, coarse=True),
        make_track(60.0, scores=(1e9,) * 119),
        make_track(60.0, cuts_s=tuple(index / 100 for index in range(6000)), warnings=("bad",) * 50),
        make_track(0.0, scores=(), focus_x=(), signals=()),
    ],
    ids=["3s", "10h", "empty", "still", "negative", "huge", "cuts", "nothing"],
)
def test_any_track_can_be_drawn(track: MotionTrack, nowhere: Footage, lettering: Lettering) -> None:
    pixels = plotted(nowhere, track, lettering)
    assert pixels.shape[1] == WIDTH_PX
    assert 400 < pixels.shape[0] < 2000


def test_many_signals_make_a_taller_picture_up_to_a_limit(nowhere: Footage, lettering: Lettering) -> None:
    def height_px(count: int) -> int:
        return int(plotted(nowhere, make_track(20.0, signals=(signal,) * count), lettering).shape[0])

    signal = Signal("s", 1.0, (1.0, -1.0) * 20)
    few_px, many_px = height_px(5), height_px(40)
    assert few_px + 500 < many_px
    assert height_px(MAX_SIGNALS + 500) < MAX_SIGNALS * (many_px / 40) + 50


def test_equal_input_gives_equal_bytes(tmp_path: Path, lettering: Lettering) -> None:
    footage = make_footage(make_video(tmp_path / "v.mp4"))
    track = make_track(2.0)
    first = draw(footage, track, PyAvDecoder(), chosen_segments(track), lettering)
    assert first == draw(footage, track, PyAvDecoder(), chosen_segments(track), Lettering(()))
    assert first[1] == 0


def shown_corners(picture: Image.Image | None) -> list[tuple[int, ...]]:
    assert picture is not None
    pixels = np.asarray(picture).astype(int)
    height, width, _ = pixels.shape
    places = ((height // 4, width // 4), (height // 4, width * 3 // 4), (height * 3 // 4, width * 3 // 4))
    return [tuple(int(part > 128) for part in pixels[place]) for place in places]


@pytest.mark.parametrize(
    ("rotation", "clockwise"),
    [(0, [(1, 0, 0), (0, 1, 0), (0, 0, 1)]), (90, [(1, 1, 1), (1, 0, 0), (0, 1, 0)]),
     (180, [(0, 0, 1), (1, 1, 1), (1, 0, 0)]), (270, [(0, 1, 0), (0, 0, 1), (1, 1, 1)])],
)  # fmt: skip
def test_pictures_stand_upright(rotation: int, clockwise: list[tuple[int, ...]], tmp_path: Path) -> None:
    path = make_video(tmp_path / "turned.mp4", picture=corners, rotation=rotation)
    size_px = (40, 70) if rotation % 180 else (70, 40)
    (picture,) = pictures(path, PyAvDecoder(), [1.0], size_px)
    assert picture is not None
    assert picture.size == size_px
    assert shown_corners(picture) == clockwise


@pytest.mark.parametrize("changes", [{"interlaced": True}, {"pix_fmt": "yuv444p"}, {"full_range": True}])
def test_pictures_of_odd_sources_have_their_colours(changes: dict[str, object], tmp_path: Path) -> None:
    path = make_video(tmp_path / "odd.mp4", picture=solid(200, 40, 40), **changes)  # type: ignore[arg-type]
    (picture,) = pictures(path, PyAvDecoder(), [1.0], (64, 36))
    assert picture is not None
    assert picture.getpixel((32, 18)) == pytest.approx((200, 40, 40), abs=6)


def test_a_picture_is_the_one_on_display_at_its_time(tmp_path: Path) -> None:
    def half(_index: int, time_s: float, width: int, height: int) -> np.ndarray:
        return np.full((height, width, 3), 220 if time_s >= 1 else 20, np.uint8)

    path = make_video(tmp_path / "half.mp4", picture=half)
    brightness = [np.asarray(one).mean() for one in pictures(path, PyAvDecoder(), [0.9, 1.1], (64, 36)) if one]
    assert brightness == pytest.approx([20, 220], abs=6)


def test_what_cannot_be_decoded_is_missing_and_counted(tmp_path: Path, lettering: Lettering) -> None:
    path = make_video(tmp_path / "v.mp4")
    found = pictures(path, PyAvDecoder(), [1.0, 50.0], (64, 36))
    assert [one is None for one in found] == [False, True]
    track = make_track(2.0)
    path.unlink()
    _, missing = draw(make_footage(path), track, PyAvDecoder(), chosen_segments(track), lettering)
    assert missing > 2


@pytest.mark.parametrize("shape", [(1920, 1080), (1080, 1920), (64, 8000), (8000, 64), (100, 100)])
def test_pictures_fit_their_box(shape: Sequence[int]) -> None:
    width, height = fitted(shape[0], shape[1], (182, 124))
    assert 24 <= width <= 182
    assert 24 <= height <= 124
    assert width == 182 or height == 124


def test_a_scale_holds_its_ends() -> None:
    scale = Scale(10, 60, -2.0, 2.0)
    assert (scale.y(-9.0), scale.y(-2.0), scale.y(2.0), scale.y(9.0)) == (59, 59, 10, 10)
