"""Motion tracks and segments under the names of the design."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.cached_tracks import COARSE, COARSE_KEY, DIGEST, KEY, SCORES, SEGMENTS, TRACK, VIDEO_ID
from fakes.envelopes import signed

from nvpipe.cache.action import (
    ACTION,
    MAX_STEPS,
    MAX_TRACKS,
    KeptTrack,
    find_track,
    load_track,
    save_segments,
    save_track,
    track_key,
)
from nvpipe.cache.naming import action_path
from nvpipe.cache.store import Format, write
from nvpipe.cache.verify import verify
from nvpipe.errors import OutputError
from nvpipe.types.codec import to_json


def names(folder: Path) -> set[str]:
    return {item.name for item in folder.iterdir()} - {".nvpipe.lock"}


def tracks_in(folder: Path) -> list[str]:
    data = json.loads(action_path(folder, VIDEO_ID).read_text("utf-8"))["data"]
    return [item["track"]["scorer"] for item in data["tracks"]]


def test_the_names_are_those_of_the_contract(tmp_path: Path, kept: KeptTrack) -> None:
    save_segments(tmp_path, kept, 30.0, None, SEGMENTS)
    save_segments(tmp_path, kept, 12.5, None, SEGMENTS)
    assert names(tmp_path) == {
        "clip-00112233_action_cache.json",
        "clip-00112233_segments_30s.json",
        "clip-00112233_segments_12.5s.json",
    }


def test_a_track_comes_back_with_the_checksum_of_its_file(tmp_path: Path, kept: KeptTrack, said: list[str]) -> None:
    assert load_track(tmp_path, VIDEO_ID, [KEY], said.append) == kept
    assert said == []


def test_the_file_can_be_read_by_a_person(tmp_path: Path, kept: KeptTrack) -> None:
    lines = action_path(tmp_path, VIDEO_ID).read_text("utf-8").splitlines()
    assert len(lines) < 80
    assert max(map(len, lines)) < 400
    assert ' "key": "' + DIGEST in lines[3]


@pytest.mark.parametrize(
    "other",
    [
        track_key("e" * 32, "diff/1"),
        track_key(DIGEST, "diff/2"),
        COARSE_KEY,
    ],
)
def test_other_content_scorer_or_parameters_miss(
    tmp_path: Path, kept: KeptTrack, said: list[str], other: str
) -> None:
    assert load_track(tmp_path, VIDEO_ID, [other], said.append) is None
    assert said == []


def test_tracks_lie_beside_each_other(tmp_path: Path, kept: KeptTrack, said: list[str]) -> None:
    checksum = save_track(tmp_path, DIGEST, COARSE_KEY, COARSE, said.append)
    assert load_track(tmp_path, VIDEO_ID, [KEY, COARSE_KEY], said.append) == KeptTrack(TRACK, KEY, checksum)
    assert load_track(tmp_path, VIDEO_ID, ["x", COARSE_KEY], said.append) == KeptTrack(COARSE, COARSE_KEY, checksum)
    assert said == []


def test_few_tracks_are_kept_and_the_oldest_goes(tmp_path: Path, said: list[str]) -> None:
    for number in range(MAX_TRACKS + 2):
        scorer = f"diff/{number}"
        save_track(tmp_path, DIGEST, track_key(DIGEST, scorer), replace(TRACK, scorer=scorer), said.append)
    assert tracks_in(tmp_path) == [f"diff/{number}" for number in range(MAX_TRACKS + 1, 1, -1)]
    save_track(tmp_path, DIGEST, track_key(DIGEST, "diff/2"), replace(TRACK, scorer="diff/2"), said.append)
    assert tracks_in(tmp_path) == ["diff/2", "diff/5", "diff/4", "diff/3"]


def test_tracks_of_endless_videos_leave_room_for_each_other(tmp_path: Path, said: list[str]) -> None:
    for number in range(3):
        endless = replace(TRACK, scorer=f"diff/{number}", scores=(1.0,) * (MAX_STEPS // 2), focus_x=(), signals=())
        save_track(tmp_path, DIGEST, track_key(DIGEST, endless.scorer), endless, said.append)
    assert tracks_in(tmp_path) == ["diff/2", "diff/1"]


def test_tracks_of_another_content_do_not_stay(tmp_path: Path, kept: KeptTrack, said: list[str]) -> None:
    other = "e" * 32
    save_track(tmp_path, other, track_key(other, "diff/2"), replace(TRACK, scorer="diff/2"), said.append)
    assert tracks_in(tmp_path) == ["diff/2"]


def test_a_file_of_the_first_version_is_stale_and_is_replaced(tmp_path: Path, said: list[str]) -> None:
    write(action_path(tmp_path, VIDEO_ID), Format(ACTION.name, 1), KEY, to_json(TRACK))
    assert load_track(tmp_path, VIDEO_ID, [KEY], said.append) is None
    save_track(tmp_path, DIGEST, KEY, TRACK, said.append)
    assert load_track(tmp_path, VIDEO_ID, [KEY], said.append) is not None
    assert said == []


def test_a_damaged_file_does_not_hinder_saving(tmp_path: Path, kept: KeptTrack, said: list[str]) -> None:
    path = action_path(tmp_path, VIDEO_ID)
    path.write_bytes(path.read_bytes()[:-9])
    save_track(tmp_path, DIGEST, COARSE_KEY, COARSE, said.append)
    assert len(said) == 1
    assert tracks_in(tmp_path) == ["diff/1"]
    assert path.with_name(f"{path.name}.damaged-1").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"scores": [1.0, "2"]},
        {"scores": [True]},
        {"scores": None},
        {"scores": [1.0]},
        {"focus_x": {}},
        {"focus_x": [0.5]},
        {"cuts_s": [2.0, 1.0]},
        {"cuts_s": [1.0, 1.0]},
        {"cuts_s": "12"},
        {"signals": {}},
        {"signals": [3]},
        {"signals": [{"name": "x", "weight": 1.0, "values": [1.0]}]},
        {"signals": [{"name": "x", "weight": "1", "values": list(SCORES)}]},
        {"signals": [{"name": "x", "values": list(SCORES)}]},
        {"coarse": 1},
        {"duration_s": -1.0},
        {"step_s": 0},
        {"step_s": -1.0},
        {"video_id": 3},
        {"video_id": "other"},
        {"new": 1},
    ],
)
def test_a_senseless_track_is_a_miss_with_a_warning(
    tmp_path: Path, said: list[str], change: dict[str, object]
) -> None:
    data = {"video_id": VIDEO_ID, "tracks": [{"key": KEY, "track": {**to_json(TRACK), **change}}]}
    write(action_path(tmp_path, VIDEO_ID), ACTION, DIGEST, data)
    assert load_track(tmp_path, VIDEO_ID, [KEY], said.append) is None
    assert len(said) == 1


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        {"video_id": VIDEO_ID},
        {"video_id": VIDEO_ID, "tracks": []},
        {"video_id": VIDEO_ID, "tracks": {}},
        {"video_id": VIDEO_ID, "tracks": [3]},
        {"video_id": VIDEO_ID, "tracks": [{"key": KEY}]},
        {"video_id": VIDEO_ID, "tracks": [{"key": [], "track": {}}]},
        {"video_id": VIDEO_ID, "tracks": [{"key": KEY, "track": []}]},
        {"video_id": VIDEO_ID, "tracks": [{"key": KEY, "track": to_json(TRACK)}] * 2},
        {"video_id": "other", "tracks": [{"key": KEY, "track": to_json(TRACK)}]},
    ],
)
def test_a_senseless_list_of_tracks_is_a_miss_and_is_replaced(tmp_path: Path, said: list[str], data: object) -> None:
    write(action_path(tmp_path, VIDEO_ID), ACTION, DIGEST, data)
    assert load_track(tmp_path, VIDEO_ID, [KEY], said.append) is None
    assert len(said) == 1
    save_track(tmp_path, DIGEST, KEY, TRACK, said.append)
    assert load_track(tmp_path, VIDEO_ID, [KEY], said.append) is not None


def test_a_track_without_finite_scores_is_not_written(tmp_path: Path, said: list[str]) -> None:
    with pytest.raises(OutputError):
        save_track(tmp_path, DIGEST, KEY, replace(TRACK, scores=(1.0, float("nan"))), said.append)
    assert names(tmp_path) == set()


def test_only_exactly_this_track_is_found(tmp_path: Path, said: list[str]) -> None:
    assert find_track(tmp_path, DIGEST, TRACK) is None
    save_track(tmp_path, DIGEST, KEY, TRACK, said.append)
    checksum = save_track(tmp_path, DIGEST, COARSE_KEY, COARSE, said.append)
    assert find_track(tmp_path, DIGEST, TRACK) == KeptTrack(TRACK, KEY, checksum)
    assert find_track(tmp_path, DIGEST, COARSE) == KeptTrack(COARSE, COARSE_KEY, checksum)
    assert find_track(tmp_path, DIGEST, replace(TRACK, scores=SCORES[::-1])) is None
    assert find_track(tmp_path, "e" * 32, TRACK) is None


@pytest.mark.parametrize("number", [str(10**400), str(1 << 64), "-" + "9" * 5000])
def test_an_endless_number_is_damage(tmp_path: Path, said: list[str], number: str) -> None:
    track = {**to_json(TRACK), "scores": "VALUE"}
    fields = {"format": ACTION.name, "version": ACTION.version, "key": DIGEST, "made_by": "", "created": ""}
    fields["data"] = {"video_id": VIDEO_ID, "tracks": [{"key": KEY, "track": track}]}
    path = action_path(tmp_path, VIDEO_ID)
    path.write_bytes(signed(fields, VALUE=f"[{number}]"))
    assert [one.state for one in verify(tmp_path)] == ["damaged"]
    assert load_track(tmp_path, VIDEO_ID, [KEY], said.append) is None
    assert len(said) == 1
    assert path.with_name(f"{path.name}.damaged-1").exists()
