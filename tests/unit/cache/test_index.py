"""The index knows a file by its content, and by its facts without reading it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from fakes.sightings import Make, entry_in, identity_of, learn

from nvpipe.cache.identity import FileIdentity
from nvpipe.cache.index import FootageIndex
from nvpipe.cache.index_data import INDEX
from nvpipe.cache.naming import index_path, is_safe_id
from nvpipe.cache.sighting import Sighting, digest_settled
from nvpipe.cache.store import read, write


def test_what_was_learned_is_known_to_the_next_process(tmp_path: Path, said: list[str], footage: Make) -> None:
    clip = tmp_path / "My Clip.mp4"
    clip.write_bytes(b"content")
    learned = learn(FootageIndex(tmp_path / "s", said.append), footage, clip, licence="CC0", credit="me")
    known = FootageIndex(tmp_path / "s", said.append).by_file(clip, identity_of(clip), None)
    assert known == learned
    assert learned.video_id == f"my-clip-{learned.digest[:8]}"
    assert said == []


def test_a_moved_file_keeps_its_id(tmp_path: Path, said: list[str], footage: Make) -> None:
    clip = tmp_path / "first.mp4"
    clip.write_bytes(b"content")
    first = learn(FootageIndex(tmp_path / "s", said.append), footage, clip)
    (tmp_path / "sub").mkdir()
    moved = clip.rename(tmp_path / "sub" / "second.mkv")
    index = FootageIndex(tmp_path / "s", said.append)
    assert index.by_file(moved, identity_of(moved), None) is None
    again = index.by_digest(digest_settled(moved)[0], moved)
    assert again is not None
    assert (again.video_id, again.path) == (first.video_id, moved)


def test_changed_content_of_the_same_size_and_time_is_noticed(tmp_path: Path, said: list[str], footage: Make) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"content")
    times = clip.stat().st_atime_ns, clip.stat().st_mtime_ns
    index = FootageIndex(tmp_path / "s", said.append)
    first = learn(index, footage, clip)
    with clip.open("r+b") as file:
        file.write(b"CONTENT")
    os.utime(clip, ns=times)
    assert clip.stat().st_mtime_ns == times[1]
    assert index.by_file(clip, identity_of(clip), None) is None
    second = learn(index, footage, clip)
    assert first.video_id != second.video_id


def test_a_new_sidecar_makes_the_index_look_again(tmp_path: Path, said: list[str], footage: Make) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"content")
    index = FootageIndex(tmp_path / "s", said.append)
    digest = learn(index, footage, clip).digest
    assert index.by_file(clip, identity_of(clip), (("clip.mp4.json", 3, 4),)) is None
    assert index.digest_by_file(clip, identity_of(clip)) == digest


def test_equal_names_and_equal_digits_get_different_ids(tmp_path: Path, said: list[str], footage: Make) -> None:
    index = FootageIndex(tmp_path / "s", said.append)
    made = []
    for number, digest in enumerate(("aaaaaaaa" + "1" * 24, "aaaaaaaa" + "2" * 24, "bbbbbbbb" + "3" * 24)):
        clip = tmp_path / str(number) / "same.mp4"
        made += index.add([Sighting(FileIdentity(1, 2, 3, 4), footage(clip, digest))])
    assert [one.video_id for one in made] == ["same-aaaaaaaa", "same-aaaaaaaa22222222", "same-bbbbbbbb"]
    again = FootageIndex(tmp_path / "s", said.append).by_digest(made[1].digest, Path("x"))
    assert again is not None
    assert again.video_id == made[1].video_id


@pytest.mark.parametrize("name", ["new\nline.mp4", "bytes-\udcff\udc80.mp4", 'quote"\\.mp4', "видео.mp4", "-.mp4"])
def test_odd_names_are_kept(tmp_path: Path, said: list[str], footage: Make, name: str) -> None:
    clip = tmp_path / name
    clip.write_bytes(b"content")
    learned = learn(FootageIndex(tmp_path / "s", said.append), footage, clip)
    known = FootageIndex(tmp_path / "s", said.append).by_file(clip, identity_of(clip), None)
    assert known == learned
    assert known is not None
    assert is_safe_id(known.video_id)
    index_path(tmp_path / "s").read_text("utf-8")
    assert said == []


def test_two_open_indexes_lose_nothing_of_each_other(tmp_path: Path, said: list[str], footage: Make) -> None:
    one, two = FootageIndex(tmp_path / "s", said.append), FootageIndex(tmp_path / "s", said.append)
    clips = []
    for number, index in enumerate((one, two, one, two)):
        clips.append(tmp_path / f"{number}.mp4")
        clips[-1].write_bytes(bytes([number]))
        learn(index, footage, clips[-1])
    index = FootageIndex(tmp_path / "s", said.append)
    assert all(index.by_file(clip, identity_of(clip), None) for clip in clips)


def test_a_folder_that_cannot_be_written_is_one_warning(tmp_path: Path, said: list[str], footage: Make) -> None:
    (tmp_path / "s").write_text("a file")
    said.clear()
    index = FootageIndex(tmp_path / "s", said.append)
    for number in range(3):
        clip = tmp_path / f"{number}.mp4"
        clip.write_bytes(bytes([number]))
        assert learn(index, footage, clip).video_id.startswith(f"{number}-")
        assert index.by_file(clip, identity_of(clip), None) is not None
    assert len(said) == 1
    assert "cannot be written" in said[0]


def test_a_later_field_beside_the_facts_is_kept(tmp_path: Path, said: list[str], footage: Make) -> None:

    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"a")
    digest = learn(FootageIndex(tmp_path / "s", said.append), footage, clip).digest
    data = read(index_path(tmp_path / "s"), INDEX, None, said.append)
    assert data is not None
    data["files"][digest]["usage"] = {"count": 3}
    write(index_path(tmp_path / "s"), INDEX, "", data)
    learn(FootageIndex(tmp_path / "s", said.append), footage, clip)
    again = json.loads(index_path(tmp_path / "s").read_text("utf-8"))
    assert again["data"]["files"][digest]["usage"] == {"count": 3}


def test_a_file_changed_again_at_once_has_other_facts(tmp_path: Path) -> None:
    clip = tmp_path / "a.mp4"
    for round_number in range(20):
        clip.write_bytes(b"%4d" % round_number)
        _, identity = digest_settled(clip)
        clip.write_bytes(b"%4d" % (round_number + 1000))
        assert identity_of(clip) != identity


def test_a_clock_set_back_does_not_hold_anything_up(tmp_path: Path) -> None:
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"a")
    assert digest_settled(clip, clock=lambda: 0.0) == digest_settled(clip)


def test_uses_are_counted_and_a_clock_set_back_does_no_harm(tmp_path: Path, said: list[str], footage: Make) -> None:
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"a")
    index = FootageIndex(tmp_path / "s", said.append)
    learned = learn(index, footage, clip)
    assert entry_in(tmp_path / "s", learned.digest)["times_used"] == 0
    for times, now_s in ((2, 86_400.0), (1, 0.0), (-9, 86_400.0)):
        FootageIndex(tmp_path / "s", said.append).note_uses({learned.video_id: times}, clock=lambda: now_s)  # noqa: B023
        known = entry_in(tmp_path / "s", learned.digest)
        assert known["last_used"] == "1970-01-02T00:00:00Z"
        assert known["times_used"] == {2: 2, 1: 3, -9: 0}[times]


def test_what_could_not_be_written_is_written_with_the_next_change(
    tmp_path: Path, said: list[str], footage: Make
) -> None:
    clips = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
    index = FootageIndex(tmp_path / "s", said.append)
    (tmp_path / "s").write_text("in the way")
    for clip in clips:
        clip.write_bytes(clip.name.encode())
    first = learn(index, footage, clips[0])
    index.note_uses({first.video_id: 2})
    (tmp_path / "s").unlink()
    (tmp_path / "t").mkdir()
    learn(FootageIndex(tmp_path / "t", said.append), footage, clips[1])
    (tmp_path / "t").rename(tmp_path / "s")
    index.note_uses({first.video_id: 1})
    again = FootageIndex(tmp_path / "s", said.append)
    assert all(again.by_file(clip, identity_of(clip), None) for clip in clips)
    assert entry_in(tmp_path / "s", first.digest)["times_used"] == 3


def test_a_removal_by_another_process_stays(tmp_path: Path, said: list[str], footage: Make) -> None:
    clip, other = tmp_path / "a.mp4", tmp_path / "b.mp4"
    clip.write_bytes(b"a")
    other.write_bytes(b"b")
    one = FootageIndex(tmp_path / "s", said.append)
    learn(one, footage, clip)
    FootageIndex(tmp_path / "s", said.append).note_places({str(tmp_path): []}, [str(clip)])
    learn(one, footage, other)
    assert [path for path, _ in FootageIndex(tmp_path / "s", said.append).paths()] == [str(other)]


def test_places_are_not_kept_for_ever(tmp_path: Path, said: list[str]) -> None:
    index = FootageIndex(tmp_path / "s", said.append)
    index.note_places({f"/place/{number}": ["/x"] for number in range(300)})
    again = FootageIndex(tmp_path / "s", said.append)
    assert again.place("/place/299") == ["/x"]
    assert again.place("/place/0") is None


def test_of_very_many_paths_those_that_are_gone_are_forgotten(tmp_path: Path, said: list[str], footage: Make) -> None:
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"a")
    gone = {f"/gone/{number}.mp4": {"digest": "d"} for number in range(10_001)}
    write(index_path(tmp_path / "s"), INDEX, "", {"seen": gone})
    learn(FootageIndex(tmp_path / "s", said.append), footage, clip)
    assert [path for path, _ in FootageIndex(tmp_path / "s", said.append).paths()] == [str(clip)]


@pytest.mark.parametrize("is_open", [False, True])
def test_an_index_that_cannot_be_read_is_not_written(
    tmp_path: Path, said: list[str], footage: Make, is_open: bool
) -> None:
    storage, aside = tmp_path / "s", tmp_path / "index"
    clips = [tmp_path / f"{number}.mp4" for number in range(3)]
    for clip in clips:
        clip.write_bytes(clip.name.encode())
    index = FootageIndex(storage, said.append)
    learn(index, footage, clips[0])
    path = index_path(storage)
    path.rename(aside)
    path.symlink_to(path)
    index = index if is_open else FootageIndex(storage, said.append)
    learn(index, footage, clips[1])
    assert path.is_symlink()
    assert index.by_file(clips[1], identity_of(clips[1]), None) is not None
    assert len(said) == 1
    assert "cannot be read" in said[0]
    aside.replace(path)
    learn(index, footage, clips[2])
    again = FootageIndex(storage, said.append)
    assert all(again.by_file(clip, identity_of(clip), None) for clip in clips)
    assert len(said) == 1
