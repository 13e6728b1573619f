"""The envelope of every cache file, its safe writing, and reading that never trusts what it finds.

A cache file is plain JSON: `format`, `version`, `key` (what the content was made from), `made_by`,
`created`, `checksum`, `data`. The checksum is the BLAKE2b (128 bits) of the file itself with the
checksum's 32 digits read as zeros, so that a change of any byte shows.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, NamedTuple

from nvpipe import __version__
from nvpipe.cache.disk import DIGEST_BYTES, DISK, Disk, open_to_read, replace_file
from nvpipe.cache.locks import lock
from nvpipe.cache.plain_json import parse_json, to_bytes
from nvpipe.errors import OutputError

Warn = Callable[[str], None]
Fault = Literal["missing", "unreadable", "damaged", "foreign", "original", "newer", "stale"]

MAX_BYTES = 64 << 20
FORMAT_PREFIX = "nvpipe-"
_ZEROS = "0" * (DIGEST_BYTES * 2)
CHECKSUM = re.compile(rb'"checksum": "([0-9a-f]{32})"')
HEAD_BYTES = 4096
_FIELDS = {"format", "version", "key", "made_by", "created", "checksum", "data"}


class WarnOnce:
    """A sink for warnings that says each of them once."""

    def __init__(self, warn: Warn) -> None:
        self._warn = warn
        self._said: set[str] = set()

    def __call__(self, text: str, topic: str | None = None) -> None:
        """Say `text` unless something was said on the same topic (left out: the text itself)."""
        if (topic or text) not in self._said:
            self._said.add(topic or text)
            self._warn(text)


def once(warn: Warn) -> WarnOnce:
    """The sink itself if it already says things once."""
    return warn if isinstance(warn, WarnOnce) else WarnOnce(warn)


def complain(warn: WarnOnce, storage: Path, error: OutputError) -> None:
    """The one warning about a storage folder that cannot be written."""
    text = f"the cache {storage} cannot be written ({error.message}); results are not kept for later"
    warn(text, f"unwritable {storage}")


class Format(NamedTuple):
    """What a cache file holds; a change of its layout raises the version."""

    name: str
    version: int


class Envelope(NamedTuple):
    """A cache file that proved whole."""

    format: str
    version: int
    key: str
    made_by: str
    created: str
    checksum: str
    data: Any


class FaultError(Exception):
    """Why a cache file cannot be used."""

    def __init__(self, kind: Fault, reason: str, identity: tuple[int, ...] | None = None) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason
        self.identity = identity


def write(
    path: Path,
    kind: Format,
    key: str,
    data: object,
    *,
    disk: Disk = DISK,
    clock_s: float | None = None,
) -> str:
    """Write a cache file whole or not at all; returns its checksum.

    Raises:
        OutputError: the folder cannot be written, or the data cannot be kept as JSON.
    """
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() if clock_s is None else clock_s))
    header = {
        "format": kind.name,
        "version": kind.version,
        "key": key,
        "made_by": f"nvpipe {__version__}",
        "created": created,
        "checksum": _ZEROS,
        "data": data,
    }
    try:
        blank = to_bytes(header)
    except (ValueError, TypeError, RecursionError) as error:
        raise OutputError(f"cannot keep {path.name} in the cache: {error}") from error
    if len(blank) > MAX_BYTES:
        raise OutputError(f"cannot keep {path.name} in the cache: {len(blank)} bytes are over {MAX_BYTES}")
    checksum = hashlib.blake2b(blank, digest_size=DIGEST_BYTES).hexdigest()
    whole = blank.replace(b'"checksum": "%s"' % _ZEROS.encode(), b'"checksum": "%s"' % checksum.encode(), 1)
    replace_file(path, lambda emit: emit(memoryview(whole)), disk)
    return checksum


def read(path: Path, kind: Format, key: str | None, warn: Warn) -> Any | None:
    """The data of a cache file, or None.

    A file that is missing or was made from something else (stale) is silently no hit. Any other fault is
    no hit with one warning, and the file is set aside under another name, not deleted.

    Args:
        key: None when the file does not depend on inputs.
    """
    envelope = read_envelope(path, kind, key, warn)
    return None if envelope is None else envelope.data


def read_for_update(path: Path, kind: Format, warn: Warn) -> Any | None:
    """Like `read` of a file of no key that is about to be written again from what it holds.

    Raises:
        OutputError: the file is there but cannot be read: writing it would throw away what it holds.
    """
    try:
        return open_envelope(path, kind, None).data
    except FaultError as fault:
        forbid_update(path, fault)
        if fault.kind not in ("missing", "stale"):
            report(path, fault, warn)
        return None


def forbid_update(path: Path, fault: FaultError) -> None:
    """Stop where a file is there but cannot be read: writing it would throw away what it holds.

    Raises:
        OutputError: so it is.
    """
    if fault.kind == "unreadable":
        raise OutputError(f"cache file {path} {fault.reason}") from fault


def read_envelope(path: Path, kind: Format, key: str | None, warn: Warn) -> Envelope | None:
    """Like `read`, with what the envelope says beside the data."""
    try:
        return open_envelope(path, kind, key)
    except FaultError as fault:
        if fault.kind not in ("missing", "stale"):
            report(path, fault, warn)
        return None


def report(path: Path, fault: FaultError, warn: Warn) -> None:
    """Set a faulty file aside where that is possible, and say so once."""
    kept = None if fault.identity is None else set_aside(path, fault.kind, fault.identity)
    where = f"set aside as {kept.name}" if kept else "ignored"
    warn(" ".join(f"cache file {path} {fault.reason}; {where}".split()))


def open_envelope(path: Path, kind: Format | None, key: str | None) -> Envelope:
    """A cache file's envelope, everything about it checked.

    Args:
        kind: None takes any of nvpipe's own.
        key: None takes any.

    Raises:
        FaultError: it cannot be used.
    """
    raw, identity = load_bytes(path)
    try:
        envelope = _parse(raw)
    except FaultError as fault:
        raise FaultError(fault.kind, fault.reason, identity) from None
    except RecursionError:
        raise _damaged("is damaged: nested too deeply", raw, identity) from None
    except ValueError as error:
        raise _damaged(f"is damaged: {error}", raw, identity) from None
    if kind is not None and envelope.format != kind.name:
        raise FaultError("damaged", f"holds {envelope.format}, not {kind.name}", identity)
    if kind is not None and envelope.version > kind.version:
        raise FaultError("newer", f"was written by a newer nvpipe ({envelope.made_by})", identity)
    outdated = kind is not None and envelope.version < kind.version
    if outdated or (key is not None and envelope.key != key):
        raise FaultError("stale", "was made from other inputs", identity)
    return envelope


def load_bytes(path: Path) -> tuple[bytes, tuple[int, ...]]:
    """The bytes of a cache file, and what tells this writing of it from another.

    Raises:
        FaultError: it cannot be read, or is too large.
    """
    try:
        with open_to_read(path) as file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise FaultError("unreadable", "is not a regular file")
            if facts.st_size > MAX_BYTES:
                reason = f"has {facts.st_size} bytes, more than {MAX_BYTES}"
                raise _damaged(reason, file.read(HEAD_BYTES), identity_of(facts))
            return file.read(MAX_BYTES + 1), identity_of(facts)
    except (FileNotFoundError, NotADirectoryError):
        raise FaultError("missing", "does not exist") from None
    except OSError as error:
        raise FaultError("unreadable", f"cannot be read ({error.strerror or error})") from error


def _damaged(reason: str, head: bytes, identity: tuple[int, ...]) -> FaultError:
    """Damage, unless what is left shows that the file was never nvpipe's."""
    from nvpipe.cache.original import describe, recognise_head

    if original := recognise_head(head):
        return FaultError("original", describe(original, whole=False), identity)
    return FaultError("damaged", reason, identity)


