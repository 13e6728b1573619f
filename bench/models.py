"""What a model costs: wall time and peak memory of its load and release, and how fast it works.

    python bench/models.py kokoro DIR [--seconds 20]
    python bench/models.py llama FILE.gguf [--rounds 5] [--context 4096]

DIR holds Kokoro's files. With random weights the costs are real, the speech is not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from llama_costs import llama

from nvpipe.scheduler import CpuDevice, Scheduler
from nvpipe.types import Script, ScriptLine
from nvpipe.voice import Booth, Manner

TEXT = (
    "The council voted on Tuesday to close the old harbour bridge for two years.",
    "Engineers found cracks in nine of the forty steel hangers last week.",
    "Ferries will run every ten minutes from both banks while the work goes on.",
)


def kokoro(folder: Path, seconds: float) -> None:
    """Load, speak for about so many seconds of sound twice, release."""
    from nvpipe.voice.kokoro.speaker import KokoroSpeaker

    device = CpuDevice()
    with tempfile.TemporaryDirectory() as work, Scheduler(device) as scheduler:
        speaker = KokoroSpeaker()
        speaker.prepare(Manner(Path(work), str(folder)), Booth(lambda: scheduler, print))
        start_s = time.perf_counter()
        probe = speaker.probe()
        if not probe.usable:
            sys.exit(f"{probe.reason}; {probe.fix}")
        print(f"opened and proven in {time.perf_counter() - start_s:.1f} s: {probe.reason}")
        voice = speaker.resolve_voice("en", None)
        lines: list[ScriptLine] = []
        spoken_s = 0.0
        for number in range(1000):
            if spoken_s >= seconds:
                break
            # Sentences that were said already are kept, so each is another one.
            lines = [ScriptLine(f"Number {number}: {line}", ()) for line in TEXT]
            start_s = time.perf_counter()
            narration = speaker.speak(
                Script(tuple(lines), "en", "bench", "0"), voice=voice, rate=1.0, output=Path(work) / "voice.wav"
            )
            took_s = time.perf_counter() - start_s
            spoken_s += narration.duration_s
            pace = narration.duration_s / took_s
            print(f"{narration.duration_s:.1f} s of speech in {took_s:.1f} s, {pace:.2f} times real time")
        start_s = time.perf_counter()
        scheduler.close()
        print(f"released in {time.perf_counter() - start_s:.2f} s")
        (stats,) = scheduler.stats.values()
        print(
            f"load {stats.load_s:.1f} s, peak {stats.peak_memory_bytes / 1e9:.2f} GB, release {stats.release_s:.2f} s"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="What a model costs.")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("kokoro", help="the speaker")
    one.add_argument("folder", type=Path)
    one.add_argument("--seconds", type=float, default=20.0, help="of speech, about")
    one = commands.add_parser("llama", help="the writer")
    one.add_argument("model", type=Path)
    one.add_argument("--rounds", type=int, default=5)
    one.add_argument("--context", type=int, default=4096, help="tokens")
    arguments = parser.parse_args()
    if arguments.command == "llama":
        llama(arguments.model, arguments.rounds, arguments.context)
    else:
        kokoro(arguments.folder, arguments.seconds)


if __name__ == "__main__":
    main()
