"""What `nvpipe bench encode` found, as JSON values and as a sheet."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from nvpipe.bench.bd_rate import MIN_POINTS
from nvpipe.bench.lossless import FPS, SIZE_PX
from nvpipe.bench.points import METRICS, metric_of, quality
from nvpipe.bench.recommend import AS_FAST, advise, anchor_of, families, savings
from nvpipe.bench.sheet import Bars, Plot, Series, Sheet, Table, counted

if TYPE_CHECKING:
    from nvpipe.bench.plan import Result
    from nvpipe.bench.points import Point, Row
    from nvpipe.bench.sheet import Cell


def result_json(result: Result) -> dict[str, Any]:
    """The result as JSON values; a quality without a limit is null."""
    anchor = anchor_of(result.rows, result.reference)
    return {
        "clips": [
            {"footage": str(clip.footage), "start_s": clip.start_s, "seconds": clip.seconds} for clip in result.clips
        ],
        "size_px": list(SIZE_PX),
        "fps": str(FPS),
        "layout": result.plan.layout,
        "runs": result.plan.runs,
        "reading_cpu_s": result.reading_cpu_s,
        "composing_cpu_s": result.composing_cpu_s,
        "composing_small_cpu_s": result.composing_small_cpu_s,
        "rows": [_row_json(row) for row in result.rows],
        "bd_rate": None
        if anchor is None
        else {
            "anchor": {"encoder": anchor[0], "preset": anchor[1]},
            "presets": [
                {"encoder": one.encoder, "preset": one.family, "metric": one.metric, "clips": list(one.clips),
                 "median": one.median}
                for one in savings(result.rows, anchor)
            ],
        },
        "recommendations": [
            {name: _finite(value) for name, value in asdict(one).items()}
            for one in advise(result.rows, result.reference)
        ],
        "unusable": [{"encoder": name, "reason": reason} for name, reason in result.unusable],
        "failed": [{"setting": name, "reason": reason} for name, reason in result.failed],
        "left_out": result.left_out,
        "shortened": result.shortened or None,
        "not_measured": _missing(result),
        "machine": dict(result.machine),
        "seconds": round(result.seconds, 3),
    }  # fmt: skip


def _row_json(row: Row) -> dict[str, Any]:
    shown = {
        name: _finite(getattr(row, name))
        for name in (
            "encoder", "setting", "wall_s", "cpu_s", "energy_j", "fps", "median_fps", "low_fps", "kbit_s", "ssim",
            "worst_ssim", "xpsnr_db", "vmaf", "same_bytes",
        )
    }  # fmt: skip
    return shown | {"preset": row.family, "factor": row.factor, "clips": [_point_json(point) for point in row.points]}


def _point_json(point: Point) -> dict[str, Any]:
    names = ("frames", "wall_s", "cpu_s", "energy_j", "kbit_s", "ssim", "worst_ssim", "xpsnr_db", "vmaf")
    return {name: _finite(getattr(point, name)) for name in names}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def result_sheet(result: Result) -> Sheet:
    """The result for people."""
    plan = result.plan
    lead = (
        f"{counted(len(result.clips), 'stretch', 'stretches')} of {plan.seconds:g} s of "
        f"{', '.join(dict.fromkeys(clip.footage.name for clip in result.clips))}, composed with captions in layout "
        f"{plan.layout} at {SIZE_PX[0]}x{SIZE_PX[1]} and {float(FPS):g} fps, {counted(plan.runs, 'run')} each"
    )
    parts: list[Table | Plot | Bars] = []
    if result.rows:
        parts += [*_plots(result), *_advice_table(result), *_saving_tables(result), _rows_table(result)]
    return Sheet("Encoders at equal quality", lead, result.machine, tuple(parts), tuple(_notes(result)))


def _plots(result: Result) -> list[Plot]:
    grouped = families(result.rows)
    metric = metric_of(result.rows)
    label = METRICS[metric][0]
    rate, speed = [], []
    for (encoder, family), rows in grouped.items():
        seen = [(row, value) for row in rows if (value := quality(row, metric)) is not None]
        name = f"{encoder} {family}"
        rate.append(Series(name, tuple((row.kbit_s, value, _tip(row, value, label)) for row, value in seen)))
        speed.append(Series(name, tuple((row.fps, value, _tip(row, value, label)) for row, value in seen)))
    for row in result.rows:
        value = quality(row, metric)
        if row.family is None and value is not None:
            name = f"{row.encoder}, level {row.setting}"
            rate.append(Series(name, ((row.kbit_s, value, _tip(row, value, label)),)))
            speed.append(Series(name, ((row.fps, value, _tip(row, value, label)),)))
    return [
        Plot("Rate against quality", "kbit/s", label, tuple(rate), log_x=True, note="Up and to the left is better."),
        Plot("Speed against quality", "pictures a second", label, tuple(speed), log_x=True,
             note="Up and to the right is better."),
    ]  # fmt: skip


def _tip(row: Row, value: float, label: str) -> str:
    return f"{row.encoder} {row.setting}: {row.kbit_s:.0f} kbit/s, {row.fps:.1f} fps, {label} {value:.2f}"


def _advice_table(result: Result) -> list[Table]:
    found = advise(result.rows, result.reference)
    if not found:
        return []
    metric = METRICS[found[0].metric][0]
    rows: list[tuple[Cell, ...]] = [
        (one.level, one.encoder, one.quality, one.setting or "none", _percent(one.bits, 1), one.speed, one.reason)
        for one in found
    ]
    note = (
        f"Of the presets that reach a level's quality on {result.reference} and are no slower than it (from "
        f"{AS_FAST:g} of its speed on), the one with the fewest bits; bits and speed are beside the level's own."
    )
    head = ("level", "encoder", metric, "setting", "bits %", "speed ×", "why")
    return [Table("Recommended settings", head, tuple(rows), (0, 0, 2, 0, 1, 2, 0), note)]


def _saving_tables(result: Result) -> list[Table]:
    anchor = anchor_of(result.rows, result.reference)
    if anchor is None:
        return []
    found = savings(result.rows, anchor)
    if not found:
        return []
    clips = range(len(result.clips))
    rows: list[tuple[Cell, ...]] = [
        (one.encoder, one.family, METRICS[one.metric][0].split(",")[0], _percent(one.median),
         *(_percent(value) for value in one.clips))
        for one in found
    ]  # fmt: skip
    note = (
        f"Bit rate at equal quality, beside {anchor[0]} {anchor[1]}: −20 is a fifth fewer bits (BD-rate, VCEG-M33, "
        "between the points piecewise cubic). Empty: no quality in common, or fewer than "
        f"{MIN_POINTS} rates."
    )
    head = ("encoder", "preset", "by", "median %", *(f"stretch {clip + 1} %" for clip in clips))
    return [Table("BD-rate", head, tuple(rows), (0, 0, 0, 1, *(1 for _ in clips)), note)]


def _rows_table(result: Result) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (row.encoder, row.setting, row.kbit_s, row.xpsnr_db, row.ssim, row.worst_ssim, row.vmaf, row.fps,
         row.median_fps, row.low_fps, row.cpu_s, row.energy_j, row.same_bytes)
        for row in result.rows
    ]  # fmt: skip
    head = (
        "encoder", "setting", "kbit/s", "XPSNR dB", "SSIM", "worst", "VMAF", "fps", "median", "1 % low", "CPU s",
        "energy J", "same bytes",
    )  # fmt: skip
    note = (
        "CPU seconds are of the whole process over all stretches; reading the raw pictures takes "
        f"{result.reading_cpu_s:.2f} of every row. fps: pictures by wall seconds, opening the encoder not counted; "
        "median and 1 % low: of the times of single pictures. SSIM and XPSNR are of the luma plane."
    )
    return Table("Everything that was measured", head, tuple(rows), (0, 0, 0, 2, 4, 4, 2, 1, 1, 1, 2, 1, 0), note)


def _notes(result: Result) -> list[str]:
    notes = [f"{name} is not compared, since it is not usable here: {reason}" for name, reason in result.unusable]
    notes += [f"{name} failed: {reason}" for name, reason in result.failed]
    notes += [result.shortened] if result.shortened else []
    notes += _missing(result)
    if result.left_out:
        notes.append(
            f"Left out, since {result.plan.minutes:g} minutes were over (--full measures all): "
            f"{', '.join(result.left_out)}"
        )
    notes.append(
        f"Composing took {result.composing_cpu_s:.2f} CPU seconds, the whole {result.seconds:.0f} s. Every encoder "
        "gets its pictures from the main memory. Timings hold for an idle machine only; bit rates and qualities are "
        "exact."
    )
    return notes


def _missing(result: Result) -> list[str]:
    """What this machine does not tell."""
    return [reason for reason in (result.vmaf_reason, result.cards.reason) if reason]


def _percent(value: float | None, less: float = 0.0) -> float | None:
    return None if value is None else 100 * (value - less)
