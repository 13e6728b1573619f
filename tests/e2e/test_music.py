"""`--music`, `--music-volume` and `--lufs` through the real command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from fakes.cli import ARTICLE, Cli, Result, make_clip
from fakes.media import make_video, playlist

from nvpipe.media.loudness import measure_file

if TYPE_CHECKING:
    from collections.abc import Sequence

pytestmark = pytest.mark.e2e
SLUG = "the-lighthouse-that-moved"
RATE_HZ = 48_000


def noise(path: Path, *, seed: int, tags: dict[str, str] | None = None) -> Path:
    wave = np.random.default_rng(seed).normal(0, 0.1, (2, 3 * RATE_HZ)).astype(np.float32)
    return make_video(path, seconds=0.1, audio="pcm_s16le", sound=wave, tags=tags)


class Studio:
    """A folder with an article, footage and runs over them in a small size."""

    def __init__(self, folder: Path) -> None:
        self.cli = Cli(folder)
        self.folder, self.out = folder, folder / "out"
        self.article = folder / "article.md"
        self.article.write_text(ARTICLE)
        self.clip = make_clip(folder / "clip.mp4")

    def run(self, *more: str | Path) -> Result:
        arguments: Sequence[str | Path] = (
            "run", self.article, "--footage", self.clip, "--out", self.out, "--seconds", "6", "--size", "180x320",
            "--fast", "--json",
        )  # fmt: skip
        return self.cli(*arguments, *more)

    @property
    def manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.out / f"{SLUG}.json").read_text())
        return found


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return Studio(tmp_path_factory.mktemp("studio"))


def test_music_is_in_the_short_and_the_manifest_and_its_content_decides(studio: Studio) -> None:
    music = noise(studio.folder / "tune.mkv", seed=1)
    first = studio.run("--music", music, "--music-volume", "-6")
    assert first.code == 0, first.err
    entry = studio.manifest["music"]
    assert (entry["path"], entry["volume_db"], entry["licence_unknown"]) == (str(music), -6.0, True)
    assert [text for text in studio.manifest["warnings"] if "tune.mkv" in text and "licence" in text]
    video = (studio.out / f"{SLUG}.mp4").read_bytes()
    again = studio.run("--music", music, "--music-volume", "-6")
    assert again.json["jobs"][0]["cached"] is True
    noise(music, seed=2, tags={"copyright": "CC0", "artist": "Ada"})
    other = studio.run("--music", music, "--music-volume", "-6")
    assert other.json["jobs"][0]["cached"] is False
    entry = studio.manifest["music"]
    assert (entry["licence"], entry["credit"], entry["licence_unknown"]) == ("CC0", "Ada", False)
    assert (studio.out / f"{SLUG}.mp4").read_bytes() != video


def test_another_loudness_is_met_and_recorded(studio: Studio) -> None:
    result = studio.run("--lufs", "-20")
    assert result.code == 0, result.err
    assert studio.manifest["options"]["lufs"] == -20.0
    assert studio.manifest["music"] is None
    found = measure_file(studio.out / f"{SLUG}.mp4")
    assert abs(found.integrated_lufs + 20) <= 1
    assert found.true_peak_dbtp <= -1


@pytest.mark.parametrize("lufs", ["-31", "-5", "nan", "loud"])
def test_a_loudness_out_of_range_is_one_line(studio: Studio, lufs: str) -> None:
    result = studio.run("--lufs", lufs)
    assert result.code == 2
    assert len(result.error_lines) == 1


def test_useless_music_is_one_line(studio: Studio) -> None:
    folder = studio.folder
    (folder / "empty.mp3").write_bytes(b"")
    (folder / "text.mp3").write_text("no music\n" * 40)
    files = [
        folder / "missing.mp3",
        folder / "empty.mp3",
        folder / "text.mp3",
        folder,
        make_video(folder / "mute.mp4", audio=None),
        make_video(folder / "silent.mkv", seconds=2, audio="pcm_s16le", sound=np.zeros((2, 96_000), np.float32)),
        playlist(folder / "list.mp3", folder / "tune.mkv"),
    ]
    for path in files:
        result = studio.run("--music", path)
        assert (result.code, len(result.error_lines)) == (3, 1), (path, result.err)
        assert "music" in result.error_lines[0]
        assert "Traceback" not in result.err
