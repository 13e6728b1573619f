"""The digest of a model's content; files that are unchanged on disk are not read again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from nvpipe.cache.disk import digest_file
from nvpipe.cache.stages import StageStore
from nvpipe.types.codec import digest_of

STAGE = "model-digest"


def model_digest(paths: Sequence[Path], storage: Path) -> str:
    """BLAKE2, hexadecimal: of a single file its content, of several their names and contents.

    What was hashed once is looked up by the files' places, sizes, times and numbers.

    Raises:
        OSError: a file cannot be read.
    """
    store = StageStore(storage, lambda _: None)
    key = digest_of([_seen(path) for path in paths])
    known = store.load(STAGE, key)
    if isinstance(known, str) and re.fullmatch(r"[0-9a-f]{16,128}", known):
        return known
    digests = [digest_file(path) for path in paths]
    found = (
        digests[0]
        if len(paths) == 1
        else digest_of([[path.name, digest] for path, digest in zip(paths, digests, strict=True)])
    )
    store.save(STAGE, key, found)
    return found


def _seen(path: Path) -> list[object]:
    stat = path.stat()
    return [str(path.absolute()), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino, stat.st_dev]
