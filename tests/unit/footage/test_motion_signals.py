"""Which signals are trusted, and how sound and packets weigh."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nvpipe.footage.motion.combine import centred_rank, combine, robust_z, smooth
from nvpipe.footage.motion.sampling import COLOUR_BINS, Samples
from nvpipe.footage.motion.signals import Signals
from nvpipe.footage.motion.signals import measure as measure_samples
from nvpipe.footage.motion.sound import SLOT_S, slot_powers

N = 80
Floats = NDArray[np.float64]


def lively(**values: Any) -> Signals:
    """A video in which everything is constant but what is given."""
    flat = np.ones(N)
    signals = Signals(
        step_s=0.5,
        flash=flat,
        colour=flat,
        packets=flat,
        motion=10 * flat,
        loudness=np.zeros(0),
        peaks=np.zeros(0),
        live=flat,
        changed_share=0.5 * flat,
        focus_x=0.5 * flat,
    )
    return replace(signals, **values)


def bump(height: float, base: float = 0.0) -> Floats:
    values = np.full(N, base)
    values[30:50] += height
    return values


def measure(sound: Floats) -> Signals:
    """Signals of a still picture with this sound."""
    empty = np.zeros(0)
    colours = np.zeros((0, COLOUR_BINS), np.float32)
    nothing = Samples(*(empty,) * 9, colours, colours)
    return measure_samples(nothing, slot_powers([sound[None].astype(np.float32)], 8000), N * 0.5)


def tone(loud: float, quiet: float, bed: float = 0.0) -> Floats:
    time_s = np.arange(N * 4000) / 8000
    level = np.where((time_s >= 15) & (time_s < 25), loud, quiet)
    return level * np.sin(2 * np.pi * 300 * time_s) + bed * np.sin(2 * np.pi * 470 * time_s)


@pytest.mark.parametrize("name", ["flash", "colour", "packets", "motion"])
def test_a_signal_with_spread_is_trusted_and_one_without_is_not(name: str) -> None:
    strong = combine(lively(**{name: bump(10.0)}))
    assert strong.weights[name] > 0
    assert strong.scores[40] > strong.scores[10]
    faint = combine(lively(**{name: bump(0.01)}))
    assert faint.weights[name] == 0
    assert np.ptp(faint.scores) < 1e-9


def test_motion_weighs_little_under_a_moving_camera() -> None:
    moving = combine(lively(motion=bump(10.0)))
    fixed = combine(lively(motion=bump(10.0), changed_share=np.full(N, 0.02)))
    assert moving.weights["motion"] == pytest.approx(0.25)
    assert fixed.weights["motion"] == 1


def test_sound_that_swells_is_trusted_and_a_flat_or_absent_one_is_not() -> None:
    swelling, flat, absent = measure(tone(0.5, 0.05)), measure(tone(0.2, 0.2)), measure(np.zeros(0))
    assert combine(replace(lively(), loudness=swelling.loudness, peaks=swelling.peaks)).scores[40] > 2
    weights = combine(replace(lively(), loudness=flat.loudness, peaks=flat.peaks)).weights
    assert (weights["loudness"], weights["peaks"]) == (0, 0)
    assert "loudness" not in combine(replace(lively(), loudness=absent.loudness, peaks=absent.peaks)).weights
    silent = measure(np.zeros(N * 4000))
    assert combine(replace(lively(), loudness=silent.loudness, peaks=silent.peaks)).weights["loudness"] == 0


def test_sound_weighs_as_much_as_the_picture() -> None:
    sound = measure(tone(0.5, 0.05))
    picture = {name: bump(10.0) for name in ("flash", "colour", "packets")}
    weights = combine(lively(**picture, loudness=sound.loudness, peaks=sound.peaks)).weights
    heard = weights.pop("loudness") + weights.pop("peaks")
    assert heard == pytest.approx(sum(weights.values())) == pytest.approx(3)


def test_a_steady_music_bed_leaves_the_loud_part_on_top() -> None:
    signals = measure(tone(0.5, 0.02, bed=0.1))
    verdict = combine(replace(lively(), loudness=signals.loudness, peaks=signals.peaks))
    assert verdict.weights["loudness"] == 1
    assert 30 <= int(verdict.scores.argmax()) < 50


def test_digital_silence_does_not_squeeze_everything_else_together() -> None:
    sound = tone(0.5, 0.05)
    sound[: len(sound) // 2] *= np.where(np.arange(len(sound) // 2) < 8000 * 12, 0, 1)
    level = measure(sound).loudness
    assert level.min() > level.max() - 40
    assert np.median(level[32:48]) - np.median(level[60:]) > 15


def test_sound_shorter_than_the_picture_ends_in_silence() -> None:
    level = measure(tone(0.5, 0.3)[: 8000 * 20]).loudness
    assert len(level) == N
    assert level[-1] == level.min()


def test_powers_do_not_depend_on_the_blocks_and_survive_broken_samples() -> None:
    sound = tone(0.5, 0.05)[None, :80_000].astype(np.float32)
    whole = slot_powers([sound], 8000)
    parts = slot_powers([sound[:, :333], sound[:, 333:7000], sound[:, 7000:]], 8000)
    assert np.array_equal(whole, parts)
    assert len(whole) == round(10 / SLOT_S)
    sound[0, 5] = np.nan
    assert np.isfinite(slot_powers([sound], 8000)).all()


def test_what_is_still_counts_nothing_whatever_it_sounds_like() -> None:
    verdict = combine(lively(flash=bump(10.0), live=1 - bump(1.0)))
    assert verdict.scores[40] == 0
    assert verdict.scores[10] > 0.5


def test_menus_do_not_set_the_scale_of_the_play() -> None:
    """Most of the video is a menu; within the play the fight still stands out."""
    live, flash = np.zeros(N), np.zeros(N)
    live[48:], flash[48:], flash[60:68] = 1, np.tile((1.0, 1.4), 16), 2.5
    verdict = combine(lively(flash=flash, live=live))
    assert verdict.scores[63] > verdict.scores[54] + 1


def test_livelier_videos_score_more_on_the_whole() -> None:
    calm, wild = combine(lively(motion=np.full(N, 1.0))), combine(lively(motion=np.full(N, 25.0)))
    assert wild.scores.mean() > calm.scores.mean()


def test_z_scores_are_robust_and_clipped() -> None:
    values = np.concatenate((np.linspace(0, 1, 99), [1000.0]))
    z, spread = robust_z(values, np.ones(100, bool), 0.01)
    assert spread == pytest.approx(0.8, abs=0.02)
    assert abs(float(np.median(z))) < 0.05
    assert z.max() == 3.0


def test_ranks_are_centred_and_shared_by_equals() -> None:
    ranks = centred_rank(np.array([5.0, 1.0, 5.0, 900.0]), np.ones(4, bool))
    assert np.allclose(ranks, [0.0, -1.125, 0.0, 1.125])


def test_a_short_fight_in_a_long_calm_video_stands_out() -> None:
    """2 minutes in an hour lie outside the 10-90 percentiles that set the scale."""
    rng = np.random.default_rng(5)
    flash = np.abs(rng.normal(1, 0.5, 7200))
    flash[3000:3240] += 4
    steady = {name: np.ones(7200) for name in ("colour", "packets", "motion", "live", "changed_share", "focus_x")}
    scores = combine(lively(flash=flash, **steady)).scores
    assert scores[3010:3230].min() > np.delete(scores, np.s_[2990:3250]).max()


def test_smoothing_keeps_length_and_level() -> None:
    assert np.allclose(smooth(np.full(7, 2.0), 5), 2.0)
    assert smooth(np.arange(3.0), 8).shape == (3,)
