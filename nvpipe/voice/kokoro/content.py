"""A digest of a Kokoro model's content, looked up by its files' places, sizes and times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nvpipe.cache.disk import digest_file
from nvpipe.cache.stages import StageStore
from nvpipe.errors import BackendUnavailableError
from nvpipe.types.codec import digest_of
from nvpipe.voice.kokoro.files import KokoroFiles, find_files

_STAGE = "kokoro-content"


def content_digest(files: KokoroFiles, storage: Path) -> str:
    """The digest, hashed once.

    Raises:
        BackendUnavailableError: a file cannot be read.
    """
    store = StageStore(storage, lambda _: None)
    try:
        stats = [(path.absolute(), path.stat()) for path in files.all()]
        seen = [[str(path), one.st_size, one.st_mtime_ns, one.st_ctime_ns, one.st_ino] for path, one in stats]
        key = digest_of(seen)
        known: Any = store.load(_STAGE, key)
        if not isinstance(known, str):
            known = digest_of([[path.name, digest_file(path)] for path, _ in stats])
            store.save(_STAGE, key, known)
    except OSError as error:
        raise BackendUnavailableError(
            f"Kokoro's files cannot be read: {error.filename}: {error.strerror}", hint="check the permissions"
        ) from error
    found: str = known
    return found


def content_of_named(named: str, storage: Path) -> str:
    """What the model that a user names is known by: its content, or its name where there is no whole folder."""
    folder = Path(named).expanduser()
    try:
        return content_digest(find_files(folder), storage)
    except BackendUnavailableError:
        # Whoever opens it says what is wrong.
        return named
