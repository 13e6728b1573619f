"""What analysing footage costs, against a plain decode of the same files in the same run.

For each file, several rounds, the commands of a round one right after the other:

- decode: `ffmpeg -i FILE -f null -`, which decodes picture and sound and throws them away;
- first: `nvpipe analyze FILE` with an empty storage folder, the whole process with its imports;
- fast: the same with `--fast`;
- cached: `nvpipe segments FILE --duration 30` when everything is in the storage folder.

Then all files together, by one `nvpipe analyze` with `--jobs 1` and by one that chooses for itself. Seconds are wall
seconds and the CPU seconds (user and system) of the process with all that it started; wall seconds grow on a busy
machine, CPU seconds hardly. Ratios are of medians over the rounds, of wall seconds and in brackets of CPU seconds.

The bytecode of Python modules is kept in a folder of its own and made before anything is measured, as it is where a
package is installed.

    python bench/analysis.py FILE... [--runs 3] [--together-only]
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

NVPIPE = [sys.executable, "-m", "nvpipe"]
FFMPEG = ["ffmpeg", "-v", "error", "-nostdin"]
MEBIBYTE = 1 << 20
MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024


class Spent(NamedTuple):
    """What one process and the children that it waited for took."""

    wall_s: float
    cpu_s: float
    peak_bytes: int


def keep_bytecode(folder: Path) -> None:
    """Have the commands find compiled modules, even where the environment forbids Python to write them."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder)


def spent(command: list[str]) -> Spent:
    """Run a command; ends the benchmark when it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"exit code {process.returncode} of: {' '.join(command)}")
    return Spent(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * MAXRSS_BYTES)


def medians(rounds: list[Spent]) -> Spent:
    wall_s, cpu_s, peak_bytes = (statistics.median(values) for values in zip(*rounds, strict=True))
    return Spent(wall_s, cpu_s, int(peak_bytes))


def one_file(path: str, runs: int, work: Path) -> list[Spent]:
    """Medians of decode, first, fast and cached."""
    rounds: list[list[Spent]] = [[], [], [], []]
    for number in range(runs):
        folders = [str(work / f"{Path(path).stem}-{number}-{kind}") for kind in ("first", "fast")]
        commands = [
            [*FFMPEG, "-i", path, "-f", "null", "-"],
            [*NVPIPE, "analyze", path, "-q", "--storage", folders[0]],
            [*NVPIPE, "analyze", path, "-q", "--fast", "--storage", folders[1]],
            [*NVPIPE, "segments", path, "-q", "--duration", "30", "--storage", folders[0]],
        ]
        # The first call chooses the segments, the second finds them.
        for kept, command in zip(rounds, [*commands[:3], commands[3]], strict=True):
            if command is commands[3]:
                spent(command)
            kept.append(spent(command))
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
    return [medians(kept) for kept in rounds]


def together(paths: list[str], runs: int, work: Path) -> tuple[Spent, Spent]:
    """All files by one process, one after the other and side by side."""
    rounds: tuple[list[Spent], list[Spent]] = ([], [])
    for number in range(runs):
        for kept, flags in zip(rounds, (["--jobs", "1"], []), strict=True):
            folder = work / f"all-{number}-{len(flags)}"
            kept.append(spent([*NVPIPE, "analyze", *paths, "-q", *flags, "--storage", str(folder)]))
            shutil.rmtree(folder, ignore_errors=True)
    return medians(rounds[0]), medians(rounds[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--together-only", action="store_true")
    options = parser.parse_args()
    if shutil.which("ffmpeg") is None:
        sys.exit("ffmpeg is not installed; it is the peer of this benchmark")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    version = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, check=True).stdout.split()[2]
    say(f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {cores} cores, load {os.getloadavg()[0]:.1f}, "
        f"Python {platform.python_version()}, ffmpeg {version}, {options.runs} runs\n")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        keep_bytecode(work / "bytecode")
        smallest = min(options.files, key=os.path.getsize)
        for kind, flags in (("first", []), ("fast", ["--fast"])):
            spent([*NVPIPE, "analyze", smallest, "-q", *flags, "--storage", str(work / kind)])
        if not options.together_only:
            say("| file | decode s (CPU) | first | ratio (CPU) | MiB | fast | ratio (CPU) | cached |")
            say("|---|---|---|---|---|---|---|---|")
            for path in options.files:
                say(row(Path(path).name, *one_file(path, options.runs, work)))
        if len(options.files) > 1:
            alone, beside = together(options.files, options.runs, work)
            say(
                f"\n{len(options.files)} files one after the other {alone.wall_s:.1f} s ({alone.cpu_s:.1f} CPU), "
                f"together {beside.wall_s:.1f} s ({beside.cpu_s:.1f} CPU), {beside.wall_s / alone.wall_s:.2f} of it"
            )


def row(name: str, decode: Spent, first: Spent, fast: Spent, cached: Spent) -> str:
    cells = [name, f"{decode.wall_s:.2f} ({decode.cpu_s:.2f})"]
    for one in (first, fast):
        cells.append(f"{one.wall_s:.2f} ({one.cpu_s:.2f})")
        cells.append(f"{one.wall_s / decode.wall_s:.3f} ({one.cpu_s / decode.cpu_s:.3f})")
        if one is first:
            cells.append(f"{one.peak_bytes / MEBIBYTE:.0f}")
    return f"| {' | '.join([*cells, f'{cached.wall_s:.2f} ({cached.cpu_s:.2f})'])} |"


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
