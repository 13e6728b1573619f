"""Encoders of the registry side by side; those that cannot be used here are named with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.media import make_video

from nvpipe.bench.encode import measure, table_json, table_lines
from nvpipe.errors import MediaError, UsageError
from nvpipe.media.encode import Encoder
from nvpipe.pipeline.reporter import Silent
from nvpipe.registry import Entry, Registry

ENCODERS: Registry[Encoder] = Registry(
    "encoder",
    (
        Entry("gone", "nvpipe.media.encode.gone:Encoder", "an encoder whose driver is missing"),
        Entry("x264", "nvpipe.media.encode.x264:X264Encoder", "libx264 on the CPU"),
    ),
)


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("footage") / "clip.mp4", seconds=1, size=(320, 180))


def test_an_encoder_that_is_not_usable_is_named_and_the_others_are_measured(footage: Path) -> None:
    table = measure(footage, Silent(), seconds=0.1, trials=("medium",), encoders=ENCODERS)
    assert [(row.encoder, row.setting, row.same_bytes) for row in table.rows] == [("x264", "medium", None)]
    ((name, reason),) = table.unusable
    assert name == "gone"
    assert "cannot be opened" in reason
    assert table_lines(table)[-1] == f"gone: not usable here: {reason}"
    assert table_json(table)["unusable"] == [{"encoder": name, "reason": reason}]
    assert table.composing_small_cpu_s is None


def test_a_setting_that_nobody_has_is_refused_before_any_work(footage: Path) -> None:
    with pytest.raises(UsageError, match="nonsense"):
        measure(footage, Silent(), seconds=0.1, trials=("nonsense",), encoders=ENCODERS)


def test_more_footage_than_there_is_is_refused(footage: Path) -> None:
    with pytest.raises(MediaError, match="too short"):
        measure(footage, Silent(), seconds=5, trials=("medium",), encoders=ENCODERS)
