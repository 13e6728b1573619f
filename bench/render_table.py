"""Rounds of `bench/render.py` into medians, ratios and a table."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence

from spent import Spent

Round = Mapping[str, Spent]

NAMES = {
    "whole": "nvpipe, whole",
    "plain": "nvpipe, pictures alone",
    "ffmpeg": "ffmpeg, pictures alone",
    "decode": "ffmpeg, decode alone",
    "encode": "ffmpeg, encode alone (raw from a pipe)",
    "read": "ffmpeg, reading that pipe alone",
}


def floor_s(one: Round, cores: int, *, strict: bool = False) -> float:
    """Seconds that decoding and encoding take on cores that are never idle.

    Args:
        one: what a round spent.
        cores: of this machine.
        strict: without what the encoder's process spends on reading raw frames.
    """
    return (one["decode"].cpu_s + one["encode"].cpu_s - strict * one["read"].cpu_s) / cores


def ratios(rounds: Sequence[Round], cores: int) -> dict[str, list[float]]:
    """Each ratio that has an aim, round by round, so that a machine whose speed drifts counts less."""
    ways: dict[str, Callable[[Round], float]] = {
        "pictures alone: wall / ffmpeg's wall": lambda one: one["plain"].wall_s / one["ffmpeg"].wall_s,
        "pictures alone: CPU / ffmpeg's CPU": lambda one: one["plain"].cpu_s / one["ffmpeg"].cpu_s,
        "pictures alone: wall / floor": lambda one: one["plain"].wall_s / floor_s(one, cores),
        "whole: wall / ffmpeg's wall": lambda one: one["whole"].wall_s / one["ffmpeg"].wall_s,
        "whole: wall / floor": lambda one: one["whole"].wall_s / floor_s(one, cores),
        "whole: wall / strict floor": lambda one: one["whole"].wall_s / floor_s(one, cores, strict=True),
        "captions and sound: wall added": lambda one: one["whole"].wall_s / one["plain"].wall_s - 1,
        "captions and sound: CPU added": lambda one: one["whole"].cpu_s / one["plain"].cpu_s - 1,
    }
    return {name: [way(one) for one in rounds] for name, way in ways.items()}


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Median with the smallest and the largest value, if they differ."""
    median, low, high = statistics.median(values), min(values), max(values)
    text = f"{median:.{digits}f}"
    return text if len(values) == 1 else f"{text} ({low:.{digits}f}–{high:.{digits}f})"


def table(rounds: Sequence[Round], cores: int, moviepy_s: float | None = None) -> str:
    """Markdown: a row for each program, then the ratios.

    Args:
        rounds: what each program spent, by round.
        cores: of this machine.
        moviepy_s: what the MoviePy program would take for the whole stretch; None where it was not run.
    """
    lines = ["| program | wall s | CPU s | peak MB |", "|---|---|---|---|"]
    for name, label in NAMES.items():
        spent = [one[name] for one in rounds]
        walls, cpus = spread([one.wall_s for one in spent], 1), spread([one.cpu_s for one in spent], 1)
        lines.append(f"| {label} | {walls} | {cpus} | {max(one.peak_bytes for one in spent) / 1e6:.0f} |")
    if moviepy_s is not None:
        lines.append(f"| MoviePy, pictures alone (scaled up) | {moviepy_s:.0f} | | |")
    lines += ["", "| ratio | median (lowest–highest) |", "|---|---|"]
    lines += [f"| {name} | {spread(values)} |" for name, values in ratios(rounds, cores).items()]
    if moviepy_s is not None:
        times = [moviepy_s / one["whole"].wall_s for one in rounds]
        lines.append(f"| MoviePy's wall / whole | {spread(times, 1)} |")
    return "\n".join(lines)
