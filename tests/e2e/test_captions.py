"""Caption styles through the real command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from fakes.cli import Cli

pytestmark = pytest.mark.e2e
SLUG = "the-lighthouse-that-moved"


def manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"{SLUG}.json").read_text())
    return found


def test_auto_decides_once_and_says_why(cli: Cli, article: Path, clip: Path, tmp_path: Path) -> None:
    arguments = ("run", article, "--footage", clip, "--seconds", "4", "--captions", "auto", "-v")
    first = cli(*arguments, "--out", tmp_path / "one")
    assert first.code == 0, first.err
    second = cli(*arguments, "--out", tmp_path / "two")
    told = manifest(tmp_path / "one")["captions"]
    assert told["wanted"] == "auto"
    assert f"captions: {told['style']}" in first.err
    assert told == manifest(tmp_path / "two")["captions"]
    outcomes = {stage["stage"]: stage["outcome"] for stage in manifest(tmp_path / "two")["stages"]}
    assert outcomes["look"] == "cached", second.err
    one, two = (tmp_path / name / f"{SLUG}.mp4" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


def test_a_style_of_the_settings_file_is_drawn_and_a_change_of_it_too(
    cli: Cli, article: Path, clip: Path, tmp_path: Path
) -> None:
    config = tmp_path / "mine.toml"
    videos = []
    for colour in ("#FF00AA", "#00FFAA"):
        config.write_text(f'[captions]\nstyle = "mine"\n[captions.mine]\nbase = "karaoke"\nactive = "{colour}"\n')
        done = cli("run", article, "--footage", clip, "--seconds", "4", "--config", config, "--out", tmp_path / "out")
        assert done.code == 0, done.err
        assert manifest(tmp_path / "out")["captions"]["style"] == "mine"
        videos.append((tmp_path / "out" / f"{SLUG}.mp4").read_bytes())
    assert videos[0] != videos[1]
    outcomes = {stage["stage"]: stage["outcome"] for stage in manifest(tmp_path / "out")["stages"]}
    assert (outcomes["narration"], outcomes["render"]) == ("cached", "ran")


def test_a_wrong_style_is_one_line_and_lists_the_others(cli: Cli, article: Path, clip: Path, tmp_path: Path) -> None:
    wrong = cli("run", article, "--footage", clip, "--captions", "sparkling")
    assert wrong.code == 2
    assert "karaoke" in wrong.err
    assert "auto" in wrong.err
    config = tmp_path / "mine.toml"
    config.write_text("[captions.mine]\nsize_px = 9999\n")
    wrong = cli("run", article, "--footage", clip, "--config", config)
    assert wrong.code == 2
    assert "captions.mine.size_px: is 9999, but must lie from 12 to 400" in wrong.err
    assert "Traceback" not in wrong.err


def test_help_lists_the_styles(cli: Cli) -> None:
    shown = cli("run", "--help").out
    assert all(name in shown for name in ("bubble_neon", "karaoke", "auto", "none"))
