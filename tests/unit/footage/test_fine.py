"""The fine pass: which stretches are decoded in full, what is measured there, and what becomes of that."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import media
from hypothesis import given
from hypothesis import strategies as st

from nvpipe.footage.motion.budget import SHARE, spare_s
from nvpipe.footage.motion.fine import Measured, contested, measured, refined, undecided
from nvpipe.footage.motion.signals import STEP_S, Signals, measure
from nvpipe.footage.motion.torch_diff import TorchDiffScorer
from nvpipe.footage.select import best_segments
from nvpipe.media.decode.frame import PyAvFrame
from nvpipe.media.decode.pyav import PyAvDecoder, PyAvReader
from nvpipe.media.probe import probe
from nvpipe.media.skim import skim
from nvpipe.types import Footage

SCORES = st.lists(st.floats(0, 4), min_size=2, max_size=500).map(np.array)
KEYS = st.lists(st.floats(0, 250), max_size=60).map(lambda keys_s: np.array(sorted({0.0, *keys_s})))


def footage(path: Path) -> Footage:
    info = probe(path)
    return Footage(
        "a-00000000", path, "00", info.width_px, info.height_px, info.fps, info.duration_s, info.codec,
        info.rotation_deg, info.has_audio, info.colour_matrix, info.colour_assumed,
    )  # fmt: skip


def rivals() -> np.ndarray:
    scores = np.ones(400)
    scores[100:160] = scores[300:360] = 3.0
    return scores


def test_the_border_between_two_rivals_is_contested_and_a_clear_winner_is_not() -> None:
    scores = rivals()
    worth = contested(scores, 0.5)
    assert min(worth[110:150].min(), worth[310:350].min()) > 5 * worth[222:238].max()
    scores[100:160] = 6.0
    assert contested(scores, 0.5)[310:350].max() < 0.01
    assert contested(np.ones(10), 0.5).max() == 0


@given(SCORES, KEYS, st.floats(0, 120))
def test_stretches_lie_inside_apart_and_within_the_budget(
    scores: np.ndarray, keys_s: np.ndarray, budget_s: float
) -> None:
    found = undecided(scores, STEP_S, keys_s, budget_s)
    assert sum(end - first for first, end in found) * STEP_S <= budget_s + 1e-6
    assert all(0 <= first < end <= len(scores) for first, end in found)
    assert all(before[1] < after[0] for before, after in pairwise(found))


@given(SCORES, st.integers(2, 20), st.floats(5, 120))
def test_nothing_is_left_out_that_is_more_contested(scores: np.ndarray, gop_s: int, budget_s: float) -> None:
    keys_s = np.arange(0.0, len(scores) * STEP_S, max(gop_s, 3))
    found = undecided(scores, STEP_S, keys_s, budget_s)
    taken = np.zeros(len(scores), dtype=bool)
    for first, end in found:
        taken[first:end] = True
    worth = contested(scores, STEP_S)
    runs = round(max(gop_s, 3) / STEP_S)
    full = len(scores) // runs
    means = worth[: full * runs].reshape(full, runs).mean(1)
    whole = np.asarray(taken[: full * runs].reshape(full, runs).all(1))
    untouched = np.logical_not(taken[: full * runs].reshape(full, runs).any(1))
    # The last run reaches to the end of the video and is judged by more than its first seconds.
    if len(means) > 1 and whole[:-1].any() and untouched[:-1].any():
        assert means[:-1][whole[:-1]].min() >= means[:-1][untouched[:-1]].max() - 1e-9


def test_the_contested_stretches_are_decoded_and_nothing_where_nothing_is_contested() -> None:
    keys_s = np.arange(0.0, 200.0, 2.0)
    for first, end in undecided(rivals(), 0.5, keys_s, 20.0):
        assert 80 <= first < end <= 180 or 280 <= first < end <= 380
    assert undecided(rivals(), 0.5, keys_s, 2.0) == []
    assert undecided(np.ones(10), 0.5, keys_s, 100.0) == []


def test_of_a_video_with_one_keyframe_no_more_is_decoded_than_is_affordable() -> None:
    ((first, end),) = undecided(rivals()[90:], 0.5, np.zeros(1), 20.0)
    assert first == 0
    assert 30 <= end <= 40


def pulsing(index: int, time_s: float, width: int, height: int) -> np.ndarray:
    """Stripes that move, without a cut; at times there are faint flashes."""
    light = 12 if index % 7 == 0 and int(time_s) % 5 < 2 else 0
    row = np.abs((np.arange(width) + index) % 32 - 16) * 5 + 60 + light
    return np.repeat(np.repeat(row[None, :, None], height, 0), 3, 2).astype(np.uint8)


def test_stretches_are_measured_as_the_full_analysis_measures_them(tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4", seconds=20, fps=15, gop=30, picture=pulsing, audio=None)
    seen = TorchDiffScorer().read(footage(path), PyAvDecoder())
    whole = measure(seen.samples, seen.powers, seen.duration_s, seen.samples.cuts_s)
    told: list[float] = []
    with PyAvDecoder().open(path) as reader:
        found = measured(reader, [(0, 8), (21, 30), (34, 40)], 40, told.append)
    assert told == [4.0, 8.5, 11.5]
    assert list(found.steps) == [*range(7), *range(22, 29), *range(35, 40)]
    for name in ("flash", "tint", "motion", "live"):
        # Pairs of pictures are counted from the start of a stretch on and fall on other frames.
        exact = 1e-9 if name in ("flash", "tint") else 0.2
        np.testing.assert_allclose(found.values[name], getattr(whole, name)[found.steps], rtol=exact, err_msg=name)


def test_stretches_past_the_end_of_what_can_be_decoded_tell_nothing(tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4", seconds=5, audio=None)
    with PyAvDecoder().open(path) as reader:
        found = measured(reader, [(60, 80)], 100, lambda _: None)
    assert len(found.steps) == 0
    signals = coarse(np.random.default_rng(0), 100)
    assert refined(signals, found) is signals


def coarse(random: np.random.Generator, steps: int) -> Signals:
    values = {field.name: random.random(steps) for field in fields(Signals) if field.name != "step_s"}
    return Signals(step_s=STEP_S, **values)


@given(st.integers(0, 2**32 - 1), st.integers(5, 80), st.floats(0.1, 50))
def test_what_was_measured_keeps_the_scale_of_the_bursts(seed: int, count: int, factor: float) -> None:
    random = np.random.default_rng(seed)
    before = coarse(random, 100)
    steps = np.sort(random.permutation(100)[:count])
    values = {field.name: random.random(count) * factor for field in fields(Signals) if field.name != "step_s"}
    after = refined(before, Measured(steps, values))
    others = np.setdiff1d(np.arange(100), steps)
    for name in ("flash", "tint", "motion"):
        old, new = getattr(before, name), getattr(after, name)
        assert new[steps].mean() == pytest.approx(old[steps].mean())
        assert new[steps].std() == pytest.approx(old[steps].std())
        assert (np.argsort(new[steps]) == np.argsort(values[name])).all()
        assert (new[others] == old[others]).all()
    assert (after.live[steps] == values["live"]).all()
    assert (after.loudness == before.loudness).all()
    assert (after.packets == before.packets).all()
    # What all decoded stretches show alike is no mark against them.
    same = refined(before, Measured(steps, values | {"overlay": np.full(count, 0.3), "cut": np.full(count, 0.2)}))
    assert max(same.overlay.max(), same.cut.max()) == 0


def test_the_budget_grows_with_the_video_and_is_nothing_for_short_ones(tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4", seconds=30, fps=10, audio=None)
    glance = skim(path, len, spacing_s=3.0, burst_s=0.2, slot_s=0.01)
    assert spare_s(glance, 30.0) == 0
    long = replace(
        glance,
        time_s=np.arange(36_000) / 10,
        size_bytes=np.tile(glance.size_bytes, 120),
        decoded=glance.decoded * 120,
        decoded_bytes=glance.decoded_bytes * 120,
    )
    assert 0 < spare_s(long, 3600.0) < SHARE * 3600
    assert spare_s(replace(long, powers=np.ones(360_000)), 3600.0) < spare_s(long, 3600.0)
    assert spare_s(replace(long, decoded=36_000), 3600.0) < spare_s(long, 3600.0)


FIRST_S, SECOND_S, PART_S = 60.0, 240.0, 20.0


def flashing(index: int, time_s: float, width: int, height: int) -> np.ndarray:
    """Stripes that move. There are flashes for a while, but only right after keyframes; later throughout."""
    only_seen = FIRST_S <= time_s < FIRST_S + PART_S and index % 10 < 4
    real = SECOND_S <= time_s < SECOND_S + PART_S
    light = 80 if (only_seen or real) and index % 2 else 0
    row = (np.arange(width) + index * 2) // 8 % 2 * 60 + 60 + light
    return np.repeat(np.repeat(row[None, :, None], height, 0), 3, 2).astype(np.uint8)


class WatchedDecoder(PyAvDecoder):
    """Notes which stretches are read."""

    def __init__(self) -> None:
        self.read_s: list[tuple[float, float | None]] = []

    def open(self, path: Path) -> PyAvReader:
        noted = self.read_s

        class Watched(PyAvReader):
            def frames(self, start_s: float = 0.0, end_s: float | None = None, **options: Any) -> Iterator[PyAvFrame]:
                noted.append((start_s, end_s))
                return super().frames(start_s, end_s, **options)

        return Watched(path)


def test_two_rivals_are_decoded_in_full_and_the_rest_is_not(tmp_path: Path) -> None:
    path = media.make_video(
        tmp_path / "a.mp4", seconds=900, fps=5, gop=10, size=(64, 36), picture=flashing, audio=None
    )
    done: list[float] = []
    decoder = WatchedDecoder()
    track = TorchDiffScorer().score(footage(path), decoder, fast=True, on_progress=done.append)
    assert track.coarse
    assert decoder.read_s
    assert sum((end_s or math.inf) - start_s for start_s, end_s in decoder.read_s) <= SHARE * track.duration_s
    for start_s, end_s in decoder.read_s:
        assert any(part_s - 60 <= start_s < (end_s or math.inf) <= part_s + 80 for part_s in (FIRST_S, SECOND_S))
    (best,) = best_segments(track, 15, 1)
    assert SECOND_S - 3 <= best.start_s <= SECOND_S + PART_S
    assert done == sorted(done)
    assert done[-1] == track.duration_s
    assert all(math.isfinite(score) for score in track.scores)
