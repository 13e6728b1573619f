"""The smaller commands, as processes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.cli import Cli, make_clip
from fakes.media import make_video, truncated

pytestmark = pytest.mark.e2e


def test_analyze_and_segments_speak_the_contract(cli: Cli, clip: Path) -> None:
    (first,) = cli("analyze", clip, "--json").json["footage"]
    assert {"video_id", "path", "duration_s", "step_s", "scores", "cached", "seconds"} <= set(first)
    assert first["cached"] is False
    assert len(first["scores"]) == round(first["duration_s"] / first["step_s"])
    (again,) = cli("analyze", clip, "--json").json["footage"]
    assert again["cached"] is True
    assert again["scores"] == first["scores"]
    found = cli("segments", clip, "--duration", "4", "--count", "2", "--json").json
    assert found["video_id"] == first["video_id"]
    best, second = found["segments"]
    assert best["score"] >= second["score"]
    assert best["end_s"] - best["start_s"] == pytest.approx(4)
    assert best["end_s"] <= second["start_s"] or second["end_s"] <= best["start_s"]
    assert 5 <= best["start_s"] <= 8


def test_the_cache_has_the_names_of_the_contract_and_can_be_cleared(cli: Cli, clip: Path) -> None:
    result = cli("segments", clip, "--duration", "4", "--json")
    video_id = result.json["video_id"]
    names = {path.name for path in cli.storage.iterdir()}
    assert {f"{video_id}_action_cache.json", f"{video_id}_segments_4s.json", "footage_metadata.json"} <= names
    listed = cli("cache", "ls", "--json").json["files"]
    assert {Path(entry["path"]).name for entry in listed} >= {f"{video_id}_action_cache.json"}
    mine = cli.storage / "mine.txt"
    mine.write_text("not nvpipe's")
    assert cli("cache", "clear").code == 0
    assert [path.name for path in cli.storage.iterdir()] == ["mine.txt"]


def test_a_renamed_video_keeps_its_analysis_and_a_changed_one_does_not(cli: Cli, clip: Path) -> None:
    cli("analyze", clip)
    moved = clip.rename(clip.with_name("renamed.mp4"))
    assert cli("analyze", moved, "--json").json["footage"][0]["cached"] is True
    make_clip(moved, seconds=11)
    assert cli("analyze", moved, "--json").json["footage"][0]["cached"] is False


def test_a_cached_analysis_imports_neither_torch_nor_av(cli: Cli, clip: Path) -> None:
    cli("segments", clip, "--duration", "4")
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "nvpipe", "segments", str(clip), "--duration", "4"],
        cwd=cli.folder, env=cli.environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}
    assert not imported & {"torch", "av", "numpy", "PIL", "trafilatura"}


def test_one_broken_video_does_not_stop_the_analysis_of_the_others(cli: Cli, clip: Path, tmp_path: Path) -> None:
    folder = tmp_path / "library"
    folder.mkdir()
    make_clip(folder / "good.mp4", seconds=4)
    truncated(folder / "broken.mp4", clip, keep=0.2)
    result = cli("analyze", folder, "--json")
    assert result.code == 1, result.err
    assert [Path(one["path"]).name for one in result.json["footage"]] == ["good.mp4"]
    (line,) = result.error_lines
    assert "broken.mp4" in line


def test_check_tells_good_from_bad_from_unreadable(cli: Cli, tmp_path: Path) -> None:
    foreign = make_video(tmp_path / "foreign.mp4", seconds=2)
    result = cli("check", foreign, "--json")
    assert result.code == 1
    failed = {rule["name"] for rule in result.json["rules"] if not rule["ok"]}
    assert {"frame size", "loudness"} <= failed
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    result = cli("check", text)
    assert result.code == 3
    assert len(result.error_lines) == 1


def test_doctor_proves_every_backend(cli: Cli) -> None:
    result = cli("doctor", "--json")
    assert result.code == 0
    findings = result.json["findings"]
    chosen = {finding["kind"]: finding["name"] for finding in findings if finding["chosen"]}
    assert chosen == {
        "decoder": "pyav", "scorer": "torch-diff", "writer": "extractive", "speaker": "espeak", "composer": "cpu",
        "encoder": "x264",
    }  # fmt: skip
    assert all(
        set(finding) >= {"kind", "name", "usable", "reason", "fix", "chosen", "summary"} for finding in findings
    )
    assert all(finding["reason"] and finding["summary"] for finding in findings)
    usable = {finding["kind"] for finding in findings if finding["usable"]}
    assert usable >= {"captions", "sound", "cache"}


def test_doctor_makes_no_storage_folder(cli: Cli, tmp_path: Path) -> None:
    wanted = tmp_path / "deep" / "store"
    assert f"where {wanted} will be made" in cli("doctor", "--storage", wanted).out
    assert not wanted.parent.exists()
    (tmp_path / "file").write_text("in the way")
    result = cli("doctor", "--storage", tmp_path / "file" / "store", "--json")
    (cache,) = [finding for finding in result.json["findings"] if finding["kind"] == "cache"]
    assert cache["usable"] is False
    assert cache["fix"]


def test_help_is_cheap_and_names_every_command(cli: Cli) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "nvpipe", "--help"],
        env=cli.environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}
    assert not imported & {"torch", "av", "numpy", "PIL", "rich", "platformdirs"}
    for command in ("run", "analyze", "segments", "check", "doctor", "cache"):
        assert f"  {command}" in done.stdout
        assert cli(command, "--help").code == 0


def test_json_is_the_only_thing_on_stdout(cli: Cli, clip: Path) -> None:
    for arguments in (("segments", clip, "--duration", "3"), ("analyze", clip), ("doctor",), ("cache", "ls")):
        json.loads(cli(*arguments, "--json").out)
