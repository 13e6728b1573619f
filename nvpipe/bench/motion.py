"""`nvpipe bench motion`: decoding and scoring beside decoding alone."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nvpipe.bench.clips import describe
from nvpipe.bench.decode import PLAIN, frames_of, plain_frames, proven
from nvpipe.bench.energy import Cards
from nvpipe.bench.excerpt import excerpts
from nvpipe.bench.machine import Facts, facts
from nvpipe.bench.meter import Meter
from nvpipe.bench.sheet import Bars, Sheet, Table, counted
from nvpipe.errors import NvpipeError
from nvpipe.footage.motion import SCORERS
from nvpipe.media.decode import DECODERS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from nvpipe.bench.sheet import Cell
    from nvpipe.footage.motion import Scorer
    from nvpipe.media.decode import Decoder
    from nvpipe.pipeline.reporter import Reporter
    from nvpipe.registry import Registry


@dataclass(slots=True)
class Row:
    """One scorer with one decoder on one video."""

    video: str
    decoder: str
    scorer: str
    frames: int = 0
    """Pictures of the video."""
    duration_s: float = 0.0
    scored: list[Meter] = field(default_factory=list)
    of_decoder: list[float] = field(default_factory=list)
    """Speed beside that of the decoder alone, in the same round."""
    of_plain: list[float] = field(default_factory=list)
    """Speed beside that of libav alone."""
    reason: str = ""
    """Why it did not get through."""

    @property
    def fps(self) -> float | None:
        """Pictures of the video by seconds that decoding and scoring took."""
        return self.frames / statistics.median(one.wall_s for one in self.scored) if self.scored else None

    def median(self, value: Callable[[Meter], float | None]) -> float | None:
        known = [found for one in self.scored if (found := value(one)) is not None]
        return statistics.median(known) if known else None


@dataclass(slots=True)
class Result:
    """What was measured."""

    seconds: float
    runs: int
    rows: list[Row]
    unusable: tuple[tuple[str, str], ...]
    cards: Cards
    machine: Facts


def measure(
    footage: Sequence[Path],
    reporter: Reporter,
    *,
    seconds: float,
    runs: int,
    decoder: str | None = None,
    decoders: Registry[Decoder] = DECODERS,
    scorers: Registry[Scorer] = SCORERS,
) -> Result:
    """Score every video with every scorer and decoder, each time after decoding alone.

    Args:
        footage: the videos.
        reporter: told what is being done.
        seconds: how much of each is scored, from its beginning.
        runs: how often.
        decoder: only this one.
        decoders, scorers: what is compared; those that are not usable here are only named, with the reason.

    Raises:
        MediaError: a video cannot be read.
        BackendUnavailableError: no decoder or scorer, or not that decoder, is usable here.
    """
    readers, no_readers = proven(decoders, decoder)
    judges, no_judges = proven(scorers, None)
    for name, reason in (*no_readers, *no_judges):
        reporter.notice(f"{name} is not measured: {reason}")
    cards = Cards()
    machine = facts(cards)
    rows: list[Row] = []
    with excerpts(footage, seconds) as videos:
        for path, video in zip(footage, videos, strict=True):
            for name, reader in readers.items():
                for judge, scorer in judges.items():
                    row = Row(path.name, name, judge)
                    for _ in range(runs):
                        reporter.notice(f"{path.name}: {name}, {judge}")
                        _round(row, video, reader, scorer, cards)
                    rows.append(row)
    return Result(seconds, runs, rows, (*no_readers, *no_judges), cards, machine)


def _round(row: Row, video: Path, decoder: Decoder, scorer: Scorer, cards: Cards) -> None:
    if row.reason:
        return
    plain_s = _seconds(lambda: sum(1 for _ in plain_frames(video)))[0]
    try:
        decoded_s, row.frames = _seconds(lambda: sum(1 for _ in frames_of(decoder, video)))
        with Meter(cards) as meter:
            track = scorer.score(describe(video), decoder)
    except NvpipeError as error:
        row.reason = error.message
        return
    row.duration_s = track.duration_s
    row.scored.append(meter)
    row.of_decoder.append(decoded_s / meter.wall_s)
    row.of_plain.append(plain_s / meter.wall_s)


def _seconds(work: Callable[[], int]) -> tuple[float, int]:
    start = time.perf_counter()
    count = work()
    return time.perf_counter() - start, count


def result_json(result: Result) -> dict[str, Any]:
    """The result as JSON values."""
    return {
        "seconds": result.seconds,
        "runs": result.runs,
        "rows": [
            {
                "footage": row.video,
                "decoder": row.decoder,
                "scorer": row.scorer,
                "frames": row.frames,
                "fps": row.fps,
                "times_real_time": _pace(row),
                "cpu_s": row.median(lambda one: one.cpu_s),
                "energy_j": row.median(lambda one: one.energy_j),
                "of_decoder": statistics.median(row.of_decoder) if row.of_decoder else None,
                "of_plain": statistics.median(row.of_plain) if row.of_plain else None,
                "error": row.reason or None,
            }
            for row in result.rows
        ],
        "unusable": [{"backend": name, "reason": reason} for name, reason in result.unusable],
        "not_measured": [result.cards.reason] if result.cards.reason else [],
        "machine": dict(result.machine),
    }


def _pace(row: Row) -> float | None:
    wall_s = row.median(lambda one: one.wall_s)
    return row.duration_s / wall_s if wall_s else None


def _percent(shares: Sequence[float]) -> float | None:
    return 100 * statistics.median(shares) if shares else None


def result_sheet(result: Result) -> Sheet:
    """The result for people."""
    rows: list[tuple[Cell, ...]] = [
        (
            row.video,
            row.decoder,
            row.scorer,
            row.frames,
            row.fps,
            _pace(row),
            row.median(lambda one: one.cpu_s),
            row.median(lambda one: one.energy_j),
            _percent(row.of_decoder),
            _percent(row.of_plain),
            row.reason or None,
        )
        for row in result.rows
    ]
    head = (
        "footage", "decoder", "scorer", "pictures", "fps", "× real time", "CPU s", "energy J", "of decoder %",
        "of plain %", "failed",
    )  # fmt: skip
    note = (
        f"Medians of {counted(result.runs, 'run')}. fps: pictures of the video by the seconds that decoding and "
        "scoring it took, its sound included. Of decoder: beside the same decoder alone, which gives every picture; "
        f"over 100 where the scorer needs fewer of them. Of plain: beside {PLAIN} alone. Both right before, in the "
        "same run."
    )
    table = Table("Decoding and scoring", head, tuple(rows), (0, 0, 0, 0, 1, 1, 2, 1, 1, 1, 0), note)
    bars = Bars(
        "Speed",
        "pictures a second, decoded and scored",
        tuple((f"{row.video}: {row.decoder}, {row.scorer}", row.fps) for row in result.rows if row.fps is not None),
    )
    lead = (
        f"At most {result.seconds:g} s of {', '.join(dict.fromkeys(row.video for row in result.rows))}, scored whole"
    )
    notes = [f"{name} is not measured, since it is not usable here: {reason}" for name, reason in result.unusable]
    notes += [result.cards.reason] if result.cards.reason else []
    return Sheet("Scoring beside decoding alone", lead, result.machine, (bars, table), tuple(notes))
