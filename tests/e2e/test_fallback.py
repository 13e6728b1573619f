"""What `auto` does while a named model cannot be used, and when it can be used again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fakes.cli import Cli
from fakes.hub import hub
from fakes.hub_file import PATH, WISH, hub_page
from fakes.kokoro_files import make_kokoro

pytestmark = pytest.mark.e2e
SPEED = ("--quality", "low", "--size", "180x320", "--layout", "fill", "--fast", "--no-cover", "--json")
OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_ENDPOINT": "http://127.0.0.1:9"}


@pytest.fixture(scope="module")
def kokoro(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_kokoro(tmp_path_factory.mktemp("kokoro") / "model")


def job_of(result: Any) -> tuple[bool, Any]:
    assert result.code == 0, result.err
    (job,) = result.json["jobs"]
    return job["cached"], json.loads(Path(job["manifest"]).read_text())


def test_a_voice_that_was_offline_speaks_when_it_is_online(
    cli: Cli, clip: Path, kokoro: Path, tmp_path: Path
) -> None:
    script = tmp_path / "script.txt"
    script.write_text("Nobody knows why!\n")
    wanted = ("run", "--script", script, "--footage", clip, "--kokoro", "someone/Tiny-82M", *SPEED)
    cli.environ |= OFFLINE
    for _ in range(2):
        cached, manifest = job_of(cli(*wanted))
        assert not cached
        assert manifest["narration"]["speaker"] == "espeak"
    files = {str(path.relative_to(kokoro)): path.read_bytes() for path in kokoro.rglob("*") if path.is_file()}
    with hub("someone/Tiny-82M", files) as server:
        cli.environ |= {"HF_HUB_OFFLINE": "0", "HF_ENDPOINT": server.url, "HF_HUB_DISABLE_XET": "1"}
        cached, manifest = job_of(cli(*wanted))
        assert not cached
        assert manifest["narration"]["speaker"] == "kokoro"
    cli.environ |= OFFLINE
    assert job_of(cli(*wanted))[0]


def test_a_writer_that_was_offline_writes_when_it_is_online(cli: Cli, article: Path, clip: Path) -> None:
    from fakes.lighthouse import good_model
    from fakes.web_server import serving

    wanted = ("run", article, "--footage", clip, "--llama", WISH, "--seconds", "25", *SPEED)
    cli.environ |= OFFLINE
    cached, manifest = job_of(cli(*wanted))
    assert not cached
    assert manifest["script"]["writer"] == "extractive"
    body = good_model(cli.folder / "tiny.gguf").read_bytes()
    with serving({PATH: hub_page(body)}) as server:
        endpoint = server.url("").rstrip("/")
        cli.environ |= {"HF_HUB_OFFLINE": "0", "HF_ENDPOINT": endpoint, "HF_HUB_DISABLE_XET": "1"}
        cached, manifest = job_of(cli(*wanted))
    assert not cached
    assert manifest["script"]["writer"] == "llama", manifest["warnings"]
    assert job_of(cli(*wanted))[0]


def test_a_voice_that_fails_while_it_speaks_is_made_up_for(
    cli: Cli, article: Path, clip: Path, kokoro: Path, tmp_path: Path
) -> None:
    import shutil

    import torch

    broken = shutil.copytree(kokoro, tmp_path / "broken")
    for path in (broken / "voices").glob("*.pt"):
        # A word comes out well, a sentence of enormous ones.
        style = torch.load(path, weights_only=True).clone()
        style[20:] = 3e38
        torch.save(style, path)
    wanted = ("run", article, "--footage", clip, "--kokoro", broken, "--seconds", "6", *SPEED)
    cached, manifest = job_of(cli(*wanted))
    assert not cached
    assert manifest["narration"]["speaker"] == manifest["backends"]["speak"]["used"] == "espeak"
    assert "kokoro: Kokoro failed at speak" in manifest["backends"]["speak"]["reason"]
    assert len([text for text in manifest["warnings"] if "Kokoro failed at speak" in text]) == 1
    script = tmp_path / "script.txt"
    script.write_text("The harbour bridge was closed on Tuesday, and nobody knows why!\n")
    given = ("run", "--script", script, "--footage", clip, "--kokoro", broken, *SPEED)
    assert job_of(cli(*given))[1]["narration"]["speaker"] == "espeak"
    for named in (("--speaker", "kokoro"), ("--voice", "af_heart")):
        refused = cli(*given, *named)
        assert refused.code == 4, refused.err
        assert "Kokoro failed at speak" in refused.error_lines[0]


def test_voices_are_listed_by_name(cli: Cli, kokoro: Path) -> None:
    listed = cli("voices", "--kokoro", kokoro, "--json")
    assert listed.code == 0, listed.err
    voices = listed.json["voices"]
    assert {"speaker": "kokoro", "language": "en-us", "name": "af_heart"} in voices
    assert {"speaker": "espeak", "language": "fr", "name": "fr"} in voices
    lines = cli("voices", "--kokoro", kokoro, "--language", "fr").out.splitlines()
    assert lines[0].split() == ["kokoro", "fr", "ff_siwis"]
    assert {line.split()[0] for line in lines} == {"kokoro", "espeak"}
    assert all(line.split()[1].startswith("fr") for line in lines)
    only = cli("voices", "--kokoro", kokoro, "--speaker", "kokoro", "--json").json["voices"]
    assert {voice["speaker"] for voice in only} == {"kokoro"}
    # No model was opened for it.
    assert not list(cli.storage.rglob("*")) if cli.storage.exists() else True


def test_voices_that_are_not_there(cli: Cli) -> None:
    none = cli("voices", "--speaker", "kokoro")
    assert none.code == 4
    assert "--kokoro" in none.error_lines[0]
    unknown = cli("voices", "--language", "xx")
    assert unknown.code != 0
    assert "xx" in unknown.error_lines[0]


def test_doctor_proves_the_voice_that_is_named(cli: Cli, kokoro: Path) -> None:
    findings = {
        (one["kind"], one["name"]): one for one in cli("doctor", "--kokoro", kokoro, "--json").json["findings"]
    }
    assert findings["speaker", "kokoro"]["usable"]
    assert findings["speaker", "kokoro"]["chosen"]
