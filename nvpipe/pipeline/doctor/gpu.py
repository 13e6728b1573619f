"""The graphics card: driver, cards, engines and torch's way to them; what is wrong with each, and what helps."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Any

from nvpipe.pipeline.doctor import cures
from nvpipe.pipeline.doctor.finding import Finding

KIND = "gpu"
_LOOK = "nvpipe.pipeline.doctor.driver_look"
_TRIAL = "nvpipe.pipeline.doctor.card_trial"
_LOOK_S, _TRIAL_S = 30.0, 90.0
_SUMMARIES = {
    "driver": "NVIDIA's driver",
    "card": "cards that it shows",
    "nvdec-engines": "the card's own decoders",
    "nvenc-engines": "the card's own encoders",
    "torch-cuda": "computing on the card",
}
Ask = Callable[[str, str, float], dict[str, Any]]


def ask_child(module: str, argument: str, limit_s: float) -> dict[str, Any]:
    """What a module says that runs in a process of its own; a crash and a hang are answers too."""
    command = [sys.executable, "-m", module, *([argument] if argument else [])]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False,
            timeout=limit_s,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return {"error": f"no answer within {limit_s:.0f} s"}
    except OSError as error:
        return {"error": f"cannot be started: {error.strerror or error}"}
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        return {"error": _ending(done.returncode, done.stderr)}
    return answer if isinstance(answer, dict) else {"error": "an answer that is none"}


def _ending(code: int, output: str) -> str:
    if code < 0:
        return f"ended by {signal.Signals(-code).name}"
    last = output.strip().splitlines()[-1:] or ["no message"]
    return f"ended with status {code}: {last[0][:200]}"


def examine_gpu(environ: Mapping[str, str], ask: Ask = ask_child) -> list[Finding]:
    """Driver, cards, engines and torch, in this order.

    Args:
        environ: the variables of `nvpipe.settings.driver_variables`.
        ask: asks a module that runs in a process of its own.
    """
    seen = ask(_LOOK, "", _LOOK_S)
    driver = driver_finding(seen, environ)
    if not driver.usable:
        rest = [name for name in _SUMMARIES if name != "driver"]
        return [driver, *(_finding(name, False, "there is no working driver", "") for name in rest)]
    trials = {name: ask(_TRIAL, name, _TRIAL_S) for name in ("nvdec", "nvenc", "torch")}
    return [driver, card_finding(seen), *trial_findings(seen, trials)]


def driver_finding(seen: Mapping[str, Any], environ: Mapping[str, str]) -> Finding:
    """The verdict on the driver."""
    reason, fix = cures.of_driver(seen, environ)
    if reason:
        return _finding("driver", False, reason, fix)
    version = seen["nvml"].get("driver", "")
    told = f"version {version}" if version else "version not told, since NVML is not here"
    fix = "" if version else cures.without_library(seen, "utility")
    return _finding("driver", True, f"{told}; it runs programs for CUDA {seen['cuda']['version']} and older", fix)


def card_finding(seen: Mapping[str, Any]) -> Finding:
    """What cards there are; the first is the one that is used."""
    cards, known = seen["cuda"]["cards"], seen["nvml"].get("cards", [])
    texts = []
    for index, card in enumerate(cards):
        text = f"cuda:{index} {card['name']}, compute capability {card['capability']}"
        if len(known) == len(cards) and known[index].get("name") == card["name"]:
            text += _beside(known[index])
        texts.append(text)
    return _finding("card", True, "; ".join(texts), "")


def _beside(card: Mapping[str, Any]) -> str:
    """What NVML adds on a card."""
    text = ""
    if "total_bytes" in card:
        free, total = (card[key] / (1 << 30) for key in ("free_bytes", "total_bytes"))
        text += f", {free:.1f} of {total:.1f} GiB free"
    if card.get("mig"):
        text += ", split by MIG"
    if card.get("encoder_sessions"):
        text += f", {card['encoder_sessions']} encoding sessions open"
    return text


def trial_findings(seen: Mapping[str, Any], trials: Mapping[str, Mapping[str, Any]]) -> list[Finding]:
    """The verdicts on the engines and on torch."""
    found = []
    for name in ("nvdec", "nvenc"):
        trial = trials[name]
        error, fix = trial.get("error", ""), ""
        if not error and not trial["engines"] and not trial["codecs"]:
            error = f"the card has no {name.upper()} engine that this process may use"
        if error:
            fix = cures.of_reason(f"{name}: {error}") or cures.without_library(seen, "video")
            found.append(_finding(f"{name}-engines", False, error, fix))
            continue
        number = (
            f"{trial['engines']} engine{'s' * (trial['engines'] != 1)}" if trial["engines"] else "number not told"
        )
        found.append(_finding(f"{name}-engines", True, f"{number}, for {', '.join(trial['codecs'])}", ""))
    torch = trials["torch"]
    if error := torch.get("error", ""):
        return [*found, _finding("torch-cuda", False, error, cures.of_reason(f"torch: {error}"))]
    reason = f"torch {torch['torch']}, built for CUDA {torch['cuda']}, added numbers up on the card"
    return [*found, _finding("torch-cuda", True, reason, "")]


def _finding(name: str, usable: bool, reason: str, fix: str) -> Finding:
    return Finding(KIND, name, usable, reason, fix, False, _SUMMARIES[name])
