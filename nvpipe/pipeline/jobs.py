"""What the command line names, as single jobs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.errors import InputError, NvpipeError, UsageError
from nvpipe.options import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nvpipe.settings import Settings

JOBS_SUFFIX = ".jsonl"
LONGEST_JOBS_FILE_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class JobRequest:
    """One article to be told, or the reason why it cannot even be asked for."""

    source: str
    settings: Settings
    error: NvpipeError | None = None


def expand(sources: Sequence[str], settings: Settings) -> list[JobRequest]:
    """One request for each article; a jobs file gives one for each of its lines.

    Raises:
        UsageError: nothing is named.
        InputError: a jobs file cannot be read or is empty.
    """
    requests = [request for source in sources for request in _of(source, settings)]
    if not requests:
        raise UsageError("no article is named", hint="give files, - for standard input, or --sample")
    return requests


def _of(source: str, settings: Settings) -> Iterator[JobRequest]:
    if not source.lower().endswith(JOBS_SUFFIX):
        yield JobRequest(source, settings)
        return
    path = Path(source)
    lines = _lines(path)
    if not lines:
        raise InputError(f"jobs file {path} has no jobs", hint='write one {"article": PATH} a line')
    for number, line in lines:
        where = f"{path}:{number}"
        try:
            yield _request(line, where, path.parent, settings)
        except NvpipeError as error:
            yield JobRequest(where, settings, error)


def _lines(path: Path) -> list[tuple[int, str]]:
    try:
        if path.stat().st_size > LONGEST_JOBS_FILE_BYTES:
            raise InputError(f"jobs file {path} is larger than {LONGEST_JOBS_FILE_BYTES >> 20} MB")
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise InputError(f"jobs file {path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"jobs file {path} is not UTF-8 text") from error
    return [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]


def _request(line: str, where: str, folder: Path, settings: Settings) -> JobRequest:
    try:
        job = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where} is not JSON: {error}") from error
    if not isinstance(job, dict) or not isinstance(job.get("article"), str) or not job["article"]:
        raise InputError(f'{where} is not a job: it needs an object with an "article"')
    article = _near(str(job.pop("article")), folder)
    own = settings.with_values(job, where=where, jobs_only=True)
    if "footage" in job:
        own = own.with_values({"footage": [_near(path, folder) for path in own.footage]}, where=where)
    for option in OPTIONS:
        named = getattr(own, option.field) if {option.name, option.field} & job.keys() else None
        if option.kind == "path" and named is not None:
            own = own.with_values({option.name: _near(str(named), folder)}, where=where)
    return JobRequest(article, own)


def _near(name: str, folder: Path) -> str:
    """A path as it was written; where nothing is there, the same beside the jobs file."""
    if name == "-" or "://" in name or Path(name).exists():
        return name
    beside = folder / name
    return str(beside) if beside.exists() else name
