"""Loudness and true peak against signals whose values are known, and what limiting and normalising keep."""

from __future__ import annotations

import math
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from nvpipe.errors import MediaError
from nvpipe.media.loudness import Meter, limit, measure, measure_file, normalise

RATE_HZ = 48_000
Samples = NDArray[np.float32]


def sine(
    hz: float, dbfs: float, seconds: float, *, channels: int = 2, phase: float = 0.0, rate_hz: int = RATE_HZ
) -> Samples:
    """A sine with 50 ms fades, so that its true peak is the tone's and not the onset's."""
    at = np.arange(round(seconds * rate_hz)) / rate_hz
    fade = np.clip(np.minimum(at, seconds - at) / 0.05, 0, 1)
    wave = 10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * at + phase) * fade
    return np.stack([wave] * channels).astype(np.float32)


def peaky_speech(seconds: float = 6.0) -> Samples:
    """Noise in syllables with plosives far above them."""
    rng = np.random.default_rng(7)
    n = round(seconds * RATE_HZ)
    syllables = np.repeat(rng.random(n // 6000) ** 3, 6000)
    wave = rng.standard_normal(n) * syllables * 0.03
    wave[3000 :: RATE_HZ // 2] = 0.95
    return np.stack([wave, wave]).astype(np.float32)


def write_wav(path: Path, samples: Samples) -> Path:
    with av.open(str(path), "w", format="wav") as container:
        stream = container.add_stream("pcm_f32le", rate=RATE_HZ, layout="stereo")
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples.T.reshape(1, -1)), format="flt", layout="stereo"
        )
        frame.sample_rate = RATE_HZ
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


# EBU Tech 3341, table 1: a 1 kHz stereo sine at -23 dBFS measures -23 LUFS, gating included.
@pytest.mark.parametrize(
    ("dbfs", "channels", "lufs"), [(-20, 2, -20), (-23, 2, -23), (-33, 2, -33), (-20, 1, -23.01)]
)
def test_a_sine_measures_what_the_standard_says(dbfs: float, channels: int, lufs: float) -> None:
    loudness = measure(sine(997, dbfs, 5, channels=channels), RATE_HZ)
    assert loudness.integrated_lufs == pytest.approx(lufs, abs=0.1)
    assert loudness.true_peak_dbtp == pytest.approx(dbfs, abs=0.05)


def test_quiet_passages_are_gated_out() -> None:
    parts = [sine(1000, -36, 4), sine(1000, -23, 20), sine(1000, -36, 4)]
    loudness = measure(np.concatenate(parts, axis=1), RATE_HZ)
    assert loudness.integrated_lufs == pytest.approx(-23, abs=0.1)


# EBU Tech 3341, cases 15 to 19: sines at a quarter of the rate, peaking between the samples.
@pytest.mark.parametrize(("divisor", "phase_deg"), [(4, 45), (6, 60), (8, 67.5)])
def test_a_peak_between_samples_is_found(divisor: int, phase_deg: float) -> None:
    wave = sine(RATE_HZ / divisor, -6, 1, phase=math.radians(phase_deg))
    assert 20 * np.log10(np.abs(wave).max()) < -6.5
    assert measure(wave, RATE_HZ).true_peak_dbtp == pytest.approx(-6, abs=0.3)


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 44_100, 96_000])
def test_other_rates(rate_hz: int) -> None:
    assert measure(sine(997, -20, 2, rate_hz=rate_hz), rate_hz).integrated_lufs == pytest.approx(-20, abs=0.3)


@pytest.mark.parametrize("n", [0, 1, 100, 48_000])
def test_silence_is_minus_infinity(n: int) -> None:
    loudness = measure(np.zeros((2, n), np.float32), RATE_HZ)
    assert loudness.integrated_lufs == loudness.true_peak_dbtp == -math.inf


def test_sound_shorter_than_a_gating_block_measures_as_if_it_went_on() -> None:
    wave = sine(1000, -20, 2)[:, 48_000 : 48_000 + 4800]
    assert measure(wave, RATE_HZ).integrated_lufs == pytest.approx(-20, abs=0.1)
    assert measure(wave[:, :12], RATE_HZ).true_peak_dbtp == pytest.approx(-20, abs=1)


def test_a_peak_in_the_last_samples_counts() -> None:
    wave = np.zeros((2, 48_321), np.float32)
    wave[:, -1] = 0.5
    assert measure(wave, RATE_HZ).true_peak_dbtp == pytest.approx(-6, abs=0.2)


def test_a_file_measures_as_its_samples(tmp_path: Path) -> None:
    wave = peaky_speech(2.5)
    filed = measure_file(write_wav(tmp_path / "speech.wav", wave))
    direct = measure(wave, RATE_HZ)
    assert filed.integrated_lufs == pytest.approx(direct.integrated_lufs, abs=0.01)
    assert filed.true_peak_dbtp == pytest.approx(direct.true_peak_dbtp, abs=0.01)


