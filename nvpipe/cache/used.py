"""When a cache file was last of use: its modification time, which nvpipe moves on at a hit.

Access times cannot tell: many file systems don't keep them, and a backup changes them. When a file was
written stands in its envelope.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

MARKED_EVERY_S = 86_400.0


def mark_used(*paths: Path, clock_s: float | None = None) -> None:
    """Note that files were of use, at most once a day each; never fails, as in a folder that is only read.

    A time that lies in the future, left by a clock that has been set back, is put right.
    """
    now_s = time.time() if clock_s is None else clock_s
    for path in paths:
        with contextlib.suppress(OSError):
            age_s = now_s - path.lstat().st_mtime
            if not -MARKED_EVERY_S / 24 <= age_s < MARKED_EVERY_S:
                os.utime(path, (now_s, now_s), follow_symlinks=False)
