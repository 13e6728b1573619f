"""What runs that were killed left behind, and its removal. What a run at work uses stays."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.cache.listing import sweep
from nvpipe.errors import InputError
from nvpipe.pipeline.batch.claims import LOCKS, remove_stale_locks
from nvpipe.pipeline.batch.events import HIDDEN, RUNS, forget_old_runs, run_folders
from nvpipe.pipeline.workspace import locked, remove_leftovers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Removed:
    """Something that is gone."""

    what: str
    path: str
    count: int
    bytes: int


def clean(out: Path, storage: Path, *, runs: bool = False) -> list[Removed]:
    """Remove what killed runs left in an output folder and in the cache folder.

    Args:
        out: the output folder; one that is not there has nothing.
        storage: the cache folder.
        runs: also forget what is known of runs that are over, for `status` and `report`.

    Raises:
        InputError: the output folder is none, or cannot be read.
    """
    found: list[Removed] = []
    if out.exists():
        if not out.is_dir():
            raise InputError(f"{out} is not a folder", hint="name the folder that was given as --out")
        try:
            sizes = {folder: sum(_sizes(folder)) for folder in out.glob(".nvpipe-*.part") if folder.is_dir()}
            with locked(out):
                gone = remove_leftovers(out)
                locks = remove_stale_locks(out)
                forgotten = _forget(out) if runs else None
                _remove_empty(out)
        except OSError as error:
            raise InputError(f"{out} cannot be read: {error.strerror or error}") from error
        found += [Removed("unfinished files", str(one), 1, sizes.get(one, 0)) for one in gone if not one.exists()]
        if locks:
            found.append(Removed("locks", str(out / HIDDEN / LOCKS), locks, 0))
        if forgotten:
            found.append(Removed("runs", str(out / HIDDEN / RUNS), *forgotten))
    if swept := sweep(storage):
        found.append(Removed("temporary files", str(storage), swept, 0))
    return found


def _forget(out: Path) -> tuple[int, int] | None:
    before = {folder: sum(_sizes(folder)) for folder in run_folders(out)}
    count = forget_old_runs(out, kept=0)
    return (count, sum(size for folder, size in before.items() if not folder.exists())) if count else None


def _remove_empty(out: Path) -> None:
    """Folders that hold nothing any more."""
    for folder in (out / HIDDEN / LOCKS, out / HIDDEN / RUNS, out / HIDDEN):
        with suppress(OSError):
            folder.rmdir()


def _sizes(folder: Path) -> Iterator[int]:
    for path in folder.rglob("*"):
        with suppress(OSError):
            if path.is_file() and not path.is_symlink():
                yield path.stat().st_size
