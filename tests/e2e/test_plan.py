"""`nvpipe plan`: what a run would do, and what a run says of it afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fakes.cli import Cli
from fakes.lighthouse import good_model

pytestmark = pytest.mark.e2e

QUICK = ("--seconds", "8", "--quality", "low", "--captions", "none", "--no-cover", "--fast", "--out", "out")
HEAVY = ("torch", "av", "llama_cpp", "kokoro")


def stages_of(plan: Any, job: int = 0) -> dict[str, str]:
    return {stage["stage"]: stage["outcome"] for stage in plan["jobs"][job]["stages"]}


def manifest(cli: Cli) -> Any:
    return json.loads((cli.folder / "out" / "the-lighthouse-that-moved.json").read_text(encoding="utf-8"))


def test_before_the_first_run_everything_is_to_do_and_nothing_is_written(cli: Cli, article: Path, clip: Path) -> None:
    done = cli("plan", article, "--footage", clip, *QUICK, "--json")
    assert done.code == 0, done.err
    plan = done.json
    assert stages_of(plan) == dict.fromkeys(("script", "narration", "analysis", "render"), "to do")
    assert [stage["backend"] for stage in plan["jobs"][0]["stages"]] == ["extractive", "espeak", "torch", "x264"]
    assert (plan["loads"], plan["jobs"][0]["status"]) == (0, "to do")
    assert {"script", "narration", "analysis", "render"} <= set(plan["unknown"])
    assert plan["devices"][0]["usable_bytes"] > 0
    assert not cli.storage.exists()
    assert not (cli.folder / "out").exists()


def test_after_a_run_it_knows_what_is_done_what_is_cached_and_how_long_the_rest_takes(
    cli: Cli, article: Path, clip: Path
) -> None:
    job = (article, "--footage", clip, *QUICK)
    assert cli("run", *job).code == 0
    told = manifest(cli)["predicted"]
    assert {one["stage"]: one["predicted_s"] for one in told["times"]} == dict.fromkeys(
        ("script", "narration", "analysis", "render")
    )
    assert all(one["measured_s"] >= 0 for one in told["times"])
    memory = {one["name"]: one for one in told["memory"]}
    assert memory["vision render"]["predicted_from"] == "declared"
    assert cli("plan", *job, "--json").json["jobs"][0]["status"] == "done"
    other = cli("plan", *job, "--progress-bar", "--json").json
    assert stages_of(other) == {"script": "cached", "narration": "cached", "analysis": "cached", "render": "to do"}
    assert other["seconds"] > 0
    assert other["unknown"] == []
    assert cli("run", *job, "--progress-bar").code == 0
    (render,) = manifest(cli)["predicted"]["times"]
    assert render["predicted_s"] == pytest.approx(other["seconds"], abs=0.01)
    assert "nothing to do" in cli("plan", *job, "--progress-bar").out


def test_models_have_an_estimate_a_place_in_the_order_and_a_number_of_loads(
    cli: Cli, article: Path, clip: Path
) -> None:
    model = good_model(cli.folder / "tiny.gguf")
    jobs = cli.folder / "jobs.jsonl"
    jobs.write_text(
        "".join(json.dumps({"article": str(article), "slug": f"s{n}", "seed": n}) + "\n" for n in range(3))
    )
    plan = cli("plan", jobs, "--footage", clip, *QUICK, "--llama", model, "--json").json
    llama, vision = plan["models"]
    assert (llama["name"], llama["estimate_from"], llama["fits"]) == ("llama", "declared", True)
    assert llama["estimate_bytes"] > 128 << 20
    assert (plan["loads"], [wave["models"] for wave in plan["waves"]]) == (1, [["llama", "vision"]])
    assert plan["fit_together"][0]["models"] == ["llama", "vision"]
    # Footage is analysed once, by the first job that needs it.
    assert [stages_of(plan, number)["analysis"] for number in range(3)] == ["to do", "cached", "cached"]
    room = max(llama["estimate_bytes"], vision["estimate_bytes"]) + (1 << 20)
    tight = cli("plan", jobs, "--footage", clip, *QUICK, "--llama", model, "--vram", str(room), "--json").json
    assert [wave["models"] for wave in tight["waves"]] == [["llama"], ["vision"]]
    small = cli("plan", jobs, "--footage", clip, *QUICK, "--llama", model, "--vram", "1M").out
    assert "llama: " in small
    assert "does not fit" in small


def test_it_loads_neither_torch_nor_the_models(cli: Cli, article: Path, clip: Path) -> None:
    model = good_model(cli.folder / "tiny.gguf")
    code = f"""
import sys
from nvpipe.cli import cli
cli.main(sys.argv[1:], standalone_mode=False)
sys.exit(" ".join(sorted(set(sys.modules) & set({HEAVY!r}))) or 0)
"""
    arguments = ["plan", str(article), "--footage", str(clip), *QUICK, "--llama", str(model)]
    command = [sys.executable, "-c", code, *arguments, "--storage", str(cli.storage)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cli.folder, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_cannot_be_planned_is_said_of_its_job_alone(cli: Cli, article: Path, clip: Path) -> None:
    done = cli("plan", article, cli.folder / "no.md", "https://example.org/a", "--footage", clip, *QUICK, "--json")
    good, missing, far = done.json["jobs"]
    assert good["problem"] is None
    assert "no.md" in missing["problem"]
    assert (far["problem"], far["stages"]) == ("is read when it runs", [])
    assert "no footage is named" in cli("plan", article, *QUICK).out
    assert "nowhere.mp4" in cli("plan", article, "--footage", "nowhere.mp4", *QUICK).out
    (cli.folder / "broken.gguf").write_bytes(b"GGUF")
    assert "broken.gguf" in cli("plan", article, "--footage", clip, *QUICK, "--llama", "broken.gguf").out
    assert "hexgrad" not in cli("plan", article, "--footage", clip, *QUICK, "--kokoro", "hexgrad/Kokoro-82M").err


def test_a_limit_below_what_pictures_need_fails_with_numbers(cli: Cli, article: Path, clip: Path) -> None:
    done = cli("run", article, "--footage", clip, *QUICK, "--vram", "50M")
    assert done.code == 4
    assert "vision analysis needs 0.6 GB, 0.1 GB of 0.1 GB are free; raise --vram" in done.err
    assert cli("run", article, "--footage", clip, *QUICK, "--vram", "much").code == 2
