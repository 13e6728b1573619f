"""Quality levels and bit rates through the whole command."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from fakes.cli import ARTICLE, Cli, make_clip

pytestmark = pytest.mark.e2e


@pytest.fixture
def run(cli: Cli, tmp_path: Path) -> list[str | Path]:
    article = tmp_path / "article.md"
    article.write_text(ARTICLE)
    clip = make_clip(tmp_path / "clip.mp4", seconds=8)
    return [
        "run",
        article,
        "--footage",
        clip,
        "--out",
        tmp_path / "out",
        "--seconds",
        "4",
        "--captions",
        "none",
        "-q",
    ]


def test_original_can_be_given_one_of_the_originals_other_rates(
    cli: Cli, run: list[str | Path], tmp_path: Path
) -> None:
    result = cli(*run, "--quality", "original", "--bitrate", "600k")
    assert result.code == 0, result.err
    (video,) = (tmp_path / "out").glob("*.mp4")
    written = video.read_bytes()
    assert b"bitrate=600 " in written
    assert b"threads=8 " in written
    with av.open(str(video)) as container:
        assert container.streams.video[0].codec_context.profile == "High"
    assert cli("check", video).code == 0


def test_rates_that_contradict_each_other_end_the_run_before_any_work(
    cli: Cli, run: list[str | Path], tmp_path: Path
) -> None:
    result = cli(*run, "--bitrate", "8M", "--x264-params", "crf=20")
    assert result.code == 2
    (line,) = result.error_lines
    assert "8000 kbit/s" in line
    assert "crf" in line
    assert not list((tmp_path / "out").glob("*.mp4"))
    assert cli(*run, "--bitrate", "8G").code == 2
