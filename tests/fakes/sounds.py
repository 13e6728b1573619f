"""Sound in memory through the parts that take it from the disk."""

from __future__ import annotations

import math
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from nvpipe.compose.mix import balance
from nvpipe.compose.sound import CEILING_DBTP
from nvpipe.media.levelling import Leveller
from nvpipe.media.limiter import CONTROL_STEP_SAMPLES, limited
from nvpipe.media.loudness import Loudness, Meter
from nvpipe.media.spool import Spool
from nvpipe.media.true_peak import LAYOUTS, PeakTrack, frame_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nvpipe.types import Timeline

RATE_HZ = 48_000
Samples = np.ndarray


def spooled(samples: Samples, folder: Path, *, block: int = 50_000) -> Spool:
    """Samples `[channels, n]` in a spool, written in blocks of an odd size."""
    spool = Spool(folder, samples.shape[0])
    for start in range(0, samples.shape[1], block):
        spool.append(samples[:, start : start + block])
    return spool


def whole(blocks: Iterable[Samples], channels: int = 2) -> Samples:
    """Blocks in one array."""
    return np.concatenate([np.zeros((channels, 0), np.float32), *blocks], axis=1)


def measure(samples: Samples, rate_hz: int = RATE_HZ) -> Loudness:
    """Loudness and true peak."""
    meter = Meter()
    for start in range(0, samples.shape[1], 20_000):
        meter.add(frame_of(samples[:, start : start + 20_000], rate_hz, LAYOUTS[samples.shape[0]]))
    return meter.result()


def limit(samples: Samples, *, gain_db: float, ceiling_dbtp: float) -> Samples:
    """Samples at 48 kHz through the limiter."""
    with TemporaryDirectory() as folder, spooled(samples, Path(folder)) as sound, Spool(Path(folder), 1) as peaks:
        track = PeakTrack(RATE_HZ, samples.shape[0], CONTROL_STEP_SAMPLES)
        for block in sound.blocks():
            for part in track.add(block):
                peaks.append(part[None])
        for part in track.finish():
            peaks.append(part[None])
        return whole(limited(sound, peaks, RATE_HZ, gain_db=gain_db, ceiling_dbtp=ceiling_dbtp), samples.shape[0])


def level(samples: Samples, *, lufs: float = -14.0, ceiling_dbtp: float = CEILING_DBTP) -> Samples:
    """Samples at 48 kHz at a loudness."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with spooled(samples, folder) as sound, Leveller(sound, folder) as leveller:
            gain_db = leveller.gain_for(lufs, ceiling_dbtp)
            return whole(leveller.blocks(gain_db, ceiling_dbtp), samples.shape[0])


def balanced(timeline: Timeline) -> Samples:
    """Everything that is heard, before its loudness is set."""
    with TemporaryDirectory() as folder, balance(timeline, Path(folder)) as sound:
        return whole(sound.blocks())


def mix(timeline: Timeline) -> Samples:
    """What is heard before it is encoded."""
    return level(balanced(timeline), lufs=timeline.output.lufs)


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


def speech(*spans: tuple[float, float], seconds: float = 6.0, hz: float = 1500, rate_hz: int = 22050) -> Samples:
    """A tone at the voice's pitch during the spans; float `[n]`."""
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    gate = np.zeros_like(times)
    for start, end in spans:
        gate[(times >= start) & (times < end)] = 1
    return 0.3 * np.sin(2 * math.pi * hz * times) * gate


def level_db(samples: Samples, frequency_hz: float, start_s: float, end_s: float) -> float:
    """Level of one frequency in a span of sound at 48 kHz."""
    part = samples[0, round(start_s * RATE_HZ) : round(end_s * RATE_HZ)]
    turn = np.exp(-2j * np.pi * frequency_hz * np.arange(part.size) / RATE_HZ)
    return float(20 * np.log10(abs((part * turn * np.hanning(part.size)).mean()) + 1e-12))
