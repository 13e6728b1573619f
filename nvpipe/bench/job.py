"""`nvpipe bench run`: a whole job from nothing, stage by stage."""

from __future__ import annotations

import json
import statistics
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nvpipe.bench.energy import Cards
from nvpipe.bench.machine import Facts, facts
from nvpipe.bench.meter import Meter
from nvpipe.bench.sheet import Bars, Sheet, Table, counted
from nvpipe.errors import NvpipeError, OutputError
from nvpipe.pipeline.reporter import Silent

if TYPE_CHECKING:
    from nvpipe.bench.sheet import Cell
    from nvpipe.pipeline.reporter import Reporter
    from nvpipe.settings import Settings
    from nvpipe.types import Progress


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of one run."""

    name: str
    backend: str
    seconds: float
    peak_memory_bytes: int


@dataclass(frozen=True, slots=True)
class Run:
    """One run."""

    wall_s: float
    cpu_s: float
    energy_j: float | None
    duration_s: float
    """Of the finished short."""
    stages: tuple[Stage, ...]


@dataclass(slots=True)
class Result:
    """What was measured."""

    article: str
    settings: Settings
    cards: Cards
    machine: Facts
    runs: list[Run] = field(default_factory=list)

    @property
    def times_real_time(self) -> float:
        """Length of the short by the seconds that the whole job took."""
        return statistics.median(run.duration_s / run.wall_s for run in self.runs)


class _Part(Silent):
    """Passes on what a job says, but not that it began and ended."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter

    def progress(self, moment: Progress) -> None:
        self._reporter.progress(moment)

    def notice(self, text: str) -> None:
        self._reporter.notice(text)

    def warning(self, text: str) -> None:
        self._reporter.warning(text)

    def detail(self, text: str) -> None:
        self._reporter.detail(text)


def measure(article: Path, settings: Settings, reporter: Reporter, *, runs: int) -> Result:
    """Do a job again and again, each time with an empty cache.

    Args:
        article: what is told.
        settings: of the job; its storage folder is not used.
        reporter: told what is being done.
        runs: how often.

    Raises:
        NvpipeError: the job fails; with the exit code that `nvpipe run` would have.
    """
    from nvpipe.pipeline.jobs import JobRequest
    from nvpipe.pipeline.run import run

    cards = Cards()
    result = Result(article.name, settings, cards, facts(cards))
    for number in range(1, runs + 1):
        reporter.notice(f"run {number} of {runs}")
        with tempfile.TemporaryDirectory(prefix="nvpipe-bench-") as folder:
            own = replace(settings, storage=_cache(Path(folder), settings))
            with Meter(result.cards) as meter:
                report = run([JobRequest(str(article), own)], Path(folder) / "out", _Part(reporter))
            (job,) = report.jobs
            if job.manifest is None:
                failure = NvpipeError(job.error or "the job failed")
                failure.exit_code = job.exit_code
                raise failure
            manifest = json.loads(job.manifest.read_text("utf-8"))
            result.runs.append(_run(meter, manifest))
    return result


def _cache(folder: Path, settings: Settings) -> Path:
    """A cache folder that is empty but for the models that are there already; new ones are kept for later."""
    from nvpipe.story.llama.files import FOLDER

    cache = folder / "cache"
    cache.mkdir()
    if settings.llama is not None or settings.kokoro is not None:
        models = settings.storage.absolute() / FOLDER
        try:
            models.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"cannot write {models}: {error.strerror or error}", hint="name another --storage"
            ) from error
        (cache / FOLDER).symlink_to(models)
    return cache


def _run(meter: Meter, manifest: dict[str, Any]) -> Run:
    stages = tuple(
        Stage(one["stage"], one["backend"] or "", one["seconds"], one["peak_memory_bytes"] or 0)
        for one in manifest["stages"]
    )
    return Run(meter.wall_s, meter.cpu_s, meter.energy_j, manifest["output"]["duration_s"], stages)


def _stages(result: Result) -> list[Stage]:
    """Every stage with the medians over the runs, in the order of the work."""
    found: dict[str, list[Stage]] = {}
    for run in result.runs:
        for stage in run.stages:
            found.setdefault(stage.name, []).append(stage)
    return [
        Stage(
            name,
            same[-1].backend,
            statistics.median(one.seconds for one in same),
            round(statistics.median(one.peak_memory_bytes for one in same)),
        )
        for name, same in found.items()
    ]


def result_json(result: Result) -> dict[str, Any]:
    """The result as JSON values."""
    energies = [run.energy_j for run in result.runs if run.energy_j is not None]
    return {
        "article": result.article,
        "footage": list(result.settings.footage),
        "quality": result.settings.quality,
        "layout": result.settings.layout,
        "runs": len(result.runs),
        "seconds": statistics.median(run.wall_s for run in result.runs),
        "cpu_s": statistics.median(run.cpu_s for run in result.runs),
        "energy_j": statistics.median(energies) if energies else None,
        "duration_s": result.runs[-1].duration_s,
        "times_real_time": result.times_real_time,
        "stages": [
            {
                "stage": stage.name,
                "backend": stage.backend,
                "seconds": stage.seconds,
                "times_real_time": _pace(result, stage.seconds),
                "peak_memory_bytes": stage.peak_memory_bytes,
            }
            for stage in _stages(result)
        ],
        "not_measured": [result.cards.reason] if result.cards.reason else [],
        "machine": dict(result.machine),
    }


def _pace(result: Result, seconds: float) -> float | None:
    return result.runs[-1].duration_s / seconds if seconds else None


def result_sheet(result: Result) -> Sheet:
    """The result for people."""
    stages = _stages(result)
    wall_s = statistics.median(run.wall_s for run in result.runs)
    cpu_s = statistics.median(run.cpu_s for run in result.runs)
    energies = [run.energy_j for run in result.runs if run.energy_j is not None]
    rows: list[tuple[Cell, ...]] = [
        (one.name, one.backend, one.seconds, 100 * one.seconds / wall_s, _pace(result, one.seconds), None, None,
         one.peak_memory_bytes / 1e6)
        for one in stages
    ]  # fmt: skip
    energy_j = statistics.median(energies) if energies else None
    rows.append(("whole", None, wall_s, 100.0, result.times_real_time, cpu_s, energy_j, None))
    head = ("stage", "backend", "seconds", "share %", "× real time", "CPU s", "energy J", "peak MB")
    note = (
        f"Medians of {counted(len(result.runs), 'run')}, each with an empty cache. Real time: the "
        "short's length by seconds. Share: of the whole job's seconds."
    )
    table = Table("Stages", head, tuple(rows), (0, 0, 2, 1, 1, 2, 1, 0), note)
    lead = (
        f"{result.article} on {', '.join(Path(name).name for name in result.settings.footage)}: a short of "
        f"{result.runs[-1].duration_s:.1f} s, quality {result.settings.quality}, layout {result.settings.layout}, "
        f"{result.times_real_time:.2f} times real time"
    )
    bars = Bars("Seconds by stage", "seconds", tuple((one.name, one.seconds) for one in stages), 2)
    notes = (result.cards.reason,) if result.cards.reason else ()
    return Sheet("A whole job", lead, result.machine, (bars, table), notes)
