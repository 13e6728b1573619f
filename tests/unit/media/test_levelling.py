"""Limiting and levelling block by block, against the same on whole signals."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from fakes.sounds import RATE_HZ, Samples, level, limit, measure, peaky_speech, sine, spooled, whole

from nvpipe.errors import MediaError
from nvpipe.media.k_weight import HOP_SAMPLES, KWeighting, gated_lufs
from nvpipe.media.levelling import Leveller
from nvpipe.media.limiter import CONTROL_STEP_SAMPLES, LOOK_AHEAD_S, RELEASE_S, SMALLEST_DB, Reduction
from nvpipe.media.spool import Spool
from nvpipe.media.true_peak import PeakTrack


def peaks_of(wave: Samples, *, block: int) -> Samples:
    track = PeakTrack(RATE_HZ, wave.shape[0], CONTROL_STEP_SAMPLES)
    parts = [part for at in range(0, wave.shape[1], block) for part in track.add(wave[:, at : at + block])]
    return np.concatenate([*parts, *track.finish()])


def whole_reduction(peaks: Samples, raised_db: float) -> Samples:
    """The limiter's reduction as it is defined, one step after the other over the whole signal."""
    step_s = CONTROL_STEP_SAMPLES / RATE_HZ
    smooth = round(LOOK_AHEAD_S / step_s / 2)
    needed = np.maximum(20 * np.log10(np.maximum(peaks, 1e-10).astype(np.float64)) + raised_db, 0)
    held = [needed[max(at - 2 * smooth - 1, 0) : at + 2 * smooth + 2].max() for at in range(needed.size)]
    released, last = [], 0.0
    for value in held:
        last = max(value, SMALLEST_DB, last * math.exp(-step_s / RELEASE_S))
        released.append(last if last >= 2 * SMALLEST_DB else 0.0)
    for _ in range(2):
        padded = np.pad(released, smooth, mode="edge")
        released = np.convolve(padded, np.ones(2 * smooth + 1) / (2 * smooth + 1), mode="valid")
    return np.asarray(released)


@pytest.mark.parametrize("block", [1, 777, 4096])
def test_a_reduction_asked_for_in_blocks_is_that_of_the_whole(tmp_path: Path, block: int) -> None:
    peaks = peaks_of(peaky_speech(1.5), block=5000)
    with spooled(peaks[None], tmp_path) as kept:
        reduction = Reduction(kept, RATE_HZ, gain_db=18, ceiling_dbtp=-1)
        spans = [
            reduction.span(max(at - 1, 0), min(at + block + 1, peaks.size))[at > 0 :][:block]
            for at in range(0, peaks.size, block)
        ]
    found, expected = np.concatenate(spans), whole_reduction(peaks, 19)
    assert expected.max() > 10
    assert np.abs(found - expected).max() < 1e-6


@pytest.mark.parametrize("n", [1, 16, 17, 70_001])
def test_peaks_do_not_depend_on_the_blocks(n: int) -> None:
    wave = peaky_speech(2.0)[:, :n]
    peaks = peaks_of(wave, block=n)
    assert peaks.size == math.ceil(n / CONTROL_STEP_SAMPLES)
    np.testing.assert_allclose(peaks_of(wave, block=333), peaks, atol=1e-6)


@pytest.mark.parametrize("seconds", [0.05, 0.4, 0.5, 3.03])
@pytest.mark.parametrize("channels", [1, 2])
def test_k_weighted_energy_gives_the_loudness_that_is_measured(seconds: float, channels: int) -> None:
    wave = np.concatenate([sine(997, -40, 2.0, channels=channels), peaky_speech(6.0)[:channels]], axis=1)
    wave = wave[:, -round(seconds * RATE_HZ) :] if seconds < 1 else wave
    weighting = KWeighting(channels, HOP_SAMPLES)
    parts = [part for at in range(0, wave.shape[1], 7000) for part in weighting.add(wave[:, at : at + 7000])]
    energies = np.concatenate([*parts, *weighting.finish()]).astype(np.float64)
    tolerance = 0.02 if seconds >= 0.4 else 1.0
    assert gated_lufs(energies, wave.shape[1]) == pytest.approx(measure(wave).integrated_lufs, abs=tolerance)


