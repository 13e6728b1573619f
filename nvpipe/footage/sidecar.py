"""The files beside a footage file that say its licence, credit and more."""

from __future__ import annotations

import os
import stat
from collections.abc import Container
from pathlib import Path
from typing import NamedTuple


class Sidecar(NamedTuple):
    """A file beside the footage, as it was found."""

    path: Path
    size_bytes: int
    mtime_ns: int

    def identity(self) -> tuple[str, int, int]:
        return self.path.name, self.size_bytes, self.mtime_ns


def sidecar_names(video_name: str) -> list[str]:
    """What counts as a sidecar, the one whose word counts most first.

    `<video>.json` and `<stem>.json` are the user's own, `<stem>.info.json` is yt-dlp's; the others hold a licence as
    text.
    """
    stem = os.path.splitext(video_name)[0]  # noqa: PTH122 - a name, not a path
    return [
        *(f"{video_name}.json", f"{stem}.json"),
        *(f"{video_name}.license.txt", f"{video_name}.licence.txt", f"{stem}.license.txt", f"{stem}.licence.txt"),
        f"{stem}.info.json",
    ]


def find_sidecars(video: Path, names: Container[str] | None = None) -> tuple[Sidecar, ...]:
    """The sidecars of a video, in the order of `sidecar_names`.

    Args:
        names: what the folder holds, if that is known: other names are not looked for.
    """
    found = []
    for name in sidecar_names(video.name):
        if names is not None and name not in names:
            continue
        path = video.with_name(name)
        try:
            facts = path.stat()
        except OSError:
            continue
        if stat.S_ISREG(facts.st_mode):
            found.append(Sidecar(path, facts.st_size, facts.st_mtime_ns))
    return tuple(found)
