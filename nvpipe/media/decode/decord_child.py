"""A process that reads a video with decord: started as a script with two file descriptors, the line and the memory.

It imports nothing of nvpipe. Pictures go into slots of the shared memory, and the line tells which; a slot is used
again when the other side has said that it is free. It ends when nobody listens any more; should it hang by then, the
system's alarm ends it, which needs no GIL.
"""

from __future__ import annotations

import contextlib
import mmap
import signal
import sys
from multiprocessing.connection import Connection
from typing import Any

_CHANNELS = 3
_BEAT = 50
"""Pictures that are passed over between two signs of life."""


def serve(line: Connection, memory: int) -> None:
    """Read one video as the first message asks, and tell what comes of it."""
    order: dict[str, Any] = line.recv()
    signal.alarm(order["opening_s"])
    try:
        import decord
    except (ImportError, OSError) as error:
        line.send(("missing", str(error)))
        return
    try:
        device = decord.gpu(0) if order["device"] == "gpu" else decord.cpu(0)
        reader = decord.VideoReader(order["path"], ctx=device, num_threads=order["threads"])
        line.send(("opened", (decord.__version__, len(reader))))
        _read(reader, order, line, memory)
    except (decord.DECORDError, RuntimeError, ValueError, AssertionError) as error:
        line.send(("failed", str(error)))


def _read(reader: Any, order: dict[str, Any], line: Connection, memory: int) -> None:
    import numpy as np

    slots, size = order["slots"], order["slot_bytes"]
    room = mmap.mmap(memory, slots * size)
    free = list(range(slots))
    signal.alarm(order["picture_s"])
    if order["seek"]:
        reader.seek_accurate(order["first"])
    else:
        # Passing over pictures by decord's own call ends at another one where pictures are reordered.
        for number in range(order["first"]):
            reader.next()
            if number % _BEAT == 0:
                signal.alarm(order["picture_s"])
                line.send(("passed", number))
    with contextlib.suppress(StopIteration):
        for _ in range(order["count"]):
            signal.alarm(order["picture_s"])
            picture = reader.next().asnumpy()
            height, width = picture.shape[:2]
            # Rows of narrow pictures come with what pads them, told as further channels.
            picture = picture.reshape(height, -1)[:, : width * _CHANNELS]
            if picture.nbytes != size:
                line.send(("failed", f"a picture is {width}x{height}"))
                return
            # Whoever shows the pictures may take their time.
            signal.alarm(0)
            while not free:
                free.append(line.recv())
            slot = free.pop()
            np.frombuffer(room, np.uint8, size, slot * size)[:] = picture.reshape(-1)
            line.send(("picture", (slot, (height, width, _CHANNELS))))
    line.send(("end", None))


if __name__ == "__main__":
    with contextlib.suppress(EOFError, OSError), Connection(int(sys.argv[1])) as connection:
        serve(connection, int(sys.argv[2]))
