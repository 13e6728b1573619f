"""Asks a machine with an NVIDIA GPU what nvpipe's GPU backends rest on, and prints one JSON document.

    python bench/gpu/probe.py > probe.json

Needs Python 3.11 or newer and whatever it asks about: torch, av, PyNvVideoCodec; a missing one is an answer too. Each
check runs in a process of its own with a time limit, so that a crash or a hang costs only its own answer. `ok` says
that a check came to an end; what it found is `data`. Exit status: 0 when every check had its turn, 2 for wrong usage,
3 when there is no NVIDIA GPU (see --allow-no-gpu).

State: written from documentation, source code and stand-in libraries. It has never run on hardware.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
FORMAT = "nvpipe-gpu-probe"
VERSION = 1
TAIL_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class Check:
    """One question; `target` is `module:function` of a file beside this one."""

    name: str
    target: str
    limit_s: float
    question: str


CHECKS = (
    Check("driver", "driver:libraries", 30, "driver libraries, cards, engines, container settings"),
    Check("packages", "driver:packages", 60, "torch, triton and av: versions, CUDA in sight"),
    Check("pynv_import", "driver:pynv_import", 30, "PyNvVideoCodec: does it import, what does it offer"),
    Check("caps", "driver:caps", 30, "what NVDEC and NVENC say they can do, number of engines"),
    Check("nvdec_simple", "decoding:simple", 60, "SimpleDecoder: layout, luma and chroma against the CPU"),
    Check("nvdec_threaded", "decoding:threaded", 60, "ThreadedDecoder: the same"),
    Check("nvdec_low_level", "decoding:low_level", 60, "CreateDemuxer and CreateDecoder: the same"),
    Check("nvdec_pyav", "decoding:pyav_cuda", 60, "PyAV with hwaccel cuda: the same"),
    Check("lifetime_simple", "lifetime:simple", 40, "SimpleDecoder: do pointers repeat, are kept frames overwritten"),
    Check("lifetime_threaded", "lifetime:threaded", 40, "ThreadedDecoder: the same"),
    Check("lifetime_low_level", "lifetime:low_level", 40, "low-level decoder: the same"),
    Check("lifetime_pyav", "lifetime:pyav_cuda", 40, "PyAV surfaces: the same, and how many can be held"),
    Check("nvenc_pynv", "encoding:pynv_encode", 45, "PyNvVideoCodec encodes: file decoded back, PSNR"),
    Check("nvenc_dlpack", "encoding:dlpack", 45, "does Encode() take a torch tensor as it is (keyword stream)"),
    Check("nvenc_pyav", "encoding:pyav_system", 45, "PyAV h264_nvenc from frames in memory: PSNR"),
    Check("nvenc_pyav_cuda", "encoding:pyav_cuda", 45, "PyAV h264_nvenc from CUDA tensors: one buffer, two buffers"),
    Check("triton", "kernel:triton_kernel", 90, "compiled Triton kernel against torch, bandwidth against a copy"),
    Check("vram", "memory:vram", 90, "memory back after closing and after the child's exit"),
    Check("rate_processes", "rate:processes", 100, "PyNvVideoCodec frames a second by number of processes"),
    Check("rate_threads", "rate:threads", 80, "PyNvVideoCodec frames a second by number of threads"),
    Check("rate_pyav", "rate:pyav_threads", 60, "PyAV hwaccel frames a second by number of threads"),
)


@dataclass(slots=True)
class Context:
    """What a check works with; what it notes survives its crash."""

    video: Path
    folder: Path
    result: Path
    data: dict[str, Any] = field(default_factory=dict)

    def note(self, **values: Any) -> None:
        self.data.update(values)
        write_json(self.result, {"ok": None, "data": self.data})


def write_json(path: Path, value: Any) -> None:
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(value, default=str), "utf-8")
    partial.replace(path)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def reason_of(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}: {error}".removeprefix("builtins.")


def run_here(target: str, context: Context) -> dict[str, Any]:
    """Answer one check in this process; every failure of a check is an answer."""
    module, _, function = target.partition(":")
    try:
        getattr(importlib.import_module(module), function)(context)
    except Exception as error:  # noqa: BLE001 - the text is what the probe is for
        return {"ok": False, "error": reason_of(error), "data": context.data}
    return {"ok": True, "data": context.data}


def run_child(check: Check, video: Path, folder: Path, limit_s: float, environment: dict[str, str]) -> dict[str, Any]:
    """Answer one check in a process of its own; it and its children are ended at the limit."""
    result, log = folder / f"{check.name}.json", folder / f"{check.name}.log"
    command = [sys.executable, str(HERE / "probe.py"), "--child", check.target, "--video", str(video)]
    started = time.monotonic()
    timed_out = False
    with log.open("wb") as output:
        child = subprocess.Popen(
            [*command, "--result", str(result)], stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env=environment, start_new_session=True,
        )  # fmt: skip
        try:
            code = child.wait(timeout=limit_s)
        except subprocess.TimeoutExpired:
            timed_out, code = True, -signal.SIGKILL
        finally:
            end_group(child)
    answer = read_answer(result)
    if timed_out:
        answer |= {"ok": False, "error": f"no end within {limit_s:.0f} s"}
    elif code < 0:
        answer |= {"ok": False, "error": f"ended by {signal.Signals(-code).name}"}
    elif code or answer.get("ok") is None:
        answer |= {"ok": False, "error": answer.get("error") or f"ended with status {code} and no answer"}
    tail = log.read_text("utf-8", "replace")[-TAIL_CHARACTERS:].strip()
    whole = {"name": check.name, "ok": answer["ok"], "seconds": round(time.monotonic() - started, 2)}
    whole |= {key: answer[key] for key in ("error", "data") if answer.get(key)}
    return whole | ({"output": tail} if tail and not answer["ok"] else {})


def end_group(child: subprocess.Popen[bytes]) -> None:
    """End a child and everything that it started; it leads a process group of its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def read_answer(path: Path) -> dict[str, Any]:
    try:
        answer = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {"ok": None}
    return answer if isinstance(answer, dict) else {"ok": None}


