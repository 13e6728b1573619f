"""The append-only journal of the jobs that wrote into an output folder.

One JSON object a line: `v` (version), `time`, `event`, and what belongs to the event. Lines that cannot be
read (torn by a kill, written by a newer version) are passed over. Several processes may append.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from nvpipe.cache.disk import DISK, digest_file
from nvpipe.cache.naming import JOURNAL_NAME
from nvpipe.cache.plain_json import parse_json
from nvpipe.errors import OutputError

VERSION = 1
DONE = "done"
PUBLISHING = "publishing"
"""Files are about to get their names; who is killed before `done` is written may have given all of them."""
MAX_LINE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class OutputRecord:
    """A finished file as it was when its job ended."""

    name: str
    size_bytes: int
    mtime_ns: int
    digest: str


@dataclass(frozen=True, slots=True)
class DoneRecord:
    """A job that ended well."""

    slug: str
    key: str
    outputs: tuple[OutputRecord, ...]
    fields: Mapping[str, Any]
    """The whole line."""

    @property
    def fallback(self) -> bool:
        """Whether something else than the best did the work, for a reason that may pass."""
        return self.fields.get("fallback") is True


class Journal:
    """The journal of one output folder."""

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock
        self.path = folder / JOURNAL_NAME

    def append(self, event: str, **fields: object) -> dict[str, Any]:
        """Add one line, wait until it is on the disk, and return its fields.

        Raises:
            OutputError: the folder cannot be written.
            ValueError: a field is no JSON value.
        """
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._clock()))
        record = {"v": VERSION, "time": moment, "event": event, **fields}
        line = json.dumps(record, ensure_ascii=False, allow_nan=False).encode("utf-8", "backslashreplace")
        if len(line) >= MAX_LINE_BYTES:
            raise ValueError(f"a journal line of {len(line)} bytes is too long")
        try:
            self._write(line + b"\n")
        except OSError as error:
            raise OutputError(
                f"cannot write {self.path}: {error.strerror or error}", hint="choose another --out"
            ) from error
        return record

    def append_done(
        self,
        slug: str,
        key: str,
        outputs: Sequence[Path],
        *,
        fallback: bool = False,
        event: str = DONE,
        **fields: object,
    ) -> DoneRecord:
        """Record that a job ended well, with what it takes to see later that its files are unchanged.

        Args:
            slug: name of the job.
            key: what its files follow from.
            outputs: the files.
            fallback: a backend took over for a reason that may pass, so that the same job may give other files.
            event: `PUBLISHING` for files that lie elsewhere still, under the names that they will have.
            fields: what else belongs to it.

        Raises:
            OutputError: the folder cannot be written, or an output cannot be read back.
        """
        try:
            records = tuple(_output(path) for path in outputs)
        except OSError as error:
            raise OutputError(f"cannot read back {error.filename}: {error.strerror}") from error
        listed = [
            {"name": one.name, "size": one.size_bytes, "mtime_ns": one.mtime_ns, "blake2": one.digest}
            for one in records
        ]
        mark = {"fallback": True} if fallback else {}
        line = self.append(event, slug=slug, key=key, outputs=listed, **mark, **fields)
        return DoneRecord(slug, key, records, line)

    def events(self) -> Iterator[dict[str, Any]]:
        """Every line that can be read, oldest first.

        Raises:
            OutputError: the journal exists and cannot be read.
        """
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise OutputError(f"{self.path} is not a regular file", hint="choose another --out")
                yield from _events(file)
        except FileNotFoundError:
            return
        except OSError as error:
            raise OutputError(
                f"cannot read {self.path}: {error.strerror or error}", hint="choose another --out"
            ) from error

    def all_finished(self) -> dict[str, DoneRecord]:
        """The last `done` of every slug."""
        done = (_done(event) for event in self.events() if event["event"] == DONE)
        return {record.slug: record for record in done if record is not None}

    def finished(self, slug: str) -> DoneRecord | None:
        """The last `done` of a slug."""
        return self.all_finished().get(slug)

    def came_to_be(self, event: Mapping[str, Any]) -> bool:
        """Whether a job is done by what one of its lines says, or was when it was written."""
        if event["event"] != PUBLISHING:
            return bool(event["event"] == DONE)
        record = _done(event)
        return record is not None and self.verify_outputs(record)

    def verify_outputs(self, record: DoneRecord) -> bool:
        """Whether the job's files are all there and unchanged.

        Size and time tell at once; where only the time differs, as in a copied folder, the content does.
        """
        try:
            return bool(record.outputs) and all(self._is_unchanged(output) for output in record.outputs)
        except OSError:
            return False

    def _is_unchanged(self, output: OutputRecord) -> bool:
        path = self._folder / output.name
        facts = path.stat()
        if not stat.S_ISREG(facts.st_mode) or facts.st_size != output.size_bytes:
            return False
        return facts.st_mtime_ns == output.mtime_ns or digest_file(path) == output.digest

    def _write(self, line: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self.path, flags, 0o666)
        try:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode):
                raise OSError("not a regular file")
            # A line torn by a kill or a full disk must not swallow this one.
            if facts.st_size and os.pread(descriptor, 1, facts.st_size - 1) != b"\n":
                line = b"\n" + line
            if os.write(descriptor, line) != len(line):
                raise OSError("only part of a line was written")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if facts.st_size == 0:
            DISK.sync_folder(self._folder)


def _output(path: Path) -> OutputRecord:
    facts = path.stat()
    return OutputRecord(path.name, facts.st_size, facts.st_mtime_ns, digest_file(path))


def _events(file: BinaryIO) -> Iterator[dict[str, Any]]:
    skipping = False
    while line := file.readline(MAX_LINE_BYTES):
        whole = line.endswith(b"\n")
        if not skipping and (event := _event(line)) is not None:
            yield event
        skipping = not whole


def _event(line: bytes) -> dict[str, Any] | None:
    try:
        event = parse_json(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or event.get("v") != VERSION or not isinstance(event.get("event"), str):
        return None
    return event


def _done(event: Mapping[str, Any]) -> DoneRecord | None:
    slug, key, listed = event.get("slug"), event.get("key"), event.get("outputs")
    if not isinstance(slug, str) or not isinstance(key, str) or not isinstance(listed, list):
        return None
    outputs = tuple(_output_record(one) for one in listed)
    kept = tuple(one for one in outputs if one is not None)
    return DoneRecord(slug, key, kept, event) if len(kept) == len(outputs) else None


def _output_record(fields: object) -> OutputRecord | None:
    if not isinstance(fields, dict):
        return None
    name, digest = fields.get("name"), fields.get("blake2")
    size, mtime = fields.get("size"), fields.get("mtime_ns")
    if not isinstance(name, str) or not isinstance(digest, str):
        return None
    if name in {"", ".", ".."} or "/" in name or "\0" in name:
        return None
    if type(size) is not int or type(mtime) is not int:
        return None
    return OutputRecord(name, size, mtime, digest)
