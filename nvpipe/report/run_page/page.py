"""Writes the page of a run, and beside it its trace."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nvpipe.cache.action import newest_track
from nvpipe.cache.disk import replace_file
from nvpipe.errors import UsageError
from nvpipe.report.run_page.charts import clock, footage_chart, gantt_of, memory_of, size_text
from nvpipe.report.run_page.facts import JobFacts, RunFacts, facts_of
from nvpipe.report.run_page.shorts import Short, read_short
from nvpipe.report.run_page.trace import trace_of

if TYPE_CHECKING:
    from nvpipe.report.run_page.charts import FootageChart

PAGE = "nvpipe-report.html"
TRACE_SUFFIX = ".trace.json"
_LAST_S = 1e11
"""Later times are none."""
MAX_EMBEDDED_BYTES = 256 << 20
"""Of a video that goes into the page."""


def write_page(
    events: Iterable[Mapping[str, Any]],
    folder: Path,
    storage: Path,
    target: Path,
    *,
    phase: str,
    embed: bool = False,
) -> tuple[Path, Path]:
    """Write the page of a run.

    Args:
        events: of the run, in their order.
        folder: where its shorts are.
        storage: where the tracks of its footage are cached.
        target: the page to write; the trace goes beside it.
        phase: how the run stands.
        embed: put the videos into the page.

    Returns:
        The page and the trace.

    Raises:
        OutputError: they cannot be written.
        UsageError: the target is a folder.
    """
    if target.is_dir():
        raise UsageError(f"{target} is a folder", hint="give a FILE.html in it")
    facts = facts_of(events)
    shorts = {job.number: short for job in facts.jobs.values() if (short := _short(job, folder)) is not None}
    trace = target.with_suffix(TRACE_SUFFIX)
    text = render(
        facts, shorts, charts_of(shorts, storage), phase=phase, videos=_videos(shorts, folder, target, embed=embed)
    )
    _write(target, text)
    _write(trace, json.dumps(trace_of(facts), ensure_ascii=False))
    return target, trace


def render(
    facts: RunFacts,
    shorts: Mapping[int, Short],
    charts: Iterable[FootageChart],
    *,
    phase: str,
    videos: Mapping[int, str],
) -> str:
    """The page's text; whatever came from files is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("nvpipe.report.run_page", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"clock": clock, "size": size_text}
    here = resources.files("nvpipe.report.run_page")
    started = (
        time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(facts.started_s))
        if 0 < facts.started_s < _LAST_S
        else "unknown"
    )
    return environment.get_template("page.html").render(
        facts=facts,
        phase=phase,
        started=started,
        shorts=shorts,
        videos=videos,
        gantt=gantt_of(facts),
        memory=memory_of(facts),
        charts=list(charts),
        style=(here / "page.css").read_text("utf-8"),
        script=(here / "page.js").read_text("utf-8"),
    )


def charts_of(shorts: Mapping[int, Short], storage: Path) -> list[FootageChart]:
    """A chart of each video that a short shows and whose track is still cached."""
    found = []
    for video_id in dict.fromkeys(used.video_id for short in shorts.values() for used in short.footage):
        track = newest_track(storage, video_id) if Path(video_id).name == video_id else None
        if track is not None:
            found.append(footage_chart(track, list(shorts.items())))
    return found


def _write(path: Path, text: str) -> None:
    data = memoryview(text.encode("utf-8", "backslashreplace"))
    replace_file(path, lambda write: write(data))


def _short(job: JobFacts, folder: Path) -> Short | None:
    return read_short(folder, job.manifest) if job.manifest else None


def _videos(shorts: Mapping[int, Short], folder: Path, target: Path, *, embed: bool) -> dict[int, str]:
    """Where the players find the videos: beside the page, somewhere else, or in the page itself."""
    beside = target.absolute().parent == folder.absolute()
    found = {}
    for number, short in shorts.items():
        if not short.video:
            continue
        path = folder / short.file
        if embed and path.stat().st_size <= MAX_EMBEDDED_BYTES:
            found[number] = "data:video/mp4;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
        else:
            found[number] = short.video if beside else path.absolute().as_uri()
    return found
