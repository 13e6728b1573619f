"""A digest of a Kokoro model's content, looked up by its files' places, sizes and times."""

from __future__ import annotations

from pathlib import Path

from nvpipe.cache.model_digest import model_digest
from nvpipe.errors import BackendUnavailableError
from nvpipe.voice.kokoro.fetch import named_folder
from nvpipe.voice.kokoro.files import KokoroFiles, find_files


def content_digest(files: KokoroFiles, storage: Path) -> str:
    """The digest, hashed once.

    Raises:
        BackendUnavailableError: a file cannot be read.
    """
    try:
        return model_digest(files.all(), storage)
    except OSError as error:
        raise BackendUnavailableError(
            f"Kokoro's files cannot be read: {error.filename}: {error.strerror}", hint="check the permissions"
        ) from error


def content_of_named(named: str, storage: Path) -> str:
    """What the model that a user names is known by: its content, or its name where there is no whole folder.

    Raises:
        InputError: it is neither a folder nor a repository's name.
    """
    folder = named_folder(named)
    if folder is None:
        return named
    try:
        return content_digest(find_files(folder), storage)
    except BackendUnavailableError:
        # Whoever opens it says what is wrong.
        return named
