"""The process in which eSpeak NG works: started for one request, watched, and gone afterwards."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from nvpipe.errors import BackendFailedError, BackendUnavailableError
from nvpipe.scheduler.ending import ending

_WORKER = Path(__file__).with_name("espeak_worker.py")
_FIX = "install it again: python -m pip install --force-reinstall espeakng-loader"


def installation() -> tuple[Path, Path]:
    """The library and the data folder that come with espeakng-loader.

    Raises:
        BackendUnavailableError: the package or a part of it is missing.
    """
    spec = importlib.util.find_spec("espeakng_loader")
    if spec is None or not spec.submodule_search_locations:
        raise BackendUnavailableError("the package espeakng-loader is not installed", hint=_FIX)
    folder = Path(spec.submodule_search_locations[0])
    suffix = ".dylib" if sys.platform == "darwin" else ".so"
    library, data = folder / f"libespeak-ng{suffix}", folder / "espeak-ng-data"
    for path in (library, data / "phontab"):
        if not path.is_file():
            raise BackendUnavailableError(f"a part of eSpeak NG is missing: {path}", hint=_FIX)
    return library, data


def ask(request: dict[str, Any], *, limit_s: float) -> tuple[dict[str, Any], bytes]:
    """Start a worker, give it the request, and wait for its answer.

    Returns:
        The answer, and 16-bit samples in the machine's byte order.

    Raises:
        BackendFailedError: the worker crashed, was too slow or says what went wrong.
        BackendUnavailableError: eSpeak NG is not installed.
    """
    library, data = installation()
    whole = {**request, "library": str(library), "data_path": str(data), "parent_pid": os.getpid()}
    try:
        # Isolated and without site-packages it starts in a third of the time, and nothing of the
        # user's environment can change what it does. Ctrl-C is the caller's affair: its own session.
        done = subprocess.run(
            [sys.executable, "-I", "-S", str(_WORKER)],
            input=json.dumps(whole).encode(),
            capture_output=True,
            timeout=limit_s,
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise BackendFailedError(
            f"eSpeak NG did not answer within {limit_s:.0f} s and was ended",
            hint="try again when the machine is less busy",
        ) from error
    except OSError as error:
        raise BackendFailedError(f"the process of eSpeak NG cannot be started: {error.strerror or error}") from error
    if done.returncode != 0:
        raise BackendFailedError(f"eSpeak NG {ending(done.returncode, done.stderr)}", hint="try another voice")
    header, _, samples = done.stdout.partition(b"\n")
    answer: dict[str, Any] = (
        json.loads(header) if header.startswith(b"{") else {"error": "gave no answer", "bytes": 0}
    )
    if "error" in answer or len(samples) != answer["bytes"]:
        raise BackendFailedError(f"eSpeak NG: {answer.get('error', 'its answer was cut short')}")
    return answer, samples
