"""What a process of its own does with an output folder; spawned children import it by name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nvpipe.pipeline.workspace import workspace

if TYPE_CHECKING:
    from pathlib import Path


def open_and_close(out: Path, times: int) -> None:
    for _ in range(times):
        with workspace(out) as work:
            assert work.is_dir()
            (work / "a").write_bytes(os.urandom(10))
