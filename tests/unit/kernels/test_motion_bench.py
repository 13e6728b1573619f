"""The timing of scoring on a card, as far as it goes without one."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytest.importorskip("triton", reason="the kernels need Triton, which is made for Linux")

import torch
from nvpipe.kernels.motion_plan import Grid, Plan

PROGRAM = Path(__file__).parents[3] / "bench" / "gpu" / "motion.py"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location("gpu_motion_bench", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def start(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, str(PROGRAM), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=120)


def test_without_a_card_it_says_so_in_one_line() -> None:
    done = start()
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.splitlines() == [f"motion: torch {torch.__version__} sees no NVIDIA GPU"]


@pytest.mark.parametrize("words", [("--video", "none.mp4"), ("--seconds", "0"), ("--seconds", "1000")])
def test_wrong_usage(words: tuple[str, ...]) -> None:
    done = start(*words)
    assert (done.returncode, done.stdout) == (2, "")


def test_sectors_are_counted_once(bench: Any) -> None:
    assert bench.sectors([0], 1, 32, 0) == 1
    assert bench.sectors([0], 1, 32, 1) == 2
    # Samples 18 bytes apart leave no sector of a row out.
    assert bench.sectors([0, 2048], 18, 107, 9) == 2 * 1920 // 32
    assert bench.sectors([0], 64, 5, 0) == 5


def test_bytes_of_a_launch(bench: Any) -> None:
    every, none = Grid(0, 1, 2, 64), Grid(0, 1, 1, 32)
    plan = Plan(every, none, none, (1, 1), (1, 1))
    # Two rows of luma in two sectors each, one of 32 pairs of U and V, and for pictures one row.
    assert bench.sector_bytes(plan, 64, 0, 1) == 32 * (4 + 2)
    assert bench.sector_bytes(plan, 64, 3, 5) == 32 * (5 * (4 + 2) + 3)


def test_a_part_that_fails_keeps_what_it_has_found(bench: Any) -> None:
    def work(found: dict[str, Any]) -> None:
        found["first"] = 1
        raise ValueError("the reason")

    def late(found: dict[str, Any]) -> None:
        found["first"] = 1
        bench.Clock(-1).check()

    assert bench.tried("one", work) == {"first": 1, "failed": "ValueError: the reason"}
    assert bench.tried("two", late) == {"first": 1, "not_run": "the time limit was reached"}
