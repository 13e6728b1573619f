"""`nvpipe bench decode`: every decoder beside what libav does by itself, in turns."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from nvpipe.bench.energy import Cards
from nvpipe.bench.excerpt import excerpts
from nvpipe.bench.machine import Facts, facts
from nvpipe.bench.meter import Meter, Ticks, pace
from nvpipe.bench.sheet import Bars, Sheet, Table, counted
from nvpipe.errors import BackendUnavailableError, MediaError, NvpipeError
from nvpipe.media.decode import DECODERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import av

    from nvpipe.bench.sheet import Cell
    from nvpipe.media.decode import Decoder
    from nvpipe.pipeline.reporter import Reporter
    from nvpipe.registry import Registry

PLAIN = "libav"
"""What the decoders are compared with: demuxing and decoding alone, by as many threads as libav takes."""
SECONDS = 60.0
RUNS = 3


@dataclass(frozen=True, slots=True)
class Turn:
    """One decoding of one video."""

    frames: int
    wall_s: float
    cpu_s: float
    energy_j: float | None
    intervals_s: tuple[float, ...]

    @property
    def fps(self) -> float:
        return self.frames / self.wall_s


@dataclass(slots=True)
class Row:
    """One decoder on one video."""

    video: str
    decoder: str
    turns: list[Turn] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    """Of the plain decoding's speed, in the same round."""
    reason: str = ""
    """Why it did not get through."""

    def median(self, value: Callable[[Turn], float | None]) -> float | None:
        """Median of something over the turns; None without."""
        known = [one for turn in self.turns if (one := value(turn)) is not None]
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


def proven(registry: Registry[Any], named: str | None) -> tuple[dict[str, Any], tuple[tuple[str, str], ...]]:
    """The backends that work, by name, and the others with their reason.

    Args:
        registry: of backends of one kind.
        named: only that one.

    Raises:
        UsageError: there is none of that name.
        BackendUnavailableError: it does not work here, or none does.
    """
    if named is not None:
        return {named: registry.choose(named)[0]}, ()
    probes = {name: registry.probe(name) for name in registry.names()}
    usable = {name: registry.load(name) for name, probe in probes.items() if probe.usable}
    unusable = tuple((name, probe.reason) for name, probe in probes.items() if not probe.usable)
    if not usable:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in unusable)
        raise BackendUnavailableError(f"no {registry.kind} is usable here: {reasons}")
    return usable, unusable


def measure(
    footage: Sequence[Path],
    reporter: Reporter,
    *,
    seconds: float = SECONDS,
    runs: int = RUNS,
    named: str | None = None,
    decoders: Registry[Decoder] = DECODERS,
) -> Result:
    """Decode every video with every decoder, each time after a plain decoding.

    Args:
        footage: the videos.
        reporter: told what is being done.
        seconds: how much of each is decoded, from its beginning.
        runs: how often.
        named: only this decoder.
        decoders: what is compared; those that are not usable here are only named, with the reason.

    Raises:
        MediaError: a video cannot be read.
        BackendUnavailableError: no decoder, or not that one, is usable here.
    """
    usable, unusable = proven(decoders, named)
    for name, reason in unusable:
        reporter.notice(f"{name} is not measured: {reason}")
    cards = Cards()
    machine = facts(cards)
    rows: list[Row] = []
    with excerpts(footage, seconds) as videos:
        for path, video in zip(footage, videos, strict=True):
            plain = Row(path.name, PLAIN)
            mine = {name: Row(path.name, name) for name in usable}
            for _ in range(runs):
                for name, decoder in usable.items():
                    reporter.notice(f"{path.name}: {PLAIN}, {name}")
                    before = _turn(plain_frames(video), cards)
                    plain.turns.append(before)
                    plain.shares.append(1.0)
                    _follow(mine[name], decoder, video, before, cards)
            rows += [plain, *mine.values()]
    return Result(seconds, runs, rows, unusable, cards, machine)


def _follow(row: Row, decoder: Decoder, video: Path, before: Turn, cards: Cards) -> None:
    if row.reason:
        return
    try:
        turn = _turn(frames_of(decoder, video), cards)
    except NvpipeError as error:
        row.reason = error.message
        return
    row.turns.append(turn)
    row.shares.append(turn.fps / before.fps)


