"""The index knows a file by its content, and by its facts without reading it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from nvpipe.cache.index import INDEX, FileIdentity, FootageIndex, Sighting, digest_settled
from nvpipe.cache.naming import format_duration, index_path, is_safe_id, slug_of, video_id_of
from nvpipe.cache.store import read, write
from nvpipe.types import Footage

Make = Callable[..., Footage]


def learn(index: FootageIndex, make: Make, path: Path, **changes: object) -> Footage:
    digest, identity = digest_settled(path)
    return index.add([Sighting(identity, make(path, digest, **changes))])[0]


def identity_of(path: Path) -> FileIdentity:
    return FileIdentity.of(path.stat())


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
    assert index.by_file(clip, identity_of(clip), ("clip.mp4.json", 3, 4)) is None
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


@pytest.mark.parametrize(
    "data",
    [
        {"files": [], "seen": 3},
        {"files": {"D": 3}, "seen": {"P": 4}},
        {"files": {"D": {"footage": {"video_id": "../../etc/passwd"}}}, "seen": {}},
        {"files": {"D": {}}, "seen": {"P": {"identity": "I", "digest": 3}}},
        [],
        None,
    ],
)
def test_senseless_content_is_not_believed(tmp_path: Path, said: list[str], footage: Make, data: object) -> None:

    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"a")
    text = json.dumps(data).replace('"D"', json.dumps(digest_settled(clip)[0])).replace('"P"', json.dumps(str(clip)))
    write(index_path(tmp_path / "s"), INDEX, "", json.loads(text))
    index = FootageIndex(tmp_path / "s", said.append)
    assert index.by_file(clip, identity_of(clip), None) is None
    assert learn(index, footage, clip).video_id.startswith("a-")


def test_an_id_that_leads_elsewhere_is_not_believed(tmp_path: Path, said: list[str], footage: Make) -> None:
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"a")
    index = FootageIndex(tmp_path / "s", said.append)
    learned = learn(index, footage, clip)
    path = index_path(tmp_path / "s")

    data = read(path, INDEX, None, said.append)
    text = json.dumps(data).replace(learned.video_id, "../../escape")
    write(path, INDEX, "", json.loads(text))
    assert FootageIndex(tmp_path / "s", said.append).by_digest(learned.digest, clip) is None


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


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("My Clip (final) v2", "my-clip-final-v2"),
        ("../../etc/passwd", "etc-passwd"),
        ("\udcff\n\0", "video"),
        ("", "video"),
        ("Doom_II", "doom-ii"),
        ("ゲーム実況", "ゲーム実況"),
        ("x" * 500, "x" * 80),
        ("é" * 500, "é" * 40),
    ],
)
def test_slugs(name: str, slug: str) -> None:
    assert slug_of(name) == slug
    assert is_safe_id(video_id_of(f"{name}.mp4".replace("/", "_"), "0" * 32, ()))


@pytest.mark.parametrize(
    ("duration_s", "text"), [(30, "30"), (30.0, "30"), (12.5, "12.5"), (3600, "3600"), (0.1, "0.1")]
)
def test_durations_in_names(duration_s: float, text: str) -> None:
    assert format_duration(duration_s) == text


@pytest.mark.parametrize("duration_s", [0, -1, float("nan"), float("inf")])
def test_senseless_durations(duration_s: float) -> None:
    with pytest.raises(ValueError, match="length"):
        format_duration(duration_s)
