"""Samples land where the file says, at any rate, after seeking and past damage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fakes import media

from nvpipe.media.audio import audio_blocks, read_audio

CLICKS_S = (0.25, 1.0, 2.5, 3.75)
LOSSLESS: list[tuple[str, dict[str, Any]]] = [
    ("mkv", {"audio": "pcm_s16le"}),
    ("mkv", {"audio": "flac"}),
    ("mov", {"audio": "pcm_s16le"}),
    ("avi", {"audio": "pcm_s16le"}),
]
LOSSY: list[tuple[str, dict[str, Any]]] = [("mp4", {}), ("mkv", {}), ("mkv", {"audio": "libopus"})]


def peak_at(sound: np.ndarray, near: int, reach: int = 2000) -> int:
    low = max(near - reach, 0)
    return low + int(np.abs(sound[0, low : near + reach]).argmax())


@pytest.mark.parametrize(("suffix", "options"), LOSSLESS + LOSSY)
@pytest.mark.parametrize("start_s", [0.0, 2.2])
def test_clicks_are_where_they_were_put(tmp_path: Path, suffix: str, options: dict[str, Any], start_s: float) -> None:
    path = media.make_video(tmp_path / f"a.{suffix}", seconds=4, clicks_s=CLICKS_S, **options)
    sound = read_audio(path, rate_hz=48000, channels=2, start_s=start_s, end_s=4.0)
    assert sound.shape == (2, round((4.0 - start_s) * 48000))
    for at_s in CLICKS_S:
        if at_s > start_s:
            wanted = round((at_s - start_s) * 48000)
            assert peak_at(sound, wanted) == pytest.approx(wanted, abs=0 if (suffix, options) in LOSSLESS else 1)


@pytest.mark.parametrize("audio_hz", [8000, 22050, 44100, 96000])
def test_rates(tmp_path: Path, audio_hz: int) -> None:
    path = media.make_video(
        tmp_path / "a.mkv", seconds=4, clicks_s=CLICKS_S, audio="pcm_s16le", audio_hz=audio_hz, layout="mono"
    )
    whole = read_audio(path, rate_hz=48000, channels=1)
    for at_s in CLICKS_S:
        assert peak_at(whole, round(at_s * 48000)) == pytest.approx(at_s * 48000, abs=48000 / audio_hz / 2 + 1)
    part = read_audio(path, rate_hz=48000, channels=1, start_s=2.0, end_s=3.0)
    assert np.abs(part - whole[:, 96000:144000]).max() < 1e-3


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1"])
@pytest.mark.parametrize("channels", [1, 2])
def test_full_scale_neither_clips_nor_fades(tmp_path: Path, layout: str, channels: int) -> None:
    count = {"mono": 1, "stereo": 2, "5.1": 6}[layout]
    loud = np.full((count, 96000), 0.999, np.float32)
    path = media.make_video(tmp_path / "a.mkv", audio="pcm_s16le", layout=layout, sound=loud)
    sound = read_audio(path, rate_hz=48000, channels=channels, start_s=0.5, end_s=1.5)
    assert sound.min() > 0.95
    assert sound.max() <= 1.0


def test_unsigned_bytes(tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.avi", audio="pcm_u8", audio_hz=8000, layout="mono")
    sound = read_audio(path, rate_hz=8000, channels=1, end_s=2.0)
    assert abs(float(sound.mean())) < 0.01
    assert float(sound.max()) == pytest.approx(0.1, abs=0.02)


def test_blocks_join_without_a_seam(tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4", seconds=3)
    blocks = list(audio_blocks(path, rate_hz=44100, channels=2, block_s=0.3, end_s=2.5))
    assert {block.shape for block in blocks[:-1]} == {(2, 13230)}
    assert all(block.flags["C_CONTIGUOUS"] and block.dtype == np.float32 for block in blocks)
    joined = np.concatenate(blocks, axis=1)
    assert joined.shape[1] == 110250
    assert np.array_equal(joined, read_audio(path, rate_hz=44100, channels=2, end_s=2.5))


def test_sound_later_than_the_picture_is_preceded_by_silence(tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mkv", audio="pcm_s16le", audio_start_s=0.75)
    sound = read_audio(path, rate_hz=48000, channels=1, end_s=2.0)
    assert np.abs(sound[:, :35900]).max() == 0
    assert np.abs(sound[:, 36100:37000]).max() > 0.05


def test_no_sound(tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4", audio=None)
    assert list(audio_blocks(path, rate_hz=48000, channels=2)) == []
    assert read_audio(path, rate_hz=48000, channels=2, end_s=1.0).shape == (2, 48000)
    assert read_audio(path, rate_hz=48000, channels=2).shape == (2, 0)


def test_past_the_end_there_is_nothing(tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4")
    assert list(audio_blocks(path, rate_hz=48000, channels=2, start_s=50.0)) == []


def test_damage_is_silence_and_the_rest_stays_in_place(tmp_path: Path) -> None:
    source = media.make_video(tmp_path / "a.ts", seconds=4, clicks_s=(0.5, 3.5), audio="mp2")
    path = media.damaged(tmp_path / "b.ts", source, every=97)
    sound = read_audio(path, rate_hz=48000, channels=1, end_s=4.0)
    clean = read_audio(source, rate_hz=48000, channels=1, end_s=4.0)
    assert np.isfinite(sound).all()
    for at in (24000, 168000):
        assert peak_at(sound, at, 6000) == peak_at(clean, at, 6000)


def test_a_wav_file_can_be_read(tmp_path: Path) -> None:
    path = media.audio_only(tmp_path / "a.wav", codec="pcm_s16le")
    assert read_audio(path, rate_hz=48000, channels=1).shape == (1, 96000)


def test_other_channel_counts_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="1 or 2"):
        audio_blocks(tmp_path / "a.mp4", rate_hz=48000, channels=3)
