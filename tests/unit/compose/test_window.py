"""The sharp part moves along the cut's path."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fakes.media import make_video
from hypothesis import given
from hypothesis import strategies as st

from nvpipe.compose import LAYOUTS
from nvpipe.compose.cpu import Pictures
from nvpipe.compose.graphs import graph_of
from nvpipe.compose.window import Window, centre_at
from nvpipe.media.decode.pyav import PyAvDecoder

if TYPE_CHECKING:
    from nvpipe.types import Timeline

CANVAS = (54, 96)
SIZES = [(1920, 1080), (1280, 720), (640, 480), (3440, 1440), (128, 72), (131, 73)]


def window(layout: str, size: tuple[int, int], path: tuple[tuple[float, float], ...]) -> Window:
    canvas = (1080, 1920)
    return Window(path, LAYOUTS.load(layout).place(size, canvas), size, canvas)


@given(centre=st.floats(0, 1), size=st.sampled_from(SIZES), layout=st.sampled_from(["fill", "blur"]))
def test_the_part_stays_in_the_picture_and_holds_the_narrow_window(
    centre: float, size: tuple[int, int], layout: str
) -> None:
    place = window(layout, size, ((0.0, centre),))
    assert place.moves
    part = LAYOUTS.load(layout).place(size, (1080, 1920)).part_px[0]
    left = place.left_px(3.0)
    assert 0 <= left <= size[0] - part
    narrow = size[1] * 9 / 16
    middle = min(max(centre * size[0], narrow / 2), size[0] - narrow / 2)
    assert left <= middle - narrow / 2 + 2
    assert left + part >= middle + narrow / 2 - 2


@given(
    centre=st.floats(0, 1),
    size=st.sampled_from(SIZES),
    canvas=st.sampled_from([(1080, 1350), (1080, 1080), (1920, 1080), (1080, 960), (960, 1080), (180, 3840)]),
    layout=st.sampled_from(LAYOUTS.names()),
)
def test_the_part_stays_in_the_picture_at_every_size(
    centre: float, size: tuple[int, int], canvas: tuple[int, int], layout: str
) -> None:
    placement = LAYOUTS.load(layout).place(size, canvas)
    place = Window(((0.0, 0.5), (1.0, centre)), placement, size, canvas)
    if not place.moves:
        assert (
            placement.part_px[0] >= size[0] - 2 or layout == "letterbox" or canvas[0] / canvas[1] >= size[0] / size[1]
        )
        return
    lefts = [place.left_px(step / 10) for step in range(11)]
    assert all(0 <= left <= size[0] - placement.part_px[0] for left in lefts)
    assert lefts == sorted(lefts, reverse=centre < 0.5)


@given(centre=st.floats(0.2, 0.8), move=st.floats(0, 0.05), size=st.sampled_from(SIZES))
def test_a_wider_part_is_no_faster(centre: float, move: float, size: tuple[int, int]) -> None:
    for layout in ("fill", "blur"):
        place = window(layout, size, ((0.0, centre), (1.0, centre + move)))
        assert 0 <= place.left_px(1.0) - place.left_px(0.0) <= move * size[0] + 2


def test_a_path_is_read_between_its_points_and_jumps_at_equal_times() -> None:
    path = ((0.0, 0.2), (1.0, 0.4), (2.0, 0.4), (2.0, 0.8), (4.0, 0.8))
    times = (-1.0, 0.0, 0.5, 1.5, 1.999, 2.0, 3.0, 9.0)
    assert [round(centre_at(path, at_s), 6) for at_s in times] == [0.2, 0.2, 0.3, 0.4, 0.4, 0.8, 0.8, 0.8]
    assert centre_at((), 1.0) == 0.5


@pytest.mark.parametrize("layout", LAYOUTS.names())
def test_a_graph_that_does_not_move_is_what_it_always_was(layout: str) -> None:
    placement = LAYOUTS.load(layout).place((1920, 1080), (1080, 1920))
    assert "@" not in graph_of(placement, (1080, 1920))


def test_footage_without_room_does_not_move() -> None:
    path = ((0.0, 0.2), (9.0, 0.2))
    assert not window("letterbox", (1920, 1080), path).moves
    assert not window("fill", (1080, 1920), path).moves
    assert not window("blur", (720, 1280), path).moves
    assert not window("fill", (1920, 1080), ()).moves


def ramp(_index: int, _time_s: float, width: int, height: int) -> np.ndarray:
    """Brightness that tells the column."""
    row = np.linspace(0, 255, width)[None, :, None]
    return np.broadcast_to(row, (height, width, 3)).astype(np.uint8)


def drawn(timeline: Timeline, layout: str) -> np.ndarray:
    with Pictures(timeline, PyAvDecoder(), LAYOUTS.load(layout)) as pictures:
        return np.stack([picture.to_ndarray()[: CANVAS[1]] for picture in pictures])


def with_path(timeline: Timeline, *path: tuple[float, float]) -> Timeline:
    (cut,) = timeline.cuts
    return replace(timeline, cuts=(replace(cut, crop_path=path),))


def test_the_window_moves_pixel_by_pixel(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    clip = make_video(tmp_path / "clip.mp4", size=(512, 96), picture=ramp, matrix="bt709", audio=None)
    plan = with_path(timeline((clip, 0.0, 2.0), canvas=CANVAS), (0.0, 0.3), (2.0, 0.4))
    middles = drawn(plan, "fill")[:, 48, 20:34].mean(1)
    places = (middles - 16) / 219
    wanted = 0.3 + 0.1 * np.arange(60) / 60
    assert np.abs(places - wanted).max() < 0.008
    assert len(np.unique(middles.round(1))) > 20, "as fine as one pixel, not two"
    assert np.diff(places).max() < 0.01


def test_a_jump_falls_on_the_first_picture_of_the_new_shot(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    """At 35 pictures a second a shot's first frame lies between two of the output."""

    def shots(index: int, time_s: float, width: int, height: int) -> np.ndarray:
        rgb = np.zeros((height, width, 3), np.uint8)
        left = width // 5 if index < 35 else 4 * width // 5
        rgb[:, left - 20 : left + 20] = 255
        return rgb

    clip = make_video(tmp_path / "clip.mp4", size=(320, 96), fps=35, picture=shots, matrix="bt709", audio=None)
    plan = with_path(timeline((clip, 0.25, 1.75), canvas=CANVAS), (0.0, 0.2), (0.75, 0.2), (0.75, 0.8), (1.5, 0.8))
    for picture in drawn(plan, "fill"):
        assert picture[48, 27] > 200


