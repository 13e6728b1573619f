"""What cache files say of themselves, without parsing what they hold."""

from __future__ import annotations

import re
from pathlib import Path

from nvpipe.cache.disk import open_to_read
from nvpipe.cache.store import CHECKSUM, HEAD_BYTES, FaultError, Format, checksum_of, load_bytes

_KEY = re.compile(rb'"key": "([0-9A-Za-z_-]*)"')


def claimed(path: Path) -> tuple[str, str] | None:
    """Key and checksum that a cache file claims, from its first bytes, its content unchecked."""
    try:
        with open_to_read(path) as file:
            head = file.read(HEAD_BYTES) or b""
    except OSError:
        return None
    key, checksum = _KEY.search(head), CHECKSUM.search(head)
    return (key[1].decode(), checksum[1].decode()) if key and checksum else None


def proven_checksum(path: Path, kind: Format, key: str) -> str | None:
    """The checksum of a cache file of that kind and key, proven on all its bytes without reading its numbers.

    None for whatever is wrong; `read_envelope` tells what.
    """
    try:
        raw, _ = load_bytes(path)
    except FaultError:
        return None
    header = b'{\n "format": "%s",\n "version": %d,\n "key": "%s",\n' % (
        kind.name.encode(),
        kind.version,
        key.encode(),
    )
    return checksum_of(raw) if raw.startswith(header) else None
