"""Which kept track serves which request, and when kept segments hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from nvpipe.cache.naming import action_path, segments_path
from nvpipe.footage.kept import Tracks, scorer_versions
from nvpipe.types import Footage, MotionTrack, Segment

VIDEO = Footage("v-00000000", Path("v.mp4"), "d" * 32, 16, 9, Fraction(30), 1.0, "h264", 0, False, "bt709", False)
FULL = MotionTrack(VIDEO.video_id, "diff/1", 0.5, 1.0, (1.0, 2.0), (), ("damaged near 0:01",))
COARSE = replace(FULL, scores=(1.0, 3.0), coarse=True)
SEGMENT = Segment(VIDEO.video_id, 0.0, 1.0, 1.5, 0.75)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def tracks(tmp_path: Path, said: list[str]) -> Callable[[], Tracks]:
    """On the same folder at every call, as another process would have it."""
    return lambda: Tracks(tmp_path, said.append)


def never() -> MotionTrack:
    raise AssertionError("computed again")


def test_a_full_track_serves_a_fast_request(tracks: Callable[[], Tracks]) -> None:
    tracks().track(VIDEO, "diff/1", lambda: FULL)
    assert tracks().track(VIDEO, "diff/1", never, fast=True) == (FULL, True)
    assert tracks().kept_track(VIDEO, "diff/1", fast=True) == FULL


def test_a_coarse_track_never_serves_a_full_request(tracks: Callable[[], Tracks]) -> None:
    assert tracks().track(VIDEO, "diff/1", lambda: COARSE, fast=True) == (COARSE, False)
    assert tracks().track(VIDEO, "diff/1", never, fast=True) == (COARSE, True)
    assert tracks().kept_track(VIDEO, "diff/1") is None
    assert tracks().track(VIDEO, "diff/1", lambda: FULL) == (FULL, False)
    assert tracks().kept_track(VIDEO, "diff/1", fast=True) == FULL


def test_a_track_is_kept_as_what_it_is_not_as_what_was_asked_for(tracks: Callable[[], Tracks]) -> None:
    tracks().track(VIDEO, "diff/1", lambda: FULL, fast=True)
    assert tracks().kept_track(VIDEO, "diff/1") == FULL
    tracks().track(VIDEO, "diff/2", lambda: COARSE)
    assert tracks().kept_track(VIDEO, "diff/2") is None


def test_another_scorer_adds_its_track(tracks: Callable[[], Tracks], said: list[str]) -> None:
    other = replace(FULL, scorer="diff/2", scores=(5.0, 6.0))
    tracks().track(VIDEO, "diff/1", lambda: FULL)
    tracks().track(VIDEO, "diff/2", lambda: other)
    assert tracks().kept_track(VIDEO, "diff/1") == FULL
    assert tracks().kept_track(VIDEO, "diff/2") == other
    assert said == []


def test_a_track_is_parsed_once_while_its_file_stays_the_same(tracks: Callable[[], Tracks], tmp_path: Path) -> None:
    tracks().track(VIDEO, "diff/1", lambda: FULL)
    reader = tracks()
    first = reader.kept_track(VIDEO, "diff/1")
    assert reader.kept_track(VIDEO, "diff/1") is first
    tracks().track(VIDEO, "diff/2", lambda: replace(FULL, scorer="diff/2"))
    again = reader.kept_track(VIDEO, "diff/1")
    assert again == first
    assert again is not first
    next(tmp_path.glob("*_action_cache.json")).unlink()
    assert reader.kept_track(VIDEO, "diff/1") is None


def test_other_content_misses(tracks: Callable[[], Tracks]) -> None:
    tracks().track(VIDEO, "diff/1", lambda: FULL)
    assert tracks().kept_track(replace(VIDEO, digest="e" * 32), "diff/1") is None


def test_a_moved_or_renamed_video_hits(tracks: Callable[[], Tracks]) -> None:
    tracks().track(VIDEO, "diff/1", lambda: FULL)
    assert tracks().kept_track(replace(VIDEO, path=Path("/elsewhere/other.mkv")), "diff/1") == FULL


def keep_segments(tracks: Tracks, track: MotionTrack, rules: object = 1) -> None:
    kept, _ = tracks.track(VIDEO, track.scorer, lambda: track, fast=track.coarse)
    tracks.segments(VIDEO, kept, 30, lambda: [SEGMENT], rules)


def test_kept_segments_come_without_their_track(tracks: Callable[[], Tracks]) -> None:
    keep_segments(tracks(), FULL)
    kept = tracks().kept_segments(VIDEO, ["other/1", "diff/1"], 30, 1)
    assert kept is not None
    assert (kept.segments, kept.track_duration_s, kept.warnings) == ((SEGMENT,), 1.0, FULL.warnings)
    assert tracks().kept_segments(VIDEO, ["diff/2"], 30, 1) is None
    assert tracks().kept_segments(VIDEO, ["diff/1"], 31, 1) is None
    assert tracks().kept_segments(VIDEO, ["diff/1"], 30, 2) is None
    assert tracks().kept_segments(replace(VIDEO, digest="e" * 32), ["diff/1"], 30, 1) is None


def test_coarse_segments_never_serve_a_full_request(tracks: Callable[[], Tracks]) -> None:
    keep_segments(tracks(), COARSE)
    assert tracks().kept_segments(VIDEO, ["diff/1"], 30, 1) is None
    kept = tracks().kept_segments(VIDEO, ["diff/1"], 30, 1, fast=True)
    assert kept is not None
    assert kept.coarse
    keep_segments(tracks(), FULL)
    kept = tracks().kept_segments(VIDEO, ["diff/1"], 30, 1, fast=True)
    assert kept is not None
    assert not kept.coarse


def test_a_track_that_joins_makes_segments_be_chosen_again(tracks: Callable[[], Tracks]) -> None:
    keep_segments(tracks(), FULL)
    tracks().track(VIDEO, "diff/2", lambda: replace(FULL, scorer="diff/2"))
    assert tracks().kept_segments(VIDEO, ["diff/1"], 30, 1) is None
    keep_segments(tracks(), FULL)
    assert tracks().kept_segments(VIDEO, ["diff/1"], 30, 1) is not None


@pytest.mark.parametrize("harm", ["gone", "cut off"])
def test_without_a_whole_action_cache_segments_are_void(
    tracks: Callable[[], Tracks], tmp_path: Path, said: list[str], harm: str
) -> None:
    keep_segments(tracks(), FULL)
    path = action_path(tmp_path, VIDEO.video_id)
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-1])
    assert tracks().kept_segments(VIDEO, ["diff/1"], 30, 1) is None
    assert tracks().kept_track(VIDEO, "diff/1") is None
    assert len(said) == (harm == "cut off")


def test_segments_of_a_track_that_could_not_be_kept_are_not_kept(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "file").write_text("")
    tracks = Tracks(tmp_path / "file", said.append)
    keep_segments(tracks, FULL)
    assert not segments_path(tmp_path, VIDEO.video_id, 30).exists()
    assert len(said) == 1


def test_every_scorer_tells_its_version() -> None:
    assert scorer_versions()
    assert all("/" in version for version in scorer_versions())
