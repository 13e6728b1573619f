"""Pruning drops what was of use least recently, whole units at a time, and never what cannot be made again."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest
from fakes.reservations import reserve

from nvpipe.cache.action import KeptTrack, load_segments, load_track, save_segments, save_track
from nvpipe.cache.index import FootageIndex
from nvpipe.cache.ledger import Ledger
from nvpipe.cache.listing import CacheFile, ls
from nvpipe.cache.naming import action_path, ledger_path, segments_path
from nvpipe.cache.prune import Pruned, prune
from nvpipe.cache.stages import StageStore
from nvpipe.cache.used import MARKED_EVERY_S, mark_used
from nvpipe.errors import OutputError
from nvpipe.types import MotionTrack, Segment

DAY_S = 86_400
KEYS = [letter * 32 for letter in "ab"]
NOW_S = time.time()


def age(path: Path, days: float) -> None:
    os.utime(path, (NOW_S - days * DAY_S,) * 2)


def add_video(storage: Path, video_id: str, days: float) -> None:
    warn = pytest.fail
    track = MotionTrack(video_id, "diff/1", 0.5, 1.0, (1.0, 2.0), ())
    checksum = save_track(storage, "d" * 32, "k", track, warn)
    save_segments(storage, KeptTrack(track, "k", checksum), 30, None, (Segment(video_id, 0.0, 1.0, 1.0, 0.5),))
    age(action_path(storage, video_id), days)
    age(segments_path(storage, video_id, 30), days)


@pytest.fixture
def storage(tmp_path: Path, said: list[str]) -> Path:
    """Two videos and two narrations used 40, 30, 20 and 10 days ago, an index, a ledger, a file set aside."""
    folder = tmp_path / "s"
    stages = StageStore(folder, said.append)
    wav = tmp_path / "speech.wav"
    for key, days in zip(KEYS, (30, 10), strict=True):
        wav.write_bytes(key.encode() * 100)
        path = stages.save_file("narration", key, wav, {})
        assert path is not None
        age(path, days)
        age(path.with_name(f"{key}.json"), days)
    add_video(folder, "old-1", 40)
    add_video(folder, "new-2", 20)
    FootageIndex(folder, said.append)
    (folder / "footage_metadata.json").write_text("{}")
    reserve(Ledger(folder, said.append), "job", Segment("old-1", 0.0, 1.0, 1.0, 0.5))
    aside = folder / "x_action_cache.json.damaged-1"
    aside.write_text("{")
    return folder


def names(files: tuple[CacheFile, ...]) -> list[str]:
    return [file.path.name.replace("a" * 32, "A").replace("b" * 32, "B").split(".")[0] for file in files]


ORDER = [
    "x_action_cache",
    "old-1_action_cache",
    "old-1_segments_30s",
    "A",
    "A",
    "new-2_action_cache",
    "new-2_segments_30s",
    "B",
    "B",
]


def test_the_least_recently_used_goes_first_and_whole(storage: Path) -> None:
    pruned = prune(storage, 0, dry_run=True)
    assert names(pruned.files) == ORDER
    assert pruned.files[3].path.suffix == ".json"
    total = sum(entry.size_bytes for entry in ls(storage) if entry.state != "foreign")
    assert pruned.size_bytes + pruned.left_bytes == total
    first = pruned.files[0].size_bytes
    assert names(prune(storage, total - first, dry_run=True).files) == ORDER[:1]
    assert names(prune(storage, total - first - 1, dry_run=True).files) == ORDER[:3]
    assert prune(storage, total).files == ()
    assert len(ls(storage)) == 11


def test_everything_goes_but_the_index_and_the_ledger(storage: Path, said: list[str]) -> None:
    (storage / "footage_metadata.json").unlink()
    FootageIndex(storage, said.append)
    pruned = prune(storage, 0)
    assert names(pruned.files) == ORDER
    left = {item.name for item in storage.rglob("*") if item.is_file()} - {".nvpipe.lock", ".nvpipe-ledger.lock"}
    assert left == {"footage_ledger.json"}
    assert pruned.left_bytes == ledger_path(storage).stat().st_size
    assert prune(storage, 0).files == ()


def test_a_dry_run_deletes_nothing(storage: Path) -> None:
    before = sorted(storage.rglob("*"))
    prune(storage, 0, dry_run=True)
    assert sorted(storage.rglob("*")) == before


def test_files_of_others_stay_and_do_not_count(storage: Path) -> None:
    total = sum(entry.size_bytes for entry in ls(storage) if entry.state != "foreign")
    theirs = [storage / "a_action_cache.json", storage / "b_segments_30s.json.original-1", storage / "film.mp4"]
    for path in theirs:
        path.write_text('{"high": []' + " " * 10_000 + "}")
        age(path, 400)
    assert prune(storage, total).files == ()
    prune(storage, 0)
    assert all(path.exists() for path in theirs)


def test_segments_without_an_action_cache_are_leftovers(storage: Path) -> None:
    action_path(storage, "new-2").unlink()
    assert set(names(prune(storage, 0, dry_run=True).files)[:2]) == {"new-2_segments_30s", "x_action_cache"}


def test_what_is_being_written_stays(storage: Path) -> None:
    mine = storage / f".{os.getpid()}-0123456789ab.nvpipe-tmp"
    mine.write_text("{")
    gone = storage / ".99999999999-0123456789ab.nvpipe-tmp"
    gone.write_text("{")
    prune(storage, 0)
    assert mine.exists()
    assert not gone.exists()


def test_a_missing_folder_is_empty_and_a_file_is_an_error(tmp_path: Path) -> None:
    assert prune(tmp_path / "none", 0) == Pruned((), 0, 0)
    assert not (tmp_path / "none").exists()
    (tmp_path / "s").write_text("")
    with pytest.raises(OutputError):
        prune(tmp_path / "s", 0)


def test_a_hit_counts_as_use(storage: Path, said: list[str]) -> None:
    age(action_path(storage, "old-1"), 40)
    assert load_track(storage, "old-1", ["k"], said.append) is not None
    assert names(prune(storage, 0, dry_run=True).files)[-2:] == ["old-1_action_cache", "old-1_segments_30s"]
    assert load_segments(storage, "new-2", "d" * 32, ["k"], 30, None, said.append) is not None
    assert StageStore(storage, said.append).load_file("narration", KEYS[0]) is not None
    assert names(prune(storage, 0, dry_run=True).files)[-4:] != ORDER[-4:]
    assert names(prune(storage, 0, dry_run=True).files)[1:3] == ["B", "B"]


def test_use_is_marked_once_a_day_whatever_the_clock_did(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text("")
    for days, moves in ((0.5, False), (1.5, True), (-0.01, False), (-3, True), (-4000, True)):
        age(path, days)
        before = path.stat().st_mtime
        mark_used(path, clock_s=NOW_S)
        assert (path.stat().st_mtime != before) is moves, days
        assert path.stat().st_mtime == (pytest.approx(NOW_S) if moves else before)
    assert MARKED_EVERY_S == DAY_S


def test_marking_never_fails_and_follows_no_link(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("")
    age(target, 9)
    before = target.stat().st_mtime
    (tmp_path / "link").symlink_to(target)
    mark_used(tmp_path / "link", tmp_path / "gone", target / "below")
    assert target.stat().st_mtime == before
    assert stat.S_ISLNK((tmp_path / "link").lstat().st_mode)


def test_damaged_files_go_first_with_what_is_void_without_them(storage: Path) -> None:
    action, narration = action_path(storage, "new-2"), storage / "stages" / "narration" / f"{KEYS[1]}.json"
    for path, days in ((action, 20), (narration, 10), (segments_path(storage, "old-1", 30), 40)):
        path.write_bytes(path.read_bytes()[:-9])
        age(path, days)
    order = names(prune(storage, 0, dry_run=True).files)
    void = {"x_action_cache", "new-2_action_cache", "new-2_segments_30s", "B", "old-1_segments_30s"}
    assert set(order[:6]) == void
    assert order[6:] == ["old-1_action_cache", "A", "A"]
