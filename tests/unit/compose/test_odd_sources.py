"""Footage of every kind through decoder and composer: the picture that a viewer of the source sees, as BT.709 SDR."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes.colours import BT709, quantised, reference
from fakes.media import corners, make_video, solid
from fakes.pictures import numbers, shown
from fakes.retouch import joined, laid_down, retimed

from nvpipe.compose import Size
from nvpipe.types import Timeline

MakeTimeline = Callable[..., Timeline]
RGB = (200, 60, 120)


def middle(picture: np.ndarray) -> list[float]:
    """Median Y, Cb and Cr of a picture with 72 rows."""
    return [float(np.median(plane)) for plane in (picture[:72], *picture[72:].reshape(2, -1))]


def levels(rgb: tuple[int, int, int], transfer: str = "sdr", primaries: str = "bt709") -> list[float]:
    signal = np.array(rgb) / 255
    if (transfer, primaries) != ("sdr", "bt709"):
        signal = reference(signal, transfer, primaries, 1000.0)
    return [float(level) for level in quantised(signal, BT709, 8)]


KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "H.264 10-bit": ("mp4", {"pix_fmt": "yuv420p10le"}),
    "H.264 4:2:2 10-bit": ("mp4", {"pix_fmt": "yuv422p10le"}),
    "H.264 4:4:4": ("mp4", {"pix_fmt": "yuv444p"}),
    "H.264 full range 10-bit": ("mp4", {"pix_fmt": "yuv420p10le", "full_range": True}),
    "HEVC": ("mp4", {"codec": "libx265"}),
    "HEVC 4:2:2 10-bit": ("mkv", {"codec": "libx265", "pix_fmt": "yuv422p10le"}),
    "VP9": ("webm", {"codec": "libvpx-vp9", "audio": "libopus"}),
    "VP9 4:4:4": ("webm", {"codec": "libvpx-vp9", "audio": None, "pix_fmt": "yuv444p", "options": {"profile": "1"}}),
    "AV1": ("mp4", {"codec": "libsvtav1"}),
    "AV1 10-bit": ("mkv", {"codec": "libsvtav1", "pix_fmt": "yuv420p10le"}),
    "ProRes 422": ("mov", {"codec": "prores_ks", "pix_fmt": "yuv422p10le"}),
    "ProRes 4444": ("mov", {"codec": "prores_ks", "pix_fmt": "yuv444p10le"}),
    "FFV1 4:4:4 12-bit": ("mkv", {"codec": "ffv1", "pix_fmt": "yuv444p12le"}),
    "FFV1 RGB": ("mkv", {"codec": "ffv1", "pix_fmt": "bgr0", "matrix": None}),
    "MPEG-2 BT.601": ("ts", {"codec": "mpeg2video", "matrix": "bt601", "audio": None}),
    "MPEG-2 4:2:2": ("ts", {"codec": "mpeg2video", "pix_fmt": "yuv422p", "audio": None}),
    "Motion JPEG": ("mov", {"codec": "mjpeg", "pix_fmt": "yuvj420p", "matrix": "bt601", "full_range": True}),
    "interlaced": ("mp4", {"interlaced": True, "b_frames": 0}),
    "interlaced 4:2:2 10-bit": ("mp4", {"interlaced": True, "b_frames": 0, "pix_fmt": "yuv422p10le"}),
    "anamorphic": ("mp4", {"sample_aspect": Fraction(4, 3)}),
    "5.1 sound": ("mp4", {"layout": "5.1"}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_colours(kind: str, tmp_path: Path, timeline: MakeTimeline) -> None:
    suffix, options = KINDS[kind]
    clip = make_video(tmp_path / f"clip.{suffix}", picture=solid(*RGB), **{"matrix": "bt709", **options})
    pictures = shown(timeline((clip, 0.0, 1.0)))
    assert len(pictures) == 30
    assert middle(pictures[15]) == pytest.approx(levels(RGB), abs=3)


WIDE: dict[str, dict[str, Any]] = {
    "PQ": {"transfer": "pq", "matrix": "bt2020", "primaries": "bt2020", "codec": "libx265", "pix_fmt": "yuv420p10le"},
    "HLG": {
        "transfer": "hlg",
        "matrix": "bt2020",
        "primaries": "bt2020",
        "codec": "libx265",
        "pix_fmt": "yuv420p10le",
    },
    "HLG AV1": {"transfer": "hlg", "matrix": "bt2020", "codec": "libsvtav1", "pix_fmt": "yuv420p10le"},
    "HLG ProRes": {"transfer": "hlg", "matrix": "bt2020", "codec": "prores_ks", "pix_fmt": "yuv422p10le"},
    "PQ interlaced": {
        "transfer": "pq",
        "matrix": "bt2020",
        "pix_fmt": "yuv420p10le",
        "interlaced": True,
        "b_frames": 0,
    },
    "PQ full range": {"transfer": "pq", "matrix": "bt2020", "pix_fmt": "yuv444p10le", "full_range": True},
    "BT.2020": {"matrix": "bt2020", "primaries": "bt2020", "pix_fmt": "yuv420p10le"},
    "BT.2020 8-bit": {"matrix": "bt2020", "primaries": "bt2020"},
    "P3": {"matrix": "bt709", "primaries": "p3"},
}


@pytest.mark.parametrize("rgb", [(120, 100, 90), (90, 140, 100), (150, 150, 150)])
@pytest.mark.parametrize("kind", WIDE)
def test_hdr_and_wide_gamut_are_brought_to_bt709(
    kind: str, rgb: tuple[int, int, int], tmp_path: Path, timeline: MakeTimeline
) -> None:
    suffix = "mov" if "ProRes" in kind else "mkv"
    clip = make_video(tmp_path / f"clip.{suffix}", seconds=1, picture=solid(*rgb), audio=None, **WIDE[kind])
    picture = shown(timeline((clip, 0.0, 0.8)))[12]
    primaries = WIDE[kind].get("primaries", "bt2020")
    assert middle(picture) == pytest.approx(levels(rgb, WIDE[kind].get("transfer", "sdr"), primaries), abs=3)


@pytest.mark.parametrize("shown_px", [(64, 36), (128, 72), (256, 144)])
def test_hdr_is_mapped_at_the_size_it_is_shown_at(shown_px: Size, tmp_path: Path, timeline: MakeTimeline) -> None:
    """The disc stays where it is and as large as it is, whatever it is mapped at."""
    clip = make_video(tmp_path / "clip.mkv", seconds=1, picture=circle, audio=None, **WIDE["HLG"])
    width, height = shown_px
    luma = shown(timeline((clip, 0.0, 0.5), canvas=shown_px))[3][:height]
    rows, columns = np.nonzero(luma > 200)
    assert (rows.mean(), columns.mean()) == (pytest.approx(height / 2 - 0.5, abs=1), pytest.approx(width / 2, abs=1))
    assert np.ptp(rows) == pytest.approx(height / 2, abs=3)


MATRICES = [(1, 0, 0, 1), (0, 1, -1, 0), (-1, 0, 0, -1), (0, -1, 1, 0)]
MIRRORED = [(-1, 0, 0, 1), (0, 1, 1, 0), (1, 0, 0, -1), (0, -1, -1, 0)]
LUMA = {"red": 63, "green": 173, "blue": 32, "white": 235}


@pytest.mark.parametrize("pixels", [None, Fraction(4, 3)])
@pytest.mark.parametrize("matrix", MATRICES + MIRRORED)
def test_all_ways_to_lay_down_a_picture(
    matrix: tuple[int, int, int, int], pixels: Fraction | None, tmp_path: Path, timeline: MakeTimeline
) -> None:
    coded = make_video(tmp_path / "a.mp4", size=(128, 96), picture=corners, matrix="bt709", sample_aspect=pixels)
    clip = laid_down(tmp_path / "clip.mp4", coded, matrix)
    picture = shown(timeline((clip, 0.0, 1.0), canvas=(96, 96)))[0]
    a, b, c, d = matrix
    for (x, y), name in {(-1, -1): "red", (1, -1): "green", (1, 1): "blue", (-1, 1): "white"}.items():
        row, column = 48 + 28 * (b * x + d * y), 48 + 28 * (a * x + c * y)
        assert int(picture[row, column]) == pytest.approx(LUMA[name], abs=4), name


@pytest.mark.parametrize("canvas", [(48, 64), (96, 128), (192, 256)])
@pytest.mark.parametrize("pixels", [None, Fraction(4, 3)])
@pytest.mark.parametrize("matrix", [(0, 1, -1, 0), (0, -1, -1, 0), (-1, 0, 0, -1)])
def test_hdr_from_a_telephone_held_any_way(
    matrix: tuple[int, int, int, int], pixels: Fraction | None, canvas: Size, tmp_path: Path, timeline: MakeTimeline
) -> None:
    options = {**WIDE["HLG"], "picture": corners, "sample_aspect": pixels, "audio": None, "seconds": 1}
    coded = make_video(tmp_path / "a.mp4", size=(128, 96), **options)
    picture = shown(timeline((laid_down(tmp_path / "clip.mp4", coded, matrix), 0.0, 0.5), canvas=canvas))[0]
    a, b, c, d = matrix
    colours = {(-1, -1): (255, 0, 0), (1, -1): (0, 255, 0), (1, 1): (0, 0, 255), (-1, 1): (255, 255, 255)}
    for (x, y), colour in colours.items():
        row, column = (canvas[1] * (2 + b * x + d * y)) // 4, (canvas[0] * (2 + a * x + c * y)) // 4
        assert int(picture[row, column]) == pytest.approx(levels(colour, "hlg", "bt2020")[0], abs=6), colour


def noise(spread_s: float) -> Callable[[int, float], float]:
    source = random.Random(7)
    return lambda _index, time_s: max(0.0, time_s + source.uniform(-spread_s, spread_s))


STAMPS: dict[str, Callable[[int, float], float]] = {
    "shaken": noise(0.1),
    "repeated": lambda _index, time_s: int(time_s * 10 + 0.001) / 10,
    "all the same": lambda _index, _time_s: 0.0,
    "backwards": lambda _index, time_s: 4 - time_s,
    "every tenth back": lambda index, time_s: time_s - 0.3 * (index % 10 == 9),
    "back by a minute": lambda index, time_s: time_s + 60 * (index < 30),
    "one far ahead": lambda index, time_s: time_s + 900 * (index == 45),
}


@pytest.mark.parametrize("name", STAMPS)
def test_broken_time_stamps_play_on(name: str, tmp_path: Path, timeline: MakeTimeline) -> None:
    clean = make_video(tmp_path / "a.ts", seconds=4, b_frames=0, audio=None)
    clip = retimed(tmp_path / "clip.ts", clean, STAMPS[name])
    found = numbers(timeline((clip, 0.5, 3.0)))
    assert len(found) == 75
    assert found == sorted(found), "in order"
    assert found[-1] - found[0] == pytest.approx(75, abs=8), "at the speed it was filmed"
    assert max(np.diff(found)) <= 8, "no leap"


def test_stamps_without_any_sense_give_the_usual_pace(tmp_path: Path, timeline: MakeTimeline) -> None:
    clean = make_video(tmp_path / "a.ts", seconds=4, b_frames=0, audio=None)
    source = random.Random(3)
    clip = retimed(tmp_path / "clip.ts", clean, lambda _index, _time_s: source.uniform(0, 0.7))
    found = numbers(timeline((clip, 1.0, 3.0)))
    assert found == list(range(30, 90))


def circle(_index: int, _time_s: float, width: int, height: int) -> np.ndarray:
    """A white disc on grey, as wide as half of the height."""
    y, x = np.mgrid[:height, :width]
    disc = np.hypot(x - width / 2, y - height / 2) < height / 4
    return np.where(disc[..., None], 235, 90).repeat(3, axis=2).astype(np.uint8)


def measured(picture: np.ndarray) -> tuple[int, int]:
    """Width and height of the disc."""
    disc = picture[:72] > 180
    return int(disc.any(axis=0).sum()), int(disc.any(axis=1).sum())


@pytest.mark.parametrize(
    "second",
    [
        {"size": (64, 48)},
        {"size": (256, 144)},
        {"size": (72, 128)},
        {"size": (128, 72), "pix_fmt": "yuv444p"},
        {"size": (64, 36), "pix_fmt": "yuv420p10le"},
        {"size": (96, 72), "sample_aspect": Fraction(4, 3)},
        {"size": (128, 72), "sample_aspect": Fraction(4, 3)},
    ],
    ids=str,
)
def test_a_change_in_mid_stream_distorts_nothing(
    second: dict[str, Any], tmp_path: Path, timeline: MakeTimeline
) -> None:
    parts = [
        make_video(tmp_path / f"{start_s}.ts", picture=circle, audio=None, start_s=start_s, matrix="bt709", **options)
        for start_s, options in ((0.0, {}), (2.0, second))
    ]
    pictures = shown(timeline((joined(tmp_path / "clip.ts", *parts), 0.0, 3.8)))
    assert measured(pictures[10]) == pytest.approx((36, 36), abs=2)
    (coded_width, coded_height), pixels = second["size"], second.get("sample_aspect", 1)
    scale = min(Fraction(128) / (coded_width * pixels), Fraction(72, coded_height))
    height = float(coded_height * scale / 2)
    assert measured(pictures[100]) == pytest.approx((height * pixels, height), abs=2)
    assert int(np.median(pictures[100][14:17, 60:68])) == pytest.approx(16 + 219 * 90 / 255, abs=3)


@pytest.mark.parametrize("after", [{"matrix": "bt601"}, {"matrix": "bt709", "full_range": True}])
def test_colours_that_change_with_the_size_stay_the_same(
    after: dict[str, Any], tmp_path: Path, timeline: MakeTimeline
) -> None:
    first = make_video(tmp_path / "a.ts", picture=solid(*RGB), audio=None, matrix="bt709")
    second = make_video(tmp_path / "b.ts", picture=solid(*RGB), audio=None, start_s=2.0, size=(64, 36), **after)
    pictures = shown(timeline((joined(tmp_path / "clip.ts", first, second), 0.0, 3.8)))
    for picture in (pictures[10], pictures[100]):
        assert middle(picture) == pytest.approx(levels(RGB), abs=3)
