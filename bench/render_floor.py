"""Wall time of a whole `nvpipe run` against the floor of its two codecs, in one run.

The floor is (CPU seconds of a plain decode + CPU seconds of a plain x264 `ultrafast` encode of the same pictures) /
cores, both by the ffmpeg command line. Analysis is cached before the clock starts; script, voice and everything else
is not.

    python bench/render_floor.py --footage CLIP.mp4 [--article FILE] [--seconds 60] [--runs 3]
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NVPIPE = [sys.executable, "-m", "nvpipe"]


def measured(command: list[str]) -> tuple[float, float, int]:
    """Wall seconds, CPU seconds and peak resident bytes of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_maxrss * 1024


def ffmpeg(*arguments: str) -> tuple[float, float, int]:
    return measured(["ffmpeg", "-v", "error", "-nostdin", "-y", *arguments])


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
        measured([*NVPIPE, "analyze", options.footage, *storage])
        rounds = [one_round(options, article, storage, work / str(number)) for number in range(options.runs)]
    cores = len(os.sched_getaffinity(0))
    report = {
        "seconds_of_video": options.seconds,
        "cores": cores,
        "rounds": rounds,
        "median_ratio": statistics.median(one["wall_s"] / one["floor_s"] for one in rounds),
    }
    json.dump(report, sys.stdout, indent=1)
    print()


def one_round(options: argparse.Namespace, article: str, storage: list[str], out: Path) -> dict[str, float]:
    """A run with its own output and no cached script or narration, then the floor on what it showed."""
    stages = Path(storage[1]) / "stages"
    shutil.rmtree(stages, ignore_errors=True)
    wall, cpu, peak = measured(
        [*NVPIPE, "run", article, "--footage", options.footage, "--seconds", str(options.seconds), "--quality",
         "medium", "--out", str(out), *storage, "-q"]
    )  # fmt: skip
    manifest = json.loads(next(out.glob("*.json")).read_text())
    video = manifest["output"]["path"]
    raw = out / "frames.y4m"
    decode_cpu = 0.0
    for cut in manifest["footage"]:
        span = ["-ss", str(cut["start_s"]), "-t", str(cut["end_s"] - cut["start_s"]), "-i", cut["path"]]
        decode_cpu += ffmpeg(*span, "-map", "0:v:0", "-f", "null", "-")[1]
    # The encoder's own cost: the same pictures from raw frames, less the cost of reading them.
    ffmpeg("-i", video, "-map", "0:v:0", "-pix_fmt", "yuv420p", str(raw))
    read_cpu = ffmpeg("-i", str(raw), "-f", "null", "-")[1]
    encode = ffmpeg("-i", str(raw), "-c:v", "libx264", "-preset", "ultrafast", "-crf", "23", str(out / "plain.mp4"))
    raw.unlink()
    floor = (decode_cpu + max(0.0, encode[1] - read_cpu)) / len(os.sched_getaffinity(0))
    return {
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "peak_bytes": peak,
        "duration_s": manifest["output"]["duration_s"],
        "decode_cpu_s": round(decode_cpu, 2),
        "encode_cpu_s": round(encode[1] - read_cpu, 2),
        "floor_s": round(floor, 2),
        "ratio": round(wall / floor, 3),
    }


if __name__ == "__main__":
    main()
