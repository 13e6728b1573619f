"""A coarse track: sound and packet sizes of the whole video, pictures only in short bursts after keyframes.

What the bursts tell is carried over to the steps between them. The signals and the way in which they are combined are
those of the full analysis, so that the scores lie on the same scale. Where the video is long enough for it, the
stretches in which good windows differ are then decoded in full (`fine`).
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nvpipe.footage.motion import gather as grids
from nvpipe.footage.motion import sampling
from nvpipe.footage.motion.budget import spacing_s, spare_s
from nvpipe.footage.motion.combine import combine
from nvpipe.footage.motion.fine import measured, refined, undecided
from nvpipe.footage.motion.pairs import BLOCKS, COLUMNS, PIXEL_NOISE, VISIBLE_ASPECT
from nvpipe.footage.motion.quantile import percentile
from nvpipe.footage.motion.sampling import PAIR_S, Samples
from nvpipe.footage.motion.signals import SLOT_S, STEP_S, measure
from nvpipe.media.skim import skim
from nvpipe.types import MotionTrack, Signal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from nvpipe.footage.motion.signals import Signals
    from nvpipe.media.decode import Decoder
    from nvpipe.media.skim import Picture, Skim
    from nvpipe.types import Footage

    Floats = NDArray[np.float64]

MIN_DURATION_S = 20.0
"""Shorter videos are analysed in full, which costs little more."""
BURST_S = 0.1
"""Most of a burst's cost is its keyframe and what lies between it and its last frame: many short ones tell more than
few long ones, at the same cost."""
_SKIM_PROGRESS = 0.7
"""How much of the work is done when the skim ends."""
_REACH_S = 12.0
"""Steps further than this from any burst are taken for live unless their packets say otherwise."""
_STILL_SIZES = (0.01, 0.05)
_MOVING_SIZES = (0.1, 0.4)
"""Sizes of packets, as shares of the large ones of the video: up to the first a picture stands still for sure, from
the last on it moves for sure."""
_TELLING_BYTES = 500.0
"""Where even the large packets are smaller, they tell nothing of that."""
_WHOLE = ("step_s", "packets", "loudness", "peaks")
"""Fields of `Signals` that are known of the whole video."""
_OF_FRAMES = ("time_s", "size_bytes", "flash", "tint")
"""Fields of `Samples` with a value for each frame; the others have one for each pair."""
_JUMPS = ("flash", "tint")
_COMPARED = ("centre_change", "change", "contrast")
_SPREAD_S = 1.0
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Burst:
    """What is read of some consecutive frames; an hour has a thousand of them."""

    time_s: array[float]
    jumps: tuple[array[float], ...]
    """`_JUMPS` of each frame."""
    compared: array[float]
    """`_COMPARED` of the pair of frames; empty when there was nothing to compare."""

    @property
    def frames(self) -> dict[str, array[float]]:
        """Fields of `Samples` with a value for each frame."""
        return dict(zip(_JUMPS, self.jumps, strict=True))

    @property
    def pair(self) -> dict[str, float]:
        """Fields of `Samples` with a value for each pair of frames."""
        return dict(zip(_COMPARED, self.compared, strict=False))


def coarse_track(
    footage: Footage,
    scorer: str,
    decoder: Decoder,
    on_progress: Callable[[float], None] | None = None,
    gather: grids.Gather = grids.StoringGatherer,
) -> MotionTrack | None:
    """A track from a small part of the pictures; None when the file's packets do not suffice for one.

    Args:
        footage: the video.
        scorer: name and version that the track carries.
        decoder: decodes the stretches that are looked at in full.
        on_progress: told how many seconds are done.
        gather: makes what gathers from the planes of those stretches.

    Raises:
        MediaError: the file cannot be opened or read.
    """
    if footage.duration_s < MIN_DURATION_S:
        return None
    tell = on_progress or (lambda _: None)
    look = Look(footage.rotation_deg, footage.width_px / footage.height_px)
    glance = skim(
        footage.path, look, spacing_s=spacing_s(footage), burst_s=BURST_S, slot_s=SLOT_S,
        on_progress=lambda done_s: tell(done_s * _SKIM_PROGRESS),
    )  # fmt: skip
    duration_s = _duration_s(glance)
    if not glance.looks or duration_s < MIN_DURATION_S:
        return None
    signals = coarse_signals(glance, duration_s)
    verdict = combine(signals)
    stretches = undecided(verdict.scores, STEP_S, glance.time_s[glance.is_key], spare_s(glance, duration_s))
    if stretches:
        rest = duration_s * (1.0 - _SKIM_PROGRESS) / (STEP_S * sum(end - first for first, end in stretches))
        with decoder.open(footage.path) as reader:
            seen = measured(
                reader, stretches, len(verdict.scores),
                lambda done_s: tell(duration_s * _SKIM_PROGRESS + rest * done_s), gather,
            )  # fmt: skip
        signals = refined(signals, seen)
        verdict = combine(signals)
    tell(duration_s)
    return MotionTrack(
        video_id=footage.video_id,
        scorer=scorer,
        step_s=signals.step_s,
        duration_s=duration_s,
        scores=_rounded(verdict.scores),
        focus_x=(),
        warnings=_warnings(footage, glance, duration_s),
        signals=tuple(
            Signal(name, round(weight, _DIGITS), _rounded(values))
            for name, weight, values in verdict.signals(signals.live)
        ),
        coarse=True,
    )


def coarse_signals(glance: Skim[Burst], duration_s: float) -> Signals:
    """Signals of a video of which only bursts were seen."""
    bursts = [burst for burst in glance.looks if burst.time_s[0] < duration_s]
    # Each burst gets a second of its own, so that a step's window holds exactly one.
    seen = measure(_burst_samples(bursts), np.zeros(0), len(bursts) * _SPREAD_S)
    whole = measure(_packet_samples(glance), glance.powers[: round(duration_s / SLOT_S)], duration_s)
    steps = len(whole.live)
    middles = (np.arange(steps) + 0.5) * STEP_S
    places = np.array([(burst.time_s[0] + burst.time_s[-1]) / 2 for burst in bursts])
    each = round(_SPREAD_S / STEP_S)
    carried = {
        field.name: np.interp(middles, places, getattr(seen, field.name)[::each][: len(bursts)])
        for field in fields(seen)
        if field.name not in _WHOLE and len(getattr(seen, field.name))
    }
    near = np.searchsorted(places, middles + _REACH_S, "right") > np.searchsorted(places, middles - _REACH_S)
    still, moving = _activity(glance, steps, STEP_S)
    carried["live"] = np.minimum(np.maximum(np.where(near, carried["live"], 1.0), moving), still)
    return replace(whole, **carried)


class Look:
    """Reads a burst of frames as `Sampler` does, in numpy.

    Args:
        rotation_deg: clockwise rotation that a player applies to the coded picture.
        aspect: width over height of the picture as displayed.
    """

    def __init__(self, rotation_deg: int, aspect: float) -> None:
        self._turns = rotation_deg // 90 % 4
        self._aspect = aspect

    def __call__(self, pictures: list[Picture]) -> Burst:
        planes = [_planes(picture.frame) for picture in pictures]
        times = array("d", [picture.time_s for picture in pictures])
        flash, u, v = (
            _flashes([three[index] for three in planes], side)
            for index, side in enumerate((grids.LUMA_SIDE, grids.CHROMA_SIDE, grids.CHROMA_SIDE))
        )
        late = [index for index, time_s in enumerate(times) if time_s >= times[0] + PAIR_S - 0.001]
        other = late[0] if late else len(times) - 1
        pair = _compare(planes[0][0], planes[other][0], self._turns, self._aspect) if other else ()
        return Burst(times, (array("d", flash), array("d", np.hypot(u, v))), array("d", pair))


def _planes(frame: Any) -> list[NDArray[np.uint8]]:
    """Y, U and V as coded."""
    if frame.format.name not in ("yuv420p", "yuvj420p") or any(plane.line_size < 0 for plane in frame.planes):
        colours = frame.color_range
        frame = frame.reformat(format="yuv420p", src_color_range=colours, dst_color_range=colours)
    return [
        np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        for plane in frame.planes
    ]


def _grid(plane: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    step = max(1, min(plane.shape) // side)
    return plane[step // 2 :: step, step // 2 :: step]


def _flashes(planes: Sequence[NDArray[np.uint8]], side: int) -> Floats:
    """A value for each of consecutive planes, see `shared_jumps`."""
    grids = np.stack([_grid(plane, side) for plane in planes])
    count, height, width = grids.shape
    down, across = min(height, BLOCKS[0]), min(width, BLOCKS[1])
    rows, columns = height // down, width // across
    tiles = grids[:, : down * rows, : across * columns].reshape(count, down, rows, across, columns)
    sums = tiles.sum((2, 4), dtype=np.int64).reshape(count, -1)
    return sampling.shared_jumps(np.concatenate((sums[:1], sums[:1], sums)), rows * columns)


def _compare(before: NDArray[np.uint8], after: NDArray[np.uint8], turns: int, aspect: float) -> tuple[float, ...]:
    """What `Sampler` reads of two pictures, `_COMPARED`."""
    first, picture = (_grid(plane, grids.PICTURE_SIDE).astype(np.int32) for plane in (before, after))
    change = np.rot90(np.maximum(np.abs(picture - first) - PIXEL_NOISE, 0), -turns)
    rows, width = change.shape
    columns = change.sum(0)
    half = max(1, round(width * min(1.0, VISIBLE_ASPECT / aspect))) / 2
    centre = columns[int(width / 2 - half + 0.5) : int(width / 2 + half + 0.5)]
    return float(centre.mean()) / rows, float(columns.mean()) / rows, float(picture.std())


def _burst_samples(bursts: Sequence[Burst]) -> Samples:
    """The bursts as one video in which each starts on a full second."""
    found: dict[str, list[float]] = {"time_s": [], "pair_s": []}
    for number, burst in enumerate(bursts):
        start_s = number * _SPREAD_S
        # Frames of a slow video lie further apart; what counts is that they are the burst's.
        found["time_s"] += [start_s + min(at_s - burst.time_s[0], PAIR_S) for at_s in burst.time_s]
        found["pair_s"] += [start_s + PAIR_S] if burst.pair else []
        for name, values in burst.frames.items():
            found.setdefault(name, []).extend(values)
        for name, value in burst.pair.items():
            found.setdefault(name, []).append(value)
    return _filled({name: np.array(values) for name, values in found.items()})


def _packet_samples(glance: Skim[Burst]) -> Samples:
    """A video of which only the packets are known."""
    return _filled({"time_s": glance.time_s, "size_bytes": glance.size_bytes, "pair_s": np.zeros(0)})


def _filled(known: dict[str, Floats]) -> Samples:
    """Samples with zeros for what is not known of frames and pairs."""
    frames, pairs = len(known["time_s"]), len(known["pair_s"])
    values: dict[str, Any] = {field.name: np.zeros(pairs) for field in fields(Samples)}
    values |= {name: np.zeros(frames) for name in _OF_FRAMES}
    values |= {"columns": np.zeros((pairs, COLUMNS), np.float32), "cuts_s": (), "packet_s": None}
    return Samples(**(values | known))


def _activity(glance: Skim[Burst], steps: int, step_s: float) -> tuple[Floats, Floats]:
    """Two limits of liveness by the sizes of packets: at most the first, at least the second."""
    inner = ~glance.is_key
    if inner.sum() < 2 * steps:
        return np.ones(steps), np.zeros(steps)
    time_s, sizes = glance.time_s[inner], glance.size_bytes[inner]
    sums = np.concatenate(([0.0], np.cumsum(sizes)))
    middles = (np.arange(steps) + 0.5) * step_s
    first, last = (np.searchsorted(time_s, middles + side_s) for side_s in (-step_s, step_s))
    means = (sums[last] - sums[first]) / np.maximum(last - first, 1)
    large = percentile(means, 90)
    if large < _TELLING_BYTES:
        return np.ones(steps), np.zeros(steps)
    share = means / large
    known = last > first
    limits = [np.clip((share - low) / (high - low), 0.0, 1.0) for low, high in (_STILL_SIZES, _MOVING_SIZES)]
    return np.where(known, limits[0], 1.0), np.where(known, limits[1], 0.0)


def _duration_s(glance: Skim[Burst]) -> float:
    """End of the last packet, shown for as long as frames usually are."""
    if not len(glance.time_s):
        return 0.0
    gaps = np.diff(glance.time_s)
    usual_s = percentile(gaps, 50) if len(gaps) else 0.0
    return round(float(glance.time_s[-1]) + (usual_s or float(1 / glance.inspection.info.fps)), _DIGITS)


def _warnings(footage: Footage, glance: Skim[Burst], duration_s: float) -> tuple[str, ...]:
    name = footage.path.name
    promised_s = glance.inspection.info.duration_s
    found = []
    if promised_s - duration_s > max(1.0, 0.05 * promised_s):
        found.append(f"{name} promises {promised_s:.1f} s, of which {duration_s:.1f} s are there")
    if glance.damaged:
        packets = "1 packet" if glance.damaged == 1 else f"{glance.damaged} packets"
        found.append(f"{packets} of {name} cannot be decoded")
    return tuple(found)


def _rounded(values: Floats) -> tuple[float, ...]:
    return tuple(round(float(value), _DIGITS) for value in values)
