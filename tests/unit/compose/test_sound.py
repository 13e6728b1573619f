"""The sound of a short: balance, ducking, loudness, length."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from fakes.media import make_video

from nvpipe.compose.mix import mix
from nvpipe.compose.render import render_sound
from nvpipe.media.loudness import measure, measure_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from nvpipe.types import Timeline

RATE = 48_000
GAME_HZ, VOICE_HZ = 440, 1500


def speech(*spans: tuple[float, float], seconds: float = 6.0) -> np.ndarray:
    """A tone at the voice's pitch during the spans."""
    times = np.arange(round(seconds * 22050)) / 22050
    tone = 0.3 * np.sin(2 * np.pi * VOICE_HZ * times)
    gate = np.zeros_like(tone)
    for start, end in spans:
        gate[(times >= start) & (times < end)] = 1
    return tone * gate


def level_db(samples: np.ndarray, frequency_hz: float, start_s: float, end_s: float) -> float:
    """Level of one frequency in a span."""
    part = samples[0, round(start_s * RATE) : round(end_s * RATE)]
    turn = np.exp(-2j * np.pi * frequency_hz * np.arange(part.size) / RATE)
    return float(20 * np.log10(abs((part * turn * np.hanning(part.size)).mean()) + 1e-12))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_video(tmp_path / "clip.mp4", seconds=6)


def test_the_game_is_ducked_while_the_voice_speaks(clip: Path, timeline: Callable[..., Timeline]) -> None:
    sound = mix(timeline((clip, 0.0, 6.0), voice=speech((1.5, 3.5))))
    before = level_db(sound, GAME_HZ, 0.2, 1.2)
    during = level_db(sound, GAME_HZ, 1.8, 3.3)
    after = level_db(sound, GAME_HZ, 4.5, 5.5)
    assert before - during >= 8
    assert after - during >= 8
    assert level_db(sound, VOICE_HZ, 1.8, 3.3) - during >= 12


def test_the_loudness_is_met_and_the_length_exact(clip: Path, timeline: Callable[..., Timeline]) -> None:
    plan = timeline((clip, 0.0, 6.0), voice=speech((0.3, 2.0), (2.5, 5.5)))
    sound = mix(plan)
    assert sound.shape == (2, 6 * RATE)
    found = measure(sound, RATE)
    assert abs(found.integrated_lufs + 14) <= 0.3
    assert found.true_peak_dbtp <= -1.4


def test_what_is_encoded_keeps_the_limits(clip: Path, timeline: Callable[..., Timeline], tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.2, 6 * 22050) * (np.arange(6 * 22050) % 4000 < 300)
    path = tmp_path / "sound.m4a"
    render_sound(timeline((clip, 0.0, 6.0), voice=noise), path)
    found = measure_file(path)
    assert found.true_peak_dbtp <= -1
    assert abs(found.integrated_lufs + 14) <= 1
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        assert (stream.codec_context.name, stream.rate, stream.channels) == ("aac", RATE, 2)


def test_silent_footage_leaves_the_voice_alone(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    clip = make_video(tmp_path / "mute.mp4", seconds=6, audio=None)
    sound = mix(timeline((clip, 0.0, 6.0), voice=speech((0.0, 5.0))))
    assert level_db(sound, GAME_HZ, 0.5, 4.5) < -60
    assert abs(measure(sound, RATE).integrated_lufs + 14) <= 0.3


def test_near_silent_footage_is_not_blown_up(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    hiss = np.random.default_rng(0).normal(0, 10 ** (-62 / 20), (2, 6 * RATE)).astype(np.float32)
    clip = make_video(tmp_path / "quiet.mkv", seconds=6, audio="pcm_s16le", sound=hiss)
    sound = mix(timeline((clip, 0.0, 6.0), voice=speech((0.0, 3.0))))
    pause = sound[:, 4 * RATE : 5 * RATE]
    assert 20 * np.log10(pause.std() + 1e-12) < -42


def test_game_sound_follows_its_cut(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    loud = np.zeros((2, 6 * RATE), np.float32)
    loud[:, 4 * RATE : 5 * RATE] = 0.5 * np.sin(2 * np.pi * GAME_HZ * np.arange(RATE) / RATE)
    clip = make_video(tmp_path / "late.mkv", seconds=6, audio="pcm_s16le", sound=loud)
    sound = mix(timeline((clip, 3.0, 6.0), (clip, 0.0, 3.0), voice=speech((5.0, 5.5))))
    assert level_db(sound, GAME_HZ, 1.2, 1.8) - level_db(sound, GAME_HZ, 0.1, 0.7) > 40
    assert level_db(sound, GAME_HZ, 1.2, 1.8) - level_db(sound, GAME_HZ, 3.5, 4.5) > 40


@pytest.mark.parametrize("spans", [((0.0, 6.0),), ((0.5, 1.5),)], ids=["all speech", "mostly silence"])
def test_the_bit_rate_is_what_the_platforms_take(
    spans: tuple[tuple[float, float], ...], tmp_path: Path, timeline: Callable[..., Timeline]
) -> None:
    clip = make_video(tmp_path / "mute.mp4", seconds=6, audio=None)
    noise = np.random.default_rng(2).normal(0, 0.1, 6 * 22050) * (speech(*spans) != 0)
    path = tmp_path / "sound.m4a"
    render_sound(timeline((clip, 0.0, 6.0), voice=noise), path)
    with av.open(str(path)) as container:
        sizes = [packet.size for packet in container.demux(audio=0)]
    assert sum(sizes) * 8 / 6 <= 136_000
    busiest = max(sum(sizes[at : at + 47]) for at in range(len(sizes)))
    assert busiest * 8 >= 112_000
