"""Every kind of cache file against every fault: cut off, changed, killed writers, a full disk, a folder only to read.

The envelope that they share is tried in `test_store`; here it is what reads and writes the files in earnest.
"""

from __future__ import annotations

import os
import random
import time

import pytest
from fakes.kinds import Kind

FLIPS = 300


NAMES = ("action", "segments", "index", "ledger", "stage")


def expect_a_miss(kind: Kind, raw: bytes, what: object) -> None:
    said: list[str] = []
    kind.path.write_bytes(raw)
    assert not kind.is_found(said.append), what
    assert len(said) == 1, (what, said)
    assert str(kind.path) in said[0]
    assert "\n" not in said[0]
    (kept,) = kind.path.parent.glob(f"{kind.path.name}.*-1")
    assert kept.read_bytes() == raw, what
    kept.unlink()


@pytest.mark.parametrize("name", NAMES)
def test_what_was_kept_is_found(kinds: dict[str, Kind], name: str) -> None:
    assert kinds[name].is_found(pytest.fail)


@pytest.mark.parametrize("name", NAMES)
def test_cut_off_at_any_byte_it_is_a_miss_set_aside_with_one_line(kinds: dict[str, Kind], name: str) -> None:
    kind = kinds[name]
    whole = kind.path.read_bytes()
    for length in range(len(whole)):
        expect_a_miss(kind, whole[:length], length)
    kind.path.write_bytes(whole)
    assert kind.is_found(pytest.fail)


@pytest.mark.parametrize("name", NAMES)
def test_any_flipped_bits_are_a_miss(kinds: dict[str, Kind], name: str) -> None:
    kind = kinds[name]
    whole = kind.path.read_bytes()
    dice = random.Random(name)
    for _ in range(FLIPS):
        raw = bytearray(whole)
        for _ in range(dice.choice((1, 1, 1, 5))):
            raw[dice.randrange(len(raw))] ^= dice.randint(1, 255)
        said: list[str] = []
        kind.path.write_bytes(raw)
        is_whole = raw == whole
        assert kind.is_found(said.append) is is_whole, bytes(raw)
        assert len(said) == (0 if is_whole else 1), (bytes(raw), said)
        for kept in kind.path.parent.glob(f"{kind.path.name}.*-1"):
            kept.unlink()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "raw", [b"\0" * 400, b"[" * 100_000, b'{"format": "nvpipe-action"}', b"\xff\xfe", b"null", b"NaN", b'"' * 99]
)
def test_rubbish_is_a_miss_set_aside_with_one_line(kinds: dict[str, Kind], name: str, raw: bytes) -> None:
    expect_a_miss(kinds[name], raw, raw[:20])


@pytest.mark.parametrize("name", NAMES)
def test_a_clock_set_back_changes_nothing(kinds: dict[str, Kind], name: str) -> None:
    path = kinds[name].path
    for moment_s in (0.0, time.time() + 400 * 86_400.0, 2**33):
        os.utime(path, (moment_s, moment_s))
        assert kinds[name].is_found(pytest.fail)
