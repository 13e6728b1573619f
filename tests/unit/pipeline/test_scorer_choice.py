"""Which scorer `auto` takes: the one for where pictures are decoded to."""

from __future__ import annotations

from pathlib import Path

from nvpipe.footage.kept import scorer_versions
from nvpipe.pipeline.tools import Toolbox
from nvpipe.settings import Settings
from nvpipe.types import BackendChoice


def test_pictures_in_host_memory_need_no_card_and_nobody_is_told_of_one(tmp_path: Path) -> None:
    told: list[str] = []
    tools = Toolbox(Settings(tmp_path, decoder="pyav"), {}, told.append)
    scorer = tools.scorer()
    assert scorer.version.startswith("torch-diff/")
    assert tools.choices["score"] == BackendChoice(
        "torch-diff", "auto", "triton-diff: pictures are decoded to host memory"
    )
    assert told == []


def test_tracks_of_both_scorers_are_looked_up_once(tmp_path: Path) -> None:
    tools = Toolbox(Settings(tmp_path), {}, lambda _: None)
    assert tools.scorer_versions() == scorer_versions()
    assert len(set(scorer_versions())) == len(scorer_versions())
