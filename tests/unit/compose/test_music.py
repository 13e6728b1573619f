"""Music under a short: loudness, ducking, the loop, the end, and files that are no music."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fakes.media import make_video
from fakes.sounds import RATE_HZ, balanced, level_db, measure, speech

from nvpipe.compose.music import DUCKED_DB, Loop
from nvpipe.errors import MediaError
from nvpipe.types import Music

if TYPE_CHECKING:
    from collections.abc import Callable

    from nvpipe.types import Timeline

MUSIC_HZ, VOICE_HZ = 700, 1500


def tune(path: Path, seconds: float, *, hz: float = MUSIC_HZ, amplitude: float = 0.2) -> Path:
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    wave = (amplitude * np.sin(2 * np.pi * hz * times)).astype(np.float32)
    return make_video(path, seconds=0.1, audio="pcm_s16le", sound=np.stack([wave, wave]))


def loop(path: Path, seconds: float, folder: Path) -> np.ndarray:
    length = round(seconds * RATE_HZ)
    with Loop(Music(path, "", -14.0), length, folder, on_block=lambda: None) as music:
        return np.concatenate([music.read(at, min(at + 30_011, length)) for at in range(0, length, 30_011)], axis=1)


@pytest.fixture
def mute(tmp_path: Path) -> Path:
    return make_video(tmp_path / "mute.mp4", seconds=12, audio=None)


@pytest.mark.parametrize("volume_db", [-6.0, -20.0])
def test_music_is_as_loud_as_asked_for_and_ducked(
    volume_db: float, mute: Path, timeline: Callable[..., Timeline], tmp_path: Path
) -> None:
    plan = timeline((mute, 0.0, 12.0), voice=speech((0.0, 5.0), seconds=12.0))
    music = Music(tune(tmp_path / "tune.mkv", 30), "", volume_db)
    sound = balanced(replace(plan, music=music))
    paused, spoken = level_db(sound, MUSIC_HZ, 6.5, 9.5), level_db(sound, MUSIC_HZ, 1.0, 4.0)
    assert spoken - paused == pytest.approx(DUCKED_DB, abs=0.2)
    voice = measure(balanced(plan)).integrated_lufs
    alone = sound[:, round(6.5 * RATE_HZ) : round(9.5 * RATE_HZ)]
    assert measure(alone).integrated_lufs - voice == pytest.approx(volume_db, abs=0.3)


def test_music_ends_softly(mute: Path, timeline: Callable[..., Timeline], tmp_path: Path) -> None:
    music = Music(tune(tmp_path / "tune.mkv", 30), "", -14.0)
    sound = balanced(replace(timeline((mute, 0.0, 12.0)), music=music))
    levels = [level_db(sound, MUSIC_HZ, at, at + 0.2) for at in (9.0, 10.4, 11.0, 11.5, 11.8)]
    assert levels[0] == pytest.approx(level_db(sound, MUSIC_HZ, 5.0, 8.0), abs=0.5)
    assert all(late < early for early, late in pairwise(levels))
    assert np.abs(sound[:, -1]).max() < 1e-4


@pytest.mark.parametrize("seconds", [1.5, 3.0, 7.3])
def test_a_loop_has_no_click_and_no_hole(seconds: float, tmp_path: Path) -> None:
    path = tune(tmp_path / "tune.mkv", seconds)
    sound = loop(path, 20.0, tmp_path)
    assert sound.shape == (2, 20 * RATE_HZ)
    steepest = 0.2 * 2 * np.pi * MUSIC_HZ / RATE_HZ
    assert np.abs(np.diff(sound[0])).max() < 1.5 * steepest
    noise = np.random.default_rng(0).normal(0, 0.1, (2, round(seconds * RATE_HZ))).astype(np.float32)
    hissing = loop(make_video(tmp_path / "hiss.mkv", seconds=0.1, audio="pcm_s16le", sound=noise), 17.0, tmp_path)
    powers = (hissing[0, : 15 * RATE_HZ].reshape(-1, RATE_HZ // 20) ** 2).mean(axis=1)
    assert 10 * np.log10(powers.max() / powers.min()) < 2


def test_silence_at_the_end_of_the_file_is_no_part_of_the_loop(tmp_path: Path) -> None:
    wave = np.random.default_rng(0).normal(0, 0.1, (2, 5 * RATE_HZ)).astype(np.float32)
    wave[:, 3 * RATE_HZ :] = 0
    sound = loop(make_video(tmp_path / "hiss.mkv", seconds=0.1, audio="pcm_s16le", sound=wave), 14.0, tmp_path)
    powers = (sound[0, : 12 * RATE_HZ].reshape(-1, RATE_HZ // 20) ** 2).mean(axis=1)
    assert 10 * np.log10(powers.min() / powers.max()) > -3


def test_music_that_is_long_enough_is_not_repeated(tmp_path: Path) -> None:
    times = np.arange(8 * RATE_HZ) / RATE_HZ
    wave = (0.2 * np.sin(2 * np.pi * (200 + 100 * times) * times)).astype(np.float32)
    path = make_video(tmp_path / "sweep.mkv", seconds=0.1, audio="pcm_s16le", sound=np.stack([wave, wave]))
    sound = loop(path, 6.0, tmp_path)
    assert np.abs(sound[0, : 4 * RATE_HZ] - wave[: 4 * RATE_HZ]).max() < 1e-3


@pytest.mark.parametrize(
    ("wave", "message"),
    [(np.zeros((2, RATE_HZ * 3), np.float32), "silent"), (np.full((2, 9000), 0.2, np.float32), "too little")],
)
def test_silent_and_tiny_files_are_refused(wave: np.ndarray, message: str, tmp_path: Path) -> None:
    path = make_video(tmp_path / "tune.mkv", seconds=0.1, audio="pcm_s16le", sound=wave)
    folder = tmp_path / "kept"
    folder.mkdir()
    with pytest.raises(MediaError, match=message):
        loop(path, 10.0, folder)
    assert not list(folder.iterdir())
