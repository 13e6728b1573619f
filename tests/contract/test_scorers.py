"""What every scorer owes, whichever it is: a registry line enrols it here."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import media

from nvpipe.errors import MediaError
from nvpipe.footage.motion import SCORERS
from nvpipe.footage.select import best_segments
from nvpipe.media.decode.pyav import PyAvDecoder
from nvpipe.types import Footage


@pytest.fixture(params=SCORERS.names())
def scorer(request: pytest.FixtureRequest) -> Any:
    probe = SCORERS.probe(request.param)
    if not probe.usable:
        pytest.skip(probe.reason)
    return SCORERS.load(request.param)


def test_one_scorer_is_usable_here() -> None:
    SCORERS.choose()


def footage(path: Path) -> Footage:
    return Footage("a-00000000", path, "00", 128, 72, Fraction(30), 2.0, "h264", 0, True, "bt709", False)


def test_the_version_names_the_scorer(scorer: Any) -> None:
    assert re.fullmatch(r"[a-z0-9-]+/\d+", scorer.version)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"audio": None},
        {"size": (72, 128), "rotation": 90},
        {"fps": 5},
        {"pix_fmt": "yuv422p"},
        {"times_s": [index / 60 for index in range(30)] + [0.5 + index / 10 for index in range(30)]},
    ],
)
def test_a_track_is_complete_and_always_the_same(scorer: Any, tmp_path: Path, options: dict[str, Any]) -> None:
    path = media.make_video(tmp_path / "a.mp4", **options)
    track = scorer.score(footage(path), PyAvDecoder())
    assert track.video_id == "a-00000000"
    assert track.scorer == scorer.version
    assert len(track.scores) == math.ceil(track.duration_s / track.step_s - 1e-6) > 0
    assert all(math.isfinite(score) and score >= 0 for score in track.scores)
    assert track.focus_x == () or len(track.focus_x) == len(track.scores)
    assert track.warnings == ()
    assert scorer.score(footage(path), PyAvDecoder()) == track


def test_the_part_with_flashes_and_noise_is_chosen(scorer: Any, tmp_path: Path) -> None:
    time_s = np.arange(48_000 * 12) / 48_000
    loud = np.where((time_s >= 6) & (time_s < 9), 0.5, 0.02)
    sound = (loud * np.sin(2 * np.pi * 200 * time_s))[None].astype(np.float32)
    path = media.make_video(
        tmp_path / "a.mp4",
        seconds=12,
        flashes_s=[6 + 0.3 * index for index in range(10)],
        sound=np.repeat(sound, 2, axis=0),
    )
    track = scorer.score(footage(path), PyAvDecoder())
    assert best_segments(track, 3.0, 1)[0].start_s == pytest.approx(6, abs=0.5)


def test_a_truncated_file_gives_what_can_be_decoded_and_a_warning(scorer: Any, tmp_path: Path) -> None:
    whole = media.make_video(tmp_path / "a.mp4", seconds=8, format_options={"movflags": "+faststart"})
    broken = tmp_path / "b.mp4"
    broken.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    track = scorer.score(footage(broken), PyAvDecoder())
    assert 1 < track.duration_s < 7
    assert any("b.mp4" in warning for warning in track.warnings)


def test_what_cannot_be_decoded_is_a_media_error(scorer: Any, tmp_path: Path) -> None:
    empty = tmp_path / "empty.mp4"
    empty.write_bytes(b"")
    for path in (tmp_path / "missing.mp4", empty):
        with pytest.raises(MediaError):
            scorer.score(footage(path), PyAvDecoder())


def test_progress_ends_at_the_duration(scorer: Any, tmp_path: Path) -> None:
    seen: list[float] = []
    path = media.make_video(tmp_path / "a.mp4")
    track = scorer.score(footage(path), PyAvDecoder(), on_progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(track.duration_s)
