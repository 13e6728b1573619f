"""What is drawn: shares of a width and of a height, so that the page scales them to any screen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nvpipe.report.run_page.facts import JobFacts, RunFacts, Span
    from nvpipe.report.run_page.shorts import Short
    from nvpipe.types import MotionTrack

STAGES = ("script", "narration", "analysis", "precompile", "render")
"""Stages with a colour of their own."""
MAX_POINTS = 400
"""Of a curve."""
_TICKS = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """A stage of a job; places in percent of the width."""

    left: float
    width: float
    colour: str
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """A job and its stages."""

    number: int
    name: str
    status: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis, in percent of its length."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Gantt:
    """Stages of all jobs over the time of the run."""

    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory over time: points of SVG polylines in a box of 1000 by 100."""

    measured: str
    predicted: str
    """Empty where nothing was predicted."""
    ticks: tuple[Tick, ...]
    levels: tuple[Tick, ...]
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Signal:
    """A curve with its name; points in a box of 1000 by 100."""

    name: str
    points: str


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch that a short shows, in percent of the video."""

    left: float
    width: float
    label: str


@dataclass(frozen=True, slots=True)
class FootageChart:
    """A video's signals and what was taken of it."""

    video_id: str
    name: str
    seconds: float
    score: str
    signals: tuple[Signal, ...]
    windows: tuple[Window, ...]
    cuts: tuple[float, ...]
    ticks: tuple[Tick, ...]


def gantt_of(facts: RunFacts) -> Gantt:
    """Every job a row."""
    whole_s = max([facts.seconds, *(span.end_s for span in facts.spans)], default=0.0) or 1.0
    rows = tuple(_row(job, whole_s) for job in facts.jobs.values())
    return Gantt(rows, ticks_of(whole_s))


def _row(job: JobFacts, whole_s: float) -> Row:
    bars = tuple(_bar(span, whole_s) for span in job.spans)
    return Row(job.number, job.name or job.article, job.status, bars)


def _bar(span: Span, whole_s: float) -> Bar:
    seconds = span.end_s - span.start_s
    label = f"{span.stage} {span.outcome}, {clock(seconds)} from {clock(span.start_s)}, {span.backend}"
    colour = span.stage if span.stage in STAGES else "other"
    kind = "cached" if span.outcome == "cached" else "failed" if span.outcome == "failed" else colour
    return Bar(100 * span.start_s / whole_s, max(100 * seconds / whole_s, 0.15), kind, label)


def memory_of(facts: RunFacts) -> Memory | None:
    """None where nothing was measured."""
    if not facts.memory:
        return None
    whole_s = max(facts.seconds, facts.memory[-1][0]) or 1.0
    predicted = predicted_steps(facts.spans)
    peak = max(size for _, size in facts.memory)
    top = max([peak, *(size for _, size in predicted)]) or 1
    levels = tuple(Tick(100 * share, size_text(top * share)) for share in (0.0, 0.5, 1.0))
    is_known = any(size for _, size in predicted)
    measured, counted = (_polyline(moments, whole_s, top) for moments in (facts.memory, predicted))
    return Memory(measured, counted if is_known else "", ticks_of(whole_s), levels, peak)


def _polyline(moments: Sequence[tuple[float, int]], whole_s: float, top: int) -> str:
    return " ".join(f"{1000 * at_s / whole_s:.1f},{100 - 100 * size / top:.2f}" for at_s, size in moments)


def predicted_steps(spans: Sequence[Span]) -> list[tuple[float, int]]:
    """What the stages at work were counted with, as the corners of a step line."""
    changes: dict[float, int] = {}
    for span in spans:
        changes[span.start_s] = changes.get(span.start_s, 0) + span.predicted_bytes
        changes[span.end_s] = changes.get(span.end_s, 0) - span.predicted_bytes
    steps: list[tuple[float, int]] = []
    size = 0
    for at_s in sorted(changes):
        steps.append((at_s, size))
        size += changes[at_s]
        steps.append((at_s, size))
    return steps


def footage_chart(track: MotionTrack, shorts: Sequence[tuple[int, Short]]) -> FootageChart:
    """A video's track and the stretches that shorts show of it.

    Args:
        track: of the video.
        shorts: with the numbers of their jobs.
    """
    seconds = track.duration_s or 1.0
    windows = []
    name = track.video_id
    for place, short in shorts:
        for used in short.footage:
            if used.video_id == track.video_id:
                name = used.name
                left, right = (min(100.0, 100 * at_s / seconds) for at_s in (used.start_s, used.end_s))
                label = f"{clock(used.start_s)} to {clock(used.end_s)} in short {place}"
                windows.append(Window(left, max(right - left, 0.2), label))
    return FootageChart(
        track.video_id,
        name,
        track.duration_s,
        curve(track.scores),
        tuple(Signal(signal.name, curve(signal.values)) for signal in track.signals),
        tuple(windows),
        tuple(round(100 * cut_s / seconds, 2) for cut_s in track.cuts_s[:MAX_POINTS]),
        ticks_of(seconds),
    )


def curve(values: Sequence[float]) -> str:
    """Points of a curve in a box of 1000 by 100; of many values the highest of neighbours."""
    if not values:
        return ""
    each = math.ceil(len(values) / MAX_POINTS)
    highs = [max(values[at : at + each]) for at in range(0, len(values), each)]
    low, high = min(highs), max(highs)
    span = (high - low) or 1.0
    last = max(len(highs) - 1, 1)
    return " ".join(
        f"{1000 * at / last:.1f},{100 - 100 * (value - low) / span:.1f}" for at, value in enumerate(highs)
    )


def ticks_of(whole: float) -> tuple[Tick, ...]:
    """Marks at round numbers of seconds."""
    rough = whole / _TICKS
    steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400]
    step = next((one for one in steps if one >= rough), math.ceil(rough / 86400) * 86400)
    return tuple(Tick(100 * at * step / whole, clock(at * step)) for at in range(int(whole / step) + 1))


def clock(seconds: float) -> str:
    """`4.2 s`, `3:05`, `1:02:03`."""
    if seconds < 60:
        return f"{seconds:.0f} s" if seconds == int(seconds) else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"


def size_text(size_bytes: float) -> str:
    """In the units that people read."""
    value = float(size_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000 or unit == "GB":
            return f"{value:.0f} {unit}" if value >= 100 or unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return ""
