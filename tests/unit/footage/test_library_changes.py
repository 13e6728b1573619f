"""New, changed, moved and vanished files are noticed once; what is known of a content outlives its path."""

from __future__ import annotations

import json
import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from nvpipe.cache.index_data import INDEX
from nvpipe.cache.store import write
from nvpipe.errors import MediaError, UnsupportedMediaError
from nvpipe.footage.library import Library
from nvpipe.types import MediaInfo, MotionTrack


class CountingProbe:
    """Takes any file for a video except those that start with "broken", and counts."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def __call__(self, path: Path) -> MediaInfo:
        self.calls.append(path.name)
        if path.read_bytes().startswith(b"broken"):
            raise UnsupportedMediaError(f"{path.name} is damaged", hint="record it again")
        looks = ("yuv420p", "bt709", True, False, False)
        return MediaInfo(path, "mov", "h264", 1280, 720, Fraction(30), 60.0, 0, Fraction(1), *looks, True)


class World:
    """A folder of clips and a storage folder; every look is a new process's."""

    def __init__(self, folder: Path) -> None:
        self.clips = folder / "clips"
        self.storage = folder / "storage"
        self.probe = CountingProbe()
        self.warnings: list[str] = []
        self.clips.mkdir()
        for name in ("a", "b", "c"):
            self.write(name)

    def write(self, name: str, content: bytes | None = None) -> Path:
        path = self.clips / f"{name}.mp4"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content or f"video {name}".encode("utf-8", "surrogateescape"))
        return path

    def look(self, *paths: str | Path) -> list[str]:
        """The notices of resolving paths, the folder of clips unless others are given."""
        said: list[str] = []
        library = Library(self.storage, self.warnings.append, probe=self.probe, notice=said.append)
        library.resolve([str(path) for path in paths or (self.clips,)])
        return [text.replace(str(self.clips), "CLIPS") for text in said]

    def index(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads((self.storage / "footage_metadata.json").read_text("utf-8"))["data"]
        return data


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_the_first_look_and_an_unchanged_folder_say_nothing(world: World) -> None:
    assert world.look() == []
    written = (world.storage / "footage_metadata.json").stat().st_ino
    assert world.look() == []
    assert (world.storage / "footage_metadata.json").stat().st_ino == written


def test_all_that_happened_is_one_line_said_once(world: World) -> None:
    world.look()
    world.write("d")
    world.write("e")
    world.write("a", b"another")
    (world.clips / "b.mp4").unlink()
    assert world.look() == ["2 new videos, 1 changed, 1 vanished in CLIPS: d.mp4, e.mp4, a.mp4 and 1 more"]
    assert world.look() == []


@pytest.mark.parametrize("pattern", ["*.mp4", "**/*.mp4", "*"])
def test_patterns_are_watched_too(world: World, pattern: str) -> None:
    named = world.clips / pattern
    assert world.look(named) == []
    world.write("d")
    assert world.look(named) == [f"1 new video in CLIPS/{pattern}: d.mp4"]
    assert world.look(named) == []


def test_another_place_is_looked_at_for_the_first_time(world: World) -> None:
    world.look()
    world.write("d")
    assert world.look(world.clips / "*.mp4") == []
    assert world.look() == ["1 new video in CLIPS: d.mp4"]


def test_a_named_file_that_changed_gets_another_id(world: World) -> None:
    clip = world.clips / "a.mp4"
    assert world.look(clip) == []
    world.write("a", b"another")
    assert world.look(clip) == ["1 changed in CLIPS/a.mp4: a.mp4"]
    assert world.look(clip) == []
    assert len({entry["video_id"] for entry in world.index()["files"].values()}) == 2


def test_a_renamed_file_moved_and_is_neither_new_nor_gone(world: World) -> None:
    world.look()
    (world.clips / "a.mp4").rename(world.clips / "z.mp4")
    assert world.look() == ["1 moved in CLIPS: z.mp4"]
    assert world.look() == []
    assert len(world.probe.calls) == 3


def test_a_file_that_went_to_another_known_folder_moved(world: World, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "x.mp4").write_bytes(b"x")
    world.look(world.clips, other)
    (world.clips / "a.mp4").rename(other / "a.mp4")
    assert world.look(world.clips, other) == [f"1 moved in {other}: a.mp4"]
    (world.clips / "b.mp4").rename(other / "b.mp4")
    assert world.look(other) == [f"1 new video in {other}: b.mp4"]
    assert world.look() == ["1 moved in CLIPS: b.mp4"]


def test_a_copy_is_no_news_and_its_loss_neither(world: World) -> None:
    world.look()
    copy = world.write("copy", b"video a")
    assert world.look() == []
    copy.unlink()
    assert world.look() == []
    assert str(copy) not in world.index()["seen"]


def test_a_vanished_path_is_forgotten_and_its_content_where_nothing_hangs_on_it(world: World) -> None:
    world.look()
    (world.clips / "a.mp4").unlink()
    world.look()
    index = world.index()
    assert sorted(Path(path).name for path in index["seen"]) == ["b.mp4", "c.mp4"]
    assert sorted(entry["video_id"][0] for entry in index["files"].values()) == ["b", "c"]
    assert [Path(path).name for path in index["places"][str(world.clips)]] == ["b.mp4", "c.mp4"]


@pytest.mark.parametrize("reason", ["analysed", "used", "has a track"])
def test_what_matters_of_a_vanished_content_stays(world: World, reason: str) -> None:
    library = Library(world.storage, world.warnings.append, probe=world.probe)
    footage = library.resolve([str(world.clips)])[0]
    if reason == "analysed":
        library.note_analysis(footage, MotionTrack(footage.video_id, "x/1", 0.5, 1.0, (1.0, 2.0), ()))
    elif reason == "used":
        library.note_uses({footage.video_id: 1})
    else:
        (world.storage / f"{footage.video_id}_action_cache.json").write_text("{}")
    footage.path.unlink()
    assert world.look() == ["1 vanished in CLIPS: a.mp4"]
    kept = world.index()["files"][footage.digest]
    assert (kept["video_id"], kept["path"]) == (footage.video_id, str(footage.path))
    world.write("back", b"video a")
    world.look()
    assert world.index()["files"][footage.digest]["video_id"] == footage.video_id


def test_a_folder_that_is_empty_all_at_once_is_an_error_and_forgets_nothing(world: World) -> None:
    """It may be a drive that is not there."""
    world.look()
    kept = {path: path.read_bytes() for path in world.clips.iterdir()}
    for path in kept:
        path.unlink()
    with pytest.raises(MediaError, match="no video in"):
        world.look()
    assert len(world.index()["seen"]) == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
@pytest.mark.parametrize("mode", [0, 0o444, 0o111])
def test_files_in_a_folder_that_cannot_be_read_are_not_gone(world: World, mode: int) -> None:
    inside = world.write("sub/d")
    world.look()
    inside.parent.chmod(mode)
    try:
        assert world.look() == []
        assert world.look(world.clips / "**" / "*.mp4") == []
        if mode != 0o111:
            with pytest.raises(MediaError, match="Permission denied"):
                world.look(inside)
    finally:
        inside.parent.chmod(0o755)
    assert world.look() == []


def test_a_link_whose_target_went_is_gone(world: World, tmp_path: Path) -> None:
    target = tmp_path / "target.mp4"
    target.write_bytes(b"target")
    (world.clips / "link.mp4").symlink_to(target)
    (world.clips / "loop.mp4").symlink_to(world.clips / "loop.mp4")
    world.look()
    target.unlink()
    assert world.look() == ["1 vanished in CLIPS: link.mp4"]


def test_odd_names_are_said_in_one_clean_line(world: World) -> None:
    world.look()
    world.write("new\nline\x1b[31m\u202e")
    world.write("bytes-\udcff")
    (text,) = world.look()
    assert text.isprintable()
    assert text.startswith("2 new videos in CLIPS: ")
    assert world.look() == []
    assert world.warnings == []


def test_an_unusable_file_is_opened_once_and_reported_each_time(world: World) -> None:
    world.write("bad", b"broken")
    assert world.look() == []
    assert world.look() == []
    assert world.probe.calls.count("bad.mp4") == 1
    assert world.warnings == ["bad.mp4 is damaged; record it again; left out"] * 2
    with pytest.raises(UnsupportedMediaError, match="damaged"):
        world.look(world.clips / "bad.mp4")
    assert world.probe.calls.count("bad.mp4") == 1


def test_an_unusable_file_that_was_repaired_is_opened_again(world: World) -> None:
    world.write("bad", b"broken")
    world.look()
    world.write("bad", b"good")
    assert world.look() == ["1 new video in CLIPS: bad.mp4"]
    assert world.probe.calls.count("bad.mp4") == 2
    assert world.index()["unusable"] == {}
    assert len(world.warnings) == 1


def test_a_verdict_of_another_nvpipe_does_not_count(world: World) -> None:
    world.write("bad", b"broken")
    world.look()
    index = world.storage / "footage_metadata.json"
    (verdict,) = world.index()["unusable"].values()
    assert verdict["made_by"].startswith("nvpipe ")
    write(
        index, INDEX, "", {**world.index(), "unusable": {str(world.clips / "bad.mp4"): {**verdict, "made_by": "x"}}}
    )
    world.look()
    assert world.probe.calls.count("bad.mp4") == 2


def test_a_known_video_that_is_broken_today_comes_back_without_being_new(world: World) -> None:
    world.look()
    world.write("a", b"broken now")
    assert world.look() == []
    world.write("a", b"mended")
    assert world.look() == ["1 changed in CLIPS: a.mp4"]


def test_a_file_that_is_replaced_while_it_is_opened_is_not_believed(world: World) -> None:
    class Replacing(CountingProbe):
        def __call__(self, path: Path) -> MediaInfo:
            info = super().__call__(path)
            if path.name == "b.mp4":
                path.write_bytes(b"something else altogether")
            return info

    world.probe = Replacing()
    world.look()
    assert len(world.warnings) == 1
    assert "b.mp4 cannot be read: it is being written at this moment" in world.warnings[0]
    assert len(world.index()["files"]) == 2
    assert world.index()["unusable"] == {}


def test_a_storage_folder_that_cannot_be_written_changes_nothing_else(world: World) -> None:
    world.storage.write_text("a file")
    library = Library(world.storage, world.warnings.append, probe=world.probe)
    for _ in range(2):
        found = library.resolve([str(world.clips)])
        library.note_uses({found[0].video_id: 1})
        library.note_analysis(found[0], MotionTrack(found[0].video_id, "x/1", 0.5, 1.0, (1.0, 2.0), ()))
    assert len(world.warnings) == 1
    assert len(world.probe.calls) == 3


def test_two_libraries_at_once_lose_nothing_of_each_other(world: World) -> None:
    one, two = (Library(world.storage, world.warnings.append, probe=world.probe) for _ in range(2))
    footage = one.resolve([str(world.clips)])
    two.resolve([str(world.clips)])
    one.note_uses({footage[0].video_id: 2})
    two.note_uses({footage[0].video_id: 1, "unheard-of": 3})
    (world.clips / "b.mp4").unlink()
    two.resolve([str(world.clips)])
    one.note_analysis(footage[2], MotionTrack(footage[2].video_id, "x/1", 0.5, 1.0, (1.0, 2.0), ()))
    index = world.index()
    assert index["files"][footage[0].digest]["times_used"] == 3
    assert index["files"][footage[2].digest]["analysis"]["scorer"] == "x/1"
    assert str(world.clips / "b.mp4") not in index["seen"]
