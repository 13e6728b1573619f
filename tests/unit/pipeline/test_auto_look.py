"""What `--captions auto` looks at."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest
from fakes.media import make_video

from nvpipe.captions.box import Box
from nvpipe.captions.styles import style
from nvpipe.pipeline.auto_look import SAMPLES, colours_behind, sampled
from nvpipe.types import CaptionTrack, Cut, Footage, Narration, OutputFormat, Timeline

if TYPE_CHECKING:
    from pathlib import Path


def timeline(video: Path, *, width_px: int = 1080, height_px: int = 1920) -> Timeline:
    footage = Footage("v", video, "digest", 128, 72, Fraction(30), 8.0, "h264", 0, False, "bt709", False)
    cuts = (
        Cut(footage, 4.2, 7.2, 0.0, ((0.0, 0.2), (3.0, 0.8))),
        Cut(footage, 1.0, 2.0, 3.0),
    )
    narration = Narration(video, 48000, 4.0, "espeak", "en", ())
    output = OutputFormat(width_px, height_px, Fraction(60), "blur", "low")
    return Timeline(cuts, narration, 0.0, CaptionTrack((), "default"), output, 4.0)


def test_small_pictures_at_keyframes_of_what_is_shown(tmp_path: Path) -> None:
    video = make_video(tmp_path / "v.mp4", seconds=8.0, gop=15)
    small = sampled(timeline(video))
    assert (small.output.width_px, small.output.height_px, int(small.output.fps)) == (240, 426, 30)
    assert len(small.cuts) == SAMPLES
    assert small.duration_s == pytest.approx(SAMPLES / 30)
    for index, cut in enumerate(small.cuts):
        assert cut.at_s == pytest.approx(index / 30)
        shown = (4.2, 7.2) if index < 6 else (1.0, 2.0)
        assert shown[0] <= cut.source_start_s <= shown[1]
        on_key = cut.source_start_s * 2 == pytest.approx(round(cut.source_start_s * 2), abs=1e-3)
        assert on_key or cut.source_start_s == shown[0]
    centres = [cut.crop_path[0][1] for cut in small.cuts[:6]]
    assert centres == sorted(centres)
    assert all(len(cut.crop_path) == 1 for cut in small.cuts[:6])


def test_colours_are_taken_where_the_captions_lie() -> None:
    picture = av.VideoFrame(108, 192, "yuv420p")
    luma = np.full((192, 108), 16, np.uint8)
    luma[100:150] = 235
    for plane, value in zip(picture.planes, (luma, None, None), strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        rows[:, : plane.width] = 128 if value is None else value
    found = colours_behind(picture, style("default"), Box(6, 25, 90, 146))
    assert found.shape[1] == 3
    assert found == pytest.approx(1.0, abs=0.01)


def test_colours_come_out_right() -> None:
    picture = av.VideoFrame(108, 192, "yuv420p")
    for plane, value in zip(picture.planes, (63, 102, 240), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    found = colours_behind(picture, style("default"), Box(6, 25, 90, 146))
    assert found.mean(axis=0) == pytest.approx([1, 0, 0], abs=0.02)
