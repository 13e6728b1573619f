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


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"transfer": "pq", "matrix": "bt2020", "pix_fmt": "yuv420p10le"}, r"HDR \(PQ\)"),
        ({"transfer": "hlg", "matrix": "bt2020", "pix_fmt": "yuv420p10le"}, r"HDR \(HLG\)"),
        ({"matrix": "bt2020"}, "BT.2020"),
        ({"rotation": 45}, "quarter turns"),
        ({"mirrored": True}, "mirrored"),
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
