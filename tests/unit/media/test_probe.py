"""What is read from a header, and which kinds are refused."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from fakes import media

from nvpipe.errors import MediaError, UnsupportedMediaError
from nvpipe.media.probe import displayed_size, probe


def test_plain(tmp_path: Path) -> None:
    info = probe(media.make_video(tmp_path / "a.mp4", tags={"copyright": "CC BY 4.0", "artist": "Some\nbody"}))
    assert (info.width_px, info.height_px, info.fps, info.rotation_deg) == (128, 72, 30, 0)
    assert info.duration_s == pytest.approx(2.0)
    assert (info.codec, info.pixel_format, info.has_audio, info.interlaced) == ("h264", "yuv420p", True, False)
    assert (info.licence, info.credit) == ("CC BY 4.0", "Some body")


@pytest.mark.parametrize(
    ("size", "matrix"), [((128, 72), "bt601"), ((1280, 720), "bt709"), ((720, 1280), "bt709"), ((854, 480), "bt601")]
)
def test_untagged_colour_goes_by_size(tmp_path: Path, size: tuple[int, int], matrix: str) -> None:
    info = probe(media.make_video(tmp_path / "a.mp4", seconds=1, fps=2, size=size, audio=None))
    assert (info.colour_matrix, info.colour_assumed, info.full_range) == (matrix, True, False)


def test_tags_win_over_size(tmp_path: Path) -> None:
    info = probe(media.make_video(tmp_path / "a.mp4", matrix="bt709", full_range=True, audio=None))
    assert (info.colour_matrix, info.colour_assumed, info.full_range) == ("bt709", False, True)
    assert not info.has_audio


HDR = {"matrix": "bt2020", "primaries": "bt2020", "pix_fmt": "yuv420p10le", "audio": None}
MASTERED = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(40000000,50)"


@pytest.mark.parametrize(
    ("suffix", "options", "wanted"),
    [
        ("mp4", {"transfer": "pq", **HDR}, ("bt2020", "pq", "bt2020", 1000.0)),
        ("mp4", {"transfer": "hlg", **HDR, "codec": "libx265"}, ("bt2020", "hlg", "bt2020", 0.0)),
        ("mkv", {"transfer": "hlg", **HDR, "codec": "libsvtav1"}, ("bt2020", "hlg", "bt2020", 0.0)),
        ("mp4", {"transfer": "pq", "pix_fmt": "yuv420p10le", "audio": None}, ("bt2020", "pq", "bt2020", 1000.0)),
        ("mov", {"matrix": "bt2020"}, ("bt2020", "sdr", "bt2020", 0.0)),
        ("mov", {"matrix": "bt709", "primaries": "p3"}, ("bt709", "sdr", "p3", 0.0)),
        ("mov", {"matrix": "bt601", "primaries": "bt709"}, ("bt601", "sdr", "bt709", 0.0)),
    ],
)
def test_colour_tags(
    tmp_path: Path, suffix: str, options: dict[str, Any], wanted: tuple[str, str, str, float]
) -> None:
    info = probe(media.make_video(tmp_path / f"a.{suffix}", seconds=1, **options))
    assert (info.colour_matrix, info.transfer, info.primaries, info.peak_nits) == wanted


@pytest.mark.parametrize(("told", "peak"), [(MASTERED, 4000.0), (f"{MASTERED}:max-cll=600,100", 600.0)])
def test_the_peak_of_pq_is_what_the_file_tells(tmp_path: Path, told: str, peak: float) -> None:
    options = {"x265-params": f"log-level=none:pools=1:{told}"}
    path = media.make_video(tmp_path / "a.mp4", seconds=1, codec="libx265", transfer="pq", options=options, **HDR)
    assert probe(path).peak_nits == peak


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_orientation(tmp_path: Path, rotation: int, mirrored: bool) -> None:
    path = media.make_video(tmp_path / "a.mp4", seconds=1, rotation=rotation, mirrored=mirrored, audio=None)
    info = probe(path)
    assert (info.rotation_deg, info.mirrored) == (rotation, mirrored)


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"rotation": 45}, "quarter turns"),
        ({"sample_aspect": Fraction(1, 20)}, "cannot be right"),
    ],
)
def test_what_would_come_out_wrong_is_refused(tmp_path: Path, options: dict[str, Any], line: str) -> None:
    with pytest.raises(UnsupportedMediaError, match=line) as caught:
        probe(media.make_video(tmp_path / "a.mp4", seconds=1, **options))
    assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (media.audio_only, "sound but no video"),
        (media.cover_only, "cover picture but no video"),
        (media.no_frames, "no frame that can be decoded"),
        (lambda path: media.make_video(path, seconds=0.5), "shorter than a second"),
    ],
)
def test_without_usable_video(tmp_path: Path, make: Any, line: str) -> None:
    with pytest.raises(MediaError, match=line):
        probe(make(tmp_path / "a.mp4"))


def test_a_live_recording_without_duration_is_scanned(tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mkv", seconds=3, format_options={"live": "1"})
    assert probe(path).duration_s == pytest.approx(3.0, abs=0.1)


def test_displayed_size() -> None:
    assert displayed_size(720, 576, Fraction(16, 15), 0) == (768, 576)
    assert displayed_size(720, 480, Fraction(8, 9), 90) == (540, 720)
