"""A batch with a language model: the jobs of a wave are written together, with the model loaded once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes.cli import ARTICLE, Cli
from fakes.lighthouse import good_model

pytestmark = pytest.mark.e2e


def test_a_model_is_loaded_once_for_a_wave(cli: Cli, clip: Path) -> None:
    model = good_model(cli.folder / "tiny.gguf")
    for number in (1, 2, 3):
        (cli.folder / f"{number}.md").write_text(ARTICLE + "\nMore of it was told later.\n" * number)
    options = ("--seconds", "25", "--size", "180x320", "--captions", "none", "--no-cover", "--fast", "--jobs", "1")
    arguments = ("run", "1.md", "2.md", "3.md", "--footage", clip, "--llama", model, *options, "--log", "log.jsonl")
    result = cli(*arguments, "--json")
    assert result.code == 0, result.err
    events = [json.loads(line) for line in (cli.folder / "log.jsonl").read_text().splitlines()]
    ended = [event for event in events if event["event"] == "job_ended"]
    used = [model for event in ended for model in event["models"]]
    assert {one["model"] for one in used} == {"llama"}
    assert max(one["loads_in_run"] for one in used) == 1
    assert sum(one["loads"] for one in used) == 1
    assert all(one["memory_predicted_bytes"] > 0 and one["memory_bytes"] > 0 for one in used)
    # All are told before the last of them is shown: stages of different jobs overlap.
    scripts = [event["end_s"] for event in events if event["event"] == "stage" and event["stage"] == "script"]
    renders = [event["end_s"] for event in events if event["event"] == "stage" and event["stage"] == "render"]
    assert len(scripts) == len(renders) == 3
    assert sorted(renders)[-1] > max(scripts)
    assert [event["stage"] for event in events if event["event"] == "stage"][:2] != ["script", "render"]
