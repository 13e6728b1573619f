"""The motion kernel without a card: run by Triton's interpreter, and compiled for every kind of card."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("triton", reason="the kernels need Triton, which is made for Linux")

TESTS = Path(__file__).parents[2]

INTERPRETED = """
import json
from fakes.motion_cases import unequal
print(json.dumps(unequal("cpu", small=True)))
"""

COMPILED = """
import json, sys
import triton
from fakes import surfaces
from nvpipe.footage.motion.card_gather import plan_of
from nvpipe.kernels.motion import kernel
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

function, pointers, constants, warps = kernel(plan_of(surfaces.surfaces(1, 72, 128, 128)[0]))
signature = {name: pointers.get(name, "constexpr" if name in constants else "i32") for name in function.arg_names}
found = {}
for capability in map(int, sys.argv[1:]):
    target = GPUTarget("cuda", capability, 32)
    done = triton.compile(ASTSource(function, signature, constants), target=target, options={"num_warps": warps})
    found[capability] = done.asm["ptx"], len(done.asm["cubin"])
print(json.dumps(found))
"""


def child(code: str, *arguments: str, **environment: str) -> Any:
    """What a process of its own prints: Triton looks at its environment when it is imported."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=TESTS,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": "", "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_kernel_is_its_reference_in_the_interpreter() -> None:
    wrong, count = child(INTERPRETED, TRITON_INTERPRET="1")
    assert count > 5
    assert wrong == []


def test_it_compiles_for_every_kind_of_card(tmp_path: Path) -> None:
    capabilities = ("75", "120")
    found = child(COMPILED, *capabilities, TRITON_CACHE_DIR=str(tmp_path), TRITON_INTERPRET="0")
    assert list(found) == list(capabilities)
    for ptx, cubin_bytes in found.values():
        assert cubin_bytes > 1000
        # Sums are the same on every run without atomics; what is indexed by variables would need local memory.
        assert not any(word in ptx for word in ("atom.", "red.global", ".local"))
