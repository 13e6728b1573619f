"""Where plots are written, and where they are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.media import make_video
from fakes.tracks import make_footage, make_track

from nvpipe.errors import UsageError
from nvpipe.report.plot import check_plot, plot_all


class Listener:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.failures: list[str] = []

    def warning(self, text: str) -> None:
        self.warnings.append(text)

    def job_ended(self, label: str, status: str, text: str, seconds: float) -> None:
        self.failures.append(text)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_video(tmp_path / "clip.mp4", size=(64, 36))


def test_one_video_is_drawn_into_the_file_itself(tmp_path: Path, clip: Path, listener: Listener) -> None:
    target = tmp_path / "new" / "plot.png"
    videos = [(make_footage(clip), make_track(2.0))]
    drawn, errors = plot_all(videos, target, "pyav", listener, several=False)
    assert (drawn, errors) == ({"made-up-00000000": target}, [])
    assert target.read_bytes().startswith(b"\x89PNG")
    assert [path.name for path in target.parent.iterdir()] == ["plot.png"]
    assert not listener.warnings


def test_several_videos_get_a_file_each(tmp_path: Path, clip: Path, listener: Listener) -> None:
    videos = [(make_footage(clip, video_id=name), make_track(2.0)) for name in ("a-1", "b-2")]
    drawn, _ = plot_all(videos, tmp_path / "plot.png", "pyav", listener, several=True)
    assert drawn == {"a-1": tmp_path / "plot-a-1.png", "b-2": tmp_path / "plot-b-2.png"}
    assert all(path.is_file() for path in drawn.values())


def test_missing_pictures_are_said(tmp_path: Path, listener: Listener) -> None:
    videos = [(make_footage(tmp_path / "gone.mp4"), make_track(2.0))]
    drawn, errors = plot_all(videos, tmp_path / "plot.png", "pyav", listener, several=False)
    assert drawn
    assert not errors
    (warning,) = listener.warnings
    assert "plot.png" in warning


def test_a_place_that_cannot_be_written_is_an_error_of_that_plot(
    tmp_path: Path, clip: Path, listener: Listener
) -> None:
    (tmp_path / "file").write_text("in the way")
    target = tmp_path / "file" / "plot.png"
    drawn, errors = plot_all([(make_footage(clip), make_track(2.0))], target, "pyav", listener, several=False)
    assert not drawn
    (error,) = errors
    assert error.exit_code == 1
    assert listener.failures == [error.line()]


def test_no_video_means_no_plot(tmp_path: Path, listener: Listener) -> None:
    assert plot_all([], tmp_path / "plot.png", "pyav", listener, several=False) == ({}, [])


@pytest.mark.parametrize("name", ["plot.jpg", "plot", "plot.png.txt", ".png"])
def test_only_png_files_are_written(name: str, tmp_path: Path, clip: Path) -> None:
    with pytest.raises(UsageError, match="PNG"):
        check_plot(tmp_path / name, [str(clip)])


def test_a_folder_is_no_place_for_a_plot(tmp_path: Path, clip: Path) -> None:
    (tmp_path / "plots.png").mkdir()
    with pytest.raises(UsageError, match="folder"):
        check_plot(tmp_path / "plots.png", [str(clip)])


@pytest.mark.parametrize("how", ["itself", "detour", "link", "hard link"])
def test_footage_is_never_overwritten(how: str, tmp_path: Path, clip: Path) -> None:
    video = clip.rename(tmp_path / "video.PNG")
    target = {"itself": video, "detour": tmp_path / "x" / ".." / "video.PNG"}.get(how, tmp_path / "other.png")
    if how == "link":
        target.symlink_to(video)
    if how == "hard link":
        target.hardlink_to(video)
    with pytest.raises(UsageError, match="footage itself"):
        check_plot(target, [str(video)])


def test_a_name_made_for_one_of_several_is_checked_too(tmp_path: Path, clip: Path, listener: Listener) -> None:
    video = clip.rename(tmp_path / "plot-a-1.png")
    before = video.read_bytes()
    videos = [(make_footage(video, video_id="a-1"), make_track(2.0))]
    drawn, errors = plot_all(videos, tmp_path / "plot.png", "pyav", listener, several=True)
    assert not drawn
    assert len(errors) == 1
    assert video.read_bytes() == before


def test_footage_that_is_not_there_is_left_to_the_analysis(tmp_path: Path) -> None:
    check_plot(tmp_path / "plot.png", [str(tmp_path / "missing.mp4")])