def identity_of(facts: os.stat_result) -> tuple[int, ...]:
    """Tells one writing of a file from another."""
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


def _parse(raw: bytes) -> Envelope:
    fields = parse_json(raw)
    if not isinstance(fields, dict) or not str(fields.get("format", "")).startswith(FORMAT_PREFIX):
        raise _not_ours(fields)
    if type(fields.get("version")) is int and fields["version"] > 0 and set(fields) - _FIELDS:
        raise FaultError("newer", "was written by a newer nvpipe")
    if set(fields) != _FIELDS:
        raise ValueError("fields are missing")
    texts = (fields["format"], fields["key"], fields["made_by"], fields["created"], fields["checksum"])
    if type(fields["version"]) is not int or not all(isinstance(text, str) for text in texts):
        raise ValueError("a field is of the wrong type")
    if checksum_of(raw) != fields["checksum"]:
        raise ValueError("wrong checksum")
    return Envelope(**fields)


def _not_ours(value: object) -> Exception:
    from nvpipe.cache.original import describe, recognise

    if original := recognise(value):
        return FaultError("original", describe(original))
    if not isinstance(value, dict):
        return ValueError("not an object")
    return FaultError("foreign", "was not written by nvpipe")


def checksum_of(raw: bytes) -> str | None:
    """The checksum that a file's content proves; None when it claims none or another one."""
    match = CHECKSUM.search(raw)
    if match is None:
        return None
    digest = hashlib.blake2b(raw[: match.start(1)] + _ZEROS.encode(), digest_size=DIGEST_BYTES)
    digest.update(memoryview(raw)[match.end(1) :])
    return match[1].decode() if digest.hexdigest() == match[1].decode() else None


def set_aside(path: Path, kind: Fault, identity: tuple[int, ...]) -> Path | None:
    """Rename a faulty file; returns its new path, None when that cannot be done or it is gone."""
    try:
        with lock(path.parent):
            # Another process may have put a good file there since.
            if identity_of(path.stat()) != identity:
                return None
            for number in range(1, 10_000):
                kept = path.with_name(f"{path.name}.{kind}-{number}")
                if not os.path.lexists(kept):
                    path.rename(kept)
                    return kept
    except (OSError, OutputError):
        return None
    return None
