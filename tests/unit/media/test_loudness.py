"""Loudness and true peak against signals whose values are known."""

from __future__ import annotations

import math
from pathlib import Path

import av
import numpy as np
import pytest
from fakes.sounds import RATE_HZ, Samples, measure, peaky_speech, sine

from nvpipe.errors import MediaError
from nvpipe.media.loudness import Meter, measure_file


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
    loudness = measure(sine(997, dbfs, 5, channels=channels))
    assert loudness.integrated_lufs == pytest.approx(lufs, abs=0.1)
    assert loudness.true_peak_dbtp == pytest.approx(dbfs, abs=0.05)


def test_quiet_passages_are_gated_out() -> None:
    parts = [sine(1000, -36, 4), sine(1000, -23, 20), sine(1000, -36, 4)]
    loudness = measure(np.concatenate(parts, axis=1))
    assert loudness.integrated_lufs == pytest.approx(-23, abs=0.1)


# EBU Tech 3341, cases 15 to 19: sines at a quarter of the rate, peaking between the samples.
@pytest.mark.parametrize(("divisor", "phase_deg"), [(4, 45), (6, 60), (8, 67.5)])
def test_a_peak_between_samples_is_found(divisor: int, phase_deg: float) -> None:
    wave = sine(RATE_HZ / divisor, -6, 1, phase=math.radians(phase_deg))
    assert 20 * np.log10(np.abs(wave).max()) < -6.5
    assert measure(wave).true_peak_dbtp == pytest.approx(-6, abs=0.3)


@pytest.mark.parametrize("rate_hz", [16_000, 22_050, 44_100, 96_000])
def test_other_rates(rate_hz: int) -> None:
    assert measure(sine(997, -20, 2, rate_hz=rate_hz), rate_hz).integrated_lufs == pytest.approx(-20, abs=0.3)


@pytest.mark.parametrize("n", [0, 1, 100, 48_000])
def test_silence_is_minus_infinity(n: int) -> None:
    loudness = measure(np.zeros((2, n), np.float32))
    assert loudness.integrated_lufs == loudness.true_peak_dbtp == -math.inf


def test_sound_shorter_than_a_gating_block_measures_as_if_it_went_on() -> None:
    wave = sine(1000, -20, 2)[:, 48_000 : 48_000 + 4800]
    assert measure(wave).integrated_lufs == pytest.approx(-20, abs=0.1)
    assert measure(wave[:, :12]).true_peak_dbtp == pytest.approx(-20, abs=1)


def test_a_peak_in_the_last_samples_counts() -> None:
    wave = np.zeros((2, 48_321), np.float32)
    wave[:, -1] = 0.5
    assert measure(wave).true_peak_dbtp == pytest.approx(-6, abs=0.2)


def test_a_file_measures_as_its_samples(tmp_path: Path) -> None:
    wave = peaky_speech(2.5)
    filed = measure_file(write_wav(tmp_path / "speech.wav", wave))
    direct = measure(wave)
    assert filed.integrated_lufs == pytest.approx(direct.integrated_lufs, abs=0.01)
    assert filed.true_peak_dbtp == pytest.approx(direct.true_peak_dbtp, abs=0.01)


def test_a_short_file_measures_as_its_samples(tmp_path: Path) -> None:
    wave = sine(1000, -20, 0.3)
    filed = measure_file(write_wav(tmp_path / "short.wav", wave))
    assert filed.integrated_lufs == pytest.approx(measure(wave).integrated_lufs, abs=0.01)


def test_a_file_without_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.wav"
    path.write_text("not a sound")
    with pytest.raises(MediaError):
        measure_file(path)


def test_samples_that_are_no_numbers_are_refused() -> None:
    wave = sine(997, -20, 1)
    wave[0, 100] = np.nan
    with pytest.raises(MediaError, match="finite"):
        measure(wave)


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
