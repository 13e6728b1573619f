"""Which files the user means by files, folders and patterns."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from nvpipe.cache.journal import DONE, JOURNAL_NAME, Journal
from nvpipe.errors import MediaError, OutputError

VIDEO_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in "mp4 m4v mov mkv webm avi ts m2ts mts mpg mpeg flv wmv 3gp ogv".split()  # noqa: SIM905 - a list to read
)
_CONTROL_SUFFIXES = (".aria2", ".ytdl", ".part")
"""A file with such a neighbour is still being downloaded."""


def find_footage(paths: Sequence[str], warn: Callable[[str], None] | None = None) -> list[Path]:
    """Absolute paths of the files that files, folders (with all inside) and glob patterns name, each once.

    A named file is taken whatever it is called; inside folders only video files are, without hidden and
    partly downloaded ones, in natural order (2 before 10). What nvpipe made is no footage: output folders inside
    are left out whole, and the finished shorts in an output folder that is named or that a pattern matches.

    Args:
        warn: told of folders inside that cannot be read (without it they are an error), and of what was left out
            that the user may have meant.

    Raises:
        MediaError: a path does not exist, a pattern matches nothing, a folder has no video or cannot be read.
    """
    if not paths:
        raise MediaError("no footage was named", hint="give a video file or a folder of them")
    found: dict[Path, None] = {}
    for named in paths:
        videos = [video for path in _expand(named) for video in _videos_at(path, warn)]
        if not os.path.lexists(named):
            videos = _without_shorts(videos, warn)
        if not videos:
            raise MediaError(f"there is no video in {named}", hint="put gameplay videos there")
        found.update(dict.fromkeys(videos))
    return list(found)


def natural_key(text: str) -> tuple[list[tuple[int, int, str]], bytes]:
    """Sorts numbers inside of names by their value, and equal ones by their bytes."""
    parts = re.split(r"([0-9]+)", text.casefold())
    numbered = [(1, int(part), "") if at % 2 else (0, 0, part) for at, part in enumerate(parts)]
    return numbered, os.fsencode(text)


def _expand(named: str) -> list[Path]:
    """The one file or folder of that name, or what matches the pattern."""
    try:
        path = Path(os.path.abspath(named))  # noqa: PTH100 - Path.absolute keeps "..": two paths of one file
        if named and os.path.lexists(path):
            path.stat()
            return [path]
        matches = glob.glob(named, recursive=True) if glob.has_magic(named) else []  # noqa: PTH207 - any pattern
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise MediaError(f"footage {named!r} cannot be read: {reason}") from error
    if not matches:
        wrong = "matches nothing" if glob.has_magic(named) else "does not exist"
        raise MediaError(f"footage {named!r} {wrong}", hint="check the path")
    every = [Path(os.path.abspath(match)) for match in sorted(matches, key=natural_key)]  # noqa: PTH100
    return [path for path in every if path.is_dir() or _is_video_name(path.name)] or every


def _videos_at(path: Path, warn: Callable[[str], None] | None) -> list[Path]:
    if not path.is_dir():
        return [path]
    videos = sorted(_walk(path, warn), key=lambda video: natural_key(str(video)))
    return _without_shorts(videos, warn)


def _without_shorts(videos: Sequence[Path], warn: Callable[[str], None] | None) -> list[Path]:
    shorts = {folder: _shorts_in(folder, warn) for folder in dict.fromkeys(video.parent for video in videos)}
    kept = [video for video in videos if video.name not in shorts[video.parent]]
    if warn is not None and len(kept) < len(videos):
        folders = sorted({str(video.parent) for video in set(videos) - set(kept)}, key=natural_key)
        warn(f"{len(videos) - len(kept)} videos made by nvpipe in {', '.join(folders)} are left out of the footage")
    return kept


def _shorts_in(folder: Path, warn: Callable[[str], None] | None) -> set[str]:
    """Names of the files that nvpipe finished in a folder, as its journal has them."""
    if not (folder / JOURNAL_NAME).is_file():
        return set()
    try:
        done = [event.get("outputs") for event in Journal(folder).events() if event["event"] == DONE]
    except OutputError as error:
        if warn is not None:
            warn(f"{error.line()}; its videos count as footage")
        return set()
    files = [file for outputs in done if isinstance(outputs, list) for file in outputs if isinstance(file, dict)]
    return {name for name in (file.get("name") for file in files) if isinstance(name, str)}


def _walk(top: Path, warn: Callable[[str], None] | None) -> Iterator[Path]:
    waiting, visited = [top], set[tuple[int, int]]()
    while waiting:
        folder = waiting.pop()
        try:
            facts = folder.stat()
            # A link to a folder is followed, but no folder is entered twice.
            if (facts.st_dev, facts.st_ino) in visited:
                continue
            visited.add((facts.st_dev, facts.st_ino))
            with os.scandir(folder) as items:
                inside = [Path(item.path) for item in items if not item.name.startswith(".")]
        except OSError as error:
            text = f"the folder {folder} cannot be read: {error.strerror or error}"
            if warn is None or folder == top:
                raise MediaError(text) from error
            warn(f"{text}; left out")
            continue
        names = {path.name for path in inside}
        if JOURNAL_NAME in names and folder != top:
            _tell_of_others(folder, inside, warn)
            continue
        for path in inside:
            if path.is_dir():
                waiting.append(path)
            elif _is_video_name(path.name) and path.is_file() and not _is_partial(path.name, names):
                yield path


def _tell_of_others(folder: Path, inside: Sequence[Path], warn: Callable[[str], None] | None) -> None:
    """Say so when an output folder that is left out holds videos that nvpipe did not make."""
    if warn is None:
        return
    videos = {path.name for path in inside if _is_video_name(path.name)}
    if others := videos - _shorts_in(folder, None):
        warn(
            f"{folder} is an output folder of nvpipe and left out, with {len(others)} videos that nvpipe did not "
            "make; name the folder itself to use those"
        )


def _is_partial(name: str, names: set[str]) -> bool:
    return any(f"{name}{suffix}" in names for suffix in _CONTROL_SUFFIXES)


def _is_video_name(name: str) -> bool:
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 - a name, not a path
    # yt-dlp joins sound and picture under `<name>.temp.<suffix>`.
    return suffix.lower() in VIDEO_SUFFIXES and not name.startswith(".") and not stem.endswith(".temp")
