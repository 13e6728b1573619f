"""Listing and clearing touch nvpipe's own files and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nvpipe.cache.action import ACTION, KeptTrack, save_segments, save_track
from nvpipe.cache.index import FootageIndex
from nvpipe.cache.listing import TEMPORARY_KEPT_S, Cleared, clear, ls, sweep
from nvpipe.cache.naming import action_path
from nvpipe.cache.sighting import Sighting, digest_settled
from nvpipe.cache.stages import StageStore
from nvpipe.cache.store import read
from nvpipe.errors import OutputError
from nvpipe.types import Footage, MotionTrack, Segment

KEY = "ab" * 16


@pytest.fixture
def storage(tmp_path: Path, said: list[str], footage: Callable[..., Footage]) -> Path:
    """A storage folder with one file of every kind."""
    folder, clip = tmp_path / "s", tmp_path / "clip.wav"
    clip.write_bytes(b"content")
    digest, identity = digest_settled(clip)
    FootageIndex(folder, said.append).add([Sighting(identity, footage(clip, digest))])
    track = MotionTrack("clip-1", "diff/1", 0.5, 1.0, (1.0, 2.0), ())
    checksum = save_track(folder, digest, KEY, track, said.append)
    save_segments(folder, KeptTrack(track, KEY, checksum), 30, None, (Segment("clip-1", 0.0, 1.0, 1.0, 0.5),))
    StageStore(folder, said.append).save_file("narration", KEY, clip, {})
    broken = action_path(folder, "broken-2")
    broken.write_text("{")
    read(broken, ACTION, KEY, said.append)
    (folder / ".123-0123456789ab.nvpipe-tmp").write_text("{")
    return folder


def test_every_kind_is_listed(storage: Path) -> None:
    listed = {(entry.kind, entry.video_id, entry.state) for entry in ls(storage)}
    assert listed == {
        ("footage", None, "ok"),
        ("action", "clip-1", "ok"),
        ("segments", "clip-1", "ok"),
        ("stage", None, "ok"),
        ("set-aside", "broken-2", "damaged"),
        ("temporary", None, "leftover"),
    }
    assert [entry.path for entry in ls(storage)] == sorted(entry.path for entry in ls(storage))
    assert all(entry.size_bytes == entry.path.stat().st_size for entry in ls(storage))


def test_clearing_leaves_an_empty_folder_and_says_how_much_went(storage: Path) -> None:
    expected = len(ls(storage)), sum(entry.size_bytes for entry in ls(storage))
    gone = clear(storage)
    assert (gone.files, gone.size_bytes, gone.ledger_kept) == (*expected, False)
    assert list(storage.iterdir()) == []
    assert clear(storage) == Cleared(0, 0, False)


def test_what_is_not_nvpipes_stays(storage: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    keep = [
        storage / "notes.txt",
        storage / "holiday.json",
        storage / "film.mp4",
        storage / "stages" / "notes.txt",
        storage / "stages" / "narration" / "my.wav",
        storage / "stages" / "narration" / f"{KEY}.txt",
        storage / "theirs_action_cache.json",
        storage / "other_segments_30s.json.foreign-1",
        storage / ".config.tmp",
        outside / f"{KEY}.json",
        outside / "x_action_cache.json",
    ]
    for path in keep:
        path.write_text(json.dumps({"high": []}))
    (storage / "stages" / "linked").symlink_to(outside)
    (storage / "linked_action_cache.json").symlink_to(outside / "x_action_cache.json")
    (storage / "folder_action_cache.json").mkdir()
    clear(storage)
    assert all(path.exists() for path in keep)
    assert (storage / "linked_action_cache.json").is_symlink()
    assert (storage / "folder_action_cache.json").is_dir()
    assert not (storage / "footage_metadata.json").exists()


def test_a_stages_folder_that_is_a_link_is_not_entered(tmp_path: Path, said: list[str]) -> None:
    StageStore(tmp_path / "real", said.append).save("script", KEY, {})
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "stages").symlink_to(tmp_path / "real" / "stages")
    assert ls(tmp_path / "s") == []
    assert clear(tmp_path / "s") == Cleared(0, 0, False)
    assert StageStore(tmp_path / "real", said.append).load("script", KEY) == {}


def test_damage_is_seen_without_moving_anything(storage: Path) -> None:
    path = action_path(storage, "clip-1")
    path.write_bytes(path.read_bytes()[:-5])
    theirs = action_path(storage, "theirs")
    theirs.write_text('{"high": []}')
    states = {entry.path: entry.state for entry in ls(storage)}
    assert (states[path], states[theirs]) == ("damaged", "foreign")
    assert path.exists()


def test_a_storage_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert ls(tmp_path / "none") == []
    assert clear(tmp_path / "none") == Cleared(0, 0, False)
    assert list(tmp_path.iterdir()) == []


def test_a_storage_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "s").write_text("a file")
    with pytest.raises(OutputError, match="cannot read the cache"):
        ls(tmp_path / "s")


def test_a_killed_writers_files_are_swept_and_nothing_else(tmp_path: Path) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from nvpipe.cache.disk import replace_file
replace_file(Path(sys.argv[1]), lambda write: (write(memoryview(b"x" * 999)), os.kill(os.getpid(), signal.SIGKILL)))
"""
    stage = tmp_path / "s" / "stages" / "narration"
    for target in (tmp_path / "s" / "a.json", stage / "b.wav"):
        subprocess.run([sys.executable, "-c", code, str(target)], check=False)
    name = f"-0123456789ab{'.nvpipe-tmp'}"
    mine, old = stage / f".{os.getpid()}{name}", tmp_path / "s" / f".{os.getpid()}{name}"
    others = [tmp_path / "s" / ".1-x.nvpipe-tmp", tmp_path / "s" / "notes.nvpipe-tmp", stage / ".123.tmp"]
    for path in (mine, old, *others):
        path.write_text("x")
    before_s = time.time() - TEMPORARY_KEPT_S - 60
    os.utime(old, (before_s, before_s))
    assert sweep(tmp_path / "s") == 3
    assert sweep(tmp_path / "s") == 0
    left = {path for path in (tmp_path / "s").rglob("*") if path.is_file()}
    assert left == {mine, *others}


def test_sweeping_never_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "stages").write_text("x")
    (tmp_path / "s" / f".{'9' * 40}-0123456789ab.nvpipe-tmp").write_text("x")
    (tmp_path / "s" / ".123-0123456789ab.nvpipe-tmp").mkdir()
    assert [sweep(tmp_path / name) for name in ("nowhere", "file", "s")] == [0, 0, 1]
