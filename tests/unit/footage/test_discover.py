"""Which files are meant by files, folders and patterns."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nvpipe.cache.journal import JOURNAL_NAME, Journal
from nvpipe.errors import MediaError
from nvpipe.footage.discover import find_footage, find_places


def make(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


def found(folder: Path, *paths: str) -> list[str]:
    return [os.path.relpath(path, folder) for path in find_footage([str(folder / path) for path in paths])]


def test_a_folder_gives_its_videos_in_natural_order(tmp_path: Path) -> None:
    make(tmp_path, "clip10.mp4", "clip2.MKV", "b/clip1.webm", "a/x.mov", "notes.txt", "sound.wav", "x.json")
    assert found(tmp_path, ".") == ["a/x.mov", "b/clip1.webm", "clip2.MKV", "clip10.mp4"]


def test_hidden_and_partly_downloaded_files_are_passed_over(tmp_path: Path) -> None:
    make(
        tmp_path,
        *(".hidden.mp4", ".git/x.mp4", "a.mp4.part", "b.mp4.ytdl", "c.mp4.part-Frag3", "d.temp.mp4"),
        *("e.mp4", "e.mp4.aria2", "Match.Part.2.mp4", "tempest.mp4"),
    )
    assert found(tmp_path, ".") == ["Match.Part.2.mp4", "tempest.mp4"]


@pytest.mark.parametrize(
    "pattern", [".", "*", "*.mp4", "[abd]*.mp4", "**/*.mp4", "*.temp.mp4", "*.f*", "a*", "c*", "*.part*"]
)
def test_what_is_being_downloaded_is_in_no_folder_and_no_pattern(tmp_path: Path, pattern: str) -> None:
    make(
        tmp_path,
        *("a.mp4", "a.mp4.aria2", "b.temp.mp4", "b.f137.mp4", "b.f140.m4a", "c.f137.mp4", "c.f140.m4a.part"),
        *("d.f137-drc.webm", "d.f251.webm.part-Frag3.part", "e.mp4.ytdl", "x.final.mp4", "x.f9.mp4", "d.fine.mp4"),
        *("f/g.mp4", "f/g.mp4.part"),
    )
    whole = {".": 3, "*": 3, "*.mp4": 3, "**/*.mp4": 3, "[abd]*.mp4": 1, "*.f*": 3}.get(pattern)
    if whole is None:
        with pytest.raises(MediaError, match="no video"):
            found(tmp_path, pattern)
    else:
        every = found(tmp_path, pattern)
        assert len(every) == whole
        assert set(every) <= {"x.final.mp4", "x.f9.mp4", "d.fine.mp4"}


def test_what_fetch_has_not_finished_is_in_no_pattern(tmp_path: Path) -> None:
    make(tmp_path, ".nvpipe-fetch/ab12/picture-1", ".nvpipe-fetch/ab12/joined.mp4")
    with pytest.raises(MediaError, match="no video"):
        find_footage([str(tmp_path / ".nvpipe-fetch" / "*" / "*")])


@pytest.mark.parametrize("suffix", [".aria2", ".part", ".ytdl"])
def test_a_named_file_that_is_being_downloaded_is_refused(tmp_path: Path, suffix: str) -> None:
    make(tmp_path, "a.mp4", f"a.mp4{suffix}")
    with pytest.raises(MediaError, match="still being downloaded"):
        find_footage([str(tmp_path / "a.mp4")])


def test_a_pattern_takes_files_of_any_name_where_it_matches_no_video_name(tmp_path: Path) -> None:
    make(tmp_path, "recording1", "recording2", "recording2.part")
    assert found(tmp_path, "recording*") == ["recording1"]


def test_a_named_file_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    make(tmp_path, "recording", ".hidden.mp4")
    assert found(tmp_path, "recording", ".hidden.mp4") == ["recording", ".hidden.mp4"]


def test_patterns_name_files_and_folders(tmp_path: Path) -> None:
    make(tmp_path, "day1/a.mp4", "day2/b.mp4", "day2/b.txt", "c.mp4", "c.txt")
    assert found(tmp_path, "day*") == ["day1/a.mp4", "day2/b.mp4"]
    assert found(tmp_path, "**/*") == ["c.mp4", "day1/a.mp4", "day2/b.mp4"]
    assert found(tmp_path, "c.*") == ["c.mp4"]


def test_a_name_that_looks_like_a_pattern_is_a_name(tmp_path: Path) -> None:
    make(tmp_path, "[a].mp4", "a.mp4")
    assert found(tmp_path, "[a].mp4") == ["[a].mp4"]


def test_each_file_once_in_the_order_of_the_arguments(tmp_path: Path) -> None:
    make(tmp_path, "a.mp4", "b.mp4", "sub/c.mp4")
    assert found(tmp_path, "b.mp4", ".", "sub/../a.mp4") == ["b.mp4", "a.mp4", "sub/c.mp4"]


def test_links_are_followed_and_loops_end(tmp_path: Path) -> None:
    make(tmp_path, "top/a.mp4", "elsewhere/b.mp4")
    (tmp_path / "top" / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "top")
    (tmp_path / "top" / "dangling.mp4").symlink_to(tmp_path / "nowhere")
    assert found(tmp_path, "top") == ["top/a.mp4", "top/link/b.mp4"]


def test_a_folder_without_video_is_named(tmp_path: Path) -> None:
    make(tmp_path, "notes.txt")
    with pytest.raises(MediaError, match=f"no video in {tmp_path}"):
        find_footage([str(tmp_path)])


@pytest.mark.parametrize("paths", [[], [""], ["nowhere.mp4"], ["nowhere*"], ["a\0b"], ["nowhere/[", "x"]])
def test_what_is_not_there_is_an_error(paths: list[str]) -> None:
    with pytest.raises(MediaError):
        find_footage(paths)


def test_numbers_of_any_length_sort(tmp_path: Path) -> None:
    long_names = [f"{'9' * 200}.mp4", f"{'1' * 201}.mp4"]
    make(tmp_path, *long_names, "٣.mp4", "²a.mp4")
    assert found(tmp_path, ".")[:2] == long_names


def output_folder(folder: Path, *shorts: str) -> Path:
    make(folder, *shorts)
    Journal(folder).append_done("short", "key", [folder / name for name in shorts])
    return folder


def test_output_folders_inside_are_left_out(tmp_path: Path) -> None:
    make(tmp_path, "a.mp4", "b/c.mp4", "empty-journal/x.mp4", "empty-journal/" + JOURNAL_NAME)
    output_folder(tmp_path / "nvpipe-out", "short.mp4")
    make(tmp_path, "nvpipe-out/.nvpipe-1-ab.part/half.mp4")
    assert found(tmp_path, ".") == ["a.mp4", "b/c.mp4"]


def test_an_output_folder_with_other_videos_is_left_out_with_a_word(tmp_path: Path) -> None:
    make(tmp_path, "a.mp4")
    make(output_folder(tmp_path / "out", "short.mp4"), "mine.mp4")
    said: list[str] = []
    assert find_footage([str(tmp_path)], said.append) == [tmp_path / "a.mp4"]
    assert len(said) == 1
    assert f"{tmp_path / 'out'} " in said[0]


@pytest.mark.parametrize("named", ["out", "out/*.mp4", "o*", "**/*.mp4"])
def test_a_named_output_folder_gives_all_but_nvpipes_own_videos(tmp_path: Path, named: str) -> None:
    make(output_folder(tmp_path / "out", "short.mp4", "short-2.mp4"), "mine.mp4")
    said: list[str] = []
    assert find_footage([str(tmp_path / named)], said.append) == [tmp_path / "out" / "mine.mp4"]
    assert len(said) == 1
    assert said[0].startswith(f"2 videos made by nvpipe in {tmp_path / 'out'} ")


def test_only_shorts_are_no_footage_unless_named_one_by_one(tmp_path: Path) -> None:
    short = output_folder(tmp_path / "out", "short.mp4") / "short.mp4"
    with pytest.raises(MediaError, match="no video in"):
        find_footage([str(tmp_path / "out")])
    assert find_footage([str(short)]) == [short]


@pytest.mark.parametrize("line", [b"", b"{", b'{"v":1,"event":"done","outputs":[{"name":[]},3]}', b"\xff" * 99])
def test_a_senseless_journal_names_no_shorts(tmp_path: Path, line: bytes) -> None:
    make(tmp_path, "mine.mp4")
    (tmp_path / JOURNAL_NAME).write_bytes(line + b"\n")
    assert found(tmp_path, ".") == ["mine.mp4"]


def test_places_say_whether_they_may_change(tmp_path: Path) -> None:
    make(tmp_path, "a.mp4", "sub/b.mp4")
    places = find_places([str(tmp_path / name) for name in ("a.mp4", "sub", "*.mp4", "sub/../a.mp4")])
    assert [place.is_collection for place in places] == [False, True, True, False]
    assert [os.path.relpath(place.name, tmp_path) for place in places] == ["a.mp4", "sub", "*.mp4", "a.mp4"]
    assert places[1].videos == (tmp_path / "sub" / "b.mp4",)


def test_links_in_circles_and_things_that_are_no_files_are_passed_over(tmp_path: Path) -> None:
    make(tmp_path, "a.mp4")
    (tmp_path / "self.mp4").symlink_to(tmp_path / "self.mp4")
    (tmp_path / "one").symlink_to(tmp_path / "two")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    (tmp_path / "folder.mp4").mkdir()
    os.mkfifo(tmp_path / "pipe.mp4")
    assert found(tmp_path, ".") == ["a.mp4"]
