"""Memory of an analysis hardly grows with a video's length: libav's index of the packets, a few numbers a frame."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from fakes.media import make_video
from fakes.retouch import looped

pytestmark = pytest.mark.slow
HOUR_S = 3600
GROWTH_BYTES = 64 << 20


# A child's peak counts from the fork on: from here it would begin with all of pytest.
MEASURE = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak_bytes(path: Path, storage: Path, *flags: str) -> int:
    command = [sys.executable, "-m", "nvpipe", "analyze", str(path), "--storage", str(storage), "-q", *flags]
    done = subprocess.run([sys.executable, "-c", MEASURE, *command], capture_output=True, text=True, check=True)
    return int(done.stdout) * (1 if sys.platform == "darwin" else 1024)


@pytest.mark.parametrize("flags", [(), ("--fast",)])
def test_an_hour_takes_little_more_memory_than_a_minute(tmp_path: Path, flags: tuple[str, ...]) -> None:
    minute = make_video(tmp_path / "minute.mp4", seconds=60, fps=30, size=(320, 180), audio_hz=48000)
    hour = looped(tmp_path / "hour.mp4", minute, HOUR_S // 60)
    small = peak_bytes(minute, tmp_path / "cache", *flags)
    large = peak_bytes(hour, tmp_path / "cache", *flags)
    sys.stdout.write(f"{flags} minute {small >> 20} MiB, hour {large >> 20} MiB, ratio {large / small:.3f}\n")
    assert large - small <= GROWTH_BYTES
