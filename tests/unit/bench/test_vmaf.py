"""VMAF from a program on the path, whatever that program is."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from nvpipe.bench.lossless import Composition
from nvpipe.bench.vmaf import find_vmaf
from nvpipe.errors import BackendFailedError

HAS = "echo ' ... libvmaf           VV->V      Calculate the VMAF between two video streams.'"
LOG = 'log=$(printf "%s" "$*" | sed "s/.*log_path=\\([^:]*\\):.*/\\1/")'


def program(folder: Path, filters: str, measuring: str) -> str:
    path = folder / "ffmpeg"
    path.write_text(f'#!/bin/sh\nif [ "$2" = -filters ]; then\n{filters}\nexit 0\nfi\n{LOG}\n{measuring}\n')
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def original(tmp_path: Path) -> Composition:
    return Composition(tmp_path / "full.yuv", (1080, 1920), Fraction(30), 60, 0.0)


def test_the_mean_over_the_pictures_is_taken(tmp_path: Path, original: Composition) -> None:
    told = """echo "$*" > told; echo '{"pooled_metrics": {"vmaf": {"mean": 91.5}}}' > "$log" """
    vmaf = find_vmaf(5, program(tmp_path, HAS, told))
    assert vmaf.reason == ""
    assert vmaf.measure(original, tmp_path / "coded.mp4") == 91.5
    words = (tmp_path / "told").read_text()
    assert "n_subsample=5" in words
    assert "-video_size 1080x1920" in words
    assert words.index("coded.mp4") < words.index("full.yuv")
    assert not (tmp_path / "coded.vmaf.json").exists()


@pytest.mark.parametrize(
    ("measuring", "why"),
    [
        ("echo 'no such model' >&2; exit 1", "no such model"),
        ("exit 3", "exit code 3"),
        ("echo nonsense > $log", "exit code 0"),
        ("""echo '{"pooled_metrics": {}}' > $log""", "exit code 0"),
        ("""echo '{"pooled_metrics": {"vmaf": {"mean": NaN}}}' > $log""", "nan"),
    ],
)
def test_a_program_that_fails_is_told(tmp_path: Path, original: Composition, measuring: str, why: str) -> None:
    vmaf = find_vmaf(program=program(tmp_path, HAS, measuring))
    with pytest.raises(BackendFailedError, match=why):
        vmaf.measure(original, tmp_path / "coded.mp4")


def test_where_nothing_measures_it_the_reason_is_kept(tmp_path: Path, original: Composition) -> None:
    without = find_vmaf(program=program(tmp_path, "echo ' ... vmafmotion V->V'", ""))
    gone = find_vmaf(program=str(tmp_path / "gone"))
    assert "without libvmaf" in without.reason
    assert "there is no" in gone.reason
    assert without.measure(original, tmp_path / "coded.mp4") is None
