"""`--font` and `--subtitles` through the real command."""

from __future__ import annotations

import shutil
from pathlib import Path

import av
import pytest
from fakes.cli import Cli

pytestmark = pytest.mark.e2e
FONTS = Path(__file__).parents[2] / "nvpipe" / "captions" / "fonts"
SPEED = ("--seconds", "4", "--quality", "low", "--layout", "fill", "--fast")


def test_what_is_no_font_ends_the_job_in_one_line(cli: Cli, article: Path, clip: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.ttf"
    cut.write_bytes((FONTS / "Anton_400Regular.ttf").read_bytes()[:9000])
    for path, says in ((cut, "cut off"), (article, "no font"), (tmp_path / "gone.otf", "does not exist")):
        result = cli("run", article, "--footage", clip, "--font", path)
        assert result.code == 3
        (line,) = result.error_lines
        assert path.name in line
        assert says in line
    result = cli("run", article, "--footage", clip, "--subtitles", "srt,sub")
    assert result.code == 2
    assert "'sub'" in result.error_lines[0]


def test_files_and_pictures_follow_the_options(cli: Cli, article: Path, clip: Path, tmp_path: Path) -> None:
    font, out = tmp_path / "my.ttf", tmp_path / "out"
    shutil.copy(FONTS / "Anton_400Regular.ttf", font)

    def run(*more: str | Path) -> dict[str, bytes]:
        result = cli("run", article, "--footage", clip, *SPEED, "--out", out, *more)
        assert result.code == 0, result.err
        return {path.suffix: path.read_bytes() for path in out.iterdir() if path.is_file()}

    plain = run()
    assert not {".vtt", ".ass"} & set(plain)
    more = run("--font", font, "--subtitles", "vtt,ass")
    assert more[".mp4"] != plain[".mp4"]
    assert more[".srt"] == plain[".srt"]
    assert b"Anton" in more[".ass"]
    for suffix in (".vtt", ".ass"):
        (path,) = out.glob(f"*{suffix}")
        with av.open(str(path)) as container:
            assert sum(1 for packet in container.demux() if packet.size) == plain[".srt"].count(b"-->")
    moved = tmp_path / "elsewhere.otf"
    font.rename(moved)
    again = run("--font", moved, "--subtitles", "vtt,ass")
    assert again[".mp4"] == more[".mp4"], "the font's content counts, not its place"
    shutil.copy(FONTS / "Roboto_900Black.ttf", moved)
    assert run("--font", moved, "--subtitles", "vtt,ass")[".mp4"] != more[".mp4"]
