"""Pictures of a timeline: pace, orientation and colours, whatever the footage is like."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fakes.media import corners, frame_number, make_video, solid
from fakes.pictures import Stretched, numbers, shown

from nvpipe.compose.cpu import Pictures
from nvpipe.compose.frames import frame_borders
from nvpipe.media.decode.pyav import PyAvDecoder

if TYPE_CHECKING:
    from collections.abc import Callable

    from nvpipe.types import Timeline


@pytest.mark.parametrize("fps", [24, 25, 30, 50, 60, Fraction(30000, 1001)])
def test_every_rate_plays_at_its_own_speed(fps: Fraction, tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    clip = make_video(tmp_path / "clip.mp4", seconds=3, fps=fps)
    found = numbers(timeline((clip, 0.5, 2.5)))
    wanted = [int((Fraction(1, 2) + Fraction(index, 30)) * fps + Fraction(1, 100)) for index in range(60)]
    assert len(found) == 60
    assert all(abs(one - other) <= 1 for one, other in zip(found, wanted, strict=True))
    steps = np.diff(found)
    assert steps.max() - steps.min() <= 1, "evenly paced"


def test_a_variable_rate_shows_what_was_on_display(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    times = [0.0, 0.1, 0.5, 0.52, 0.54, 1.2, 1.5, 2.0]
    clip = make_video(tmp_path / "clip.mkv", times_s=times, b_frames=0, audio=None)
    found = numbers(timeline((clip, 0.0, 1.8)))
    for index, number in enumerate(found):
        on_display = max(place for place, time_s in enumerate(times) if time_s <= index / 30 + 0.002)
        assert number == on_display, index / 30


def test_cuts_follow_each_other_without_a_gap(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    clip = make_video(tmp_path / "clip.mp4", seconds=4)
    plan = timeline((clip, 2.0, 3.0), (clip, 0.5, 1.25))
    assert numbers(plan) == [*range(60, 90), *range(15, 38)][: len(numbers(plan))]
    assert [(first, end) for _, first, end in frame_borders(plan)] == [(0, 30), (30, 52)]


def test_footage_that_ends_early_is_held_and_counted(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    clip = make_video(tmp_path / "clip.mp4", seconds=2)
    pictures = Pictures(timeline((clip, 1.0, 3.0)), PyAvDecoder(), Stretched())
    with pictures as stream:
        found = [frame_number(picture.to_ndarray()[:72]) for picture in stream]
    assert len(found) == 60
    assert found[-1] == 59
    assert 20 <= pictures.held <= 30


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_rotated_footage_stands_upright(rotation: int, tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    clip = make_video(tmp_path / "clip.mp4", size=(128, 96), picture=corners, rotation=rotation, matrix="bt709")
    picture = shown(timeline((clip, 0.0, 1.0), canvas=(96, 96)))[0]
    luma = {"red": 63, "green": 173, "blue": 32, "white": 235}
    clockwise = ["red", "green", "blue", "white"]
    turned = clockwise[-rotation // 90 :] + clockwise[: -rotation // 90] if rotation else clockwise
    places = [(20, 20), (20, 76), (76, 76), (76, 20)]
    for name, (row, column) in zip(turned, places, strict=True):
        assert abs(int(picture[row, column]) - luma[name]) <= 4, (name, row, column)


@pytest.mark.parametrize(
    "kind",
    [
        {"matrix": "bt709"},
        {"matrix": "bt601"},
        {"matrix": "bt709", "full_range": True},
        {"matrix": "bt601", "full_range": True, "pix_fmt": "yuvj420p"},
        {"matrix": "bt709", "pix_fmt": "yuv420p10le"},
        {"matrix": "bt709", "pix_fmt": "yuv422p"},
        {"matrix": "bt709", "pix_fmt": "yuv444p"},
        {"matrix": "bt709", "size": (131, 73), "pix_fmt": "yuv444p"},
        {"matrix": "bt709", "interlaced": True},
    ],
    ids=str,
)
def test_colours_come_out_as_bt709_limited(
    kind: dict[str, object], tmp_path: Path, timeline: Callable[..., Timeline]
) -> None:
    red, green, blue = 200, 60, 120
    clip = make_video(tmp_path / "clip.mp4", picture=solid(red, green, blue), **kind)  # type: ignore[arg-type]
    pictures = shown(timeline((clip, 0.0, 1.5)))
    assert len(pictures) == 45
    luma = (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255
    expected = (
        16 + 219 * luma,
        128 + 224 * (blue / 255 - luma) / 1.8556,
        128 + 224 * (red / 255 - luma) / 1.5748,
    )
    planes = (pictures[20][:72], pictures[20][72:90], pictures[20][90:])
    for plane, value in zip(planes, expected, strict=True):
        assert abs(float(np.median(plane)) - value) <= 3


def test_interlaced_footage_keeps_its_pace(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    clip = make_video(tmp_path / "clip.mp4", seconds=3, fps=25, interlaced=True, b_frames=0)
    found = numbers(timeline((clip, 1.0, 2.0)))
    assert found[0] == 25
    assert found == sorted(found)
    assert found[-1] in (48, 49)


def test_leaving_early_stops_the_decoder(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    import threading

    clip = make_video(tmp_path / "clip.mp4", seconds=4)
    with Pictures(timeline((clip, 0.0, 4.0)), PyAvDecoder(), Stretched()) as pictures:
        next(pictures)
    assert not [thread for thread in threading.enumerate() if thread.name == "compose"]


def test_a_missing_video_is_an_error_and_not_a_hang(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    from nvpipe.errors import MediaError

    clip = make_video(tmp_path / "clip.mp4")
    plan = timeline((clip, 0.0, 1.0))
    clip.unlink()
    with pytest.raises(MediaError, match="clip"):
        shown(plan)


def test_pictures_may_be_drawn_on_even_when_nothing_was_filtered(
    tmp_path: Path, timeline: Callable[..., Timeline]
) -> None:
    clip = make_video(tmp_path / "clip.mp4", seconds=2, matrix="bt709", b_frames=0)
    plan = timeline((clip, 0.0, 2.0))
    clean = shown(plan)
    drawn = []
    with Pictures(plan, PyAvDecoder(), Stretched()) as pictures:
        for picture in pictures:
            drawn.append(picture.to_ndarray())
            np.frombuffer(memoryview(picture.planes[0]), np.uint8)[:] = 0
    assert all((one == other).all() for one, other in zip(clean, drawn, strict=True))
