"""Files of the original program are told apart, whole, cut off or enormous, and never crash anything."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from nvpipe.cache.action import ACTION, save_track
from nvpipe.cache.adopt import set_aside_originals
from nvpipe.cache.index import FootageIndex
from nvpipe.cache.original import OriginalTitle, recognise, recognise_head, title_of, titles
from nvpipe.cache.store import MAX_BYTES, read
from nvpipe.types import MotionTrack

MOMENT = {
    "timestamp": 15.0,
    "motion_intensity": 0.0,
    "color_variance": 41.5,
    "edge_density": 0.1,
    "scene_complexity": 0.2,
    "action_type": "high",
}
ACTION_CACHE = {"high": [MOMENT], "medium": [], "low": [MOMENT, MOMENT]}
SEGMENTS = [{"start": 15.0, "end": 45.0}, {"start": 60, "end": 90}]
VIDEO = {
    "title": "A game",
    "duration": 61.5,
    "content_type": "high_action",
    "file_path": "/library/downloads/a.mp4",
    "uploader": "Ann\x1b[31m",
    "url": "https://example.org/v",
    "file_size": 1234,
}
INDEX = {"sources": {"youtube": []}, "videos": {"abc": VIDEO}, "last_updated": "2025"}


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (ACTION_CACHE, "action"),
        ({"high": []}, "action"),
        (SEGMENTS, "segments"),
        (INDEX, "index"),
        ({"videos": {}}, "index"),
        ({}, None),
        ([], None),
        (None, None),
        ("high", None),
        ({"high": 3}, None),
        ({"high": [3]}, None),
        ({"high": [], "other": []}, None),
        ([{"start": 1}], None),
        ([3], None),
        ({"videos": []}, None),
        ({"videos": {}, "format": "nvpipe-footage"}, None),
    ],
)
def test_its_files_are_recognised_by_their_structure(data: object, kind: str | None) -> None:
    assert recognise(data) == kind


@pytest.mark.parametrize("data", [ACTION_CACHE, SEGMENTS, INDEX])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_file_cut_off_or_too_large_is_recognised_by_its_head(data: object, indent: int | None) -> None:
    raw = json.dumps(data, indent=indent).encode()
    assert recognise_head(raw[:40]) == recognise(data)
    assert recognise_head(b'{\n "format": "nvpipe-action"') is None


@pytest.mark.parametrize("data", [ACTION_CACHE, SEGMENTS, INDEX])
def test_every_truncation_is_set_aside_with_one_line(tmp_path: Path, data: object) -> None:
    raw = json.dumps(data).encode()
    path = tmp_path / "x_action_cache.json"
    for length in range(len(raw) + 1):
        said: list[str] = []
        path.write_bytes(raw[:length])
        assert read(path, ACTION, "k", said.append) is None
        assert len(said) == 1
        assert not path.exists()
        (kept,) = tmp_path.glob("x_action_cache.json.*")
        kept.unlink()
    assert "always 0" in said[0] or "list of footage" in said[0]


def test_an_enormous_one_is_not_read(tmp_path: Path, said: list[str]) -> None:
    path = tmp_path / "x_action_cache.json"
    path.write_bytes(json.dumps(ACTION_CACHE).encode())
    os.truncate(path, MAX_BYTES * 100)
    assert read(path, ACTION, "k", said.append) is None
    assert len(said) == 1
    assert (tmp_path / "x_action_cache.json.original-1").exists()


def test_what_it_knew_of_its_videos() -> None:
    (one,) = titles(INDEX)
    assert one == OriginalTitle(
        path=Path("/library/downloads/a.mp4"),
        duration_s=61.5,
        size_bytes=1234,
        title="A game",
        credit="Ann [31m",
        source="https://example.org/v",
        content_type="high_action",
    )


@pytest.mark.parametrize(
    "video",
    [
        3,
        None,
        {},
        {"title": 3, "duration": "x", "file_path": []},
        {"title": "", "duration": -1, "file_size": 1.5},
        {"duration": float("inf"), "file_size": 10**400},
        {"duration": True, "title": "\x00\x1b"},
    ],
)
def test_what_makes_no_sense_is_passed_over(video: object) -> None:
    known = titles({"videos": {"x": video}})
    assert known in ([], [OriginalTitle(None, None, None, None, None, None, None)])


@pytest.mark.parametrize("data", [None, 3, [], {"videos": []}, {"videos": 3}])
def test_without_videos_there_are_no_titles(data: object) -> None:
    assert titles(data) == []


def test_endless_texts_are_cut() -> None:
    (one,) = titles({"videos": {"x": {"title": "x" * 10**6, "file_path": "a/" * 5000}}})
    assert one.title is not None
    assert len(one.title) == 500


def test_a_video_is_met_by_its_path_or_by_name_with_size_or_duration() -> None:
    full, (elsewhere,) = titles(INDEX), titles({"videos": {"x": {**VIDEO, "file_path": "downloads/a.mp4"}}})
    assert title_of(full, Path("/library/downloads/a.mp4"), 9, 9.0) == full[0]
    assert title_of([elsewhere], Path("/new/a.mp4"), 1234, 9.0) == elsewhere
    assert title_of([elsewhere], Path("/new/a.mp4"), 9, 61.5) is None
    assert title_of([elsewhere], Path("/new/b.mp4"), 1234, 61.5) is None
    (by_length,) = titles({"videos": {"x": {"file_path": "a.mp4", "duration": 61}}})
    assert title_of([by_length], Path("/new/a.mp4"), 9, 61.5) == by_length
    assert title_of([by_length], Path("/new/a.mp4"), 9, 70.0) is None
    (name_only,) = titles({"videos": {"x": {"file_path": "a.mp4"}}})
    assert title_of([name_only], Path("/new/a.mp4"), 9, 61.5) is None


def test_a_folder_of_it_is_set_aside_with_one_line(tmp_path: Path, said: list[str]) -> None:
    for number in range(3):
        (tmp_path / f"v{number}_action_cache.json").write_text(json.dumps(ACTION_CACHE))
        (tmp_path / f"v{number}_segments_30.0s.json").write_text(json.dumps(SEGMENTS))
    others = {"notes.json": "{}", "theirs.json": json.dumps(SEGMENTS), "x_action_cache.json": "{"}
    for name, text in others.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "folder_action_cache.json").mkdir()
    assert set_aside_originals(tmp_path, said.append) == 6
    assert len(said) == 1
    assert "always 0" in said[0]
    assert len(list(tmp_path.glob("*.original-1"))) == 6
    assert all((tmp_path / name).exists() for name in others)
    assert set_aside_originals(tmp_path, said.append) == 0
    assert set_aside_originals(tmp_path / "nowhere", said.append) == 0
    assert len(said) == 1


def test_only_the_opening_of_an_unused_folder_looks_for_them(tmp_path: Path, said: list[str]) -> None:
    storage = tmp_path / "s"
    index = FootageIndex(storage, said.append)
    storage.mkdir()
    theirs = storage / "abc_action_cache.json"
    theirs.write_text(json.dumps(ACTION_CACHE))
    index.note_places({"p": ["a"]})
    assert theirs.exists()
    FootageIndex(storage, said.append)
    assert not theirs.exists()
    assert len(said) == 1


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the system does not count what is read")
def test_own_caches_are_told_by_their_first_bytes(tmp_path: Path, said: list[str]) -> None:
    def bytes_read() -> int:
        return int(Path("/proc/self/io").read_text().split()[1])

    for number in range(3):
        track = MotionTrack(f"v-{number}", "x/1", 0.5, 1.0, tuple(n / 7 for n in range(40_000)), ())
        save_track(tmp_path, "d" * 32, "k", track, said.append)
    before = bytes_read()
    FootageIndex(tmp_path, said.append)
    assert bytes_read() - before < 200_000
    assert sum(path.stat().st_size for path in tmp_path.glob("*_action_cache.json")) > 1_000_000
