"""Cache files are written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import math
import os
from pathlib import Path

import pytest
from fakes.dying_disk import EXIT_CODE, STEPS
from fakes.envelopes import DATA

from nvpipe.cache.store import Format, read, write
from nvpipe.errors import OutputError

KIND = Format("nvpipe-test", 2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store" / "x.json"


def files(folder: Path) -> set[str]:
    return {item.name for item in folder.iterdir()} - {".nvpipe.lock"}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, {1, 2}, b"bytes", {3: [1]}, 1 << 64, -(10**400)])
def test_what_is_no_json_is_refused_and_the_old_file_stays(path: Path, value: object) -> None:
    write(path, KIND, "abc", {"old": 1})
    with pytest.raises(OutputError, match=r"x\.json"):
        write(path, KIND, "abc", {"value": value, "list": [[value]]})
    assert read(path, KIND, "abc", pytest.fail) == {"old": 1}
    assert files(path.parent) == {"x.json"}


def test_bottomless_data_is_refused(path: Path) -> None:
    data: list[object] = []
    data.append(data)
    with pytest.raises(OutputError):
        write(path, KIND, "abc", data)


def test_a_file_in_place_of_the_folder_is_an_output_error(tmp_path: Path, said: list[str]) -> None:
    (tmp_path / "store").write_text("not a folder")
    with pytest.raises(OutputError, match="cannot write"):
        write(tmp_path / "store" / "x.json", KIND, "abc", {})
    assert read(tmp_path / "store" / "x.json", KIND, "abc", said.append) is None


def test_a_full_disk_leaves_the_old_file_and_no_rubbish(path: Path, start) -> None:  # type: ignore[no-untyped-def]
    write(path, KIND, "abc", {"old": 1})
    code = """if True:
        import resource, sys
        from pathlib import Path
        from nvpipe.cache.store import Format, write
        from nvpipe.errors import OutputError
        resource.setrlimit(resource.RLIMIT_FSIZE, (150, 150))
        try:
            write(Path(sys.argv[1]), Format("nvpipe-test", 2), "abc", {"new": "x" * 400})
        except OutputError as error:
            print(error.line())
    """
    process = start("-c", code, str(path))
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert "cannot write" in out
    assert read(path, KIND, "abc", pytest.fail) == {"old": 1}
    assert files(path.parent) == {"x.json"}


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_leaves_the_old_or_the_new_file(path: Path, start, step: str) -> None:  # type: ignore[no-untyped-def]
    kind = Format("nvpipe-test", 1)
    write(path, kind, "key", {"old": True})
    process = start("-m", "fakes.dying_disk", str(path), step)
    _, err = process.communicate()
    assert process.returncode == EXIT_CODE, err
    is_new = step in ("renamed", "folder-synced")
    assert read(path, kind, "key", pytest.fail) == ({"new": True} if is_new else {"old": True})
    write(path, kind, "key", {"next": True})
    assert read(path, kind, "key", pytest.fail) == {"next": True}


def test_the_umask_decides_who_may_read(path: Path) -> None:
    before = os.umask(0o027)
    try:
        write(path, KIND, "abc", {})
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o640


def test_the_checksum_is_that_of_the_file_with_zeros_in_its_place(path: Path) -> None:
    checksum = write(path, KIND, "abc", DATA)
    blank = path.read_bytes().replace(checksum.encode(), b"0" * 32)
    assert hashlib.blake2b(blank, digest_size=16).hexdigest() == checksum


def test_the_file_is_plain_utf8_json_that_says_what_it_is(path: Path) -> None:
    write(path, KIND, "abc", DATA, clock_s=0)
    text = path.read_text("utf-8")
    fields = json.loads(text)
    assert list(fields) == ["format", "version", "key", "made_by", "created", "checksum", "data"]
    assert (fields["format"], fields["version"], fields["created"]) == ("nvpipe-test", 2, "1970-01-01T00:00:00Z")
    assert fields["made_by"].startswith("nvpipe ")
    assert "Über" in text
