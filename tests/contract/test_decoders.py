"""What every decoder owes, whichever it is: a registry line enrols it here.

Those that need a card are here twice: on a card, and with stand-ins for the driver's libraries and for what decodes,
so that all but the card itself is tried everywhere. In what a decoder may differ is declared in `fakes.decoders`.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import media
from fakes.decoders import DECLARED, STAND_INS, SUBJECTS, Declared, Subject, subject_of
from fakes.retouch import with_hidden_start

from nvpipe.errors import MediaError
from nvpipe.media.decode import DECODERS, UndecodableHereError
from nvpipe.media.decode.pyav import PyAvDecoder


@pytest.fixture(params=SUBJECTS)
def decoder(request: pytest.FixtureRequest) -> Subject:
    return subject_of(request.param)


def test_one_decoder_is_usable_here() -> None:
    DECODERS.choose()


def test_every_decoder_says_in_what_it_differs() -> None:
    assert set(DECLARED) == set(DECODERS.names())
    assert DECLARED["pyav"] == Declared()


@pytest.mark.parametrize("name", STAND_INS)
def test_a_stand_in_proves_itself(name: str) -> None:
    probe = STAND_INS[name]().probe()
    assert probe.usable
    assert "bit for bit" in probe.reason


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
    decoder: Subject, tmp_path: Path, suffix: str, options: dict[str, Any]
) -> None:
    path = media.make_video(tmp_path / f"a.{suffix}", **options)
    if decoder.refuses(suffix, path):
        return
    with decoder.open(path) as reader:
        seen = [(media.frame_number(f.planes()[0].cpu()), f.time_s) for f in reader.frames()]
        assert reader.damaged == 0
    assert [number for number, _ in seen] == list(range(60))
    steps = np.diff([time_s for _, time_s in seen])
    assert np.allclose(steps, 1 / 30, atol=0.0011)
    assert 0 <= seen[0][1] < 0.03


@pytest.mark.parametrize(("suffix", "options"), CONTAINERS)
def test_a_span_starts_with_the_frame_on_display(
    decoder: Subject, tmp_path: Path, suffix: str, options: dict[str, Any]
) -> None:
    path = media.make_video(tmp_path / f"a.{suffix}", seconds=2, **options)
    if decoder.refuses(suffix, path):
        return
    with decoder.open(path) as reader:
        times = [frame.time_s for frame in reader.frames()]
        for first in (31, 45, 59):
            middle = times[first] + 0.015
            assert numbers(reader.frames(middle, middle + 0.1))[0] == first
            assert numbers(reader.frames(times[first], times[first] + 0.001)) == [first]


def test_open_gops_are_sought_right(decoder: Subject, tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4", seconds=4, gop=30, options={"x264-params": "open-gop=1:b-pyramid=0"})
    with decoder.open(path) as reader:
        for number in (58, 59, 60, 91):
            assert numbers(reader.frames((number + 0.5) / 30, (number + 0.6) / 30)) == [number]


def test_variable_frame_rate_keeps_its_times(decoder: Subject, tmp_path: Path) -> None:
    times = [0, 0.1, 0.15, 0.2, 0.9, 1.0, 1.5, 1.9, 2.4, 2.5]
    path = media.make_video(tmp_path / "a.mkv", seconds=3, times_s=times, b_frames=0)
    with decoder.open(path) as reader:
        assert np.allclose([frame.time_s for frame in reader.frames()], times, atol=0.001)
        assert numbers(reader.frames(1.7, 2.45)) == [6, 7, 8]


def test_picture_later_than_sound_keeps_its_distance(decoder: Subject, tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4", start_s=1.0, audio_start_s=0.0)
    with decoder.open(path) as reader:
        assert next(iter(reader.frames())).time_s == pytest.approx(1.0, abs=0.002)


def test_an_empty_span_and_one_past_the_end_yield_nothing(decoder: Subject, tmp_path: Path) -> None:
    with decoder.open(media.make_video(tmp_path / "a.mp4")) as reader:
        assert list(reader.frames(1.0, 1.0)) == []
        assert list(reader.frames(9.0)) == []
        assert numbers(reader.frames(1.99)) == [59]


def test_iterators_are_independent(decoder: Subject, tmp_path: Path) -> None:
    with decoder.open(media.make_video(tmp_path / "a.mp4")) as reader:
        one, two = iter(reader.frames()), iter(reader.frames(1.0))
        pairs = [(numbers([next(one)])[0], numbers([next(two)])[0]) for _ in range(5)]
        assert pairs == [(k, 30 + k) for k in range(5)]
        assert numbers(reader.frames(0, 0.1)) == [0, 1, 2]


def test_closing_ends_open_iterators(decoder: Subject, tmp_path: Path) -> None:
    reader = decoder.open(media.make_video(tmp_path / "a.mp4"))
    frames = iter(reader.frames())
    next(frames)
    reader.close()
    assert list(frames) == []


@pytest.mark.parametrize("size", [(128, 72), (127, 71), (16, 16), (853, 481)])
def test_plane_shapes_round_up(decoder: Subject, tmp_path: Path, size: tuple[int, int]) -> None:
    path = media.make_video(tmp_path / "a.mkv", seconds=1, fps=10, size=size, codec="ffv1")
    if decoder.refuses("ffv1", path):
        return
    with decoder.open(path) as reader:
        y, u, v = next(iter(reader.frames())).planes()
        width, height = size
        assert tuple(y.shape) == (height, width)
        assert tuple(u.shape) == tuple(v.shape) == ((height + 1) // 2, (width + 1) // 2)


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv420p10le", "yuv422p", "yuv444p"])
def test_planes_are_eight_bit_with_the_coded_colour(decoder: Subject, tmp_path: Path, pix_fmt: str) -> None:
    red, green, blue = 200, 100, 50
    path = media.make_video(
        tmp_path / "a.mkv", seconds=1, picture=media.solid(red, green, blue), pix_fmt=pix_fmt, matrix="bt709"
    )
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    want = (16 + 219 * luma / 255, 128 + 224 * (blue - luma) / 255 / 1.8556, 128 + 224 * (red - luma) / 255 / 1.5748)
    if decoder.refuses(f"{pix_fmt} h264" if "10" in pix_fmt else pix_fmt, path):
        return
    with decoder.open(path) as reader:
        planes = next(iter(reader.frames())).planes()
        assert [float(plane.float().mean()) for plane in planes] == pytest.approx(want, abs=2)


def test_to_av_outlives_the_reader(decoder: Subject, tmp_path: Path) -> None:
    with decoder.open(media.make_video(tmp_path / "a.mp4")) as reader:
        kept = [frame.to_av() for frame in reader.frames(0, 0.3)]
    assert [media.frame_number(picture.to_ndarray()[:72]) for picture in kept] == list(range(9))


def test_packet_sizes_show_keyframes(decoder: Subject, tmp_path: Path) -> None:
    with decoder.open(media.make_video(tmp_path / "a.mp4", gop=15)) as reader:
        sizes = [frame.size_bytes for frame in reader.frames()]
    if any(sizes):
        assert min(sizes[::15]) > 2 * float(np.median(sizes))


@pytest.mark.parametrize("suffix", ["mp4", "ts", "mkv"])
def test_damage_is_counted_and_passed_over(decoder: Subject, tmp_path: Path, suffix: str) -> None:
    source = media.make_video(tmp_path / f"a.{suffix}", seconds=4)
    path = media.damaged(tmp_path / f"b.{suffix}", source)
    if decoder.refuses(suffix, path):
        return
    if suffix in decoder.may.gives_up:
        with decoder.open(path) as reader, pytest.raises(UndecodableHereError, match="cannot decode"):
            list(reader.frames())
        return
    with decoder.open(path) as reader:
        times = [frame.time_s for frame in reader.frames()]
        # Matroska's demuxer finds its way back without a word.
        assert reader.damaged > 0 or suffix == "mkv" or not decoder.may.tells_damage
    assert times == sorted(times)
    assert times[-1] > 3.5


@pytest.mark.parametrize("suffix", ["ts", "mkv", "flv"])
def test_a_truncated_file_ends_early(decoder: Subject, tmp_path: Path, suffix: str) -> None:
    source = media.make_video(tmp_path / f"a.{suffix}", seconds=4)
    path = media.truncated(tmp_path / f"b.{suffix}", source)
    if decoder.refuses(suffix, path):
        return
    with decoder.open(path) as reader:
        assert 20 < len(numbers(reader.frames())) < 100


def test_a_change_of_size_is_scaled_to_the_first(decoder: Subject, tmp_path: Path) -> None:
    first = media.make_video(tmp_path / "a.ts", audio=None)
    second = media.make_video(tmp_path / "b.ts", size=(64, 36), audio=None, start_s=2.0)
    path = tmp_path / "c.ts"
    path.write_bytes(first.read_bytes() + second.read_bytes())
    if decoder.refuses("ts", path):
        return
    with decoder.open(path) as reader:
        shapes = [tuple(frame.planes()[0].shape) for frame in reader.frames()]
    assert set(shapes) == {(72, 128)}
    assert len(shapes) > 100


@pytest.mark.parametrize(
    "make",
    [media.audio_only, media.cover_only, media.no_frames, lambda path: path, lambda path: path.touch() or path],
)
def test_what_is_no_video_is_refused(decoder: Subject, tmp_path: Path, make: Any) -> None:
    with pytest.raises(MediaError, match=r"a\.mp4"):
        decoder.open(make(tmp_path / "a.mp4"))


def test_the_info_is_of_the_file(decoder: Subject, tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4", fps=Fraction(30000, 1001), seconds=2.002)
    with decoder.open(path) as reader:
        assert (reader.info.width_px, reader.info.height_px) == (128, 72)
        assert reader.info.fps == Fraction(30000, 1001)


CODED: list[tuple[str, str, dict[str, Any]]] = [
    ("h264", "mp4", {"matrix": "bt709", "primaries": "bt709", "transfer": "bt709"}),
    ("full range", "mp4", {"matrix": "bt601", "full_range": True}),
    ("untagged", "mkv", {"size": (1280, 720), "seconds": 1.0, "fps": 5}),
    ("hevc", "mp4", {"codec": "libx265"}),
    ("hevc of 10 bits", "mkv", {"codec": "libx265", "pix_fmt": "yuv420p10le"}),
    ("vp9", "webm", {"codec": "libvpx-vp9", "audio": None, "size": (126, 70)}),
]


@pytest.mark.parametrize(("kind", "suffix", "options"), CODED)
def test_pictures_are_those_of_the_cpu(
    decoder: Subject, tmp_path: Path, kind: str, suffix: str, options: dict[str, Any]
) -> None:
    path = media.make_video(tmp_path / f"a.{suffix}", **options)
    ten = "10 bits" in kind
    with decoder.open(path) as reader, PyAvDecoder().open(path) as reference:
        count = 0
        for frame, wanted in zip(reader.frames(), reference.frames(), strict=True):
            count += 1
            assert frame.time_s == pytest.approx(wanted.time_s, abs=1e-9)
            for plane, other in zip(frame.planes(), wanted.planes(), strict=True):
                off = float((plane.cpu().float() - other.float()).abs().mean())
                assert off <= (decoder.may.off_levels_10_bit if ten else decoder.may.off_levels), kind
            picture, coded = frame.to_av(), wanted.to_av()
            assert picture.format.name == coded.format.name
            assert (picture.width, picture.height) == (coded.width, coded.height)
            assert picture.pts * picture.time_base == coded.pts * coded.time_base
            if decoder.may.exact_copies:
                assert np.array_equal(picture.to_ndarray(), coded.to_ndarray())
                tags = [(one.colorspace, one.color_trc, one.color_primaries) for one in (picture, coded)]
                assert tags[0] == tags[1]
                assert (picture.color_range == 2) == (coded.color_range == 2)
    assert count


def test_what_an_edit_list_hides_is_not_shown(decoder: Subject, tmp_path: Path) -> None:
    source = media.make_video(tmp_path / "a.mp4", audio=None)
    path = with_hidden_start(tmp_path / "b.mp4", source, hidden_s=0.35)
    with decoder.open(path) as reader:
        frames = [(media.frame_number(frame.planes()[0].cpu()), frame.time_s) for frame in reader.frames()]
        assert [number for number, _ in frames] == list(range(11, 60))
        assert frames[0][1] == pytest.approx(0, abs=0.02)
        assert numbers(reader.frames(1.2, 1.25)) == [47, 48]


@pytest.mark.parametrize("codec", ["libx265", "libvpx-vp9"])
def test_other_codecs_are_sought_right(decoder: Subject, tmp_path: Path, codec: str) -> None:
    path = media.make_video(tmp_path / "a.mkv", seconds=4, gop=30, codec=codec, audio=None)
    with decoder.open(path) as reader:
        for number in (58, 59, 60, 91):
            assert numbers(reader.frames((number + 0.5) / 30, (number + 0.6) / 30)) == [number]


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_pictures_come_as_they_are_coded_however_they_are_turned(
    decoder: Subject, tmp_path: Path, rotation: int
) -> None:
    path = media.make_video(tmp_path / "a.mp4", seconds=1, size=(640, 360), rotation=rotation)
    with decoder.open(path) as reader:
        assert reader.info.rotation_deg == rotation
        assert numbers(reader.frames(0, 0.1)) == [0, 1, 2]


@pytest.mark.parametrize(
    ("kind", "options"),
    [("interlaced", {"interlaced": True}), ("mirrored", {"mirrored": True}), ("hdr", {"transfer": "hlg"})],
)
def test_what_does_not_survive_is_refused(
    decoder: Subject, tmp_path: Path, kind: str, options: dict[str, Any]
) -> None:
    path = media.make_video(tmp_path / "a.mp4", **options)
    if not decoder.refuses(kind, path):
        with decoder.open(path) as reader:
            assert numbers(reader.frames(0, 0.1)) == [0, 1, 2]


def test_the_sound_beside_the_pictures_is_taken_up(decoder: Subject, tmp_path: Path) -> None:
    from nvpipe.media.slots import Slots

    path = media.make_video(tmp_path / "a.mp4", clicks_s=[0.25, 1.55])
    heard = Slots(0.1)
    with decoder.open(path) as reader:
        assert len(list(reader.frames(sound=heard))) == 60
    powers = heard.powers()
    loud = set(np.flatnonzero(powers > powers.max() / 10).tolist())
    assert loud == {2, 15}


def test_thinning_tells_of_everything_that_it_leaves_out(decoder: Subject, tmp_path: Path) -> None:
    from nvpipe.media.decode import Thinning

    left: list[tuple[float, int]] = []
    path = media.make_video(tmp_path / "a.mp4", fps=60, seconds=3)
    thinning = Thinning(1 / 15, 0.2, lambda time_s, size_bytes: left.append((time_s, size_bytes)))
    with decoder.open(path) as reader:
        shown = [frame.time_s for frame in reader.frames(thinning=thinning)]
    if decoder.may.exact_copies:
        # What is measured follows from the pictures that are seen.
        with PyAvDecoder().open(path) as reference:
            wanted = reference.frames(thinning=Thinning(1 / 15, 0.2, lambda time_s, size_bytes: None))
            assert shown == pytest.approx([frame.time_s for frame in wanted], abs=1e-9)
        assert left
    every = sorted([*shown, *(time_s for time_s, _ in left)])
    assert np.allclose(every, np.arange(180) / 60, atol=1e-6)
    assert all(size_bytes > 0 for _, size_bytes in left)


def test_the_last_picture_stays_valid_when_its_iterator_is_gone(decoder: Subject, tmp_path: Path) -> None:
    with decoder.open(media.make_video(tmp_path / "a.mp4")) as reader:
        frame = next(iter(reader.frames(0.5)))
        others = numbers(reader.frames(1.0, 1.1))
        assert others == [30, 31, 32]
        assert media.frame_number(frame.planes()[0].cpu()) == 15
        assert media.frame_number(frame.to_av().to_ndarray()[:72]) == 15
