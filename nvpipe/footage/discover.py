"""Which files the user means by files, folders and patterns."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from nvpipe.cache.naming import JOURNAL_NAME
from nvpipe.errors import MediaError, OutputError

VIDEO_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in "mp4 m4v mov mkv webm avi ts m2ts mts mpg mpeg flv wmv 3gp ogv".split()  # noqa: SIM905 - a list to read
)
_NUMBERS = re.compile(r"([0-9]+)")
WORK_FOLDER = ".nvpipe-fetch"
"""Where `nvpipe fetch` keeps what is not finished, inside of a folder of footage."""
_CONTROL_SUFFIXES = (".aria2", ".ytdl", ".part")
"""A file with such a neighbour is still being downloaded."""
_CONTROL = r"(?s)(?P<of>.+?)\.(?:aria2|ytdl|part)(?:-Frag\d+(?:\.part)?)?"
_STREAM = r"(?s)(?P<stem>.+)\.f[\w+=-]*\d[\w+=-]*\.\w+"
"""A picture or a sound that yt-dlp has yet to join with the other."""


def find_footage(paths: Sequence[str], warn: Callable[[str], None] | None = None) -> list[Path]:
    """Absolute paths of the files that files, folders (with all inside) and glob patterns name, each once.

    A named file is taken whatever it is called; inside folders only video files are, without hidden ones, in
    natural order (2 before 10). What is still being downloaded is left out of folders and patterns. What nvpipe made
    is no footage: output folders inside are left out whole, and the finished shorts in an output folder that is
    named or that a pattern matches.

    Args:
        warn: told of folders inside that cannot be read (without it they are an error), and of what was left out
            that the user may have meant.

    Raises:
        MediaError: a path does not exist, a pattern matches nothing, a folder has no video or cannot be read, or
            a named file is still being downloaded.
    """
    return list(dict.fromkeys(video for place in find_places(paths, warn) for video in place.videos))


class Place(NamedTuple):
    """What one path of the user's stands for."""

    name: str
    """The path, absolute."""
    is_collection: bool
    """Whether it is a folder or a pattern, which may hold something else next time."""
    videos: tuple[Path, ...]


def find_places(paths: Sequence[str], warn: Callable[[str], None] | None = None) -> list[Place]:
    """The videos of each file, folder or pattern; `find_footage` says how they are chosen, and what is raised."""
    if not paths:
        raise MediaError("no footage was named", hint="give a video file or a folder of them")
    return [_place(named, warn) for named in paths]


def _place(named: str, warn: Callable[[str], None] | None) -> Place:
    found = _expand(named)
    videos = [video for path in found for video in _videos_at(path, warn)]
    if not os.path.lexists(named):
        videos = _without_shorts(videos, warn)
    if not videos:
        raise MediaError(f"there is no video in {named}", hint="put gameplay videos there")
    name = os.path.abspath(named)  # noqa: PTH100 - Path.absolute keeps ".."
    return Place(name, [str(video) for video in videos] != [name], tuple(dict.fromkeys(videos)))


def natural_key(text: str) -> tuple[list[tuple[int, int, str]], bytes]:
    """Sorts numbers inside of names by their value, and equal ones by their bytes."""
    parts = _NUMBERS.split(text.casefold())
    numbered = [(1, int(part), "") if at % 2 else (0, 0, part) for at, part in enumerate(parts)]
    return numbered, os.fsencode(text)


def _expand(named: str) -> list[Path]:
    """The one file or folder of that name, or what matches the pattern."""
    try:
        path = Path(os.path.abspath(named))  # noqa: PTH100 - Path.absolute keeps "..": two paths of one file
        if named and _exists(path, named):
            path.stat()
            _refuse_unfinished(path)
            return [path]
        import glob

        matches = glob.glob(named, recursive=True) if glob.has_magic(named) else []  # noqa: PTH207 - any pattern
        every = [Path(os.path.abspath(match)) for match in sorted(matches, key=natural_key)]  # noqa: PTH100
        whole = _without_unfinished(every)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise MediaError(f"footage {named!r} cannot be read: {reason}") from error
    if not matches:
        wrong = "matches nothing" if glob.has_magic(named) else "does not exist"
        raise MediaError(f"footage {named!r} {wrong}", hint="check the path")
    return [path for path in whole if os.path.isdir(path) or _is_video_name(path.name)] or whole  # noqa: PTH112


