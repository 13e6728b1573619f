"""What every decoder owes, whichever it is: a registry line enrols it here."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import media

from nvpipe.errors import MediaError
from nvpipe.media.decode import DECODERS


@pytest.fixture(params=DECODERS.names())
def decoder(request: pytest.FixtureRequest) -> Any:
    probe = DECODERS.probe(request.param)
    if not probe.usable:
        pytest.skip(probe.reason)
    return DECODERS.load(request.param)


def test_one_decoder_is_usable_here() -> None:
    DECODERS.choose()


def numbers(frames: Any) -> list[int]:
    return [media.frame_number(frame.planes()[0].cpu()) for frame in frames]


CONTAINERS: list[tuple[str, dict[str, Any]]] = [
    ("mp4", {}),
    ("mov", {"b_frames": 0}),
    ("mkv", {}),
    ("ts", {"start_s": 7.0}),
    ("flv", {}),
    ("avi", {}),
    ("webm", {"codec": "libvpx-vp9", "audio": "libopus"}),
]


@pytest.mark.parametrize(("suffix", "options"), CONTAINERS)
def test_every_frame_comes_once_in_order_with_its_time(
    decoder: Any, tmp_path: Path, suffix: str, options: dict[str, Any]
) -> None:
    path = media.make_video(tmp_path / f"a.{suffix}", **options)
    with decoder.open(path) as reader:
        seen = [(media.frame_number(f.planes()[0].cpu()), f.time_s) for f in reader.frames()]
        assert reader.damaged == 0
    assert [number for number, _ in seen] == list(range(60))
    steps = np.diff([time_s for _, time_s in seen])
    assert np.allclose(steps, 1 / 30, atol=0.0011)
    assert 0 <= seen[0][1] < 0.03


@pytest.mark.parametrize(("suffix", "options"), CONTAINERS)
def test_a_span_starts_with_the_frame_on_display(
    decoder: Any, tmp_path: Path, suffix: str, options: dict[str, Any]
) -> None:
    path = media.make_video(tmp_path / f"a.{suffix}", seconds=2, **options)
    with decoder.open(path) as reader:
        times = [frame.time_s for frame in reader.frames()]
        for first in (31, 45, 59):
            middle = times[first] + 0.015
            assert numbers(reader.frames(middle, middle + 0.1))[0] == first
            assert numbers(reader.frames(times[first], times[first] + 0.001)) == [first]


def test_open_gops_are_sought_right(decoder: Any, tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4", seconds=4, gop=30, options={"x264-params": "open-gop=1:b-pyramid=0"})
    with decoder.open(path) as reader:
        for number in (58, 59, 60, 91):
            assert numbers(reader.frames((number + 0.5) / 30, (number + 0.6) / 30)) == [number]


def test_variable_frame_rate_keeps_its_times(decoder: Any, tmp_path: Path) -> None:
    times = [0, 0.1, 0.15, 0.2, 0.9, 1.0, 1.5, 1.9, 2.4, 2.5]
    path = media.make_video(tmp_path / "a.mkv", seconds=3, times_s=times, b_frames=0)
    with decoder.open(path) as reader:
        assert np.allclose([frame.time_s for frame in reader.frames()], times, atol=0.001)
        assert numbers(reader.frames(1.7, 2.45)) == [6, 7, 8]


def test_picture_later_than_sound_keeps_its_distance(decoder: Any, tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4", start_s=1.0, audio_start_s=0.0)
    with decoder.open(path) as reader:
        assert next(iter(reader.frames())).time_s == pytest.approx(1.0, abs=0.002)


def test_an_empty_span_and_one_past_the_end_yield_nothing(decoder: Any, tmp_path: Path) -> None:
    with decoder.open(media.make_video(tmp_path / "a.mp4")) as reader:
        assert list(reader.frames(1.0, 1.0)) == []
        assert list(reader.frames(9.0)) == []
        assert numbers(reader.frames(1.99)) == [59]


def test_iterators_are_independent(decoder: Any, tmp_path: Path) -> None:
    with decoder.open(media.make_video(tmp_path / "a.mp4")) as reader:
        one, two = iter(reader.frames()), iter(reader.frames(1.0))
        pairs = [(numbers([next(one)])[0], numbers([next(two)])[0]) for _ in range(5)]
        assert pairs == [(k, 30 + k) for k in range(5)]
        assert numbers(reader.frames(0, 0.1)) == [0, 1, 2]


def test_closing_ends_open_iterators(decoder: Any, tmp_path: Path) -> None:
    reader = decoder.open(media.make_video(tmp_path / "a.mp4"))
    frames = iter(reader.frames())
    next(frames)
    reader.close()
    assert list(frames) == []


@pytest.mark.parametrize("size", [(128, 72), (127, 71), (16, 16), (853, 481)])
def test_plane_shapes_round_up(decoder: Any, tmp_path: Path, size: tuple[int, int]) -> None:
    path = media.make_video(tmp_path / "a.mkv", seconds=1, fps=10, size=size, codec="ffv1")
    with decoder.open(path) as reader:
        y, u, v = next(iter(reader.frames())).planes()
    width, height = size
    assert tuple(y.shape) == (height, width)
    assert tuple(u.shape) == tuple(v.shape) == ((height + 1) // 2, (width + 1) // 2)


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv420p10le", "yuv422p", "yuv444p"])
def test_planes_are_eight_bit_with_the_coded_colour(decoder: Any, tmp_path: Path, pix_fmt: str) -> None:
    red, green, blue = 200, 100, 50
    path = media.make_video(
        tmp_path / "a.mkv", seconds=1, picture=media.solid(red, green, blue), pix_fmt=pix_fmt, matrix="bt709"
    )
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    want = (16 + 219 * luma / 255, 128 + 224 * (blue - luma) / 255 / 1.8556, 128 + 224 * (red - luma) / 255 / 1.5748)
    with decoder.open(path) as reader:
        planes = next(iter(reader.frames())).planes()
    assert [float(plane.float().mean()) for plane in planes] == pytest.approx(want, abs=2)


def test_to_av_outlives_the_reader(decoder: Any, tmp_path: Path) -> None:
    with decoder.open(media.make_video(tmp_path / "a.mp4")) as reader:
        kept = [frame.to_av() for frame in reader.frames(0, 0.3)]
    assert [media.frame_number(picture.to_ndarray()[:72]) for picture in kept] == list(range(9))


def test_packet_sizes_show_keyframes(decoder: Any, tmp_path: Path) -> None:
    with decoder.open(media.make_video(tmp_path / "a.mp4", gop=15)) as reader:
        sizes = [frame.size_bytes for frame in reader.frames()]
    if any(sizes):
        assert min(sizes[::15]) > 2 * float(np.median(sizes))


@pytest.mark.parametrize("suffix", ["mp4", "ts", "mkv"])
def test_damage_is_counted_and_passed_over(decoder: Any, tmp_path: Path, suffix: str) -> None:
    source = media.make_video(tmp_path / f"a.{suffix}", seconds=4)
    with decoder.open(media.damaged(tmp_path / f"b.{suffix}", source)) as reader:
        times = [frame.time_s for frame in reader.frames()]
        # Matroska's demuxer finds its way back without a word.
        assert reader.damaged > 0 or suffix == "mkv"
    assert times == sorted(times)
    assert times[-1] > 3.5


@pytest.mark.parametrize("suffix", ["ts", "mkv", "flv"])
def test_a_truncated_file_ends_early(decoder: Any, tmp_path: Path, suffix: str) -> None:
    source = media.make_video(tmp_path / f"a.{suffix}", seconds=4)
    with decoder.open(media.truncated(tmp_path / f"b.{suffix}", source)) as reader:
        assert 20 < len(numbers(reader.frames())) < 100


def test_a_change_of_size_is_scaled_to_the_first(decoder: Any, tmp_path: Path) -> None:
    first = media.make_video(tmp_path / "a.ts", audio=None)
    second = media.make_video(tmp_path / "b.ts", size=(64, 36), audio=None, start_s=2.0)
    path = tmp_path / "c.ts"
    path.write_bytes(first.read_bytes() + second.read_bytes())
    with decoder.open(path) as reader:
        shapes = [tuple(frame.planes()[0].shape) for frame in reader.frames()]
    assert set(shapes) == {(72, 128)}
    assert len(shapes) > 100


@pytest.mark.parametrize(
    "make",
    [media.audio_only, media.cover_only, media.no_frames, lambda path: path, lambda path: path.touch() or path],
)
def test_what_is_no_video_is_refused(decoder: Any, tmp_path: Path, make: Any) -> None:
    with pytest.raises(MediaError, match=r"a\.mp4"):
        decoder.open(make(tmp_path / "a.mp4"))


def test_the_info_is_of_the_file(decoder: Any, tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4", fps=Fraction(30000, 1001), seconds=2.002)
    with decoder.open(path) as reader:
        assert (reader.info.width_px, reader.info.height_px) == (128, 72)
        assert reader.info.fps == Fraction(30000, 1001)
