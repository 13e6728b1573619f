"""The folder of a Kokoro model: the user's own, or one that is downloaded once."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.errors import BackendUnavailableError, InputError, NvpipeError, OutputError
from nvpipe.voice.kokoro.files import CONFIG, VOICES

if TYPE_CHECKING:
    from nvpipe.types import Progress
    from nvpipe.voice import Booth

PATTERNS = (CONFIG, "*.pth", f"{VOICES}/*.pt")
FOLDER = "models"
_WHOLE = ".whole"
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}")


def folder_of(named: str, storage: Path, booth: Booth) -> Path:
    """Where the model is that the user named, downloaded if it is not there yet.

    Args:
        named: a folder, or a repository of Hugging Face such as hexgrad/Kokoro-82M.
        storage: under which downloads are kept.
        booth: hears of a download.

    Raises:
        InputError: there is no such folder or repository.
        BackendUnavailableError: the repository cannot be reached.
        OutputError: there is no space for it.
    """
    folder = named_folder(named)
    if folder is not None:
        return folder
    target = storage / FOLDER / named.replace("/", "--")
    if not _is_whole(target, named):
        _download(named, target, booth.say, booth.progress or _unheard)
    return target


def is_there(named: str, storage: Path) -> bool:
    """Whether nothing has to be downloaded for the model that the user named.

    Raises:
        InputError: there is no such folder or repository.
    """
    return named_folder(named) is not None or _is_whole(storage / FOLDER / named.replace("/", "--"), named)


def named_folder(named: str) -> Path | None:
    """The folder that the user named; None for a repository.

    Raises:
        InputError: it is neither.
    """
    folder = Path(named).expanduser()
    if folder.is_dir():
        return folder
    if _REPOSITORY.fullmatch(named):
        return None
    shown = named[:200] if named.isprintable() else ascii(named[:200])
    what = "is a file" if folder.is_file() else "does not exist"
    raise InputError(f"Kokoro's folder {shown} {what}", hint="name its folder, or a repository as hexgrad/Kokoro-82M")


def _download(
    repository: str, target: Path, say: Callable[[str], None], progress: Callable[[Progress], None]
) -> None:
    """All files of a model; those that are there stay, so that it goes on where it was interrupted."""
    from nvpipe.cache.locks import downloading

    try:
        with downloading(target, repository):
            if not _is_whole(target, repository):
                _fetch(repository, target, say, progress)
    except NvpipeError:
        raise
    except OSError as error:
        raise OutputError(
            f"cannot write the model to {target}: {error.strerror or error}",
            hint="free some space or choose another --storage",
        ) from error


def _fetch(repository: str, target: Path, say: Callable[[str], None], progress: Callable[[Progress], None]) -> None:
    """Bring the files that are not there yet."""
    from nvpipe.web.hub import download, names_of

    names = [name for name in names_of(repository) if _is_wanted(name)]
    if not names:
        raise BackendUnavailableError(
            f"the repository {repository} has no model of Kokoro", hint="name another, as hexgrad/Kokoro-82M"
        )
    say(f"{repository} is downloaded to {target}, once")
    if (target / _WHOLE).is_file():
        # Repositories of different names may share a folder; these files are of the other one.
        (target / _WHOLE).unlink()
        for path in [path for pattern in PATTERNS for path in target.glob(pattern)]:
            path.unlink()
    for name in names:
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file():
            download(repository, name, path, progress)
    (target / _WHOLE).write_text(repository, "utf-8")


def _is_whole(target: Path, repository: str) -> bool:
    """Whether all of a repository's files are there."""
    try:
        return (target / _WHOLE).read_text("utf-8") == repository
    except (OSError, ValueError):
        return False


def _unheard(_: Progress) -> None:
    """Nobody looks on."""


def _is_wanted(name: str) -> bool:
    """Whether a file is a part of the model, under a name that stays in its folder."""
    matched = any(fnmatchcase(name, one) and name.count("/") == one.count("/") for one in PATTERNS)
    return matched and ".." not in name.split("/") and "\\" not in name and not name.startswith("/")
