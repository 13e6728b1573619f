"""Coarse tracks: what they agree on with full ones, what they leave out, and files that do not suit them."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from fakes import media

from nvpipe.footage.motion import fast
from nvpipe.footage.motion.sampling import Sampler, Samples
from nvpipe.footage.motion.torch_diff import TorchDiffScorer
from nvpipe.footage.select import best_segments
from nvpipe.media.decode.pyav import PyAvDecoder
from nvpipe.media.probe import probe
from nvpipe.media.skim import Picture, skim
from nvpipe.types import Footage, MotionTrack

LOUD_S = (12.0, 20.0)
LENGTH_S = 30.0


def footage(path: Path) -> Footage:
    info = probe(path)
    return Footage(
        "a-00000000", path, "00", info.width_px, info.height_px, info.fps, info.duration_s, info.codec,
        info.rotation_deg, info.has_audio, info.colour_matrix, info.colour_assumed,
    )  # fmt: skip


def coarse(path: Path) -> MotionTrack:
    return TorchDiffScorer().score(footage(path), PyAvDecoder(), fast=True)


def drifting(index: int, time_s: float, width: int, height: int) -> np.ndarray:
    """Stripes that move slowly, and jump about while it is loud."""
    step = index * 7 % 40 if LOUD_S[0] <= time_s < LOUD_S[1] else time_s * 4
    row = (np.arange(width) + int(step)) // 8 % 2 * 90 + 60
    return np.repeat(np.repeat(row[None, :, None], height, 0), 3, 2).astype(np.uint8)


def bang(seconds: float) -> np.ndarray:
    times = np.arange(round(seconds * 48000)) / 48000
    loud = (times >= LOUD_S[0]) & (times < LOUD_S[1])
    return np.repeat((np.sin(2763 * times) * np.where(loud, 0.5, 0.02)).astype(np.float32)[None], 2, 0)


def clip(path: Path, **options: Any) -> Path:
    seconds = options.pop("seconds", LENGTH_S)
    sound = bang(seconds) if options.get("audio", "aac") else None
    made: Path = media.make_video(
        path, **({"seconds": seconds, "fps": 10, "picture": drifting, "sound": sound} | options)
    )
    return made


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"audio": None},
        {"gop": 1},
        {"gop": 150},
        {"gop": 10_000},
        {"size": (72, 128), "rotation": 90},
        {"pix_fmt": "yuv422p10le"},
        {"audio": "pcm_s16le", "layout": "mono", "sound": bang(LENGTH_S)[:1], "container": "matroska"},
        {"start_s": 5.0},
        {"times_s": [k / 12 for k in range(120)] + [10 + k / 8 for k in range(160)]},
        {"fps": 2},
        {"codec": "mpeg4"},
        {"codec": "mpeg4", "container": "avi", "audio": "mp3"},
        {"container": "mpegts"},
    ],
)
def test_a_coarse_track_finds_the_loud_and_jumpy_part(tmp_path: Path, options: dict[str, Any]) -> None:
    path = clip(tmp_path / "a.mp4", **options)
    track = coarse(path)
    assert track.coarse
    assert track.scorer == TorchDiffScorer.version
    assert len(track.scores) == math.ceil(track.duration_s / track.step_s - 1e-6)
    assert all(math.isfinite(score) and score >= 0 for score in track.scores)
    assert track.duration_s == pytest.approx(LENGTH_S, abs=0.6)
    assert track.focus_x == ()
    assert track.warnings == ()
    assert all(len(signal.values) == len(track.scores) for signal in track.signals)
    (best,) = best_segments(track, 8, 1)
    overlap_s = min(best.end_s, LOUD_S[1]) - max(best.start_s, LOUD_S[0])
    assert overlap_s >= 4.5


def test_the_same_file_gives_the_same_track(tmp_path: Path) -> None:
    path = clip(tmp_path / "a.mp4")
    assert coarse(path) == coarse(path)


def test_scores_lie_on_the_scale_of_a_full_analysis(tmp_path: Path) -> None:
    path = clip(tmp_path / "a.mp4")
    full = TorchDiffScorer().score(footage(path), PyAvDecoder())
    assert not full.coarse
    assert np.mean(coarse(path).scores) == pytest.approx(np.mean(full.scores), abs=0.5)


def test_a_still_picture_scores_nothing(tmp_path: Path) -> None:
    def part(index: int, time_s: float, width: int, height: int) -> np.ndarray:
        noise = np.random.default_rng(index if time_s < 12 else 0)
        return noise.integers(40, 200, (height, width, 3)).astype(np.uint8)

    path = media.make_video(tmp_path / "a.mp4", seconds=LENGTH_S, fps=10, picture=part, audio=None)
    track = coarse(path)
    assert max(track.scores[40:]) == 0
    assert min(track.scores[4:20]) > 0


def test_short_videos_are_analysed_in_full(tmp_path: Path) -> None:
    track = coarse(media.make_video(tmp_path / "a.mp4", seconds=4))
    assert not track.coarse


@pytest.mark.parametrize("spoil", [media.truncated, media.damaged])
def test_damage_is_told_and_the_rest_is_scored(tmp_path: Path, spoil: Callable[..., Path]) -> None:
    path = spoil(tmp_path / "b.mkv", clip(tmp_path / "a.mkv"))
    track = coarse(path)
    assert len(track.scores) >= 10
    assert track.warnings or track.duration_s == pytest.approx(LENGTH_S, abs=0.6)


def test_bursts_are_short_and_apart(tmp_path: Path) -> None:
    path = clip(tmp_path / "a.mp4", gop=20)
    bursts = skim(path, lambda pictures: pictures, spacing_s=3.0, burst_s=0.2, slot_s=0.01).looks
    starts = [burst[0].time_s for burst in bursts]
    assert starts == pytest.approx([0, 4, 8, 12, 16, 20, 24, 28])
    assert all(burst[-1].time_s - burst[0].time_s == pytest.approx(0.2) for burst in bursts)


def test_a_burst_is_read_as_the_sampler_reads_a_video(tmp_path: Path) -> None:
    path = clip(tmp_path / "a.mp4", seconds=2, fps=30, rotation=90, size=(320, 180))
    frames, pictures = [], []
    sampler = Sampler(90, 180 / 320)
    with PyAvDecoder().open(path) as reader:
        for frame in reader.frames(0.0, 0.21):
            sampler.add(frame)
            frames.append(frame)
            pictures.append(Picture(frame.time_s, frame.to_av()))
    samples = sampler.finish()
    burst = fast.Look(90, 180 / 320)(pictures)
    for name, values in burst.frames.items():
        np.testing.assert_allclose(values, getattr(samples, name), err_msg=name)
    for name, value in burst.pair.items():
        np.testing.assert_allclose([value], getattr(samples, name), rtol=1e-6, err_msg=name)
    assert {*burst.frames, *burst.pair} <= {field.name for field in fields(Samples)}


@pytest.mark.parametrize(
    ("audio", "container", "layout"),
    [("aac", "mp4", "stereo"), ("pcm_s16le", "matroska", "mono"), ("pcm_u8", "avi", "stereo"),
     ("flac", "matroska", "stereo"), ("libmp3lame", "mp4", "stereo"), ("aac", "mp4", "5.1")],
)  # fmt: skip
def test_power_of_sound_by_time(tmp_path: Path, audio: str, container: str, layout: str) -> None:
    channels = {"mono": 1, "stereo": 2, "5.1": 6}[layout]
    times = np.arange(5 * 48000) / 48000
    wave = np.where((times >= 2) & (times < 3), 0.5, 0.0) * np.sin(2 * np.pi * 1000 * times)
    sound = np.repeat(wave[None].astype(np.float32), channels, 0)
    path = media.make_video(
        tmp_path / "a.mkv", seconds=5, audio=audio, layout=layout, sound=sound, container=container
    )
    powers = skim(path, len, spacing_s=3.0, burst_s=0.2, slot_s=0.01).powers
    assert len(powers) == pytest.approx(500, abs=6)
    assert powers[205:295].mean() == pytest.approx(0.125, rel=0.2)
    assert max(powers[:190].mean(), powers[310:].mean()) < 0.001


def test_a_coarse_track_needs_no_torch(tmp_path: Path) -> None:
    path = clip(tmp_path / "a.mp4", seconds=25)
    code = (
        "import sys; from pathlib import Path; from fractions import Fraction; from nvpipe.types import Footage;"
        "from nvpipe.footage.motion.fast import coarse_track;"
        "from nvpipe.media.decode.pyav import PyAvDecoder;"
        f"made = Footage('a', Path({str(path)!r}), '0', 128, 72, Fraction(10), 25.0, 'h264', 0, True, 'bt601', True);"
        "assert coarse_track(made, 'x/1', PyAvDecoder()).coarse; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_pictures_that_need_others_from_before_the_keyframe_are_left_out(tmp_path: Path) -> None:
    options = {"x264-params": "open-gop=1:log-level=none"}
    path = clip(tmp_path / "a.mkv", gop=20, b_frames=3, options=options)
    with av.open(str(path)) as file:
        early = [packet.pts for packet in file.demux(video=0) if packet.pts is not None]
    assert early != sorted(early)
    track = coarse(path)
    assert track.coarse
    assert track.warnings == ()
    assert Fraction(len(track.scores), 2) == pytest.approx(LENGTH_S, abs=0.6)