def test_a_short_file_measures_as_its_samples(tmp_path: Path) -> None:
    wave = sine(1000, -20, 0.3)
    filed = measure_file(write_wav(tmp_path / "short.wav", wave))
    assert filed.integrated_lufs == pytest.approx(measure(wave, RATE_HZ).integrated_lufs, abs=0.01)


def test_a_file_without_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("not a sound")
    with pytest.raises(MediaError):
        measure_file(path)


def test_samples_that_are_no_numbers_are_refused() -> None:
    wave = sine(997, -20, 1)
    wave[0, 100] = np.nan
    for use in (measure, normalise):
        with pytest.raises(MediaError, match="finite"):
            use(wave, RATE_HZ)


def test_a_change_of_rate_midway_is_refused() -> None:
    meter = Meter()
    for rate_hz in (48_000, 44_100):
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
        frame.sample_rate = rate_hz
        if rate_hz == 48_000:
            meter.add(frame)
    with pytest.raises(MediaError, match="midway"):
        meter.add(frame)


def test_a_meter_without_sound_says_silence() -> None:
    assert Meter().result().integrated_lufs == -math.inf


@pytest.mark.parametrize("n", [1, 17, 4800, 70_001])
@pytest.mark.parametrize("at", [0.0, 0.5, 1.0])
def test_limiting_moves_and_adds_nothing(n: int, at: float) -> None:
    wave = np.zeros((2, n), np.float32)
    position = round(at * (n - 1))
    wave[:, position] = 0.9
    limited = limit(wave, RATE_HZ, gain_db=12, ceiling_dbtp=-1)
    assert limited.shape == wave.shape
    assert limited.dtype == np.float32
    assert int(np.abs(limited[0]).argmax()) == position
    assert np.count_nonzero(limited[0]) == 1


@pytest.mark.parametrize("gain_db", [0, 6, 20])
def test_limiting_holds_the_ceiling(gain_db: float) -> None:
    for wave in (peaky_speech(3), sine(RATE_HZ / 4, -0.5, 1, phase=math.pi / 4), sine(60, -1, 1)):
        limited = limit(wave, RATE_HZ, gain_db=gain_db, ceiling_dbtp=-1.0)
        assert measure(limited, RATE_HZ).true_peak_dbtp <= -0.9


def test_sound_below_the_ceiling_only_gets_the_gain() -> None:
    wave = sine(440, -20, 1)
    np.testing.assert_allclose(limit(wave, RATE_HZ, gain_db=6, ceiling_dbtp=-1), wave * 10 ** (6 / 20), rtol=1e-5)


def test_a_steady_tone_is_turned_down_without_being_modulated() -> None:
    wave = sine(200, -3, 2)
    limited = limit(wave, RATE_HZ, gain_db=9, ceiling_dbtp=-1)
    middle = slice(RATE_HZ // 2, RATE_HZ * 3 // 2)
    gain = limited[0, middle][np.abs(wave[0, middle]) > 0.1] / wave[0, middle][np.abs(wave[0, middle]) > 0.1]
    assert gain.max() / gain.min() < 10 ** (0.1 / 20)


def test_one_click_leaves_sound_half_a_second_away_alone() -> None:
    wave = sine(440, -20, 2)
    wave[:, RATE_HZ] = 1.0
    limited = limit(wave, RATE_HZ, gain_db=6, ceiling_dbtp=-1)
    far = np.r_[0 : RATE_HZ - 1000, RATE_HZ + RATE_HZ // 2 : 2 * RATE_HZ]
    np.testing.assert_allclose(limited[:, far], wave[:, far] * 10 ** (6 / 20), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "wave",
    [sine(997, -40, 2), sine(997, -3, 2), peaky_speech(), peaky_speech() * np.float32(0.01), sine(997, -30, 0.3)],
    ids=["quiet", "loud", "peaky", "peaky and quiet", "short"],
)
def test_normalised_sound_meets_both_targets(wave: Samples) -> None:
    done, loudness = normalise(wave, RATE_HZ)
    assert done.shape == wave.shape
    measured = measure(done, RATE_HZ)
    assert measured == loudness
    assert measured.integrated_lufs == pytest.approx(-14, abs=0.2)
    assert measured.true_peak_dbtp <= -1.4


def test_other_targets_are_met() -> None:
    _, loudness = normalise(peaky_speech(), RATE_HZ, lufs=-23, ceiling_dbtp=-3)
    assert loudness.integrated_lufs == pytest.approx(-23, abs=0.2)
    assert loudness.true_peak_dbtp <= -2.9


def test_silence_stays_silent() -> None:
    done, loudness = normalise(np.zeros((2, 20_000), np.float32), RATE_HZ)
    assert not done.any()
    assert loudness.integrated_lufs == -math.inf


def test_normalising_is_repeatable() -> None:
    first, second = (normalise(peaky_speech(3), RATE_HZ)[0] for _ in range(2))
    assert first.tobytes() == second.tobytes()
