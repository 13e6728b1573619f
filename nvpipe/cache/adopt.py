"""A storage folder that the original program has used: its caches are set aside."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from nvpipe.cache.claims import claimed
from nvpipe.cache.original import WHY_USELESS
from nvpipe.cache.store import FaultError, Warn, open_envelope, set_aside

_NAME = re.compile(r".+_(?:action_cache|segments_[0-9.]+s)\.json", re.DOTALL)


def set_aside_originals(storage: Path, warn: Warn) -> int:
    """Set the original program's action and segment caches aside, with one line for all; returns how many.

    To be called where `footage_metadata.json` is missing or the original program's: a folder that nvpipe has used
    already is not looked through again. Nothing is raised; files that cannot be renamed stay where they are.
    """
    moved = [path.name for path in _candidates(storage) if _move(path)]
    if moved:
        what = f"{moved[0]} and {len(moved) - 1} more are" if len(moved) > 1 else f"{moved[0]} is"
        warn(
            f"{what} of the original program (tiktok-automata), {WHY_USELESS}; set aside in {storage} as *.original-1"
        )
    return len(moved)


def _candidates(storage: Path) -> Iterator[Path]:
    try:
        with os.scandir(storage) as items:
            names = sorted(item.name for item in items if item.is_file(follow_symlinks=False))
    except OSError:
        return
    yield from (storage / name for name in names if _NAME.fullmatch(name))


def _move(path: Path) -> bool:
    # nvpipe's own are many and large, and their first bytes tell.
    if claimed(path) is not None:
        return False
    try:
        open_envelope(path, None, None)
    except FaultError as fault:
        if fault.kind == "original" and fault.identity is not None:
            return set_aside(path, fault.kind, fault.identity) is not None
    return False