@pytest.mark.parametrize("n", [1, 17, 4800, 70_001])
@pytest.mark.parametrize("at", [0.0, 0.5, 1.0])
def test_limiting_moves_and_adds_nothing(n: int, at: float) -> None:
    wave = np.zeros((2, n), np.float32)
    position = round(at * (n - 1))
    wave[:, position] = 0.9
    limited = limit(wave, gain_db=12, ceiling_dbtp=-1)
    assert limited.shape == wave.shape
    assert limited.dtype == np.float32
    assert int(np.abs(limited[0]).argmax()) == position
    assert np.count_nonzero(limited[0]) == 1


@pytest.mark.parametrize("gain_db", [0, 6, 20])
def test_limiting_holds_the_ceiling(gain_db: float) -> None:
    for wave in (peaky_speech(3), sine(RATE_HZ / 4, -0.5, 1, phase=math.pi / 4), sine(60, -1, 1)):
        limited = limit(wave, gain_db=gain_db, ceiling_dbtp=-1.0)
        assert measure(limited).true_peak_dbtp <= -0.9


def test_sound_below_the_ceiling_only_gets_the_gain() -> None:
    wave = sine(440, -20, 1)
    np.testing.assert_allclose(limit(wave, gain_db=6, ceiling_dbtp=-1), wave * 10 ** (6 / 20), rtol=1e-5)


def test_a_steady_tone_is_turned_down_without_being_modulated() -> None:
    wave = sine(200, -3, 2)
    limited = limit(wave, gain_db=9, ceiling_dbtp=-1)
    middle = slice(RATE_HZ // 2, RATE_HZ * 3 // 2)
    gain = limited[0, middle][np.abs(wave[0, middle]) > 0.1] / wave[0, middle][np.abs(wave[0, middle]) > 0.1]
    assert gain.max() / gain.min() < 10 ** (0.1 / 20)


def test_one_click_leaves_sound_half_a_second_away_alone() -> None:
    wave = sine(440, -20, 2)
    wave[:, RATE_HZ] = 1.0
    limited = limit(wave, gain_db=6, ceiling_dbtp=-1)
    far = np.r_[0 : RATE_HZ - 1000, RATE_HZ + RATE_HZ // 2 : 2 * RATE_HZ]
    np.testing.assert_allclose(limited[:, far], wave[:, far] * 10 ** (6 / 20), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "wave",
    [sine(997, -40, 2), sine(997, -3, 2), peaky_speech(), peaky_speech() * np.float32(0.01), sine(997, -30, 0.5)],
    ids=["quiet", "loud", "peaky", "peaky and quiet", "short"],
)
def test_levelled_sound_meets_both_targets(wave: Samples) -> None:
    done = level(wave)
    assert done.shape == wave.shape
    measured = measure(done)
    assert measured.integrated_lufs == pytest.approx(-14, abs=0.2)
    assert measured.true_peak_dbtp <= -1.4


@pytest.mark.parametrize(("lufs", "ceiling_dbtp"), [(-23, -3), (-30, -1.5), (-10, -1.5)])
def test_other_targets_are_met(lufs: float, ceiling_dbtp: float) -> None:
    found = measure(level(peaky_speech(), lufs=lufs, ceiling_dbtp=ceiling_dbtp))
    assert found.integrated_lufs == pytest.approx(lufs, abs=0.2)
    assert found.true_peak_dbtp <= ceiling_dbtp + 0.1


def test_the_loudness_of_limited_sound_is_foretold(tmp_path: Path) -> None:
    with spooled(peaky_speech(), tmp_path) as sound, Leveller(sound, tmp_path) as leveller:
        for gain_db in (-10, 6, 25):
            foretold = leveller.lufs_at(gain_db, -1.5)
            found = measure(whole(leveller.blocks(gain_db, -1.5))).integrated_lufs
            assert foretold == pytest.approx(found, abs=0.05)


def test_silence_stays_silent() -> None:
    done = level(np.zeros((2, 20_000), np.float32))
    assert not done.any()


def test_levelling_is_repeatable() -> None:
    first, second = (level(peaky_speech(3)) for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_samples_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    wave = sine(997, -20, 1)
    wave[0, 100] = np.nan
    with spooled(wave, tmp_path) as sound, pytest.raises(MediaError, match="finite"):
        Leveller(sound, tmp_path)


def test_nothing_stays_on_the_disk(tmp_path: Path) -> None:
    with spooled(peaky_speech(1), tmp_path) as sound, Leveller(sound, tmp_path), Spool(tmp_path, 1):
        pass
    assert not list(tmp_path.iterdir())
