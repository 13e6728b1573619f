"""A process that holds the right to do a job; spawned children import it by name."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from nvpipe.pipeline.batch.claims import JobLock

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from pathlib import Path


def hold_and_wait(out: Path, slug: str, told: Connection) -> None:
    assert JobLock(out, slug).take()
    told.send("held")
    time.sleep(60)
