"""Encoders of the registry side by side; those that cannot be used here are named with the reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes.media import make_video

from nvpipe.bench.encode import measure
from nvpipe.bench.encode_sheet import result_json, result_sheet
from nvpipe.bench.page import page
from nvpipe.bench.plan import Plan, plan_of
from nvpipe.bench.sheet import markdown
from nvpipe.errors import BackendFailedError, MediaError, UsageError
from nvpipe.media.encode import Encoder
from nvpipe.pipeline.reporter import Silent
from nvpipe.registry import Entry, Registry


def registry(*names: str) -> Registry[Encoder]:
    return Registry("encoder", tuple(Entry(name.lower(), f"fakes.encoders:{name}", "") for name in names))


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("footage") / "clip.mp4", seconds=1, size=(320, 180))


def plan(footage: Path, *settings: str, **changed: object) -> Plan:
    return Plan((footage,), **{"clips": 2, "seconds": 0.1, "settings": settings, "minutes": None} | changed)  # type: ignore[arg-type]


def test_presets_are_compared_on_every_stretch_and_advice_follows(footage: Path) -> None:
    asked = ("medium", "ultrafast", "superfast")
    result = measure(plan(footage, *asked), Silent(), encoders=registry("Absent", "Small"))
    assert [row.setting for row in result.rows] == [
        "medium",
        *(f"{preset}@{crf}" for preset in ("ultrafast", "superfast") for crf in (18, 23, 28, 33)),
    ]
    rows = {row.setting: row for row in result.rows}
    assert rows["ultrafast@18"].kbit_s > rows["ultrafast@33"].kbit_s
    assert rows["ultrafast@18"].ssim > rows["ultrafast@33"].ssim
    assert all(len(row.points) == 2 and row.cpu_s > 0 and row.low_fps for row in result.rows)
    document = json.loads(json.dumps(result_json(result), allow_nan=False))
    assert document["bd_rate"]["anchor"] == {"encoder": "small", "preset": "ultrafast"}
    saved = {one["metric"]: one for one in document["bd_rate"]["presets"]}
    assert saved["ssim"]["preset"] == "superfast"
    assert len(saved["ssim"]["clips"]) == 2
    assert [one["level"] for one in document["recommendations"]] == ["medium"]
    assert document["unusable"] == [{"encoder": "absent", "reason": "this card has no encoder"}]
    text = "\n".join(markdown(result_sheet(result)))
    assert "absent is not compared, since it is not usable here: this card has no encoder" in text
    assert page(result_sheet(result)).count("<svg viewBox") == 2


def test_time_that_is_over_leaves_presets_out_and_says_so(footage: Path) -> None:
    result = measure(plan(footage, minutes=1e-6), Silent(), encoders=registry("Small"))
    assert result.rows == []
    assert "small ultrafast" in result.left_out
    assert "small low" in result.left_out
    text = "\n".join(markdown(result_sheet(result)))
    assert "--full measures all" in text
    json.dumps(result_json(result), allow_nan=False)


def test_where_time_is_short_fewer_stretches_are_looked_at(footage: Path) -> None:
    result = measure(plan(footage, "low", minutes=0.001), Silent(), encoders=registry("Small"))
    assert len(result.clips) == 1
    assert "Only 1 stretch instead of 2" in result.shortened
    assert result.shortened in markdown(result_sheet(result))


def test_an_encoder_that_fails_is_told_and_the_others_go_on(footage: Path) -> None:
    result = measure(plan(footage, "low", "veryfast@20"), Silent(), encoders=registry("Breaking"))
    assert [row.setting for row in result.rows] == ["low", "low long"]
    assert result.failed[0][0] == "breaking veryfast@20"
    assert "no session is free" in result.failed[0][1]
    with pytest.raises(BackendFailedError, match="no session is free"):
        measure(plan(footage, "veryfast@20"), Silent(), encoders=registry("Breaking"))


def test_a_setting_that_nobody_has_is_refused_before_any_work(footage: Path) -> None:
    with pytest.raises(UsageError, match="nonsense"):
        measure(plan(footage, "nonsense"), Silent())


def test_more_footage_than_there_is_is_refused(footage: Path) -> None:
    with pytest.raises(MediaError, match="too short"):
        measure(plan(footage, "medium", seconds=5.0), Silent())


def test_five_minutes_are_the_limit_unless_something_was_asked_for(footage: Path) -> None:
    assert plan_of((footage,)).minutes == 5
    assert plan_of((footage,), full=True).minutes is None
    assert plan_of((footage,), settings=("medium",)).minutes is None
    assert plan_of((footage,), full=True, minutes=7).minutes == 7
    for layout in ("split", "nonsense"):
        with pytest.raises(UsageError, match=layout):
            plan_of((footage,), layout=layout)
