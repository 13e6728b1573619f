"""The journal: append-only, and readable whatever happened to it."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import Popen

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nvpipe.cache.journal import MAX_LINE_BYTES, Journal
from nvpipe.cache.naming import JOURNAL_NAME
from nvpipe.errors import OutputError

GOOD = {"v": 1, "event": "done", "slug": "s", "key": "k", "outputs": []}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "short.mp4").write_bytes(b"movie")
    (folder / "short.srt").write_bytes(b"text")
    return folder


def finish(out: Path, slug: str = "short", key: str = "k1") -> Journal:
    journal = Journal(out, clock=lambda: 0.0)
    journal.append("started", slug=slug, key=key)
    journal.append_done(slug, key, [out / "short.mp4", out / "short.srt"], seconds=2.5)
    return journal


def test_a_finished_job_is_found_with_its_outputs(out: Path) -> None:
    made = finish(out)
    found = Journal(out).finished("short")
    assert found is not None
    assert (found.slug, found.key, found.fields["seconds"]) == ("short", "k1", 2.5)
    assert [(output.name, output.size_bytes) for output in found.outputs] == [("short.mp4", 5), ("short.srt", 4)]
    assert made.verify_outputs(found)
    assert Journal(out).finished("other") is None


def test_every_line_is_an_object_with_version_and_time(out: Path) -> None:
    finish(out)
    lines = [json.loads(line) for line in (out / JOURNAL_NAME).read_text("utf-8").splitlines()]
    assert [(line["v"], line["event"], line["time"]) for line in lines] == [
        (1, "started", "1970-01-01T00:00:00Z"),
        (1, "done", "1970-01-01T00:00:00Z"),
    ]


def test_the_last_done_counts(out: Path) -> None:
    finish(out)
    finish(out, key="k2")
    found = Journal(out).finished("short")
    assert found is not None
    assert found.key == "k2"


def test_a_folder_without_a_journal_has_nothing_finished(tmp_path: Path) -> None:
    assert Journal(tmp_path / "none").all_finished() == {}
    assert not (tmp_path / "none").exists()


def test_outputs_that_changed_or_vanished_are_noticed(out: Path) -> None:
    journal = finish(out)
    record = journal.finished("short")
    assert record is not None
    movie = out / "short.mp4"
    movie.write_bytes(b"MOVIE")
    os.utime(movie, ns=(0, 1))
    assert not journal.verify_outputs(record)
    movie.write_bytes(b"movie!")
    assert not journal.verify_outputs(record)
    movie.unlink()
    assert not journal.verify_outputs(record)
    movie.mkdir()
    assert not journal.verify_outputs(record)


def test_a_copied_folder_is_still_known_as_done(out: Path, tmp_path: Path) -> None:
    finish(out)
    shutil.copytree(out, tmp_path / "copy", copy_function=shutil.copyfile)
    journal = Journal(tmp_path / "copy")
    record = journal.finished("short")
    assert record is not None
    assert (tmp_path / "copy" / "short.mp4").stat().st_mtime_ns != record.outputs[0].mtime_ns
    assert journal.verify_outputs(record)


def test_a_record_without_outputs_proves_nothing(out: Path) -> None:
    (out / JOURNAL_NAME).write_text(json.dumps(GOOD) + "\n")
    record = Journal(out).finished("s")
    assert record is not None
    assert not Journal(out).verify_outputs(record)


def test_a_line_cut_anywhere_hides_only_itself(out: Path) -> None:
    journal = finish(out)
    whole = journal.path.read_bytes()
    start = whole.index(b"\n") + 1
    for length in range(start, len(whole), 3):
        journal.path.write_bytes(whole[:length])
        journal.append("started", slug="next")
        slugs = [event.get("slug") for event in journal.events()]
        assert (slugs[0], slugs[-1]) == ("short", "next")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_rubbish_in_the_middle_is_passed_over(tmp_path_factory: pytest.TempPathFactory, rubbish: bytes) -> None:
    folder = tmp_path_factory.getbasetemp() / "journal"
    folder.mkdir(exist_ok=True)
    line = json.dumps(GOOD).encode() + b"\n"
    (folder / JOURNAL_NAME).write_bytes(line + rubbish + b"\n" + line)
    assert len(list(Journal(folder).events())) >= 2
    assert Journal(folder).finished("s") is not None


@pytest.mark.parametrize(
    "line",
    [
        {**GOOD, "v": 2},
        {**GOOD, "v": "1"},
        {**GOOD, "slug": 3},
        {**GOOD, "key": None},
        {**GOOD, "outputs": "x"},
        {**GOOD, "outputs": [3]},
        {**GOOD, "outputs": [{"name": "../x", "size": 1, "mtime_ns": 1, "blake2": "a"}]},
        {**GOOD, "outputs": [{"name": "", "size": 1, "mtime_ns": 1, "blake2": "a"}]},
        {**GOOD, "outputs": [{"name": "..", "size": 1, "mtime_ns": 1, "blake2": "a"}]},
        {**GOOD, "outputs": [{"name": "x", "size": True, "mtime_ns": 1, "blake2": "a"}]},
        {**GOOD, "event": ["done"]},
        [GOOD],
    ],
)
def test_senseless_records_are_passed_over(out: Path, line: object) -> None:
    (out / JOURNAL_NAME).write_text(json.dumps(line) + "\n")
    assert Journal(out).all_finished() == {}


def test_an_endless_line_is_passed_over(out: Path) -> None:
    journal = finish(out)
    with journal.path.open("ab") as file:
        file.write(b"x" * (3 * MAX_LINE_BYTES + 7))
    journal.append("started", slug="after")
    assert [event["event"] for event in journal.events()] == ["started", "done", "started"]


def test_odd_text_stays_on_its_line(out: Path) -> None:
    journal = Journal(out)
    journal.append("failed", error="two\nlines \udcff \u2028", slug="é")
    assert [event["error"] for event in journal.events()] == ["two\nlines \udcff \u2028"]
    assert journal.path.read_bytes().count(b"\n") == 1


@pytest.mark.parametrize("value", [float("nan"), "x" * MAX_LINE_BYTES])
def test_what_cannot_be_a_line_is_refused(out: Path, value: object) -> None:
    with pytest.raises(ValueError, match=r"JSON|too long"):
        Journal(out).append("failed", value=value)
    assert not (out / JOURNAL_NAME).exists()


def test_a_journal_that_cannot_be_written_or_read_is_an_output_error(out: Path) -> None:
    with pytest.raises(OutputError):
        Journal(out / "short.mp4").append("started")
    (out / JOURNAL_NAME).mkdir()
    with pytest.raises(OutputError):
        Journal(out).append("started")
    with pytest.raises(OutputError):
        list(Journal(out).events())


def test_a_journal_that_is_a_link_or_a_pipe_is_refused(out: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("mine")
    (out / JOURNAL_NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError):
        Journal(out).append("started")
    assert (tmp_path / "elsewhere").read_text() == "mine"
    (out / JOURNAL_NAME).unlink()
    os.mkfifo(out / JOURNAL_NAME)
    with pytest.raises(OutputError):
        Journal(out).append("started")
    with pytest.raises(OutputError):
        list(Journal(out).events())


def test_an_output_that_is_gone_cannot_be_done(out: Path) -> None:
    with pytest.raises(OutputError, match="read back"):
        Journal(out).append_done("s", "k", [out / "gone.mp4"])


def test_a_full_disk_is_an_error_and_hides_nothing_else(out: Path, start: Callable[..., Popen[str]]) -> None:
    code = """if True:
        import resource, sys
        from pathlib import Path
        from nvpipe.cache.journal import Journal
        from nvpipe.errors import OutputError
        journal = Journal(Path(sys.argv[1]))
        journal.append("started", slug="a")
        size = journal.path.stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, resource.RLIM_INFINITY))
        try:
            journal.append("started", slug="b")
        except OutputError:
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            journal.append("started", slug="c")
            print([event["slug"] for event in journal.events()])
    """
    out_text, err = start("-c", code, str(out)).communicate()
    assert (out_text.strip(), err) == ("['a', 'c']", "")


def test_a_job_that_was_made_up_for_says_so(out: Path) -> None:
    finish(out)
    journal = Journal(out)
    first = journal.finished("short")
    assert first is not None
    assert not first.fallback
    assert "fallback" not in first.fields
    journal.append_done("short", "k1", [out / "short.mp4"], fallback=True)
    again = journal.finished("short")
    assert again is not None
    assert again.fallback
