"""What an analysis found, in a few numbers: pure functions of a motion track, standard library only."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from nvpipe.footage.select import best_segments

if TYPE_CHECKING:
    from nvpipe.types import MotionTrack

STILL, CALM, MEDIUM, HIGH = "still", "calm", "medium_action", "high_action"

STILL_BELOW = 0.3
"""Mean score under which hardly anything moves: slides, a menu, a paused game."""
CALM_BELOW = 1.1
"""Under this is a strategy map, a puzzle, a walk."""
HIGH_FROM = 1.5
"""From here on something happens nearly all the time."""
ACTION_SCORE = 2.0
"""A second that scores so much is action: 1 to 2 is the usual moment of lively footage."""
WINDOW_S = 30.0


def content_type(mean_score: float) -> str:
    """How lively a video is as a whole, by the mean of its scores (0: a still picture; 1 to 2: lively footage)."""
    if mean_score < STILL_BELOW:
        return STILL
    if mean_score < CALM_BELOW:
        return CALM
    return HIGH if mean_score >= HIGH_FROM else MEDIUM


def summary(track: MotionTrack, now_s: float | None = None) -> dict[str, Any]:
    """A track as plain values: what made it, how much happens, where the best half minute starts.

    Args:
        now_s: time of the analysis in seconds since 1970; now unless given.

    Returns:
        `scorer`, `coarse`, `decoded_s`, `mean_score`, `action_share` (of the time, 0 to 1), `scene_cuts`,
        `best_30s_at_s` (None when nothing was scored), `content_type` and `analysed` (UTC).
    """
    scored = [score for score in track.scores if math.isfinite(score)]
    mean = math.fsum(score / len(scored) for score in scored)
    best = best_segments(track, WINDOW_S, 1) if len(scored) == len(track.scores) else ()
    return {
        "scorer": track.scorer,
        "coarse": track.coarse,
        "decoded_s": round(track.duration_s, 3),
        "mean_score": round(mean, 3),
        "action_share": round(sum(score >= ACTION_SCORE for score in scored) / max(len(scored), 1), 3),
        "scene_cuts": len(track.cuts_s),
        "best_30s_at_s": round(best[0].start_s, 3) if best else None,
        "content_type": content_type(mean),
        "analysed": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now_s)),
    }
