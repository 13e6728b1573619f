"""The synthesiser's process: its crashes, its delays, its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nvpipe.errors import BackendFailedError
from nvpipe.voice import process
from nvpipe.voice.process import ask, installation

WORKER = Path(process.__file__).with_name("espeak_worker.py")


def worker(request: dict, *, interpreter: tuple[str, ...] = ("-I", "-S")) -> subprocess.CompletedProcess[bytes]:
    library, data = installation()
    whole = {"library": str(library), "data_path": str(data), "parent_pid": os.getpid(), **request}
    return subprocess.run(
        [sys.executable, *interpreter, str(WORKER)],
        input=json.dumps(whole).encode(),
        capture_output=True,
        check=False,
    )


def test_a_crash_is_one_clear_line_and_nothing_worse(speak):
    with pytest.raises(BackendFailedError, match="crashed with SIG") as caught:
        ask({"do": "speak", "text": "A." * 1000 + "\n", "voice": "en-us"}, limit_s=30)
    assert "\n" not in caught.value.line()
    assert speak("still here").duration_s > 0.3


def test_a_worker_that_is_too_slow_is_ended():
    with pytest.raises(BackendFailedError, match="did not answer"):
        ask({"do": "speak", "text": "word " * 20_000, "voice": "en-us"}, limit_s=0.2)


def test_an_unknown_voice_is_the_workers_own_error():
    with pytest.raises(BackendFailedError, match="cannot load the voice nope"):
        ask({"do": "speak", "text": "hi\n", "voice": "nope"}, limit_s=30)


def test_a_data_folder_with_a_long_name_works(tmp_path):
    _, data = installation()
    folder = tmp_path / ("d" * 120) / ("e" * 120)
    folder.mkdir(parents=True)
    (folder / "espeak-ng-data").symlink_to(data)
    path = folder / "espeak-ng-data"
    assert len(str(path)) > 240
    done = worker({"do": "speak", "text": "one.\n", "voice": "en-us", "data_path": str(path)})
    header = json.loads(done.stdout.partition(b"\n")[0])
    assert header["bytes"] > 1000


def test_a_missing_data_folder_or_library_is_said_in_one_line(tmp_path):
    done = worker({"do": "voices", "data_path": str(tmp_path)})
    assert "cannot read its data" in json.loads(done.stdout)["error"]
    done = worker({"do": "voices", "library": str(tmp_path / "no.so")})
    assert "cannot be loaded" in json.loads(done.stdout)["error"]


def test_the_worker_ends_with_its_parent(tmp_path):
    library, data = installation()
    text = "word " * 20_000
    parent = f"""
import json, os, subprocess, sys
request = {{"do": "speak", "text": {text!r}, "voice": "en-us", "library": {str(library)!r},
            "data_path": {str(data)!r}, "parent_pid": os.getpid()}}
child = subprocess.Popen([sys.executable, "-I", "-S", {str(WORKER)!r}], stdin=subprocess.PIPE,
                         stdout=subprocess.DEVNULL, start_new_session=True)
child.stdin.write(json.dumps(request).encode())
child.stdin.close()
print(child.pid, flush=True)
child.wait()
"""
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        pid = int(started.stdout.readline())
        time.sleep(0.3)
        started.kill()
    for _ in range(100):
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("the worker outlived its parent")


def test_a_worker_whose_parent_is_gone_does_nothing():
    assert worker({"do": "voices", "parent_pid": 1}).returncode == 1


def test_the_worker_needs_the_standard_library_alone():
    done = worker({"do": "voices"}, interpreter=("-I", "-S", "-X", "importtime"))
    assert done.returncode == 0
    assert b"nvpipe" not in done.stderr.replace(str(WORKER).encode(), b"")
    assert b"numpy" not in done.stderr
