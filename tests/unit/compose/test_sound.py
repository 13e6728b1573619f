"""The sound of a short: balance, ducking, loudness, length."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from fakes.media import make_video
from fakes.sounds import RATE_HZ, balanced, level_db, measure, mix, speech

from nvpipe.compose.sound import render_sound
from nvpipe.errors import MediaError
from nvpipe.media.loudness import measure_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from nvpipe.types import Timeline

RATE = RATE_HZ
GAME_HZ, VOICE_HZ = 440, 1500


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
    found = measure(sound)
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
    assert abs(measure(sound).integrated_lufs + 14) <= 0.3


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


def test_ducking_is_smooth_and_down_before_the_word(clip: Path, timeline: Callable[..., Timeline]) -> None:
    sound = balanced(timeline((clip, 0.0, 6.0), voice=speech((2.0, 3.0))))
    levels = [level_db(sound, GAME_HZ, at, at + 0.05) for at in np.arange(1.0, 5.0, 0.05)]
    loud, ducked = levels[0], level_db(sound, GAME_HZ, 2.2, 2.8)
    assert loud - ducked == pytest.approx(11, abs=0.5)
    assert level_db(sound, GAME_HZ, 2.0, 2.05) - ducked < 3
    assert level_db(sound, GAME_HZ, 4.0, 5.0) == pytest.approx(loud, abs=0.5)
    assert np.abs(np.diff(levels)).max() < 8


def test_both_ends_and_every_join_are_faded(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    steady = np.full((2, 6 * RATE), 0.25, np.float32)
    steady[:, 1::2] *= -1
    clip = make_video(tmp_path / "steady.mkv", seconds=6, audio="pcm_s16le", sound=steady)
    sound = np.abs(balanced(timeline((clip, 1.0, 3.0), (clip, 4.0, 6.0))))
    middle = sound[0, RATE]
    assert middle > 0.01
    assert sound[:, 0].max() == 0
    assert sound[:, -1].max() < 0.01 * middle
    assert sound[0, 2 * RATE - 1 : 2 * RATE + 1].max() < 0.01 * middle
    jumps = np.abs(np.diff(sound[0]))
    assert jumps.max() < 0.02 * middle


def test_sound_that_ends_inside_a_cut_is_faded(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    steady = np.full((2, 3 * RATE), 0.25, np.float32)
    steady[:, 1::2] *= -1
    clip = make_video(tmp_path / "brief.mkv", seconds=6, audio="pcm_s16le", sound=steady)
    sound = np.abs(balanced(timeline((clip, 0.0, 6.0))))
    assert sound.shape == (2, 6 * RATE)
    assert sound[0, 2 * RATE] > 0.01
    assert np.abs(np.diff(sound[0])).max() < 0.02 * sound[0, 2 * RATE]
    assert not sound[:, 3 * RATE :].any()


def test_other_loudness_is_met_after_encoding(clip: Path, timeline: Callable[..., Timeline], tmp_path: Path) -> None:
    plan = timeline((clip, 0.0, 6.0), voice=speech((0.3, 2.0), (2.5, 5.5)))
    for lufs in (-30.0, -9.0):
        found = render_sound(replace(plan, output=replace(plan.output, lufs=lufs)), tmp_path / "sound.m4a")
        assert abs(found.integrated_lufs - lufs) <= 0.5
        assert found.true_peak_dbtp <= -1


def test_the_same_sound_has_the_same_bytes_and_nothing_stays_beside_it(
    clip: Path, timeline: Callable[..., Timeline], tmp_path: Path
) -> None:
    plan = timeline((clip, 0.0, 3.0), (clip, 2.0, 5.0), voice=speech((0.3, 2.0)))
    folder = tmp_path / "sounds"
    folder.mkdir()
    for name in ("a.m4a", "b.m4a"):
        render_sound(plan, folder / name)
    assert (folder / "a.m4a").read_bytes() == (folder / "b.m4a").read_bytes()
    assert len(list(folder.iterdir())) == 2


def test_footage_whose_sound_cannot_be_read_is_shown_without_it(
    clip: Path, timeline: Callable[..., Timeline], tmp_path: Path
) -> None:
    plan = timeline((clip, 0.0, 3.0), voice=speech((0.3, 2.0), seconds=3.0))
    clip.unlink()
    heard: list[str] = []
    found = render_sound(plan, tmp_path / "sound.m4a", warn=heard.append)
    assert abs(found.integrated_lufs + 14) <= 0.5
    assert len(heard) == 1
    assert "clip.mp4 is shown without its sound" in heard[0]
    with pytest.raises(MediaError):
        render_sound(plan, tmp_path / "sound.m4a")


def test_what_the_pulse_raises_ends_the_work(clip: Path, timeline: Callable[..., Timeline], tmp_path: Path) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render_sound(timeline((clip, 0.0, 3.0)), tmp_path / "sound.m4a", go_on=stop)
