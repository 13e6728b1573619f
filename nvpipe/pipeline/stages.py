"""The log of one job: its stages with time and memory, the backends that were used, and what to warn of."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nvpipe.errors import NvpipeError
from nvpipe.pipeline.models import used_since
from nvpipe.types import Progress, StageResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from nvpipe.pipeline.reporter import Reporter
    from nvpipe.scheduler import ModelStats
    from nvpipe.scheduler.own_work import OwnWork
    from nvpipe.types import BackendChoice, Outcome


class Stage:
    """A stage at work; set `cached` when its result was found and not made."""

    def __init__(self, name: str, key: str) -> None:
        self.name = name
        self.key = key
        self.cached = False
        self.backend = ""
        self.seconds: float | None = None
        """How long it took where it was done elsewhere."""
        self.peak_memory_bytes: int | None = None
        self.made_bytes = 0
        """Size of what it gave."""
        self.held: OwnWork | None = None
        """What its pictures were promised and have taken."""

    def made(self, *files: Path) -> None:
        """Note the size of the files that it gave."""
        with suppress(OSError):
            self.made_bytes = sum(file.stat().st_size for file in files)


class JobLog:
    """What happened in one job, and a reporter that hears of it at once.

    Args:
        label: name of the job.
        reporter: who hears of it.
        said: what other jobs of the run have said that is said once a run.
        models: tells what the run's models cost so far, by key.
    """

    def __init__(
        self,
        label: str,
        reporter: Reporter,
        said: dict[str, JobLog] | None = None,
        models: Callable[[], Mapping[str, ModelStats]] | None = None,
    ) -> None:
        self.label = label
        self.reporter = reporter
        self._said: dict[str, JobLog] = {} if said is None else said
        self._model_stats = models or dict
        self._models_before = self._model_stats()
        self.results: list[StageResult] = []
        self.backends: dict[str, BackendChoice] = {}
        self.warnings: list[str] = []
        self.held: list[OwnWork] = []
        """Memory of pictures, as it was promised and measured."""
        self.fallback = False
        """Whether a backend took over from a model that was named, for a reason that may pass."""

    @contextmanager
    def stage(self, name: str, key: str = "") -> Iterator[Stage]:
        """Time a stage; its failure is recorded and raised on."""
        stage = Stage(name, key)
        models = self._model_stats()
        start = time.perf_counter()
        reset_peak_memory()
        self.reporter.progress(Progress(name, self.label, 0, None))
        try:
            yield stage
        except NvpipeError as error:
            self._record(stage, "failed", start, error.line(), models)
            raise
        finally:
            clear_device_caches()
        self._record(stage, "cached" if stage.cached else "ran", start, "", models)

    def models(self) -> list[ModelStats]:
        """The models that this job has used so far, and what they cost in it."""
        return used_since(self._models_before, self._model_stats())

    def warn(self, text: str) -> None:
        """Warn once."""
        if text not in self.warnings:
            self.warnings.append(text)
            self.reporter.warning(text)

    def notice(self, text: str, *, once_a_run: bool = False) -> None:
        """Say something that belongs into the manifest but is no fault."""
        if text in self.warnings:
            return
        self.warnings.append(text)
        # Jobs at work at once may come to it at the same moment.
        if self._said.setdefault(text, self) is not self and once_a_run:
            return
        self.reporter.notice(text)

    def detail(self, text: str) -> None:
        """Say something to who asked for more."""
        self.reporter.detail(text)

    def progress(self, stage: str, total_s: float) -> Callable[[float], None]:
        """A callback that takes the seconds of media that are done."""
        return lambda done: self.reporter.progress(Progress(stage, self.label, done, total_s))

    def _record(
        self, stage: Stage, outcome: Outcome, start: float, error: str, models: Mapping[str, ModelStats]
    ) -> None:
        own_bytes = peak_memory_bytes() if stage.peak_memory_bytes is None else stage.peak_memory_bytes
        # Models work in processes of their own, and stay there together while there is room.
        worked = used_since(models, self._model_stats())
        models_bytes = sum(used.peak_memory_bytes for used in worked)
        result = StageResult(
            stage.name,
            stage.key,
            outcome,
            stage.backend,
            round(time.perf_counter() - start, 3) if stage.seconds is None else stage.seconds,
            own_bytes + models_bytes,
            error,
            stage.made_bytes,
            sum(used.estimate.bytes for used in worked),
        )
        self.results.append(result)
        if stage.held is not None:
            self.held.append(stage.held)
        self.reporter.stage_ended(self.label, result)


def clear_device_caches(library: Any = None) -> None:
    """Give back what torch keeps of a device's memory for later, where this process has used one.

    Args:
        library: torch, where this process has imported it, unless given.
    """
    torch = library or sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


def reset_peak_memory() -> None:
    """Let the peak start again from what is in use, where the system can (Linux)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_memory_bytes() -> int:
    """Largest resident size of this process since the last reset, or ever where it cannot be reset."""
    with suppress(OSError, ValueError, StopIteration):
        status = Path("/proc/self/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