@pytest.mark.parametrize("layout", ["fill", "blur"])
def test_a_moving_box_stays_inside(layout: str, tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    def box(_index: int, time_s: float, width: int, height: int) -> np.ndarray:
        rgb = np.full((height, width, 3), 40, np.uint8)
        middle = int(width * (0.08 + 0.42 * time_s))
        rgb[height // 3 : 2 * height // 3, middle - 4 : middle + 4] = 255
        return rgb

    clip = make_video(tmp_path / "clip.mp4", size=(320, 180), picture=box, matrix="bt709", audio=None)
    plan = timeline((clip, 0.0, 2.0), canvas=CANVAS)
    still, followed = drawn(plan, layout), drawn(with_path(plan, (0.0, 0.2), (0.29, 0.2), (1.7, 0.8)), layout)
    seen = [(pictures[:, 40:56] > 180).any((1, 2)) for pictures in (still, followed)]
    assert seen[1].all()
    assert not seen[0].all()


def test_letterbox_and_an_empty_path_are_as_before(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    clip = make_video(tmp_path / "clip.mp4", size=(320, 180), picture=ramp, matrix="bt709", audio=None)
    plan = timeline((clip, 0.0, 0.5), canvas=CANVAS)
    moved = with_path(plan, (0.0, 0.2), (0.5, 0.2))
    assert (drawn(plan, "letterbox") == drawn(moved, "letterbox")).all()
    centred = with_path(plan, (0.0, 0.5), (0.5, 0.5))
    assert np.abs(drawn(plan, "fill").astype(int) - drawn(centred, "fill")).max() <= 3
