"""How a run shows itself on stderr: a live display on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from nvpipe.cli.table import clock, job_table
from nvpipe.pipeline.reporter import JobLine, Reporter, Silent

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nvpipe.types import Progress, StageResult

PLAIN_EVERY_S = 5.0
FAILED = "failed"


@contextmanager
def open_reporter(*, verbose: bool = False, quiet: bool = False) -> Iterator[Reporter]:
    """The reporter that fits where stderr goes."""
    if quiet:
        yield ErrorsOnly()
    elif sys.stderr.isatty():
        with Live(verbose) as live:
            yield live
    else:
        yield Plain(verbose)


class ErrorsOnly(Silent):
    """Says nothing but errors."""

    def job_ended(self, label: str, status: str, text: str, seconds: float) -> None:
        if status == FAILED:
            sys.stderr.write(error_line(text) + "\n")


class Plain:
    """A line for each thing that happens, and one every few seconds of a long stage."""

    def __init__(self, verbose: bool) -> None:
        self._verbose = verbose
        self._paces: dict[str, Pace] = {}
        self._last_s: dict[str, float] = {"": time.monotonic()}

    def job_started(self, label: str, number: int, total: int) -> None:
        self._line(f"[{number}/{total}] {label}")

    def progress(self, moment: Progress) -> None:
        pace = self._paces.setdefault(moment.part, Pace()).of(moment)
        now = time.monotonic()
        if _is_over(moment):
            del self._paces[moment.part]
        elif moment.done and now - self._last_s.setdefault(moment.part, now) >= PLAIN_EVERY_S:
            self._last_s[moment.part] = now
            which = f" of {moment.label}" if moment.part else ""
            self._line(f"  {moment.stage}{which} {pace}")

    def stage_ended(self, label: str, result: StageResult) -> None:
        self._last_s[""] = time.monotonic()
        if result.outcome != FAILED:
            self._line(f"  {result.stage} {_ending(result)}")

    def run_ended(self, jobs: Sequence[JobLine], seconds: float) -> None:
        for line in job_table(jobs, seconds):
            self._line(line)

    def notice(self, text: str) -> None:
        self._line(f"  note: {text}")

    def warning(self, text: str) -> None:
        self._line(f"  warning: {text}")

    def detail(self, text: str) -> None:
        if self._verbose:
            self._line(f"    {text}")

    def job_ended(self, label: str, status: str, text: str, seconds: float) -> None:
        self._line(error_line(text) if status == FAILED else f"  {status} in {seconds:.1f} s: {text}")

    def _line(self, text: str) -> None:
        # Whoever read it may have gone; the work goes on.
        with suppress(OSError):
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()


class Pace:
    """Percentage, speed (against real time, or of bytes) and time left of the stage at work."""

    def __init__(self) -> None:
        self._stage: tuple[str, str] | None = None
        self._start_s = 0.0
        self._found = 0.0
        """What was done before this stage began to work."""

    def of(self, moment: Progress) -> str:
        if (moment.stage, moment.label) != self._stage or not moment.done:
            self._stage = (moment.stage, moment.label)
            self._start_s = time.monotonic()
            self._found = moment.done
        spent_s = time.monotonic() - self._start_s
        if moment.unit == "bytes":
            return _pace_of_bytes(moment, (moment.done - self._found) / spent_s if spent_s > 0 else 0.0)
        if not moment.total or not moment.done or spent_s <= 0:
            return ""
        share = min(1.0, moment.done / moment.total)
        left_s = spent_s * (1 - share) / share
        return f"{share:4.0%}, {moment.done / spent_s:.1f}x real time, {clock(left_s)} left"


def _pace_of_bytes(moment: Progress, rate: float) -> str:
    if not moment.done:
        return ""
    if not moment.total:
        return f"{megabytes(moment.done)}, {megabytes(rate)}/s"
    left = f", {clock((moment.total - moment.done) / rate)} left" if rate > 0 else ""
    share = min(1.0, moment.done / moment.total)
    return f"{share:4.0%} of {megabytes(moment.total)}, {megabytes(rate)}/s{left}"


def megabytes(count: float) -> str:
    """Bytes as they are read best."""
    for size, unit in ((1e9, "GB"), (1e6, "MB")):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count / 1e3:.0f} kB"


def _is_over(moment: Progress) -> bool:
    """Whether one of several things done at once is done."""
    return bool(moment.part and moment.total and moment.done >= moment.total)


class Live:
    """A bar for the stage at work or for each of the things it does at once, finished stages above (rich)."""

    def __init__(self, verbose: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bars

        self._verbose = verbose
        self._console = Console(stderr=True, highlight=False)
        self._bars = Bars(
            TextColumn("  {task.fields[stage]:<10}"),
            BarColumn(bar_width=32),
            TextColumn("{task.fields[pace]}"),
            TextColumn("{task.description}", markup=False),
            console=self._console,
            transient=True,
            refresh_per_second=8,
        )
        self._tasks: dict[str, Any] = {}
        self._paces: dict[str, Pace] = {}

    def __enter__(self) -> Live:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def job_started(self, label: str, number: int, total: int) -> None:
        self._print(f"[{number}/{total}] {label}", "bold")

    def progress(self, moment: Progress) -> None:
        part = moment.part
        pace = self._paces.setdefault(part, Pace()).of(moment)
        if _is_over(moment):
            self._drop(part)
            return
        if part not in self._tasks:
            name = moment.label if part else ""
            self._tasks[part] = self._bars.add_task(name, stage=moment.stage, pace=pace, total=moment.total)
        self._bars.update(self._tasks[part], stage=moment.stage, pace=pace, total=moment.total, completed=moment.done)

    def stage_ended(self, label: str, result: StageResult) -> None:
        self._drop("")
        self._drop(label)
        if result.outcome != FAILED:
            self._print(f"  {result.stage:<10} {_ending(result)}", "green")

    def notice(self, text: str) -> None:
        self._print(f"  note: {text}", "cyan")

    def warning(self, text: str) -> None:
        self._print(f"  warning: {text}", "yellow")

    def detail(self, text: str) -> None:
        if self._verbose:
            self._print(f"    {text}", "dim")

    def job_ended(self, label: str, status: str, text: str, seconds: float) -> None:
        if status == FAILED:
            self._print(error_line(text), "red")
        else:
            self._print(f"  {status} in {seconds:.1f} s: {text}", "bold green")

    def run_ended(self, jobs: Sequence[JobLine], seconds: float) -> None:
        for line in job_table(jobs, seconds):
            self._print(line, "bold")

    def _drop(self, part: str) -> None:
        if part in self._tasks:
            self._bars.remove_task(self._tasks.pop(part))

    def _print(self, text: str, style: str) -> None:
        self._console.print(text, style=style, markup=False, soft_wrap=True)


def error_line(text: str) -> str:
    """How every error looks."""
    return f"nvpipe: error: {text}"


def _ending(result: StageResult) -> str:
    if result.outcome == "cached":
        return "already there"
    return f"{result.outcome} in {result.seconds:.1f} s" + (f" ({result.backend})" if result.backend else "")
