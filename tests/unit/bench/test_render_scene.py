"""The timeline that the render benchmark measures, and its peers' command line."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from fakes.media import make_video
from render import x264_options
from render_scene import keep_plan, kept_plan, plan, render_plain

from nvpipe.types import OutputFormat


def test_narration_and_captions_last_as_long_as_the_stretch(tmp_path: Path) -> None:
    clip = make_video(tmp_path / "clip.mp4", seconds=4)
    timeline = plan(clip, 0.5, 3.0, tmp_path, layout="blur", quality="low")
    assert (timeline.cuts[0].source_start_s, timeline.cuts[0].source_end_s) == (0.5, 3.5)
    assert timeline.narration.duration_s > 2
    assert timeline.captions.cues
    assert timeline.captions.cues[-1].end_s <= 3.0
    keep_plan(timeline, tmp_path / "timeline.json")
    assert kept_plan(tmp_path / "timeline.json") == timeline


def test_pictures_alone_are_all_there(tmp_path: Path) -> None:
    import av

    clip = make_video(tmp_path / "clip.mp4", seconds=2)
    timeline = plan(clip, 0.0, 0.5, tmp_path, layout="fill", quality="low")
    render_plain(timeline, tmp_path / "out.mp4")
    with av.open(tmp_path / "out.mp4") as container:
        assert sum(1 for _ in container.decode(video=0)) == 15


def test_ffmpeg_gets_the_options_that_nvpipe_encodes_with() -> None:
    options = x264_options(OutputFormat(1080, 1920, Fraction(30), "blur", "medium"))
    given = dict(zip(options[::2], options[1::2], strict=True))
    assert given["-preset"] == "ultrafast"
    assert given["-crf"] == "23"
    assert {"keyint=60", "threads=6", "8x8dct=1"} <= set(given["-x264-params"].split(":"))
