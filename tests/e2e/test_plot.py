"""`nvpipe analyze --plot`, as a process."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.cli import Cli, make_clip
from PIL import Image

pytestmark = pytest.mark.e2e


def test_a_plot_is_drawn_from_a_fresh_and_from_a_cached_analysis(cli: Cli, clip: Path) -> None:
    fresh = cli("analyze", clip, "--plot", "fresh.png", "--json")
    assert fresh.code == 0, fresh.err
    assert fresh.json["footage"][0]["plot"] == "fresh.png"
    again = cli("analyze", clip, "--plot", "again.png")
    assert "already there" in again.out
    assert "plotted in again.png" in again.out
    with Image.open(cli.folder / "fresh.png") as picture:
        assert picture.format == "PNG"
        assert picture.width == 1800
    assert (cli.folder / "fresh.png").read_bytes() == (cli.folder / "again.png").read_bytes()


def test_several_videos_get_a_plot_each(cli: Cli, clip: Path, tmp_path: Path) -> None:
    other = make_clip(tmp_path / "other.mp4", seconds=5)
    result = cli("analyze", clip, other, "--plot", "plot.png", "--json")
    plots = {one["plot"] for one in result.json["footage"]}
    assert plots == {f"plot-{one['video_id']}.png" for one in result.json["footage"]}
    assert len(plots) == 2
    assert all((cli.folder / plot).is_file() for plot in plots)


@pytest.mark.parametrize("name", ["plot.jpg", "plot"])
def test_another_suffix_is_wrong_usage(name: str, cli: Cli, clip: Path) -> None:
    result = cli("analyze", clip, "--plot", name)
    assert result.code == 2
    assert len(result.error_lines) == 1
    assert not cli.storage.exists()


def test_the_footage_is_never_plotted_over(cli: Cli, clip: Path) -> None:
    video = clip.rename(clip.with_suffix(".png"))
    before = video.read_bytes()
    assert cli("analyze", video, "--plot", video).code == 2
    assert video.read_bytes() == before


def test_a_plot_that_cannot_be_written_leaves_the_analysis(cli: Cli, clip: Path) -> None:
    (cli.folder / "file").write_text("in the way")
    result = cli("analyze", clip, "--plot", "file/plot.png", "--json")
    assert result.code == 1
    assert len(result.error_lines) == 1
    assert result.json["footage"][0]["plot"] is None
    assert cli("analyze", clip, "--json").json["footage"][0]["cached"] is True


def test_help_tells_of_plots(cli: Cli) -> None:
    text = cli("analyze", "--help").out
    assert "--plot FILE.png" in text
    assert "FILE-VIDEO_ID.png" in "".join(text.split())
