"""`nvpipe check` on a good short and on one that breaks each rule about its content, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes.cli import Cli
from fakes.spoken import Spoken, make_spoken

pytestmark = pytest.mark.e2e

BROKEN: dict[str, tuple[Spoken, str, str]] = {
    "black": (Spoken(black=(5.0, 6.2)), "black", "5.00 to 6.20 s"),
    "black-at-the-end": (Spoken(black=(10.9, 12.0)), "black", "10.90 to 12.00 s"),
    "frozen": (Spoken(still=(3.0, 5.2)), "frozen", "to 5.20 s"),
    "frozen-at-the-end": (Spoken(still=(9.8, 12.0)), "frozen", "to 12.00 s"),
    "silent": (Spoken(silent=(4.0, 7.4)), "silence", "s"),
    "voice-late": (Spoken(voice_late_s=0.15), "caption drift", "150 ms early"),
    "voice-missing": (Spoken(mute_voice=True), "caption drift", ""),
    "text-too-low": (Spoken(text_at=0.9), "caption place", "y 360-384"),
}


def failed(cli: Cli, *arguments: str | Path) -> dict[str, str]:
    result = cli("check", *arguments, "--json")
    found = {
        rule["name"]: rule["measured"] for rule in result.json["rules"] if not rule["ok"] and not rule["advisory"]
    }
    assert result.code == (1 if found else 0)
    assert result.json["passed"] is not bool(found)
    return found


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_spoken(tmp_path_factory.mktemp("spoken") / "good.mp4", Spoken())


def test_a_good_short_passes(cli: Cli, good: Path) -> None:
    assert failed(cli, good) == {}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rule_is_named_alone_with_what_was_measured(cli: Cli, tmp_path: Path, name: str) -> None:
    short, rule, measured = BROKEN[name]
    found = failed(cli, make_spoken(tmp_path / "short.mp4", short))
    assert set(found) == {rule}
    assert measured in found[rule]


def test_captions_outside_the_area_and_past_the_end_are_found(cli: Cli, good: Path, tmp_path: Path) -> None:
    assert "caption area" in failed(cli, good, "--safe", "strict")
    path = tmp_path / "short.mp4"
    path.write_bytes(good.read_bytes())
    document = json.loads(good.with_suffix(".json").read_text())
    document["output"]["path"] = document["outputs"][0]["path"] = str(path)
    document["caption_track"]["cues"][-1]["end_s"] = 12.5
    path.with_suffix(".json").write_text(json.dumps(document))
    assert failed(cli, path) == {"caption times": "cue 30 ends at 12.50 s, the sound at 12.00 s"}


@pytest.mark.parametrize("name", ["missing.mp4", "empty.mp4", "text.mp4", "."])
def test_json_is_printed_for_a_file_that_cannot_be_read(cli: Cli, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "empty.mp4":
        path.touch()
    if name == "text.mp4":
        path.write_text("no video")
    result = cli("check", path, "--json")
    assert result.code == 3
    assert (result.json["path"], result.json["passed"], result.json["rules"]) == (str(path), False, [])
    (line,) = result.error_lines
    assert line == f"nvpipe: error: {result.json['error']}"
