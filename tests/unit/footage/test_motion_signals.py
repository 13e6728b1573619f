"""Which signals are trusted, and how sound and packets weigh."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nvpipe.footage.motion.combine import centred_rank, combine, smooth
from nvpipe.footage.motion.pairs import COLUMNS
from nvpipe.footage.motion.sampling import Samples, shared_jumps
from nvpipe.footage.motion.signals import Signals
from nvpipe.footage.motion.signals import measure as measure_samples

N = 80
Floats = NDArray[np.float64]


def lively(**values: Any) -> Signals:
    """A video in which everything is constant but what is given."""
    flat = np.ones(N)
    signals = Signals(
        step_s=0.5,
        flash=flat,
        tint=flat,
        flicker=flat,
        packets=flat,
        motion=10 * flat,
        loudness=np.zeros(0),
        peaks=np.zeros(0),
        live=flat,
        overlay=np.zeros(N),
        cut=np.zeros(N),
    )
    return replace(signals, **values)


def bump(height: float, base: float = 0.0) -> Floats:
    values = np.full(N, base)
    values[30:50] += height
    return values


def measure(sound: Floats) -> Signals:
    """Signals of a still picture with this sound."""
    empty = np.zeros(0)
    columns = np.zeros((0, COLUMNS), np.float32)
    nothing = Samples(**{field.name: empty for field in fields(Samples)} | {"columns": columns, "cuts_s": ()})
    return measure_samples(nothing, np.square(sound).reshape(-1, 80).mean(1), N * 0.5)


def tone(loud: float, quiet: float, bed: float = 0.0) -> Floats:
    time_s = np.arange(N * 4000) / 8000
    level = np.where((time_s >= 15) & (time_s < 25), loud, quiet)
    return level * np.sin(2 * np.pi * 300 * time_s) + bed * np.sin(2 * np.pi * 470 * time_s)


@pytest.mark.parametrize("name", ["flash", "tint", "packets", "flicker"])
def test_a_signal_with_spread_is_trusted_and_one_without_is_not(name: str) -> None:
    strong = combine(lively(**{name: bump(10.0)}))
    assert strong.weights[name] > 0
    assert strong.scores[40] > strong.scores[10]
    faint = combine(lively(**{name: bump(0.001)}))
    assert faint.weights[name] == 0
    assert np.ptp(faint.scores) < 1e-9


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
    picture = {name: bump(10.0) for name in ("flash", "tint", "packets")}
    weights = combine(lively(**picture, loudness=sound.loudness, peaks=sound.peaks)).weights
    heard = weights.pop("loudness") + weights.pop("peaks")
    assert heard == pytest.approx(sum(weights.values())) == pytest.approx(3)


def test_sound_that_goes_its_own_way_weighs_less_than_the_picture() -> None:
    """A commentator speaks whether there is a fight or not."""
    fight = {name: bump(10.0) for name in ("flash", "tint", "packets")}
    voice = np.where(np.arange(N) % 16 < 8, -10.0, -40.0)
    verdict = combine(lively(**fight, loudness=voice, peaks=voice))
    assert verdict.weights["loudness"] + verdict.weights["peaks"] == pytest.approx(1)
    assert verdict.scores[32:48].min() > np.delete(verdict.scores, np.s_[28:52]).max() + 1


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


def test_what_is_still_counts_nothing_whatever_it_sounds_like() -> None:
    verdict = combine(lively(flash=bump(10.0), live=1 - bump(1.0)))
    assert verdict.scores[40] == 0
    assert verdict.scores[10] > 0.5


def test_menus_do_not_set_the_scale_of_the_play() -> None:
    """Most of the video is a menu; within the play the fight still stands out."""
    live, flash = np.zeros(N), np.zeros(N)
    live[48:], flash[48:], flash[60:68] = 1, np.tile((1.0, 1.4), 16), 2.5
    verdict = combine(lively(flash=flash, live=live))
    assert verdict.scores[63] > verdict.scores[54] + 0.9


def test_livelier_videos_score_more_on_the_whole() -> None:
    calm, wild = combine(lively(motion=np.full(N, 1.0))), combine(lively(motion=np.full(N, 25.0)))
    assert wild.scores.mean() > calm.scores.mean()


def test_ranks_are_centred_and_shared_by_equals() -> None:
    ranks = centred_rank(np.array([5.0, 1.0, 5.0, 900.0]), np.ones(4, bool))
    assert np.allclose(ranks, [0.0, -1.125, 0.0, 1.125])


def test_a_short_fight_in_a_long_calm_video_stands_out() -> None:
    """2 minutes in an hour lie outside the 10-90 percentiles that set the scale."""
    rng = np.random.default_rng(5)
    flash = np.abs(rng.normal(1, 0.5, 7200))
    flash[3000:3240] += 4
    steady = {name: np.ones(7200) for name in ("tint", "packets", "flicker", "motion", "live")}
    scores = combine(lively(flash=flash, overlay=np.zeros(7200), cut=np.zeros(7200), **steady)).scores
    assert scores[3010:3230].min() > np.delete(scores, np.s_[2990:3250]).max()


def test_smoothing_keeps_length_and_level() -> None:
    assert np.allclose(smooth(np.full(7, 2.0), 5), 2.0)
    assert smooth(np.arange(3.0), 8).shape == (3,)


def test_calm_moments_count_alike_and_action_counts_in_full() -> None:
    """A window's score is about how many seconds of it are action, however calm the rest is."""
    ramp = np.linspace(0.0, 4.0, N)
    scores = combine(lively(flash=ramp, tint=ramp)).scores
    calm, action = scores[: N // 2], scores[-N // 5 :]
    assert np.ptp(calm) < 0.4
    assert action.min() - calm.max() > 1.3


def test_text_over_the_picture_counts_against_a_moment_but_not_what_is_always_there() -> None:
    menu = combine(lively(overlay=bump(0.08, 0.02)))
    assert menu.covered[40] == 1
    assert menu.scores[40] < 0.3 * menu.scores[10]
    always = combine(lively(overlay=np.full(N, 0.1)))
    assert always.covered.max() == 0
    assert np.allclose(always.scores, combine(lively()).scores)


def test_what_the_crop_always_cuts_costs_a_little_and_what_comes_on_top_more() -> None:
    none, always = combine(lively()), combine(lively(cut=np.full(N, 0.2)))
    assert none.cut.max() == 0
    assert always.scores / none.scores == pytest.approx(0.85)
    added = combine(lively(cut=bump(0.1, 0.02)))
    assert added.scores[40] < 0.7 * added.scores[10]
    assert added.cut[40] == pytest.approx(1)
    assert 0 < added.cut[10] < 0.1


def test_a_sample_or_two_across_the_border_costs_nothing() -> None:
    assert combine(lively(cut=bump(0.008))).cut.max() == 0


def test_a_flash_jumps_together_a_fade_and_a_turning_camera_do_not() -> None:
    level = np.full((20, 144), 100, np.int64)
    flash, fade, turn = level.copy(), level.copy(), level.copy()
    flash[10] += 8
    fade += 3 * np.arange(20)[:, None]
    turn[10:, ::2] += 8
    turn[10:, 1::2] -= 8
    strongest = [shared_jumps(sums, 1).max() for sums in (flash, fade, turn)]
    assert strongest[0] > 10
    assert strongest[1:] == [0.0, 0.0]


def test_what_jumps_at_a_cut_is_no_flash() -> None:
    times = np.arange(600) / 30
    jumps = np.zeros(600)
    jumps[300] = 50.0
    empty = {field.name: np.zeros(0) for field in fields(Samples)}
    still = empty | {"columns": np.zeros((0, COLUMNS), np.float32), "cuts_s": ()}
    samples = Samples(**still | {"time_s": times, "flash": jumps, "tint": jumps, "size_bytes": 0 * jumps})
    without, told = measure_samples(samples, np.zeros(0), 20.0), measure_samples(samples, np.zeros(0), 20.0, (10.0,))
    assert without.flash[20] > 3
    assert without.tint[20] > 3
    assert told.flash.max() == told.tint.max() == 0


def test_calm_video_does_not_look_like_action_beside_another() -> None:
    """The liveliest moments of a talking head count less than a walk through a game."""
    loud = {"loudness": bump(20.0), "peaks": bump(20.0)}
    head = combine(lively(flash=bump(0.05, 0.05), tint=0.05 * np.ones(N), motion=0.5 * np.ones(N), **loud))
    play = combine(lively(flash=bump(1.5, 0.5), tint=bump(1.5, 0.5), **loud))
    assert head.scores.max() < 1.4
    assert head.scores.max() < play.scores.max() / 2
    assert 1 < np.median(play.scores) < 2
    assert play.scores.max() > 2.5


def test_one_trusted_signal_is_half_believed() -> None:
    one = combine(lively(flicker=bump(1.0)))
    two = combine(lively(flicker=bump(1.0), packets=bump(1.0)))
    assert sum(weight for weight in one.weights.values()) == 1
    assert np.ptp(one.scores) == pytest.approx(np.ptp(two.scores) / 2)


def test_the_scale_of_a_video_leaves_the_order_of_its_moments() -> None:
    rng = np.random.default_rng(4)
    values = {name: rng.random(N) for name in ("flash", "tint", "packets", "flicker")}
    wild, calm = (combine(lively(**values, motion=motion * np.ones(N))).scores for motion in (12.0, 0.3))
    assert np.diff(calm[np.argsort(wild)]).min() > -1e-9
    assert calm.max() < wild.max()
