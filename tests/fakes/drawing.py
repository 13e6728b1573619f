"""What a render draws, made by functions that spawned processes can import."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from nvpipe.captions.box import safe_area
from nvpipe.captions.draw import CaptionPainter
from nvpipe.captions.styles import style
from nvpipe.compose.cover import CoverPicker
from nvpipe.pipeline.extras import Drawn

if TYPE_CHECKING:
    from nvpipe.types import Timeline


def drawn(timeline: Timeline) -> tuple[CaptionPainter, Drawn]:
    """Captions, and the choice of a cover."""
    size = (timeline.output.width_px, timeline.output.height_px)
    painter = CaptionPainter(style("default"), *size, safe_area(*size))
    picker = CoverPicker(timeline.cover) if timeline.cover else None
    return painter, Drawn((picker,) if picker else (), picker, None)


def dying(timeline: Timeline) -> tuple[CaptionPainter, Drawn]:
    """What happens to a process when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)
    return drawn(timeline)
