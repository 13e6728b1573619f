"""Title card, logo, progress bar and cover, through the real command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from fakes.cli import ARTICLE, Cli, Result, make_clip
from PIL import Image

pytestmark = pytest.mark.e2e
SLUG = "the-lighthouse-that-moved"
SIZE = (360, 640)


class Place:
    """A cache, an article and footage that the tests of this file share."""

    def __init__(self, folder: Path) -> None:
        self.cli = Cli(folder)
        self.article = folder / "article.md"
        self.article.write_text(ARTICLE)
        self.clip = make_clip(folder / "clip.mp4")
        self.logo = folder / "logo.png"
        Image.new("RGBA", (80, 40), (0, 0, 255, 255)).save(self.logo)

    def run(self, out: str, *options: str | Path) -> Result:
        return self.cli(
            "run", *options, self.article, "--footage", self.clip, "--out", self.cli.folder / out,
            "--seconds", "7", "--size", "360x640", "--captions", "minimal",
        )  # fmt: skip

    def manifest(self, out: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.cli.folder / out / f"{SLUG}.json").read_text())
        return found

    def file(self, out: str, suffix: str) -> Path:
        return self.cli.folder / out / f"{SLUG}{suffix}"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("extras"))


@pytest.fixture(scope="module")
def full(place: Place) -> Place:
    result = place.run("full", "--title", "--logo", place.logo, "--progress-bar")
    assert result.code == 0, result.err
    return place


@pytest.fixture(scope="module")
def plain(place: Place) -> Place:
    result = place.run("plain")
    assert result.code == 0, result.err
    return place


def frames(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_the_manifest_says_what_was_drawn(full: Place, plain: Place) -> None:
    extras = full.manifest("full")["extras"]
    assert extras["title"]["text"] == full.manifest("full")["script"]["lines"][0]["text"]
    assert 0 == extras["title"]["start_s"] < extras["title"]["end_s"] < 7
    assert extras["logo"]["path"] == str(full.logo)
    assert extras["logo"]["position"] == "top-right"
    assert extras["progress_bar"] is True
    assert plain.manifest("plain")["extras"] == {"title": None, "logo": None, "progress_bar": False}


def test_what_was_asked_for_is_in_the_pictures_and_nothing_else(full: Place, plain: Place) -> None:
    drawn, bare = frames(full.file("full", ".mp4")), frames(plain.file("plain", ".mp4"))
    assert len(drawn) == len(bare)
    end = round(full.manifest("full")["extras"]["title"]["end_s"] * 30)
    early, late = len(drawn) // 6, max(end + 3, len(drawn) - 20)

    def changed(index: int, *part: slice) -> float:
        return float(np.abs(drawn[index][part].astype(int) - bare[index][part]).mean())

    card = slice(150, 165), slice(60, 260)
    assert changed(early, *card) > 40
    assert changed(late, *card) < 6
    # The safe area's upper right corner is at 300, 83; the logo is 54 pixels wide and 27 high.
    assert (np.abs(drawn[late][90:105, 250:295].astype(int) - (0, 0, 255)) < 30).all()
    # The style's spoken word is white, and so is the bar, on a darkened ground.
    bars = [frame[-2].min(axis=1) > 200 for frame in (drawn[early], drawn[late])]
    assert bars[0].sum() < bars[1].sum()
    assert abs(int(bars[1].sum()) - 360 * late / len(drawn)) < 12
    assert changed(late, slice(300, 380), slice(60, 300)) < 6


def test_a_short_has_a_cover_of_its_own_size(plain: Place, full: Place) -> None:
    for out in ("plain", "full"):
        with Image.open(plain.file(out, ".jpg")) as cover:
            assert (cover.format, cover.size) == ("JPEG", SIZE)
            pixels = np.asarray(cover.convert("L"), float)
        assert 30 < pixels.mean() < 225
        told = plain.manifest(out)["cover"]
        assert told["path"] == str(plain.file(out, ".jpg"))
        assert 0 <= told["at_s"] < 7
    with Image.open(full.file("full", ".jpg")) as cover:
        # The title is on it, the bar is not.
        assert (np.asarray(cover.convert("RGB"))[110:240, 30:290].min(axis=2) > 225).sum() > 5000
        assert np.asarray(cover.convert("RGB"))[-3:, :20].std() < 40


def test_a_render_from_the_cache_brings_its_cover(full: Place) -> None:
    again = full.run("again", "--title", "--logo", full.logo, "--progress-bar")
    assert again.code == 0, again.err
    assert "render already there" in again.err
    for suffix in (".jpg", ".mp4"):
        assert full.file("again", suffix).read_bytes() == full.file("full", suffix).read_bytes()


def test_a_lost_cover_is_made_anew(full: Place) -> None:
    for path in (full.cli.storage / "stages" / "cover").iterdir():
        path.unlink()
    again = full.run("anew", "--title", "--logo", full.logo, "--progress-bar")
    assert again.code == 0, again.err
    assert full.file("anew", ".jpg").read_bytes() == full.file("full", ".jpg").read_bytes()


def test_a_cover_can_be_left_out(plain: Place) -> None:
    result = plain.run("bare", "--no-cover")
    assert result.code == 0, result.err
    assert "render already there" in result.err
    assert not plain.file("bare", ".jpg").exists()
    assert plain.manifest("bare")["cover"] is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("missing.png", None),
        ("empty.png", b""),
        ("text.png", b"I am no picture."),
        ("cut.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\x06\0\0\0"),
        ("script.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
    ],
)
def test_a_useless_logo_ends_the_job_at_once(place: Place, tmp_path: Path, name: str, content: bytes | None) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    result = place.run("refused", "--logo", path)
    assert result.code == 3
    (line,) = result.error_lines
    assert name in line
    assert "narration" not in result.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--title=",), "title is empty"),
        (("--logo-position", "middle"), "choose one of: top-left"),
        (("--logo-size", "0"), "from 1 to 60"),
        (("--logo", ""), "logo is empty"),
    ],
)
def test_wrong_values_are_told_in_one_line(place: Place, options: tuple[str, ...], said: str) -> None:
    result = place.run("refused", *options)
    assert result.code == 2
    (line,) = result.error_lines
    assert said in line


def test_a_jobs_file_has_titles_of_its_own(place: Place) -> None:
    jobs = place.cli.folder / "jobs.jsonl"
    lines: list[dict[str, object]] = [
        {"article": "article.md", "slug": "own", "title": "Mine alone", "logo": "logo.png"},
        {"article": "article.md", "slug": "none", "title": False},
    ]
    jobs.write_text("".join(json.dumps(line) + "\n" for line in lines))
    result = place.cli(
        "run", "--title", jobs, "--footage", place.clip, "--out", place.cli.folder / "jobs",
        "--seconds", "4", "--size", "180x320", "--captions", "none",
    )  # fmt: skip
    assert result.code == 0, result.err
    own, none = (json.loads((place.cli.folder / "jobs" / f"{slug}.json").read_text()) for slug in ("own", "none"))
    assert own["extras"]["title"]["text"] == "Mine alone"
    assert own["extras"]["logo"]["digest"]
    assert none["extras"] == {"title": None, "logo": None, "progress_bar": False}
