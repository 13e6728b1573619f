"""The human voice through the real command, with a tiny Kokoro of random weights: noise, of the right length."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fakes.cli import Cli
from fakes.hub import hub
from fakes.kokoro_files import make_kokoro

pytestmark = pytest.mark.e2e
SPEED = ("--quality", "low", "--size", "180x320", "--layout", "fill", "--fast", "--no-cover", "--json")
OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_ENDPOINT": "http://127.0.0.1:9"}


@pytest.fixture(scope="module")
def kokoro(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_kokoro(tmp_path_factory.mktemp("kokoro") / "model, tiny")


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "script.txt"
    path.write_text("It cost $3 and 4 cents.\nNobody knows why!\n")
    return path


def manifest_of(result: Any) -> Any:
    assert result.code == 0, result.err
    (job,) = result.json["jobs"]
    return json.loads(Path(job["manifest"]).read_text())


def test_an_article_becomes_a_short_in_a_human_voice(cli: Cli, article: Path, clip: Path, kokoro: Path) -> None:
    wanted = ("run", article, "--footage", clip, "--kokoro", kokoro, "--speaker", "kokoro", "--seconds", "6", *SPEED)
    cli.environ |= OFFLINE
    manifest = manifest_of(cli(*wanted))
    assert manifest["narration"]["speaker"] == manifest["backends"]["speak"]["used"] == "kokoro"
    assert manifest["narration"]["voice"] == "af_heart"
    assert manifest["output"]["duration_s"] == pytest.approx(6, abs=0.5)
    assert [text for text in manifest["warnings"] if "en_core_web_sm" in text]
    checked = cli("check", manifest["output"]["path"], "--json")
    assert "narration" not in checked.err
    # A finished run is found without opening the model again.
    again = cli(*wanted)
    assert again.json["jobs"][0]["cached"]
    # Another model of the same name is another short.
    (kokoro / "voices" / "af_heart.pt").write_bytes((kokoro / "voices" / "am_adam.pt").read_bytes())
    assert not cli(*wanted).json["jobs"][0]["cached"]


def test_a_broken_model_is_an_error_by_name_and_a_notice_in_auto(
    cli: Cli, script: Path, clip: Path, kokoro: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    (broken / "voices").mkdir(parents=True)
    (broken / "config.json").write_bytes((kokoro / "config.json").read_bytes())
    (broken / "voices" / "af_heart.pt").write_bytes((kokoro / "voices" / "af_bella.pt").read_bytes())
    (broken / "kokoro.pth").write_bytes((kokoro / "tiny.pth").read_bytes()[:100_000])
    wanted = ("run", "--script", script, "--footage", clip, "--kokoro", broken, *SPEED)
    named = cli(*wanted, "--speaker", "kokoro")
    assert named.code == 4
    (line,) = named.error_lines
    assert "kokoro.pth cannot be read" in line
    assert "Traceback" not in named.err
    manifest = manifest_of(cli(*wanted))
    assert manifest["narration"]["speaker"] == "espeak"
    assert "kokoro.pth" in manifest["backends"]["speak"]["reason"]
    assert len([text for text in manifest["warnings"] if "kokoro" in text]) == 1


def test_without_a_model_the_other_speaker_is_taken_without_a_word(cli: Cli, script: Path, clip: Path) -> None:
    manifest = manifest_of(cli("run", "--script", script, "--footage", clip, *SPEED))
    assert manifest["narration"]["speaker"] == "espeak"
    assert not [text for text in manifest["warnings"] if "kokoro" in text]
    named = cli("run", "--script", script, "--footage", clip, "--speaker", "kokoro", *SPEED)
    assert named.code == 4
    assert "--kokoro" in named.error_lines[0]
    faster = manifest_of(cli("run", "--script", script, "--footage", clip, "--speed", "1.5", *SPEED))
    assert faster["narration"]["duration_s"] < 0.8 * manifest["narration"]["duration_s"]


def test_doctor_says_that_no_model_is_named(cli: Cli) -> None:
    findings = {(one["kind"], one["name"]): one for one in cli("doctor", "--json").json["findings"]}
    kokoro = findings["speaker", "kokoro"]
    assert not kokoro["usable"]
    assert kokoro["reason"] == "no model is named"
    assert "--kokoro" in kokoro["fix"]
    assert findings["speaker", "espeak"]["chosen"]


def test_a_repository_is_downloaded_once(cli: Cli, script: Path, clip: Path, kokoro: Path) -> None:
    files = {str(path.relative_to(kokoro)): path.read_bytes() for path in kokoro.rglob("*") if path.is_file()}
    wanted = (
        "run",
        "--script",
        script,
        "--footage",
        clip,
        "--kokoro",
        "someone/Tiny-82M",
        "--voice",
        "af_bella+am_adam",
    )
    with hub("someone/Tiny-82M", files | {"README.md": b"no", "../../evil.pt": b"no", "VOICES.md": b"no"}) as server:
        cli.environ |= {"HF_ENDPOINT": server.url, "HF_HUB_DISABLE_XET": "1"}
        manifest = manifest_of(cli(*wanted, *SPEED))
        assert manifest["narration"]["voice"] == "af_bella:0.5+am_adam:0.5"
        fetched = {
            line.rpartition("/main/")[2] for line in server.asked if line.startswith("GET") and "/main/" in line
        }
        assert fetched == set(files)
    cli.environ |= OFFLINE
    offline = manifest_of(cli(*wanted, *SPEED, "--seconds", "9"))
    assert offline["narration"] == manifest["narration"]
    missing = cli("run", "--script", script, "--footage", clip, "--kokoro", "no/where", "--speaker", "kokoro", *SPEED)
    assert missing.code == 4
    assert "Traceback" not in missing.err
    assert "no/where" in missing.error_lines[0]
