"""Check of GPU memory: what a workload takes, what closing gives back, what only the child's exit gives back."""

from __future__ import annotations

import ctypes
import gc
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from probe import Context

WORKLOADS = ("torch", "pynv_decode", "pyav_decode", "pynv_encode")
BACK_WITHIN_S = 10.0
POLL_S = 0.05
SLACK_BYTES = 16 * 2**20


class Memory(ctypes.Structure):
    """nvmlMemory_t, in bytes."""

    _fields_ = [("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong)]


class Card:
    """Card 0 through NVML, which needs no CUDA context.

    Raises:
        OSError: the library is missing.
        RuntimeError: NVML refuses.
    """

    def __init__(self) -> None:
        self.nvml = ctypes.CDLL("libnvidia-ml.so.1")
        self.handle = ctypes.c_void_p()
        self.call("nvmlInit_v2")
        self.call("nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(0), ctypes.byref(self.handle))

    def call(self, name: str, *arguments: Any) -> None:
        if code := getattr(self.nvml, name)(*arguments):
            raise RuntimeError(f"{name} fails with NVML error {code}")

    def used_bytes(self) -> int:
        memory = Memory()
        self.call("nvmlDeviceGetMemoryInfo", self.handle, ctypes.byref(memory))
        return int(memory.used)


def vram(context: Context) -> None:
    """Memory of each workload in a child of its own, read from here, where there is no CUDA context."""
    from probe import reason_of

    card = Card()
    context.note(used_before_bytes=card.used_bytes())
    worked = 0
    for workload in WORKLOADS:
        try:
            context.note(**{workload: measure(card, workload, context.video)})
            worked += 1
        except Exception as error:  # noqa: BLE001 - the text is the answer
            context.note(**{workload: {"error": reason_of(error)}})
    if not worked:
        raise RuntimeError("no workload ran; each says why")


def measure(card: Card, workload: str, video: Path) -> dict[str, Any]:
    """Growth of used memory at each stage of the child, and the time until its exit has given all back."""
    before = card.used_bytes()
    command = [sys.executable, __file__, workload, str(video)]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    stages: dict[str, int] = {}
    try:
        while line := child.stdout.readline():
            time.sleep(POLL_S)
            stages[f"{line.strip()}_bytes"] = card.used_bytes() - before
            child.stdin.write("on\n")
            child.stdin.flush()
        errors = child.stderr.read().strip()
        code = child.wait()
    finally:
        child.kill()
        child.wait()
    if code:
        raise RuntimeError(f"{workload} ended with status {code}: {errors[-500:]}")
    ended = time.monotonic()
    while (left := card.used_bytes() - before) > SLACK_BYTES and time.monotonic() - ended < BACK_WITHIN_S:
        time.sleep(POLL_S)
    return stages | {"after_exit_bytes": left, "seconds_until_back": round(time.monotonic() - ended, 2)}


def stage(name: str) -> None:
    """Tell the parent where this child is, and wait until it has read the memory."""
    print(name, flush=True)
    sys.stdin.readline()


def child(workload: str, video: Path) -> None:
    from encoding import HEIGHT_PX, WIDTH_PX, Adapter, nv12
    from sources import SOURCES, need_cuda, pynv

    torch = need_cuda()
    torch.cuda.synchronize()
    stage("context")
    opened: list[Any] = []
    if workload == "torch":
        opened.append(torch.empty(2**30, dtype=torch.uint8, device="cuda"))
    elif workload == "pynv_encode":
        encoder = pynv().CreateEncoder(WIDTH_PX, HEIGHT_PX, "NV12", False, codec="h264", preset="P4", gop=60, fps=30)
        encoder.Encode(Adapter(nv12(torch, 0)))
        opened.append(encoder)
        del encoder
    else:
        batches = SOURCES["simple" if workload == "pynv_decode" else "pyav_cuda"](video)
        next(batches)
        opened.append(batches)
        del batches
    torch.cuda.synchronize()
    stage("open")
    opened.clear()
    gc.collect()
    torch.cuda.empty_cache()
    torch.cuda.synchronize()
    stage("closed")
    os._exit(0)


if __name__ == "__main__":
    child(sys.argv[1], Path(sys.argv[2]))
