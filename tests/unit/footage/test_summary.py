"""A track in a few numbers."""

from __future__ import annotations

import json
import math

import pytest

from nvpipe.footage.summary import content_type, summary
from nvpipe.types import MotionTrack


def track(*scores: float, step_s: float = 1.0, cuts_s: tuple[float, ...] = (), coarse: bool = False) -> MotionTrack:
    return MotionTrack("v-1", "diff/2", step_s, len(scores) * step_s, scores, (), cuts_s=cuts_s, coarse=coarse)


def test_the_numbers() -> None:
    scores = (*(1.0,) * 40, *(3.0,) * 30, *(1.0,) * 30)
    found = summary(track(*scores, cuts_s=(10.0, 50.0), coarse=True), now_s=0)
    assert found == {
        "scorer": "diff/2",
        "coarse": True,
        "decoded_s": 100.0,
        "mean_score": 1.6,
        "action_share": 0.3,
        "scene_cuts": 2,
        "best_30s_at_s": 40.0,
        "content_type": "high_action",
        "analysed": "1970-01-01T00:00:00Z",
    }


@pytest.mark.parametrize(
    ("mean_score", "kind"),
    [
        (-1.0, "still"),
        (0.0, "still"),
        (0.29, "still"),
        (0.3, "calm"),
        (1.09, "calm"),
        (1.1, "medium_action"),
        (1.49, "medium_action"),
        (1.5, "high_action"),
        (9.0, "high_action"),
    ],
)
def test_the_kinds(mean_score: float, kind: str) -> None:
    assert content_type(mean_score) == kind


@pytest.mark.parametrize("scores", [(), (1.0,), (math.nan, 1.0), (math.inf, -math.inf), (1e308, 1e308)])
def test_any_track_gives_finite_json(scores: tuple[float, ...]) -> None:
    json.dumps(summary(track(*scores)), allow_nan=False)


def test_a_short_video_is_its_own_best_window() -> None:
    assert summary(track(1.0, 2.0))["best_30s_at_s"] == 0.0
    assert summary(track())["best_30s_at_s"] is None
