"""Stages of a run found again by what they were made from."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nvpipe.cache.disk import digest_file
from nvpipe.cache.listing import sweep
from nvpipe.cache.stages import StageStore
from nvpipe.errors import OutputError
from nvpipe.types import Narration, Word

KEY, OTHER = "ab" * 16, "cd" * 16


@pytest.fixture
def store(tmp_path: Path, said: list[str]) -> StageStore:
    return StageStore(tmp_path / "s", said.append)


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    path = tmp_path / "speech.wav"
    path.write_bytes(b"RIFF" + bytes(range(256)) * 50)
    return path


def test_values_come_back_by_stage_and_key(store: StageStore, said: list[str]) -> None:
    assert store.load("script", KEY) is None
    assert store.save("script", KEY, {"lines": ["a"]})
    assert store.load("script", KEY) == {"lines": ["a"]}
    assert store.load("script", OTHER) is None
    assert store.load("narration", KEY) is None
    assert said == []


@pytest.mark.parametrize(
    ("stage", "key"), [("../x", KEY), ("a/b", KEY), ("script", "../../x"), ("script", ""), ("", KEY)]
)
def test_names_that_lead_elsewhere_are_refused(store: StageStore, stage: str, key: str) -> None:
    with pytest.raises(ValueError, match="no stage"):
        store.save(stage, key, {})


def test_a_narration_comes_back_with_its_audio(store: StageStore, wav: Path, said: list[str]) -> None:
    narration = Narration(wav, 24000, 1.5, "espeak", "en", (Word("hi", 0.0, 0.5), Word("you", 0.5, 1.0, 1)))
    kept = store.save_narration(KEY, narration)
    assert kept.audio_path != wav
    assert kept.audio_path.read_bytes() == wav.read_bytes()
    wav.unlink()
    assert store.load_narration(KEY) == kept
    assert store.load_narration(OTHER) is None
    assert kept.words == narration.words
    assert said == []


def test_a_changed_file_is_set_aside_with_one_warning(store: StageStore, wav: Path, said: list[str]) -> None:
    path = store.save_file("narration", KEY, wav, {"n": 1})
    assert path is not None
    raw = bytearray(path.read_bytes())
    raw[1000] ^= 1
    path.write_bytes(raw)
    assert store.load_file("narration", KEY) is None
    assert store.load_file("narration", KEY) is None
    assert len(said) == 1
    assert path.with_name(f"{path.name}.damaged-1").exists()
    assert store.save_file("narration", KEY, wav, {"n": 1}) == path
    assert store.load_file("narration", KEY) == (path, {"n": 1})


def test_a_vanished_file_is_a_silent_miss(store: StageStore, wav: Path, said: list[str]) -> None:
    path = store.save_file("narration", KEY, wav, {})
    assert path is not None
    path.unlink()
    assert store.load_file("narration", KEY) is None
    assert said == []


@pytest.mark.parametrize(
    "entry", [3, [], {}, {"file": 1}, {"file": {"name": "../../../etc/passwd", "digest": "0"}, "data": 1}]
)
def test_a_senseless_file_entry_is_a_miss(store: StageStore, entry: object) -> None:
    store.save("narration", KEY, entry)
    assert store.load_file("narration", KEY) is None
    assert store.load_narration(KEY) is None


def test_the_later_of_two_different_files_wins(store: StageStore, wav: Path) -> None:
    store.save_file("narration", KEY, wav, {"n": 1})
    wav.write_bytes(b"RIFF other")
    store.save_file("narration", KEY, wav, {"n": 2})
    found = store.load_file("narration", KEY)
    assert found is not None
    assert (found[0].read_bytes(), found[1]) == (b"RIFF other", {"n": 2})


def test_a_cache_that_cannot_be_written_is_one_warning(tmp_path: Path, wav: Path, said: list[str]) -> None:
    (tmp_path / "s").write_text("a file")
    store = StageStore(tmp_path / "s", said.append)
    narration = Narration(wav, 24000, 1.5, "espeak", "en", ())
    assert not store.save("script", KEY, {})
    assert store.save_narration(KEY, narration) == narration
    assert not store.save_render(KEY, wav)
    assert store.load("script", KEY) is None
    assert len(said) == 1
    assert "cannot be written" in said[0]


def test_a_finished_output_is_copied_for_another_folder(store: StageStore, tmp_path: Path, said: list[str]) -> None:
    outputs = [tmp_path / name / "short.mp4" for name in ("one", "two", "three")]
    outputs[0].parent.mkdir()
    outputs[0].write_bytes(b"movie" * 1000)
    assert store.copy_render(KEY, outputs[1]) is None
    assert store.save_render(KEY, outputs[0])
    assert store.copy_render(KEY, outputs[1]) == outputs[0]
    assert digest_file(outputs[1]) == digest_file(outputs[0])
    assert store.save_render(KEY, outputs[1])
    outputs[0].unlink()
    assert store.copy_render(KEY, outputs[2]) == outputs[1]
    assert said == []


def test_a_changed_output_is_not_copied(store: StageStore, tmp_path: Path) -> None:
    output, target = tmp_path / "one.mp4", tmp_path / "out" / "two.mp4"
    output.write_bytes(b"movie" * 1000)
    store.save_render(KEY, output)
    output.write_bytes(b"MOVIE" * 1000)
    assert store.copy_render(KEY, target) is None
    assert list(target.parent.iterdir()) == []


def test_a_target_that_cannot_be_written_is_an_error(store: StageStore, tmp_path: Path) -> None:
    output = tmp_path / "one.mp4"
    output.write_bytes(b"movie")
    store.save_render(KEY, output)
    with pytest.raises(OutputError):
        store.copy_render(KEY, output / "two.mp4")


def test_outputs_remembered_stay_few(store: StageStore, tmp_path: Path) -> None:
    for number in range(20):
        path = tmp_path / f"{number}.mp4"
        path.write_bytes(b"movie")
        store.save_render(KEY, path)
    record = store.load("render", KEY)
    assert record is not None
    assert [Path(place["path"]).name for place in record["outputs"]][:2] == ["19.mp4", "18.mp4"]
    assert len(record["outputs"]) == 8


def test_a_large_file_is_written_in_its_folder_and_kept_without_a_copy(store: StageStore, said: list[str]) -> None:
    temporary = store.new_file("precompiled")
    temporary.write_bytes(b"pictures")
    inode = temporary.stat().st_ino
    kept = store.take_file("precompiled", KEY, temporary, ".mkv", {"start_s": 1.5})
    assert not temporary.exists()
    assert kept.stat().st_ino == inode
    assert store.load_file("precompiled", KEY) == (kept, {"start_s": 1.5})
    assert said == []


def test_a_large_file_that_is_left_is_swept_as_others_are(store: StageStore, tmp_path: Path) -> None:
    temporary = store.new_file("precompiled")
    assert sweep(tmp_path / "s") == 0, "its process lives"
    temporary.rename(temporary.with_name(temporary.name.replace(f".{os.getpid()}-", ".0999999999-")))
    assert sweep(tmp_path / "s") == 1
    assert list(temporary.parent.iterdir()) == []


def test_keys_are_found_by_how_they_begin(store: StageStore) -> None:
    assert store.keys("precompiled", KEY) == []
    for end in ("01", "00", "ff"):
        store.save("precompiled", KEY + end, {})
    store.save("precompiled", OTHER, {})
    store.save("script", KEY + "02", {})
    assert store.keys("precompiled", KEY) == [KEY + "00", KEY + "01", KEY + "ff"]
    with pytest.raises(ValueError, match="no stage"):
        store.keys("precompiled", "../*")


def test_a_folder_that_cannot_be_written_is_an_error_for_large_files(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "s").write_text("in the way")
    with pytest.raises(OutputError, match="cannot write"):
        StageStore(tmp_path / "s", said.append).new_file("precompiled")
