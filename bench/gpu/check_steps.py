"""Runs one step of `make gpu-check` and says how it went."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

from check_parts import Step
from probe import end_group

ROOT = Path(__file__).resolve().parents[2]
PASSED, FAILED, NOT_RUN = "passed", "failed", "not run"
OUTPUT_CHARACTERS = 40_000
UNUSABLE = 4
"""What nvpipe ends with when a backend that was named is not usable."""
_FAILURES = 20


def run_step(step: Step, environment: dict[str, str]) -> dict[str, Any]:
    """Run a step and tell its state, its duration and what came out of it."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="nvpipe-gpu-check-") as name:
        folder = Path(name)
        code, output, errors = _execute(_command(step, folder), step.limit_s, folder, environment)
        row: dict[str, Any] = {"step": step.name, "subject": step.subject, "seconds": 0.0}
        if code is None:
            row |= {"state": FAILED, "detail": f"no end within {step.limit_s} s", "output": _tail(output or errors)}
        elif step.kind == "tests":
            row |= _tests(code, folder / "junit.xml", output + errors)
        elif step.kind == "probe":
            row |= _probe(code, output, errors)
        else:
            row |= _program(code, output, errors) | _figures(folder / "figures.json")
    row["seconds"] = round(time.monotonic() - started, 1)
    return row


def _command(step: Step, folder: Path) -> list[str]:
    python = sys.executable
    words = [
        str(ROOT / word)
        if word.startswith(("tests/", "bench/"))
        else word.replace("{json}", str(folder / "figures.json"))
        for word in step.words
    ]
    if step.kind == "tests":
        options = ("-m", "pytest", "-m", "gpu", "-q", "-p", "no:cacheprovider", f"--junitxml={folder / 'junit.xml'}")
        return [python, *options, *words]
    if step.kind == "nvpipe":
        return [python, "-m", "nvpipe", *words]
    if step.kind == "probe":
        total_s = str(step.limit_s - 20)
        return [python, str(ROOT / "bench" / "gpu" / "probe.py"), "--total-s", total_s, *words]
    return [python, *words]


def _execute(
    command: list[str], limit_s: int, folder: Path, environment: dict[str, str]
) -> tuple[int | None, str, str]:
    """Exit status (None when the limit came first), standard output and standard error.

    It runs in a folder of its own: in the repository's root `python -m` would find the sources there first, which are
    not the whole package.
    """
    outputs, here = [folder / "stdout", folder / "stderr"], folder / "here"
    here.mkdir()
    with outputs[0].open("wb") as out, outputs[1].open("wb") as errors:
        child = subprocess.Popen(
            command, cwd=here, stdin=subprocess.DEVNULL, stdout=out, stderr=errors, start_new_session=True,
            env=environment | {"NVPIPE_STORAGE": str(folder / "storage"), "TMPDIR": str(folder)},
        )  # fmt: skip
        try:
            code: int | None = child.wait(timeout=limit_s)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            end_group(child)
    first, second = (path.read_text("utf-8", "replace") for path in outputs)
    return code, first, second


def _tests(code: int, report: Path, output: str) -> dict[str, Any]:
    """The verdict on a run of pytest: nothing passes that has not run."""
    try:
        cases = list(ET.parse(report).getroot().iter("testcase"))
    except (OSError, ET.ParseError):
        return {
            "state": FAILED,
            "detail": f"pytest ended with status {code}: {_last(output)}",
            "output": _tail(output),
        }
    skipped = [case for case in cases if case.find("skipped") is not None]
    failed = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    passed = len(cases) - len(skipped) - len(failed)
    reasons = sorted({(case.find("skipped").get("message") or "").strip() for case in skipped})  # type: ignore[union-attr]
    counts = f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped"
    told = f"{counts}: {'; '.join(reasons)[:600]}" if reasons else counts
    if failed or code not in (0, 5):
        names = [f"{case.get('classname')}::{case.get('name')}" for case in failed[:_FAILURES]]
        return {"state": FAILED, "detail": told, "failures": names, "output": _tail(output)}
    if not passed:
        return {"state": NOT_RUN, "detail": told if cases else "there is no such test"}
    return {"state": PASSED, "detail": told}


def _program(code: int, output: str, errors: str) -> dict[str, Any]:
    """The verdict on a program, with what it printed."""
    shown: dict[str, Any] = {"output": _tail(output)} if output.strip() else {}
    with contextlib.suppress(ValueError):
        if isinstance(document := json.loads(output), dict):
            shown = {"figures": document}
    if code == 0:
        return {"state": PASSED, "detail": "", **shown}
    state = NOT_RUN if code == UNUSABLE else FAILED
    ended = f"ended by signal {-code}" if code < 0 else f"ended with status {code}"
    return {"state": state, "detail": f"{ended}: {_last(errors or output)}", **shown}


def _figures(path: Path) -> dict[str, Any]:
    """What a program has written to its file."""
    try:
        return {"figures": json.loads(path.read_text("utf-8"))}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        return {"state": FAILED, "detail": f"its figures cannot be read: {' '.join(str(error).split())[:200]}"}


def _probe(code: int, output: str, errors: str) -> dict[str, Any]:
    """The verdict on the probe: it has passed when it has come to its end, whatever it was told."""
    try:
        document = json.loads(output)
        checks = document["checks"]
    except (ValueError, KeyError, TypeError):
        return {"state": FAILED, "detail": f"no document, status {code}: {_last(errors)}"}
    answered = sum(bool(check["ok"]) for check in checks)
    return {"state": PASSED, "detail": f"{answered} of {len(checks)} checks answered", "answers": checks}


def _tail(text: str) -> str:
    return text.strip()[-OUTPUT_CHARACTERS:]


def _last(text: str) -> str:
    """The last line, which is the one that says why."""
    return (text.strip().splitlines() or ["no message"])[-1].strip()[:300]