def with_libraries(folders: list[str]) -> dict[str, str]:
    """This environment with further library folders: a driver that is mounted but not in the linker's cache."""
    environment = dict(os.environ)
    if folders:
        known = environment.get("LD_LIBRARY_PATH", "")
        environment["LD_LIBRARY_PATH"] = ":".join([*folders, *([known] if known else [])])
    return environment


def make_video(path: Path, environment: dict[str, str], seconds: float) -> None:
    """Make the test video in a child, so that this process imports no media library."""
    command = [sys.executable, str(HERE / "video.py"), str(path), str(seconds)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=180)
    if done.returncode:
        raise SystemExit(f"probe: the test video cannot be made: {(done.stderr.strip() or 'no message')[-400:]}")


def probe(arguments: argparse.Namespace) -> int:
    started = time.monotonic()
    chosen = [check for check in CHECKS if not arguments.only or check.name in arguments.only]
    with tempfile.TemporaryDirectory(prefix="nvpipe-probe-") as name:
        folder = Path(name)
        video = arguments.video or folder / "test.mp4"
        say("probe: driver")
        driver = run_child(CHECKS[0], video, folder, CHECKS[0].limit_s, dict(os.environ))
        found = driver.get("data") or {}
        if not found.get("devices") and not arguments.allow_no_gpu:
            say(
                f"probe: no NVIDIA GPU here: {found.get('no_gpu') or driver.get('error')}; --allow-no-gpu asks anyway"
            )
            return 3
        environment = with_libraries(found.get("library_folders_to_add") or [])
        if not arguments.video and chosen != [CHECKS[0]]:
            say("probe: making the test video")
            make_video(video, environment, arguments.video_seconds)
        answers = []
        for check in chosen:
            left_s = arguments.total_s - (time.monotonic() - started)
            if check is CHECKS[0]:
                answers.append(driver)
            elif left_s < 1:
                error = f"not started: the total limit of {arguments.total_s:.0f} s was reached"
                answers.append({"name": check.name, "ok": False, "seconds": 0.0, "error": error})
            else:
                say(f"probe: {check.name}")
                answers.append(run_child(check, video, folder, min(check.limit_s, left_s), environment))
            verdict = "ok" if answers[-1]["ok"] else f"failed: {str(answers[-1].get('error', ''))[:200]}"
            say(f"probe: {check.name}: {verdict} ({answers[-1]['seconds']} s)")
        document = {
            "format": FORMAT, "version": VERSION, "python": platform.python_version(), "machine": platform.platform(),
            "cpus": os.cpu_count(), "started_utc": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "video": "generated" if not arguments.video else video.name, "gpu": bool(found.get("devices")),
            "seconds": round(time.monotonic() - started, 1), "checks": answers,
        }  # fmt: skip
    print(json.dumps(document, indent=1, ensure_ascii=False, default=str))
    return 0


def child(arguments: argparse.Namespace) -> int:
    context = Context(arguments.video, arguments.result.parent, arguments.result)
    write_json(context.result, run_here(arguments.child, context))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # the answer is written; a driver library that crashes while it unloads must not spoil it


def parse(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    names = [check.name for check in CHECKS]
    parser.add_argument("--list", action="store_true", help="list the checks and stop")
    parser.add_argument("--only", type=lambda text: text.split(","), metavar="NAME,...", help="these checks only")
    parser.add_argument("--video", type=Path, help="8-bit H.264 video to decode (default: one made here, 1920x1080)")
    parser.add_argument("--video-seconds", type=float, default=10, help="length of the video made here (default 10)")
    parser.add_argument("--total-s", type=float, default=450, help="time limit of all checks together (default 450)")
    parser.add_argument("--allow-no-gpu", action="store_true", help="ask every check even where no GPU is found")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--result", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args(words)
    if unknown := set(arguments.only or ()) - set(names):
        parser.error(f"no check named {', '.join(sorted(unknown))}; --list shows them")
    if arguments.video and not arguments.child and not arguments.video.is_file():
        parser.error(f"no such file: {arguments.video}")
    if not 0 < arguments.video_seconds <= 60:
        parser.error("--video-seconds must be above 0 and at most 60")
    return arguments


def main(words: list[str] | None = None) -> int:
    arguments = parse(words)
    if arguments.list:
        for check in CHECKS:
            print(f"{check.name:20}{check.limit_s:>5.0f} s  {check.question}")
        return 0
    return child(arguments) if arguments.child else probe(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
