"""What is written stays in the captions, whatever is said for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes.cli import Cli

pytestmark = pytest.mark.e2e
SPEED = ("--quality", "low", "--size", "180x320", "--layout", "fill", "--fast", "--no-cover", "--speaker", "espeak")


def test_captions_show_what_was_written_and_the_lexicon_is_heard(cli: Cli, clip: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.txt"
    script.write_text("The SQL firm paid $10.5 billion on 3/4.\n")

    def words_of(*more: object) -> list[dict[str, object]]:
        result = cli("run", "--script", script, "--footage", clip, *SPEED, "--json", *more)
        assert result.code == 0, result.err
        (job,) = result.json["jobs"]
        subtitles = Path(job["output"]).with_suffix(".srt").read_text("utf-8")
        shown = [line for block in subtitles.split("\n\n") for line in block.splitlines()[2:]]
        assert " ".join(shown) == script.read_text().strip()
        words: list[dict[str, object]] = json.loads(Path(job["manifest"]).read_text())["narration"]["words"]
        assert [word["text"] for word in words] == script.read_text().split()
        return words

    plain = words_of()
    config = tmp_path / "own.toml"
    config.write_text('[lexicon]\nSQL = "a rather long way of saying sequel"\n')
    own = words_of("--config", config, "--out", tmp_path / "own")
    assert own[-1]["end_s"] > plain[-1]["end_s"] + 0.8  # type: ignore[operator]


def test_a_wrong_lexicon_is_wrong_usage(cli: Cli, clip: Path, tmp_path: Path) -> None:
    config = tmp_path / "own.toml"
    config.write_text('[lexicon]\nSQL = "/ˈsiːkwəl/"\n')
    result = cli("run", "--sample", "--config", config)
    assert result.code == 2
    assert "own.toml: lexicon: 'SQL'" in result.err
    assert "Traceback" not in result.err
