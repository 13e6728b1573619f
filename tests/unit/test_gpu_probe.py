"""The GPU probe where there is no GPU: its one document, its exit codes, and that no check can spoil another."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "bench" / "gpu"
NO_GPU = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}

MISBEHAVING = """
import os, signal, subprocess, sys, time
def fine(context):
    print("noise on standard output")
    context.note(answer=42)
def wrong(context):
    context.note(before="kept")
    raise ValueError("the reason")
def crash(context):
    context.note(before="kept")
    os.kill(os.getpid(), signal.SIGSEGV)
def hang(context):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    context.note(grandchild=child.pid)
    time.sleep(60)
def leave(context):
    os._exit(7)
"""


def load(name: str) -> ModuleType:
    """A module of bench/gpu under a name of its own."""
    alias = f"gpu_probe_{name}"
    spec = importlib.util.spec_from_file_location(alias, FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[alias] = module
    spec.loader.exec_module(module)
    return module


def start(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(FOLDER / "probe.py"), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=NO_GPU, timeout=120)


def answer_of(tmp_path: Path, function: str, limit_s: float = 60) -> dict[str, Any]:
    probe = load("probe")
    (tmp_path / "misbehaving.py").write_text(MISBEHAVING, "utf-8")
    check = probe.Check(function, f"misbehaving:{function}", limit_s, "")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    answer: dict[str, Any] = probe.run_child(check, tmp_path / "none.mp4", tmp_path, limit_s, environment)
    return answer


def alive(pid: int) -> bool:
    """Whether a process still runs; one that has ended and waits to be collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def test_help_and_list_work_without_a_gpu() -> None:
    listed = start("--list")
    assert listed.returncode == 0
    names = [line.split()[0] for line in listed.stdout.splitlines()]
    assert {"driver", "pynv_import", "nvdec_pyav", "lifetime_simple", "rate_threads", "vram", "triton"} <= set(names)
    assert len(set(names)) == len(names)
    described = start("--help")
    assert described.returncode == 0
    assert "--allow-no-gpu" in described.stdout


def test_without_a_gpu_it_says_so_in_one_line() -> None:
    done = start()
    assert (done.returncode, done.stdout) == (3, "")
    assert len([line for line in done.stderr.splitlines() if "no NVIDIA GPU" in line]) == 1


def test_without_a_gpu_it_still_prints_one_document_when_asked() -> None:
    done = start("--allow-no-gpu", "--only", "driver,rate_pyav,vram", "--video-seconds", "0.1")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["gpu"] is False
    answers = {check["name"]: check for check in document["checks"]}
    assert list(answers) == ["driver", "vram", "rate_pyav"]
    assert answers["driver"]["ok"]
    assert set(answers["driver"]["data"]["libraries"]) >= {"libcuda.so.1", "libnvcuvid.so.1", "libnvidia-encode.so.1"}
    assert not answers["rate_pyav"]["ok"]
    assert answers["rate_pyav"]["error"]


@pytest.mark.parametrize(
    "options", [("--only", "nonsense"), ("--video", "no-such-file.mp4"), ("--video-seconds", "0")]
)
def test_wrong_usage(options: tuple[str, ...]) -> None:
    done = start(*options)
    assert (done.returncode, done.stdout) == (2, "")


def test_what_is_left_when_the_time_is_up_is_named() -> None:
    done = start("--allow-no-gpu", "--only", "vram", "--total-s", "0.001", "--video", __file__)
    assert done.returncode == 0, done.stderr
    (answer,) = json.loads(done.stdout)["checks"]
    assert (answer["name"], answer["ok"]) == ("vram", False)
    assert "not started" in answer["error"]


def test_a_check_that_ends_well(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, "fine")
    assert (answer["ok"], answer["data"]) == (True, {"answer": 42})


def test_a_check_that_raises_gives_its_reason_and_what_it_knew(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, "wrong")
    assert (answer["ok"], answer["error"], answer["data"]) == (False, "ValueError: the reason", {"before": "kept"})


def test_a_check_that_crashes_gives_the_signal_and_what_it_knew(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, "crash")
    assert (answer["ok"], answer["data"]) == (False, {"before": "kept"})
    assert "SIGSEGV" in answer["error"]


def test_a_check_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    answer = answer_of(tmp_path, "hang", limit_s=8)
    assert not answer["ok"]
    assert "8 s" in answer["error"]
    deadline = time.monotonic() + 10
    while alive(answer["data"]["grandchild"]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive(answer["data"]["grandchild"])


def test_a_check_that_leaves_without_an_answer(tmp_path: Path) -> None:
    assert "status 7" in answer_of(tmp_path, "leave")["error"]


def test_every_check_names_a_function_that_exists() -> None:
    for check in load("probe").CHECKS:
        module, _, function = check.target.partition(":")
        source = (FOLDER / f"{module}.py").read_text("utf-8")
        assert f"def {function}(context: Context)" in source, check.target


def test_the_test_video_comes_back_as_it_went_in(tmp_path: Path) -> None:
    video = load("video")
    path = tmp_path / "test.mp4"
    video.write(path, 0.4, 320, 240)
    decoded = list(video.cpu_planes(path, 100))
    assert len(decoded) == 12
    for index, (luma, chroma) in enumerate(decoded):
        expected = video.synthetic(index, 320, 240)
        assert luma.shape == (240, 320)
        assert chroma.shape == (120, 160, 2)
        assert video.psnr_db(expected[0], luma) > 25
        assert video.psnr_db(expected[1], chroma) > 25


def test_wrong_planes_are_told_from_right_ones() -> None:
    video = load("video")
    luma, chroma = video.synthetic(3, 320, 240)
    later = video.synthetic(4, 320, 240)
    assert video.psnr_db(luma, luma) == 100
    assert video.psnr_db(chroma, chroma[..., ::-1]) < 20
    assert video.psnr_db(chroma, later[1]) < 30
    assert video.psnr_db(luma, later[0]) < 25


def test_rates_add_up_and_failures_are_not_lost(tmp_path: Path) -> None:
    rate = load("rate")

    class Fake:
        def __init__(self, path: Path) -> None:
            self.path = path

        def rest(self) -> int:
            if self.path.name == "broken":
                raise OSError("no surface")
            time.sleep(0.05)
            return 50

    assert 50 < rate.in_threads(Fake, tmp_path, 4) <= 4 * 50 / 0.05
    with pytest.raises(RuntimeError, match="no surface"):
        rate.in_threads(Fake, tmp_path / "broken", 2)