def _exists(path: Path, named: str) -> bool:
    """Whether something lies there, be it a link to nothing; an error where that cannot be told of a plain name."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        import glob

        if glob.has_magic(named):
            return False
        raise
    return True


def _refuse_unfinished(path: Path) -> None:
    """Raise MediaError for a file that has the mark of a download beside it."""
    if os.path.isdir(path):  # noqa: PTH112 - no error where it may not be looked at
        return
    for suffix in _CONTROL_SUFFIXES:
        mark = f"{path}{suffix}"
        if os.path.lexists(mark):
            raise MediaError(
                f"{path} is still being downloaded: {os.path.basename(mark)} lies beside it",  # noqa: PTH119
                hint="wait until it is whole, or remove that file if nothing is downloading any more",
            )


def _without_unfinished(paths: Sequence[Path]) -> list[Path]:
    """Folders, and the files that no download works on."""
    kept: list[Path] = []
    unfinished: dict[Path, set[str]] = {}
    for path in paths:
        if os.path.isdir(path):  # noqa: PTH112 - no error where it may not be looked at
            kept.append(path)
            continue
        if path.parent not in unfinished:
            unfinished[path.parent] = _unfinished(set(os.listdir(path.parent)))  # noqa: PTH208 - names
        if path.name not in unfinished[path.parent] and WORK_FOLDER not in path.parts:
            kept.append(path)
    return kept


def _videos_at(path: Path, warn: Callable[[str], None] | None) -> list[Path]:
    if not os.path.isdir(path):  # noqa: PTH112 - no error where it may not be looked at
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
    if not os.path.isfile(folder / JOURNAL_NAME):  # noqa: PTH113 - no error where it may not be looked at
        return set()
    from nvpipe.cache.journal import DONE, Journal

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
                inside = [item for item in items if not item.name.startswith(".")]
        except OSError as error:
            text = f"the folder {folder} cannot be read: {error.strerror or error}"
            if warn is None or folder == top:
                raise MediaError(text) from error
            warn(f"{text}; left out")
            continue
        names = {item.name for item in inside}
        if JOURNAL_NAME in names and folder != top:
            _tell_of_others(folder, names, warn)
            continue
        unfinished = _unfinished(names)
        for item in inside:
            if _is(item.is_dir):
                waiting.append(Path(item.path))
            elif _is_video_name(item.name) and item.name not in unfinished and _is(item.is_file):
                yield Path(item.path)


def _is(test: Callable[[], bool]) -> bool:
    """The answer of a directory entry; links that lead nowhere, or in circles, are nothing."""
    try:
        return test()
    except OSError:
        return False


def _tell_of_others(folder: Path, names: set[str], warn: Callable[[str], None] | None) -> None:
    """Say so when an output folder that is left out holds videos that nvpipe did not make."""
    if warn is None:
        return
    videos = {name for name in names if _is_video_name(name)} - _unfinished(names)
    if others := videos - _shorts_in(folder, None):
        warn(
            f"{folder} is an output folder of nvpipe and left out, with {len(others)} videos that nvpipe did not "
            "make; name the folder itself to use those"
        )


def _unfinished(names: set[str]) -> set[str]:
    """Which files of a folder are being downloaded, or joined, or wait for that, by the names of them all."""
    marks = {name: mark["of"] for name in names if (mark := re.fullmatch(_CONTROL, name))}
    # yt-dlp joins sound and picture under `<name>.temp.<suffix>`.
    joined = {name: stem for name in names if (stem := os.path.splitext(name)[0]).endswith(".temp")}  # noqa: PTH122
    stems = {stream["stem"] for name in marks.values() if (stream := re.fullmatch(_STREAM, name))}
    stems |= {stem.removesuffix(".temp") for stem in joined.values()}
    streams = ((name, re.fullmatch(_STREAM, name)) for name in names) if stems else ()
    waiting = {name for name, stream in streams if stream and stream["stem"] in stems}
    return {*marks, *marks.values(), *joined, *waiting}


def _is_video_name(name: str) -> bool:
    suffix = os.path.splitext(name)[1]  # noqa: PTH122 - a name, not a path
    return suffix.lower() in VIDEO_SUFFIXES and not name.startswith(".")
