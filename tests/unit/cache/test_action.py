"""Motion tracks and segments under the names of the design."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from nvpipe.cache.action import (
    ACTION,
    is_current,
    load_segments,
    load_track,
    save_segments,
    save_track,
    segments_key,
    track_key,
)
from nvpipe.cache.naming import action_path, segments_path
from nvpipe.cache.store import write
from nvpipe.errors import OutputError
from nvpipe.types import MotionTrack, Segment
from nvpipe.types.codec import to_json

TRACK = MotionTrack("clip-00112233", "diff/1", 0.5, 60.0, tuple(n / 7 for n in range(120)), (0.5, 0.25), ("damaged",))
KEY = track_key("d" * 32, "diff/1")
SEGMENTS = (Segment("clip-00112233", 3.0, 33.0, 1.5, 10.25), Segment("clip-00112233", 33.0, 60.0, 0.5, 40.0))


def test_the_names_are_those_of_the_contract(tmp_path: Path) -> None:
    save_track(tmp_path, KEY, TRACK)
    save_segments(tmp_path, TRACK.video_id, 30.0, "k", SEGMENTS)
    save_segments(tmp_path, TRACK.video_id, 12.5, "k", SEGMENTS)
    assert {item.name for item in tmp_path.iterdir()} == {
        "clip-00112233_action_cache.json",
        "clip-00112233_segments_30s.json",
        "clip-00112233_segments_12.5s.json",
    }


def test_a_track_comes_back_with_the_checksum_of_its_file(tmp_path: Path, said: list[str]) -> None:
    checksum = save_track(tmp_path, KEY, TRACK)
    assert load_track(tmp_path, TRACK.video_id, KEY, said.append) == (TRACK, checksum)
    assert said == []


@pytest.mark.parametrize(
    "other",
    [
        track_key("e" * 32, "diff/1"),
        track_key("d" * 32, "diff/2"),
        track_key("d" * 32, "diff/1", {"fast": True}),
    ],
)
def test_other_content_scorer_or_parameters_miss(tmp_path: Path, said: list[str], other: str) -> None:
    save_track(tmp_path, KEY, TRACK)
    assert load_track(tmp_path, TRACK.video_id, other, said.append) is None
    assert said == []


@pytest.mark.parametrize(
    "change",
    [
        {"scores": [1.0, "2"]},
        {"scores": [True]},
        {"scores": None},
        {"focus_x": {}},
        {"step_s": 0},
        {"step_s": -1.0},
        {"video_id": 3},
        {"new": 1},
    ],
)
def test_a_senseless_track_is_a_miss_with_a_warning(
    tmp_path: Path, said: list[str], change: dict[str, object]
) -> None:
    write(action_path(tmp_path, TRACK.video_id), ACTION, KEY, {**to_json(TRACK), **change})
    assert load_track(tmp_path, TRACK.video_id, KEY, said.append) is None
    assert len(said) == 1


def test_a_track_without_finite_scores_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        save_track(tmp_path, KEY, replace(TRACK, scores=(1.0, float("nan"))))
    assert list(tmp_path.iterdir()) == []


def test_only_exactly_this_track_is_current(tmp_path: Path) -> None:
    assert is_current(tmp_path, TRACK) is None
    checksum = save_track(tmp_path, KEY, TRACK)
    assert is_current(tmp_path, TRACK) == checksum
    assert is_current(tmp_path, replace(TRACK, scores=(1.0,))) is None


def test_segments_come_back_for_the_same_key_only(tmp_path: Path, said: list[str]) -> None:
    key = segments_key("c" * 32, 30.0, {"gap": 1})
    save_segments(tmp_path, TRACK.video_id, 30.0, key, SEGMENTS)
    assert load_segments(tmp_path, TRACK.video_id, 30, key, said.append) == SEGMENTS
    assert load_segments(tmp_path, TRACK.video_id, 30, segments_key("c" * 32, 30.0), said.append) is None
    assert load_segments(tmp_path, TRACK.video_id, 45, key, said.append) is None
    assert said == []


def test_segments_of_a_foreign_tool_are_set_aside(tmp_path: Path, said: list[str]) -> None:
    path = segments_path(tmp_path, TRACK.video_id, 30)
    path.write_text(json.dumps([{"start": 1, "end": 2}]))
    assert load_segments(tmp_path, TRACK.video_id, 30, "k", said.append) is None
    assert len(said) == 1
    assert not path.exists()
