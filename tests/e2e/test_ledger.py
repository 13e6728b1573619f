"""Footage over many shorts: nothing twice while there is more, joins between sentences, the peak first."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from fakes.cli import Cli, make_clip

pytestmark = pytest.mark.e2e
FRAME_S = 1 / 30
USED_UP = "used up"
ARTICLE = """# Lighthouse {number}

The tower number {number} was moved in one piece. Nobody believed that it could be done. The sea stood at its door.
Engineers lifted it onto rails of steel. Bars of soap made the rails slippery. It travelled {number} metres every day.
The old lamp was lit again in the autumn. Visitors walk the whole way in minutes. The keeper still counts the waves.
"""


def jobs_file(folder: Path, count: int) -> Path:
    lines = []
    for number in range(count):
        article = folder / f"article-{number}.md"
        article.write_text(ARTICLE.format(number=700 + number))
        lines.append(json.dumps({"article": str(article), "seconds": 12, "captions": "none", "layout": "fill"}))
    path = folder / "jobs.jsonl"
    path.write_text("\n".join(lines))
    return path


def manifests(run: Any) -> list[dict[str, Any]]:
    return [json.loads(Path(job["manifest"]).read_text()) for job in run.json["jobs"]]


def spans(manifest: dict[str, Any]) -> list[tuple[str, float, float]]:
    return [(cut["video_id"], cut["start_s"], cut["end_s"]) for cut in manifest["footage"]]


def overlap_s(one: dict[str, Any], other: dict[str, Any]) -> float:
    return sum(max(0.0, min(a[2], b[2]) - max(a[1], b[1])) for a in spans(one) for b in spans(other) if a[0] == b[0])


def test_shorts_share_no_footage_until_it_is_used_up(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    library = tmp_path / "library"
    library.mkdir()
    make_clip(library / "a.mp4", seconds=26)
    make_clip(library / "b.mp4", seconds=14)
    jobs = jobs_file(tmp_path, 4)
    run = cli("run", jobs, "--footage", library, "--out", tmp_path / "out", "--json")
    assert run.code == 0, run.err
    made = manifests(run)
    assert all(overlap_s(one, other) < 1e-6 for one, other in combinations(made[:3], 2))
    assert overlap_s(made[3], made[0]) + overlap_s(made[3], made[1]) + overlap_s(made[3], made[2]) > 0
    assert run.err.count(USED_UP) == 1
    assert [any(USED_UP in text for text in manifest["warnings"]) for manifest in made] == [False] * 3 + [True]
    for manifest in made:
        check_joins(manifest)

    # The same jobs for another folder show the same, whatever the ledger says now.
    again = cli("run", jobs, "--footage", library, "--out", tmp_path / "elsewhere", "--json")
    assert [spans(manifest) for manifest in manifests(again)] == [spans(manifest) for manifest in made]

    known = json.loads((cli.storage / "footage_metadata.json").read_text())["data"]["files"].values()
    used = [{cut["video_id"] for cut in manifest["footage"]} for manifest in made]
    assert {video["video_id"]: video["times_used"] for video in known} == {
        video_id: sum(video_id in videos for videos in used) for video_id in set().union(*used)
    }


def check_joins(manifest: dict[str, Any]) -> None:
    """Every join lies between the last word of a script line and the first of the next."""
    words = manifest["narration"]["words"]
    counts = [len(line["text"].split()) for line in manifest["script"]["lines"]]
    firsts = [sum(counts[:index]) for index in range(1, len(counts))]
    assert firsts
    pauses = [(words[first - 1]["end_s"], words[first]["start_s"]) for first in firsts]
    for cut in manifest["footage"][1:]:
        assert any(start_s - FRAME_S <= cut["at_s"] <= end_s + FRAME_S for start_s, end_s in pauses), cut
