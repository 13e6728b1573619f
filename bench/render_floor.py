"""Wall time of a whole `nvpipe run` against the floor of its two codecs, in one run.

The floor is (decode_cpu_s + encode_cpu_s) / cores, both by the ffmpeg command line:

- decode_cpu_s: user and system CPU seconds of `ffmpeg -f null`, which decodes the stretches of footage that the short
  shows, each from the keyframe before it, and throws the pictures away.
- encode_cpu_s: CPU seconds of the process that encodes the finished short's pictures again with x264 `ultrafast`,
  CRF 23, reading them raw from a pipe. What the process at the other end of the pipe spends on decoding the short
  does not count. read_cpu_s is what a process spends that reads the same pipe and throws the pictures away:
  strict_ratio is against a floor without it.

CPU seconds are those that the kernel reports when it hands over one finished process (wait4), so nothing else that
runs on the machine is counted; wall_s is, and a busy machine makes it longer. wall_s, cpu_s and peak_bytes are of the
`nvpipe` process with everything that it starts; peak_bytes is the resident memory of the largest of these processes
at its largest. The footage is analysed before the clock starts; script, voice and everything else is not.

    python bench/render_floor.py --footage CLIP.mp4 [--article FILE] [--seconds 60] [--runs 3]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

NVPIPE = [sys.executable, "-m", "nvpipe"]
FFMPEG = ["ffmpeg", "-v", "error", "-nostdin", "-y"]
X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "23"]
MAXRSS_BYTES = 1 if sys.platform == "darwin" else 1024


class Spent(NamedTuple):
    """What one process and the children that it waited for took."""

    wall_s: float
    cpu_s: float
    peak_bytes: int


def waited(process: subprocess.Popen[bytes], start: float) -> Spent:
    """Wait for a process and take its own account of itself; ends the benchmark when it failed."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"exit code {process.returncode} of: {' '.join(map(str, process.args))}")  # type: ignore[arg-type]
    return Spent(time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * MAXRSS_BYTES)


def measured(command: list[str]) -> Spent:
    start = time.perf_counter()
    return waited(subprocess.Popen(command, stdout=subprocess.DEVNULL), start)


def reading_pictures(video: str, *output: str) -> float:
    """CPU seconds of an ffmpeg alone that reads the video's pictures raw from a pipe."""
    start = time.perf_counter()
    source = [*FFMPEG, "-i", video, "-map", "0:v:0", "-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe", "-"]
    with subprocess.Popen(source, stdout=subprocess.PIPE) as decoder:
        reader = subprocess.Popen([*FFMPEG, "-f", "yuv4mpegpipe", "-i", "-", *output], stdin=decoder.stdout)
        if decoder.stdout is not None:
            decoder.stdout.close()
        spent = waited(reader, start)
        waited(decoder, start)
    return spent.cpu_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", required=True)
    parser.add_argument("--article")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    if shutil.which("ffmpeg") is None:
        sys.exit("ffmpeg is not installed; it is the peer of this benchmark")
    from nvpipe.sample import sample_article

    article = options.article or str(sample_article())
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        storage = ["--storage", str(work / "cache")]
        measured([*NVPIPE, "analyze", options.footage, *storage, "-q"])
        rounds = [one_round(options, article, storage, work / str(number)) for number in range(options.runs)]
    report = {
        "seconds_of_video": options.seconds,
        "cores": len(os.sched_getaffinity(0)),
        "rounds": rounds,
        "median_ratio": statistics.median(one["wall_s"] / one["floor_s"] for one in rounds),
    }
    json.dump(report, sys.stdout, indent=1)
    print()


def one_round(options: argparse.Namespace, article: str, storage: list[str], out: Path) -> dict[str, float]:
    """A run with its own output and no cached script or narration, then the floor on what it showed."""
    shutil.rmtree(Path(storage[1]) / "stages", ignore_errors=True)
    run = measured(
        [*NVPIPE, "run", article, "--footage", options.footage, "--seconds", str(options.seconds), "--quality",
         "medium", "--out", str(out), *storage, "-q"]
    )  # fmt: skip
    manifest = json.loads(next(out.glob("*.json")).read_text("utf-8"))
    video = manifest["output"]["path"]
    decode_cpu_s = 0.0
    for cut in manifest["footage"]:
        span = ["-ss", str(cut["start_s"]), "-t", str(cut["end_s"] - cut["start_s"]), "-i", cut["path"]]
        decode_cpu_s += measured([*FFMPEG, *span, "-map", "0:v:0", "-f", "null", "-"]).cpu_s
    read_cpu_s = reading_pictures(video, "-f", "null", "-")
    encode_cpu_s = reading_pictures(video, *X264, "-f", "mp4", str(out / "plain.mp4"))
    cores = len(os.sched_getaffinity(0))
    floor_s = (decode_cpu_s + encode_cpu_s) / cores
    return {
        "wall_s": round(run.wall_s, 2),
        "cpu_s": round(run.cpu_s, 2),
        "peak_bytes": run.peak_bytes,
        "duration_s": manifest["output"]["duration_s"],
        "decode_cpu_s": round(decode_cpu_s, 2),
        "encode_cpu_s": round(encode_cpu_s, 2),
        "floor_s": round(floor_s, 2),
        "read_cpu_s": round(read_cpu_s, 2),
        "ratio": round(run.wall_s / floor_s, 3),
        "strict_ratio": round(run.wall_s / (floor_s - read_cpu_s / cores), 3),
    }


if __name__ == "__main__":
    main()
