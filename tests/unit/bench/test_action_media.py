"""What `bench/action.py` does with media."""

from __future__ import annotations

from pathlib import Path

import action_media as media
import numpy as np
import pytest
from fakes.media import make_video, solid

from nvpipe.media.decode.pyav import PyAvDecoder
from nvpipe.media.probe import probe


def times(path: Path) -> list[float]:
    with PyAvDecoder().open(path) as reader:
        return [round(frame.time_s, 3) for frame in reader.frames()]


def watched(path: Path, looks_s: list[float]) -> media.Watch:
    watch = media.Watch(looks_s)
    watch.finish(media.WatchedDecoder(PyAvDecoder(), watch), path)
    return watch


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize(("rate", "sound"), [(None, False), (None, True), (60_000, True), (60_000, False)])
def test_a_variant_keeps_every_frame_at_its_time(tmp_path: Path, suffix: str, rate: int | None, sound: bool) -> None:
    source = make_video(tmp_path / f"a{suffix}", seconds=1.5, b_frames=3)
    target = tmp_path / f"b{suffix}"
    media.rewrite(source, target, rate, sound)
    assert times(target) == times(source)
    assert probe(target).has_audio == sound


def test_a_variant_is_encoded_at_its_bitrate(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (40, 72, 128, 3), np.uint8)
    source = make_video(
        tmp_path / "a.mp4", seconds=2, picture=lambda index, *_: noise[index % 40], audio=None, size=(128, 72)
    )
    media.rewrite(source, tmp_path / "b.mp4", 50_000, True)
    assert (tmp_path / "b.mp4").stat().st_size < source.stat().st_size / 4


def test_odd_sizes_are_encoded_too(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mkv", seconds=1.5, size=(127, 71), pix_fmt="yuv444p")
    media.rewrite(source, tmp_path / "b.mkv", 50_000, True)
    assert times(tmp_path / "b.mkv") == times(source)


def test_luma_motion_is_the_mean_difference_of_each_second(tmp_path: Path) -> None:
    def picture(index: int, time_s: float, width: int, height: int) -> np.ndarray:
        grey = 100 if time_s < 1 or index % 2 else 150
        return np.full((height, width, 3), grey, np.uint8)

    still, flicker, *rest = watched(make_video(tmp_path / "a.mp4", seconds=2, picture=picture), []).luma_motion
    assert not rest
    assert still < 1
    assert flicker == pytest.approx(50 * 219 / 255, abs=2)


def test_the_frames_that_the_original_judges_are_scored_once_each(tmp_path: Path) -> None:
    def picture(index: int, time_s: float, width: int, height: int) -> np.ndarray:
        return solid(200, 200, 200)(0, 0, width, height) if time_s < 1 else solid(20, 20, 20)(0, 0, width, height)

    video = make_video(tmp_path / "a.mp4", seconds=2, picture=picture)
    scores = watched(video, [0.5, 1.5, 0.5, 7.0]).frame_scores
    assert scores == {0.5: pytest.approx(2.0, abs=0.1), 1.5: pytest.approx(0.2, abs=0.1)}


def test_a_watch_sees_each_frame_once_however_often_it_is_read(tmp_path: Path) -> None:
    video = make_video(tmp_path / "a.mp4", seconds=1)
    watch = media.Watch([])
    decoder = media.WatchedDecoder(PyAvDecoder(), watch)
    with decoder.open(video) as reader:
        assert len(list(reader.frames(0.5))) == 15
    assert not watch.complete
    with decoder.open(video) as reader:
        assert len(list(reader.frames())) == 30
    first = watch.luma_motion
    watch.finish(decoder, video)
    with decoder.open(video) as reader:
        list(reader.frames())
    assert watch.luma_motion == first
    assert len(first) == 1


def test_sound_levels_are_the_rms_of_each_second(tmp_path: Path) -> None:
    rate_hz = 48_000
    tone = np.sin(np.arange(rate_hz * 2) * 0.1).astype(np.float32)
    tone[:rate_hz] *= 0.1
    video = make_video(tmp_path / "a.mp4", seconds=2, sound=np.stack([tone * 0.5] * 2))
    quiet, loud = media.sound_levels(video, True, 2)
    assert loud == pytest.approx(0.5 / 2**0.5, rel=0.05)
    assert loud / quiet == pytest.approx(10, rel=0.1)


def test_silence_says_nothing(tmp_path: Path) -> None:
    video = make_video(tmp_path / "a.mp4", seconds=1, sound=np.zeros((2, 48_000), np.float32))
    assert media.sound_levels(video, True, 1) is None
    assert media.sound_levels(video, False, 1) is None
