"""Scores of videos of which some pictures are not decoded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from fakes import media

from nvpipe.footage.motion.sampling import Sampler, later_weights, shared_jumps
from nvpipe.footage.motion.torch_diff import TorchDiffScorer
from nvpipe.footage.select import best_segments
from nvpipe.media.decode.frame import PyAvFrame
from nvpipe.media.decode.pyav import PyAvDecoder, PyAvReader
from nvpipe.media.probe import probe
from nvpipe.types import Footage, MotionTrack

PYRAMID = {"preset": "veryfast", "x264-params": "b-pyramid=normal:b-adapt=0:bframes=4:ref=4"}
FIGHT_S, CUT_S = (6.0, 10.0), 13.0


def fight(index: int, time_s: float, width: int, height: int) -> np.ndarray:
    """Stripes that move on, with flashes of 0.1 s for a while; then something else."""
    light = 80 if FIGHT_S[0] <= time_s < FIGHT_S[1] and time_s % 0.4 < 0.1 else 0
    along = np.arange(width) if time_s < CUT_S else np.arange(width)[::-1] // 2
    row = (along + round(time_s * 20)) // 8 % 2 * 60 + 60 + light
    picture = np.repeat(np.repeat(row[None, :, None], height, 0), 3, 2)
    if time_s >= CUT_S:
        picture[height // 2 :] = 255 - picture[height // 2 :, ::-1]
    return picture.astype(np.uint8)


class Counting(PyAvDecoder):
    """Counts the frames that come of each pass."""

    def __init__(self, *, thins: bool = True) -> None:
        self.thins = thins
        self.passes: list[int] = []

    def open(self, path: Path) -> PyAvReader:
        outer = self

        class Counted(PyAvReader):
            def frames(self, start_s: float = 0.0, end_s: float | None = None, **options: Any) -> Iterator[PyAvFrame]:
                outer.passes.append(0)
                if not outer.thins:
                    options["thinning"] = None
                for frame in super().frames(start_s, end_s, **options):
                    outer.passes[-1] += 1
                    yield frame

        return Counted(path)


def score(path: Path, decoder: PyAvDecoder) -> MotionTrack:
    info = probe(path)
    footage = Footage(
        "a-00000000", path, "00", info.width_px, info.height_px, info.fps, info.duration_s, info.codec,
        info.rotation_deg, info.has_audio, info.colour_matrix, info.colour_assumed,
    )  # fmt: skip
    return TorchDiffScorer().score(footage, decoder)


def signal(track: MotionTrack, name: str) -> np.ndarray:
    return np.array(next(one.values for one in track.signals if one.name == name))


@pytest.mark.parametrize("fps", [35, 60])
def test_the_same_moments_win(tmp_path: Path, fps: int) -> None:
    path = media.make_video(
        tmp_path / "a.mp4", seconds=16, fps=fps, gop=2 * fps, picture=fight, options=PYRAMID, clicks_s=(7.0, 8.0)
    )
    thin, full = Counting(), Counting(thins=False)
    found, whole = score(path, thin), score(path, full)
    assert thin.passes[0] < 0.75 * full.passes[0]
    assert found.duration_s == whole.duration_s
    (best,) = best_segments(found, 4, 1)
    assert best.start_s == pytest.approx(FIGHT_S[0], abs=1)
    assert best.start_s == pytest.approx(best_segments(whole, 4, 1)[0].start_s, abs=1)
    assert found.cuts_s == pytest.approx((CUT_S,), abs=1 / fps + 0.001)
    # What is told by packets, sound and the pictures 0.2 s apart is the same.
    for name in ("packets", "loudness", "peaks", "flicker", "live", "covered", "cut"):
        np.testing.assert_array_equal(signal(found, name), signal(whole, name), name)
    np.testing.assert_array_equal(found.focus_x, whole.focus_x)


def test_a_video_that_cannot_be_thinned_is_scored_as_if_nobody_had_tried(tmp_path: Path) -> None:
    source = media.make_video(
        tmp_path / "a.mp4", seconds=4, fps=60, gop=60, picture=fight, options=PYRAMID, clicks_s=(1.0, 3.0)
    )
    with av.open(str(source)) as old, av.open(str(tmp_path / "b.mp4"), "w") as new:
        streams = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        packets: list[Any] = [packet for packet in old.demux() if packet.size]
        pictures = [packet for packet in packets if packet.stream.type == "video"]
        for packet in pictures[100::40]:
            packet.pts += pictures[1].dts - pictures[0].dts
        for packet in packets:
            packet.stream = streams[packet.stream.index]
            new.mux(packet)
    thin, full = Counting(), Counting(thins=False)
    assert score(tmp_path / "b.mp4", thin) == score(tmp_path / "b.mp4", full)
    assert len(thin.passes) == 2
    assert thin.passes[1:] == full.passes


def test_a_fade_is_no_flash_however_uneven_the_frames_come() -> None:
    gaps = np.array([2, 1, 1, 2, 2, 1, 2, 1, 1, 1, 2, 1]) / 35
    times = np.concatenate(([0.0], np.cumsum(gaps)))
    level = np.full((len(times), 144), 100, np.int64)
    fade, flash = level + np.round(70 * times).astype(np.int64)[:, None], level.copy()
    flash[6] += 8
    weights = later_weights(times, len(times) - 2)
    assert weights is not None
    strongest = [shared_jumps(sums, 1, weights).max() for sums in (fade, flash)]
    assert strongest[0] < 1e-9
    assert strongest[1] > 10
    assert later_weights(np.arange(9) / 24, 7) is None
    # Whole milliseconds.
    assert later_weights(np.round(np.arange(9) / 35, 3), 7) is None


@pytest.mark.parametrize("fps", [24, 25, 30, 35, 60, 120])
def test_there_are_five_pairs_a_second_at_any_frame_rate(fps: int) -> None:
    sampler = Sampler(0, 16 / 9)
    for index in range(10 * fps):
        sampler.add(PyAvFrame(av.VideoFrame(64, 36, "yuv420p"), index / fps, 0))
    pair_s = sampler.finish().pair_s
    assert len(pair_s) == 49
    np.testing.assert_allclose(pair_s, np.arange(1, 50) / 5, atol=1 / fps)
