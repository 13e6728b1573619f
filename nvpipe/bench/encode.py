"""`nvpipe bench encode`: what each quality level and preset costs and what it keeps of a lossless composition."""

from __future__ import annotations

import math
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nvpipe.bench.likeness import Likeness, compare
from nvpipe.bench.lossless import SIZE_PX, Composition, compose
from nvpipe.errors import NvpipeError, UsageError
from nvpipe.media.encode import COMPOSED_SMALL, ENCODERS, QUALITIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import av

    from nvpipe.media.encode import Encoder
    from nvpipe.pipeline.reporter import Reporter
    from nvpipe.registry import Registry

LONG = " long"
"""Added to a level's name where it composes long shorts small: this row is such a short."""


@dataclass(frozen=True, slots=True)
class Row:
    """One way of encoding the composition; times are medians over the runs."""

    encoder: str
    setting: str
    wall_s: float
    cpu_s: float
    """Of the whole process, x264's threads and the reading of the raw pictures included."""
    fps: float
    kbit_s: float
    likeness: Likeness
    same_bytes: bool | None
    """Whether every run gave the same stream; None after a single run."""


@dataclass(frozen=True, slots=True)
class Table:
    """What was measured."""

    footage: Path
    start_s: float
    seconds: float
    runs: int
    reading_cpu_s: float
    """What reading the raw pictures alone takes; it is part of every row's CPU seconds."""
    composing_cpu_s: float
    composing_small_cpu_s: float | None
    rows: tuple[Row, ...]
    unusable: tuple[tuple[str, str], ...]
    """Encoders that are not usable here, and why."""


def measure(
    footage: Path,
    reporter: Reporter,
    *,
    start_s: float | None = None,
    seconds: float = 5.0,
    runs: int = 1,
    trials: Sequence[str] = (),
    encoders: Registry[Encoder] = ENCODERS,
) -> Table:
    """Compose once, encode in every way, decode again and compare.

    Args:
        footage: where the pictures come from.
        reporter: told what is being done.
        start_s: where in the footage; from its middle when not given.
        seconds: how much of it.
        runs: how often each setting is encoded.
        trials: names of the settings to look at; all of them when empty.
        encoders: what is compared; those that are not usable here are only named, with the reason.

    Raises:
        UsageError: an encoder here has no setting of that name.
        NvpipeError: the footage cannot be read, or nothing can be encoded.
    """
    usable, unusable = _proven(encoders)
    wanted = _wanted(usable, trials)
    begin_s = _start_s(footage, seconds) if start_s is None else start_s
    with tempfile.TemporaryDirectory(prefix="nvpipe-bench-") as folder:
        full = compose(footage, begin_s, seconds, Path(folder) / "full.yuv", quality="medium", long=False)
        small: Composition | None = None
        if any(setting in COMPOSED_SMALL for _, _, setting in wanted):
            small = compose(footage, begin_s, seconds, Path(folder) / "small.yuv", quality="low", long=True)
        before = time.process_time()
        for _ in full.pictures():
            pass
        reading_cpu_s = time.process_time() - before
        rows: list[Row] = []
        for name, encoder, setting in wanted:
            ways = [(setting, full), *([(setting + LONG, small)] if small and setting in COMPOSED_SMALL else [])]
            for label, source in ways:
                reporter.notice(f"{name} {label}")
                rows.append(_row(name, encoder, setting, label, source, full, runs, Path(folder) / "coded.mp4"))
    small_cpu_s = small.cpu_s if small else None
    return Table(
        footage, begin_s, seconds, runs, reading_cpu_s, full.cpu_s, small_cpu_s, tuple(rows), tuple(unusable)
    )


def _proven(encoders: Registry[Encoder]) -> tuple[list[tuple[str, Encoder]], list[tuple[str, str]]]:
    usable, unusable = [], []
    for name in encoders.names():
        probe = encoders.probe(name)
        if probe.usable:
            usable.append((name, encoders.load(name)))
        else:
            unusable.append((name, probe.reason))
    return usable, unusable


def _wanted(usable: list[tuple[str, Encoder]], trials: Sequence[str]) -> list[tuple[str, Encoder, str]]:
    every = [(name, encoder, setting) for name, encoder in usable for setting in (*QUALITIES, *encoder.trials())]
    unknown = set(trials) - {setting for _, _, setting in every}
    if unknown:
        known = ", ".join(dict.fromkeys(setting for _, _, setting in every))
        raise UsageError(f"there is no setting {min(unknown)!r} to measure", hint=f"choose from: {known}")
    return [one for one in every if not trials or one[2] in trials]


