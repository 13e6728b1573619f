"""A language model at work in the real command: it writes, fails, is stopped, and is made up for."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from fakes.cli import Cli, Result
from fakes.hub_file import COMMIT, PATH, WISH, hub_page
from fakes.lighthouse import GOOD, LIE, TITLE, good_model, lying_model
from fakes.tiny_llama import write_random
from fakes.web_server import serving

pytestmark = pytest.mark.e2e

PLAIN = ("--seconds", "25", "--quality", "low", "--captions", "none", "--no-cover", "--fast", "--out", "out")


def tell(cli: Cli, article: Path, clip: Path, *arguments: str | Path, **more: Any) -> Result:
    return cli("run", article, "--footage", clip, *PLAIN, *arguments, **more)


def manifest(cli: Cli) -> Any:
    return json.loads((cli.folder / "out" / "the-lighthouse-that-moved.json").read_text(encoding="utf-8"))


def children_of(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if f"PPid:\t{pid}\n" in (entry / "status").read_text():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def test_a_model_writes_and_a_repeated_run_asks_nobody(cli: Cli, article: Path, clip: Path) -> None:
    model = lying_model(cli.folder / "tiny.gguf")
    done = tell(cli, article, clip, "--llama", model, "--call-to-action", "Come and see it.")
    assert done.code == 0, done.err
    script = manifest(cli)["script"]
    *told, end = [line["text"] for line in script["lines"]]
    assert end == "Come and see it."
    # Whole lines may be left out to meet the length.
    assert len(told) >= len(GOOD) - 2
    assert told == [text for text, _ in GOOD if text in told]
    assert script["writer"] == "llama"
    assert (script["title"], script["hashtags"]) == (TITLE, ["news"])
    assert script["description"]
    assert [(one["line"], one["outcome"]) for one in script["ungrounded"]] == [(LIE, "asked again")]
    assert script["model"].startswith("tiny.gguf (blake2 ")
    assert manifest(cli)["backends"]["write"] == {"used": "llama", "wanted": "auto", "reason": ""}
    moved = model.rename(cli.folder / "elsewhere.gguf")
    again = tell(cli, article, clip, "--llama", moved, "--call-to-action", "Come and see it.", "--json")
    assert again.json["jobs"][0]["cached"]


def test_another_look_takes_the_script_that_is_known_without_the_model(cli: Cli, article: Path, clip: Path) -> None:
    model = good_model(cli.folder / "tiny.gguf")
    done = tell(cli, article, clip, "--llama", model)
    assert done.code == 0, done.err
    # One for each length of context that it was opened with.
    used = manifest(cli)["models"]
    assert {(one["name"], one["loads"], one["failures"]) for one in used} == {("llama", 1, 0)}
    script = next(stage for stage in manifest(cli)["stages"] if stage["stage"] == "script")
    assert script["peak_memory_bytes"] > used[-1]["peak_memory_bytes"] > 0
    again = tell(cli, article, clip, "--llama", model, "--progress-bar")
    assert again.code == 0, again.err
    assert manifest(cli)["backends"]["write"]["used"] == "llama"
    assert manifest(cli)["models"] == []


def test_nonsense_is_made_up_for_and_said_once(cli: Cli, article: Path, clip: Path) -> None:
    model = write_random(cli.folder / "random.gguf")
    done = tell(cli, article, clip, "--llama", model)
    assert done.code == 0, done.err
    said = "takes over, since llama: the model's script cannot be used after 3 replies"
    assert done.err.count(said) == 1
    choice = manifest(cli)["backends"]["write"]
    assert (choice["used"], choice["wanted"]) == ("extractive", "auto")
    assert choice["reason"].startswith("llama: the model's script cannot be used")
    assert manifest(cli)["script"]["writer"] == "extractive"
    assert manifest(cli)["script"]["title"] == "The lighthouse that moved"
    # Another look wants no other script: the model is not asked in vain again, and the reason stays.
    (cli.folder / "out" / "the-lighthouse-that-moved.mp4").unlink()
    again = tell(cli, article, clip, "--llama", model, "--progress-bar")
    assert again.code == 0, again.err
    assert manifest(cli)["backends"]["write"] == choice
    stages = {stage["stage"]: stage["outcome"] for stage in manifest(cli)["stages"]}
    assert stages["script"] == "cached"


def test_a_model_that_is_asked_for_by_name_fails_with_the_reason(cli: Cli, article: Path, clip: Path) -> None:
    model = write_random(cli.folder / "random.gguf")
    done = tell(cli, article, clip, "--llama", model, "--writer", "llama")
    assert done.code == 4
    assert len(done.error_lines) == 1
    assert "cannot be used after 3 replies" in done.error_lines[0]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--writer", "llama"], 4, "writer llama is not usable here: no model is named; give --llama"),
        (["--llama", "none.gguf"], 3, "the model none.gguf does not exist"),
        (["--llama", "article.md", "--writer", "llama"], 4, "the model article.md is no GGUF file"),
        (["--llama", ""], 2, "llama: no model is named"),
        (["--tone", "sarcastic"], 2, "tone: there is no tone sarcastic; choose one of: news, story"),
        (["--seed", "-1"], 2, "seed is -1"),
        (["--call-to-action", "!!!"], 2, "no word that can be said"),
    ],
)
def test_what_cannot_be_is_one_line(
    cli: Cli, article: Path, clip: Path, arguments: list[str], code: int, says: str
) -> None:
    done = tell(cli, article, clip, *arguments)
    assert (done.code, len(done.error_lines)) == (code, 1), done.err
    assert says in done.error_lines[0]


def test_a_damaged_model_is_made_up_for(cli: Cli, article: Path, clip: Path) -> None:
    model = good_model(cli.folder / "tiny.gguf")
    model.write_bytes(model.read_bytes()[:300_000])
    done = tell(cli, article, clip, "--llama", model)
    assert done.code == 0, done.err
    assert "note: writer extractive is used, since llama: the model tiny.gguf is incomplete" in done.err
    assert manifest(cli)["backends"]["write"]["reason"].startswith("llama: the model tiny.gguf is incomplete")


def test_without_a_model_nothing_is_said(cli: Cli, article: Path, clip: Path) -> None:
    done = tell(cli, article, clip)
    assert done.code == 0, done.err
    assert "llama" not in done.err
    choice = manifest(cli)["backends"]["write"]
    assert choice == {"used": "extractive", "wanted": "auto", "reason": "llama: no model is named"}


def test_a_model_of_a_repository(cli: Cli, article: Path, clip: Path) -> None:
    body = good_model(cli.folder / "tiny.gguf").read_bytes()
    cli.environ |= {"HF_HUB_DISABLE_XET": "1"}
    with serving({PATH: hub_page(body)}) as server:
        cli.environ["HF_ENDPOINT"] = server.url("").rstrip("/")
        done = tell(cli, article, clip, "--llama", WISH)
    assert done.code == 0, done.err
    assert manifest(cli)["script"]["model"].startswith(f"{WISH}@{COMMIT} (blake2 ")
    again = tell(cli, article, clip, "--llama", WISH, "--json")
    assert again.json["jobs"][0]["cached"]


def test_offline_it_says_so(cli: Cli, article: Path, clip: Path) -> None:
    cli.environ["HF_ENDPOINT"] = "http://127.0.0.1:9"
    named = tell(cli, article, clip, "--llama", WISH, "--writer", "llama")
    assert named.code == 4
    assert f"{WISH} cannot be downloaded" in named.error_lines[0]


def test_ctrl_c_stops_the_model(cli: Cli, article: Path, clip: Path) -> None:
    model = write_random(cli.folder / "slow.gguf", by_letter=True, n_ctx=32_768)
    running = cli.start("run", article, "--footage", clip, *PLAIN, "--llama", model)
    children: list[int] = []
    end_s = time.monotonic() + 60
    while not children and time.monotonic() < end_s:
        children = children_of(running.pid)
        time.sleep(0.02)
    time.sleep(1.0)
    os.kill(running.pid, signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "Traceback" not in err
    assert children
    assert not any(Path(f"/proc/{child}").exists() for child in children)


def test_doctor_proves_a_model_that_is_named(cli: Cli) -> None:
    bare = {one["name"]: one for one in cli("doctor", "--json").json["findings"]}
    assert (bare["llama"]["usable"], bare["llama"]["reason"]) == (False, "no model is named")
    assert bare["extractive"]["chosen"]
    model = good_model(cli.folder / "tiny.gguf")
    named = {one["name"]: one for one in cli("doctor", "--llama", model, "--json").json["findings"]}
    assert named["llama"]["usable"], named["llama"]["reason"]
    assert named["llama"]["chosen"]
