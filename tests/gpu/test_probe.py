"""The probe on a machine with an NVIDIA GPU."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

PROBE = Path(__file__).parents[2] / "bench" / "gpu" / "probe.py"


@pytest.mark.gpu
def test_the_probe_answers_every_question() -> None:
    done = subprocess.run([sys.executable, str(PROBE)], capture_output=True, text=True, timeout=540, check=True)
    checks = json.loads(done.stdout)["checks"]
    assert checks
    for check in checks:
        assert check["ok"] or check["error"], check["name"]