def _turn(frames: Iterator[object], cards: Cards) -> Turn:
    ticks, count = Ticks(), 0
    with Meter(cards) as meter:
        for _ in ticks.watch(frames):
            count += 1
    if not count:
        raise MediaError("no picture could be decoded")
    return Turn(count, meter.wall_s, meter.cpu_s, meter.energy_j, tuple(ticks.intervals_s))


def frames_of(decoder: Decoder, video: Path) -> Iterator[object]:
    """Every picture as a decoder of nvpipe gives it, opening and closing included."""
    with decoder.open(video) as reader:
        yield from reader.frames()


def plain_frames(video: Path) -> Iterator[av.VideoFrame]:
    """Every picture as libav gives it.

    Raises:
        MediaError: the video cannot be decoded.
    """
    import av

    from nvpipe.media.probe import video_stream
    from nvpipe.media.safety import opened

    with opened(video) as container:
        stream = video_stream(container, video)
        stream.thread_type = "AUTO"
        try:
            yield from container.decode(stream)
        except av.FFmpegError as error:
            raise MediaError(f"{video.name} cannot be decoded plainly: {error.strerror}") from error


def result_json(result: Result) -> dict[str, Any]:
    """The result as JSON values."""
    return {
        "seconds": result.seconds,
        "runs": result.runs,
        "rows": [
            {
                "footage": row.video,
                "decoder": row.decoder,
                "frames": row.turns[-1].frames if row.turns else None,
                "fps": row.median(lambda turn: turn.fps),
                "median_fps": _pace(row)[0],
                "low_fps": _pace(row)[1],
                "cpu_s": row.median(lambda turn: turn.cpu_s),
                "energy_j": row.median(lambda turn: turn.energy_j),
                "of_plain": statistics.median(row.shares) if row.shares else None,
                "error": row.reason or None,
            }
            for row in result.rows
        ],
        "unusable": [{"decoder": name, "reason": reason} for name, reason in result.unusable],
        "not_measured": [result.cards.reason] if result.cards.reason else [],
        "machine": dict(result.machine),
    }


def _pace(row: Row) -> tuple[float | None, float | None]:
    seen = pace([one for turn in row.turns for one in turn.intervals_s])
    return (seen.median_fps, seen.low_fps) if seen else (None, None)


def result_sheet(result: Result) -> Sheet:
    """The result for people."""
    rows: list[tuple[Cell, ...]] = [
        (
            row.video,
            row.decoder,
            row.turns[-1].frames if row.turns else None,
            row.median(lambda turn: turn.fps),
            *_pace(row),
            row.median(lambda turn: turn.cpu_s),
            row.median(lambda turn: turn.energy_j),
            100 * statistics.median(row.shares) if row.shares else None,
            row.reason or None,
        )
        for row in result.rows
    ]
    head = ("footage", "decoder", "pictures", "fps", "median", "1 % low", "CPU s", "energy J", "of plain %", "failed")
    note = (
        f"Medians of {counted(result.runs, 'run')}; of plain: beside {PLAIN}, which decodes alone right before each "
        "of them. fps: pictures by wall seconds, opening and closing included; median and 1 % low: of single "
        "pictures."
    )
    table = Table("Decoders", head, tuple(rows), (0, 0, 0, 1, 1, 1, 2, 1, 1, 0), note)
    lead = (
        f"At most {result.seconds:g} s of {', '.join(dict.fromkeys(row.video for row in result.rows))}, decoded whole"
    )
    notes = [f"{name} is not measured, since it is not usable here: {reason}" for name, reason in result.unusable]
    notes += [result.cards.reason] if result.cards.reason else []
    return Sheet("Decoders beside plain libav", lead, result.machine, (_bars(result), table), tuple(notes))


def _bars(result: Result) -> Bars:
    bars = []
    for row in result.rows:
        fps = row.median(lambda turn: turn.fps)
        if fps is not None:
            bars.append((f"{row.video}: {row.decoder}", fps))
    return Bars("Speed", "pictures a second", tuple(bars))
