"""VMAF, where the ffmpeg on the path can tell it.

VMAF is the measure of Li, Aaron, Katsavounidis, Moorthy and Manohara, "Toward a practical perceptual video quality
metric" (Netflix, 2016); PyAV's libavfilter is built without it.
"""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.errors import BackendFailedError

if TYPE_CHECKING:
    from pathlib import Path

    from nvpipe.bench.lossless import Composition

PROGRAM = "ffmpeg"
_PROBE_LIMIT_S = 30
_LIMIT_S = 1800


@dataclass(frozen=True, slots=True)
class Vmaf:
    """A program that measures VMAF, or why there is none."""

    program: str | None
    reason: str
    every: int = 1
    """Pictures from one that is measured to the next."""

    def measure(self, original: Composition, coded: Path) -> float | None:
        """Mean over the pictures, from 0 to 100; None without a program.

        Raises:
            BackendFailedError: the program fails.
        """
        if self.program is None:
            return None
        width, height = original.size_px
        log = coded.with_suffix(".vmaf.json")
        threads = 2
        # Names without a folder need no escaping in a filter's options.
        compared = f"libvmaf=log_fmt=json:log_path={log.name}:n_threads={threads}:n_subsample={self.every}"
        command = [
            self.program, "-nostdin", "-v", "error", "-r", str(original.fps), "-i", str(coded.absolute()),
            "-f", "rawvideo", "-pixel_format", "yuv420p", "-video_size", f"{width}x{height}",
            "-framerate", str(original.fps), "-i", str(original.path.absolute()),
            "-lavfi", f"[0:v][1:v]{compared}", "-f", "null", "-",
        ]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=_LIMIT_S, cwd=coded.parent)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise BackendFailedError(f"{self.program} does not measure VMAF: {error}") from error
        try:
            value = float(json.loads(log.read_bytes())["pooled_metrics"]["vmaf"]["mean"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            why = said[-1] if said else f"exit code {done.returncode}"
            raise BackendFailedError(f"{self.program} does not measure VMAF: {why}") from error
        finally:
            log.unlink(missing_ok=True)
        if not math.isfinite(value):
            raise BackendFailedError(f"{self.program} measures a VMAF of {value}")
        return value


def find_vmaf(every: int = 1, program: str = PROGRAM) -> Vmaf:
    """The ffmpeg on the path if it has libvmaf.

    Args:
        every: only each so many-th picture is measured.
        program: its name.
    """
    path = shutil.which(program)
    if path is None:
        return Vmaf(None, f"VMAF is not measured: there is no {program} on the path")
    try:
        done = subprocess.run(
            [path, "-hide_banner", "-filters"], capture_output=True, check=False, timeout=_PROBE_LIMIT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Vmaf(None, f"VMAF is not measured: {path} does not run: {error}")
    names = {line.split()[1] for line in done.stdout.decode(errors="replace").splitlines() if len(line.split()) > 1}
    if "libvmaf" not in names:
        return Vmaf(None, f"VMAF is not measured: {path} is built without libvmaf")
    return Vmaf(path, "", every)
