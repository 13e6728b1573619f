"""The compose kernel without a card: run by Triton's interpreter, and compiled for every kind of card."""

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
import json, torch
torch.set_num_threads(1)
from fakes.compose_cases import compared
print(json.dumps(compared("cpu")))
"""

LAYOUTS_DRAWN = """
import json, torch
torch.set_num_threads(1)
from nvpipe.compose.cuda import CudaComposer
from nvpipe.kernels.compose import KernelDrawer
print(json.dumps(CudaComposer("cpu", KernelDrawer).probe()))
"""

COMPILED = """
import json, sys
import triton
from nvpipe.kernels.compose import _compose
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

bytes_of = {"y_source", "u_source", "v_source", "small", "canvas"}
constants = dict(BACKDROP=True, TAPS_X=4, TAPS_Y=4, BLACK_LUMA=16, BLACK_CHROMA=128, BX=64, BY=16)
kinds = {"index": "*i32", "weight": "*fp32", "patches": "*i64"}

def kind(name):
    if name in constants:
        return "constexpr"
    if name in bytes_of:
        return "*u8"
    return next((found for part, found in kinds.items() if part in name), "i32")

source = ASTSource(_compose, {name: kind(name) for name in _compose.arg_names}, constants)
found = {}
for capability in map(int, sys.argv[1:]):
    done = triton.compile(source, target=GPUTarget("cuda", capability, 32), options={"num_warps": 4})
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
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_kernel_draws_what_plain_torch_draws() -> None:
    found = child(INTERPRETED, TRITON_INTERPRET="1")
    assert len(found) == 6
    for name, (largest, share, beside) in found.items():
        # Sums in another order end on the other side of a half now and then.
        assert largest <= 1, name
        assert share < 1e-2, name
        assert beside == 0, name


def test_the_kernel_draws_every_layout_as_libavfilter_does() -> None:
    usable, reason, _ = child(LAYOUTS_DRAWN, TRITON_INTERPRET="1")
    assert usable, reason


def test_it_compiles_for_every_kind_of_card(tmp_path: Path) -> None:
    capabilities = ("75", "90", "120")
    found = child(COMPILED, *capabilities, TRITON_CACHE_DIR=str(tmp_path), TRITON_INTERPRET="0")
    assert list(found) == list(capabilities)
    for ptx, cubin_bytes in found.values():
        assert cubin_bytes > 1000
        assert not any(word in ptx for word in ("atom.", "red.global", ".local"))