def _start_s(footage: Path, seconds: float) -> float:
    from nvpipe.media.probe import probe

    return max(0.0, (probe(footage).duration_s - seconds) / 2)


def _row(
    name: str,
    encoder: Encoder,
    setting: str,
    label: str,
    source: Composition,
    original: Composition,
    runs: int,
    path: Path,
) -> Row:
    from nvpipe.cache.disk import digest_file

    walls, cpus, digests = [], [], set()
    size_bytes = 0
    for _ in range(runs):
        wall, cpu = time.perf_counter(), time.process_time()
        size_bytes = _encode(encoder, setting, source, path)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
        digests.add(digest_file(path))
    likeness = compare(original.pictures(), _decoded(path), original.fps)
    wall_s = statistics.median(walls)
    return Row(
        name,
        label,
        wall_s,
        statistics.median(cpus),
        source.frames / wall_s,
        size_bytes * 8 / source.duration_s / 1000,
        likeness,
        len(digests) == 1 if runs > 1 else None,
    )


def _encode(encoder: Encoder, setting: str, source: Composition, path: Path) -> int:
    """Encode into an MP4 and return the bytes of its packets."""
    import av

    from nvpipe.types import OutputFormat

    size_bytes = 0
    with av.open(path, "w", format="mp4") as container:
        stream = encoder.add_stream(container, OutputFormat(*SIZE_PX, source.fps, "blur", setting))
        for picture in _then_none(source.pictures()):
            for packet in stream.encode(picture):
                size_bytes += packet.size
                container.mux(packet)
    return size_bytes


def _then_none(pictures: Iterable[av.VideoFrame]) -> Iterator[av.VideoFrame | None]:
    yield from pictures
    yield None


def _decoded(path: Path) -> Iterator[av.VideoFrame]:
    import av

    try:
        with av.open(path) as container:
            yield from container.decode(video=0)
    except av.FFmpegError as error:
        raise NvpipeError(f"what was encoded cannot be decoded: {error.strerror}") from error


def table_json(table: Table) -> dict[str, Any]:
    """The table as JSON values; a likeness without a limit is null."""
    return {
        "footage": str(table.footage),
        "start_s": table.start_s,
        "seconds": table.seconds,
        "size_px": list(SIZE_PX),
        "runs": table.runs,
        "reading_cpu_s": table.reading_cpu_s,
        "composing_cpu_s": table.composing_cpu_s,
        "composing_small_cpu_s": table.composing_small_cpu_s,
        "rows": [_row_json(row) for row in table.rows],
        "unusable": [{"encoder": name, "reason": reason} for name, reason in table.unusable],
    }


def _row_json(row: Row) -> dict[str, Any]:
    xpsnr_db = row.likeness.xpsnr_db
    return {
        "encoder": row.encoder,
        "setting": row.setting,
        "wall_s": row.wall_s,
        "cpu_s": row.cpu_s,
        "fps": row.fps,
        "kbit_s": row.kbit_s,
        "ssim": row.likeness.ssim,
        "worst_ssim": row.likeness.worst_ssim,
        "xpsnr_db": xpsnr_db if xpsnr_db is not None and math.isfinite(xpsnr_db) else None,
        "same_bytes": row.same_bytes,
    }


def table_lines(table: Table) -> list[str]:
    """The table in Markdown, with what stands around it."""
    small = "" if table.composing_small_cpu_s is None else f", small {table.composing_small_cpu_s:.2f}"
    what = f"{table.seconds:g} s of {table.footage.name} from {table.start_s:.2f} s on, {SIZE_PX[0]}x{SIZE_PX[1]}"
    reading = f"reading the raw pictures takes {table.reading_cpu_s:.2f} CPU s of every row"
    lines = [
        f"{what}, {table.runs} run{'s' * (table.runs > 1)} each",
        f"{reading}; composing them took {table.composing_cpu_s:.2f} CPU s{small}",
        "",
        "| encoder | setting | wall s | CPU s | fps | kbit/s | SSIM | worst | XPSNR dB | same bytes |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in table.rows:
        seen = row.likeness
        same = {True: "yes", False: "NO", None: ""}[row.same_bytes]
        xpsnr = "not available" if seen.xpsnr_db is None else f"{seen.xpsnr_db:.2f}"
        lines.append(
            f"| {row.encoder} | {row.setting} | {row.wall_s:.2f} | {row.cpu_s:.2f} | {row.fps:.1f} | "
            f"{row.kbit_s:.0f} | {seen.ssim:.4f} | {seen.worst_ssim:.4f} | {xpsnr} | {same} |"
        )
    return lines + [f"{name}: not usable here: {reason}" for name, reason in table.unusable]
