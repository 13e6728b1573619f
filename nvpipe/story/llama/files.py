"""The file of a model: one of the user's, or one of a repository, downloaded once into STORAGE/models.

STORAGE/models/<owner>--<name>/<file>        whole and of the checksum that the repository gives
STORAGE/models/<owner>--<name>/<file>.json   where it came from: repository, file, revision, checksum, size
STORAGE/models/<owner>--<name>/<file>.<checksum>.part   as much of it as has come; the next run goes on from there
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nvpipe.cache.model_digest import model_digest
from nvpipe.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from nvpipe.types import Progress

FOLDER = "models"
_HINT = "give a .gguf file, or OWNER/NAME:FILE of a repository"
_PART = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,95}"
_REPOSITORY = re.compile(rf"({_PART}/{_PART}):({_PART}(?:/{_PART}){{0,4}})")


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model that is there.

    Attributes:
        path: where it lies.
        wish: how the user named it.
        revision: of the repository, where it came from one.
    """

    path: Path
    wish: str
    revision: str = ""


def parse_wish(wish: str) -> tuple[str, str] | None:
    """Repository and file of `OWNER/NAME:FILE`; None for a path."""
    match = _REPOSITORY.fullmatch(wish)
    if match is None or ".." in wish or Path(wish).expanduser().exists():
        return None
    return match[1], match[2]


def check_wish(wish: str) -> None:
    """Whether a text can name a model.

    Raises:
        UsageError: it cannot.
    """
    if not wish.strip() or "\0" in wish:
        raise UsageError("no model is named", hint=_HINT)


def find_model(wish: str, storage: Path) -> ModelFile | None:
    """The model that a wish names; None when it has to be downloaded first. Nothing is asked of any server.

    Raises:
        InputError: there is no such file.
    """
    named = parse_wish(wish)
    if named is None:
        path = Path(wish).expanduser()
        if not path.is_file():
            shown = wish if wish.isprintable() else ascii(wish)
            what = "is a folder" if path.is_dir() else "does not exist"
            raise InputError(
                f"the model {shown} {what}", hint="give a .gguf file, or OWNER/NAME:FILE of a repository"
            )
        return ModelFile(path, wish)
    path = _place(named, storage)
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        about = json.loads(_beside(path, ".json").read_text(encoding="utf-8"))
        # Repositories of different names may share a folder.
        is_it = (about["repository"], about["file"]) == named and path.stat().st_size == about["size_bytes"]
        if is_it and isinstance(about["revision"], str):
            return ModelFile(path, wish, about["revision"])
    return None


def get_model(wish: str, storage: Path, progress: Callable[[Progress], None] | None = None) -> ModelFile:
    """The model that a wish names, downloaded where it is not there yet.

    Args:
        wish: a path, or `OWNER/NAME:FILE`.
        storage: the storage folder.
        progress: told how much has come.

    Raises:
        InputError: there is no such file or repository, or what came is not it.
        BackendUnavailableError: it cannot be downloaded now.
        OutputError: it cannot be written.
    """
    found = find_model(wish, storage)
    named = parse_wish(wish)
    if found is not None or named is None:
        assert found is not None
        return found
    from nvpipe.cache.locks import downloading
    from nvpipe.web.hub import download

    path = _place(named, storage)
    with downloading(path.parent, wish):
        found = find_model(wish, storage)
        if found is None:
            about = download(*named, path, progress or (lambda _: None))
            _write_beside(path, about)
            found = ModelFile(path, wish, str(about["revision"]))
    return found


def content_digest(path: Path, storage: Path) -> str:
    """BLAKE2 of a model's content, hexadecimal; a file that is unchanged on disk is not read again.

    Raises:
        InputError: it cannot be read.
    """
    try:
        return model_digest([path], storage)
    except OSError as error:
        raise InputError(
            f"the model {path.name} cannot be read: {error.strerror or error}", hint="check the permissions"
        ) from error


def _place(named: tuple[str, str], storage: Path) -> Path:
    return storage / FOLDER / named[0].replace("/", "--") / named[1]


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(f"{path.name}{suffix}")


def _write_beside(path: Path, about: dict[str, Any]) -> None:
    temporary = _beside(path, ".json.new")
    temporary.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    temporary.replace(_beside(path, ".json"))
