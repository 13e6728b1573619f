"""Envelopes: whole or not there, and never believed when anything about them is wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fakes.envelopes import DATA, ENVELOPE, signed
from hypothesis import given, settings
from hypothesis import strategies as st

from nvpipe.cache.claims import claimed
from nvpipe.cache.store import MAX_BYTES, Format, WarnOnce, open_envelope, read, read_for_update, write
from nvpipe.errors import OutputError

KIND = Format("nvpipe-test", 2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store" / "x.json"


def files(folder: Path) -> set[str]:
    return {item.name for item in folder.iterdir()} - {".nvpipe.lock"}


def test_what_was_written_is_read(path: Path, said: list[str]) -> None:
    checksum = write(path, KIND, "abc", DATA)
    assert read(path, KIND, "abc", said.append) == DATA
    assert read(path, KIND, None, said.append) == DATA
    assert claimed(path) == ("abc", checksum)
    assert files(path.parent) == {"x.json"}
    assert said == []


@settings(max_examples=40, deadline=None)
@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(1 - 2**64, 2**64 - 1)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(),
        lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(), inner, max_size=5),
        max_leaves=15,
    )
)
def test_any_json_value_comes_back(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    path = tmp_path_factory.getbasetemp() / "any" / "x.json"
    write(path, KIND, "k", {"value": value})
    assert read(path, KIND, "k", pytest.fail) == {"value": value}


def test_a_missing_file_is_silent(path: Path, said: list[str]) -> None:
    assert read(path, KIND, "abc", said.append) is None
    assert said == []


@pytest.mark.parametrize("kind", [Format("nvpipe-test", 1), Format("nvpipe-test", 2)])
def test_stale_is_silent_stays_and_is_overwritten(path: Path, said: list[str], kind: Format) -> None:
    write(path, kind, "other" if kind == KIND else "abc", {"old": 1})
    assert read(path, KIND, "abc", said.append) is None
    assert files(path.parent) == {"x.json"}
    write(path, KIND, "abc", {"new": 1})
    assert read(path, KIND, "abc", said.append) == {"new": 1}
    assert said == []


def test_truncation_at_every_byte_is_a_miss_set_aside(path: Path) -> None:
    write(path, KIND, "abc", {"scores": [1.5, 2.5], "name": "x"})
    whole = path.read_bytes()
    for length in range(len(whole)):
        said: list[str] = []
        path.write_bytes(whole[:length])
        assert read(path, KIND, "abc", said.append) is None, length
        assert len(said) == 1, length
        assert str(path) in said[0]
        assert not path.exists()
        assert path.with_name("x.json.damaged-1").read_bytes() == whole[:length]
        path.with_name("x.json.damaged-1").unlink()


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_flipped_byte_is_a_miss(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    path = tmp_path_factory.getbasetemp() / "flip" / "x.json"
    path.parent.mkdir(exist_ok=True)
    whole = bytearray(signed({**ENVELOPE, "data": {"scores": [1.5, 2.5], "name": "x"}}))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(whole)
    said: list[str] = []
    assert read(path, KIND, "abc", said.append) is None
    assert len(said) == 1
    assert not path.exists()
    for kept in path.parent.glob("x.json.*"):
        kept.unlink()


def test_the_signing_helper_makes_readable_envelopes(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(signed(ENVELOPE))
    assert read(path, KIND, "abc", pytest.fail) == "VALUE"


@pytest.mark.parametrize(
    ("raw", "fault", "words"),
    [
        (b"", "damaged", "damaged"),
        (b"\0" * 300, "damaged", "damaged"),
        (b"\xff\xfe{}", "damaged", "damaged"),
        (b"[]", "damaged", "not an object"),
        (b"null", "damaged", "not an object"),
        (b"{}", "foreign", "not written by nvpipe"),
        (b'{"high": [], "low": []}', "original", "always 0"),
        (b'{"format": ["nvpipe-test"]}', "foreign", "not written by nvpipe"),
        (b"[" * 200_000, "damaged", "nested too deeply"),
        (b'{"format":' * 100_000, "damaged", "nested too deeply"),
        (b'{"a": ' + b"9" * 10_000 + b"}", "damaged", "damaged"),
        (signed(ENVELOPE, VALUE="NaN"), "damaged", "finite"),
        (signed(ENVELOPE, VALUE="-Infinity"), "damaged", "finite"),
        (signed(ENVELOPE, VALUE="1e999"), "damaged", "finite"),
        (signed(ENVELOPE, VALUE=str(10**400)), "damaged", "64 bits"),
        (signed(ENVELOPE, VALUE=str(1 << 64)), "damaged", "64 bits"),
        (signed(ENVELOPE, VALUE=str(-(1 << 64))), "damaged", "64 bits"),
        (signed(ENVELOPE, VALUE='{"a": 1, "a": 2}'), "damaged", "twice"),
        (signed({**ENVELOPE, "version": 3}), "newer", "newer"),
        (signed({**ENVELOPE, "version": 3, "signature": 1}), "newer", "newer"),
        (signed({**ENVELOPE, "version": True}), "damaged", "wrong type"),
        (signed({**ENVELOPE, "version": 2.0}), "damaged", "wrong type"),
        (signed({**ENVELOPE, "key": 7}), "damaged", "wrong type"),
        (signed({**ENVELOPE, "format": "nvpipe-other"}), "damaged", "nvpipe-other"),
        (signed({name: ENVELOPE[name] for name in ("format", "version", "key")}), "damaged", "missing"),
    ],
)
def test_what_cannot_be_used_is_set_aside_with_one_line(
    path: Path, said: list[str], raw: bytes, fault: str, words: str
) -> None:
    path.parent.mkdir()
    path.write_bytes(raw)
    assert read(path, KIND, "abc", said.append) is None
    assert len(said) == 1
    assert words in said[0]
    assert str(path) in said[0]
    assert "\n" not in said[0]
    assert files(path.parent) == {f"x.json.{fault}-1"}
    assert path.with_name(f"x.json.{fault}-1").read_bytes() == raw
    assert read(path, KIND, "abc", said.append) is None
    assert len(said) == 1


def test_files_set_aside_never_replace_each_other(path: Path, said: list[str]) -> None:
    path.parent.mkdir()
    for content in (b"one", b"two", b"three"):
        path.write_bytes(content)
        read(path, KIND, "abc", said.append)
    assert files(path.parent) == {f"x.json.damaged-{number}" for number in (1, 2, 3)}
    assert path.with_name("x.json.damaged-3").read_bytes() == b"three"


def test_a_huge_file_is_not_read(path: Path, said: list[str]) -> None:
    path.parent.mkdir()
    path.touch()
    os.truncate(path, MAX_BYTES * 1000)
    assert read(path, KIND, "abc", said.append) is None
    assert "bytes" in said[0]
    assert not path.exists()


def test_pipes_folders_and_loops_are_misses(path: Path, said: list[str]) -> None:
    path.parent.mkdir()
    os.mkfifo(path)
    assert read(path, KIND, "abc", said.append) is None
    path.unlink()
    path.mkdir()
    assert read(path, KIND, "abc", said.append) is None
    with pytest.raises(OutputError):
        write(path, KIND, "abc", {})
    path.rmdir()
    path.symlink_to(path)
    assert read(path, KIND, "abc", said.append) is None
    assert len(said) == 3
    assert all("ignored" in text for text in said)
    write(path, KIND, "abc", {"back": 1})
    assert read(path, KIND, "abc", said.append) == {"back": 1}


def test_a_clock_set_back_changes_nothing(path: Path, said: list[str]) -> None:
    write(path, KIND, "abc", {"n": 1}, clock_s=4e9)
    write(path, KIND, "abc", {"n": 2}, clock_s=1.0)
    os.utime(path, (0, 0))
    assert read(path, KIND, "abc", said.append) == {"n": 2}
    assert said == []


def test_an_envelope_is_checked_without_knowing_its_kind(path: Path) -> None:
    write(path, KIND, "abc", {"n": 1})
    assert open_envelope(path, None, None).format == "nvpipe-test"


def test_warnings_are_said_once_a_topic(said: list[str]) -> None:
    warn = WarnOnce(said.append)
    for text, topic in (("a", None), ("a", None), ("b", "t"), ("c", "t"), ("c", None)):
        warn(text, topic)
    assert said == ["a", "b", "c"]


def test_what_is_read_to_be_written_again(path: Path, said: list[str]) -> None:
    assert read_for_update(path, KIND, said.append) is None
    write(path, Format(KIND.name, 1), "", DATA)
    assert read_for_update(path, KIND, said.append) is None
    write(path, KIND, "", DATA)
    assert read_for_update(path, KIND, said.append) == DATA
    assert said == []
    path.write_bytes(path.read_bytes()[:-9])
    assert read_for_update(path, KIND, said.append) is None
    assert len(said) == 1
    assert files(path.parent) == {"x.json.damaged-1"}


def test_what_cannot_be_read_must_not_be_written_again(path: Path) -> None:
    path.parent.mkdir()
    path.symlink_to(path)
    with pytest.raises(OutputError, match="cannot be read"):
        read_for_update(path, KIND, pytest.fail)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(OutputError, match="regular"):
        read_for_update(path, KIND, pytest.fail)
