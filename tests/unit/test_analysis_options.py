"""`--fast` and `--jobs` from every source of settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from nvpipe.errors import UsageError
from nvpipe.pipeline.crew import worker_count
from nvpipe.settings import Settings, load_settings


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("Yes", True), ("on", True), ("false", False), ("0", False)]
)
def test_a_flag_is_read_from_the_environment(tmp_path: Path, text: str, value: bool) -> None:
    assert load_settings({}, environ={"NVPIPE_FAST": text}, folder=tmp_path).fast is value


def test_a_flag_is_read_from_a_file_and_wins_from_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "nvpipe.toml").write_text("fast = true\n")
    assert load_settings({}, environ={}, folder=tmp_path).fast is True
    assert load_settings({"fast": False}, environ={}, folder=tmp_path).fast is False


@pytest.mark.parametrize("value", ["maybe", "", 2, 1.0, None.__class__, ["1"]])
def test_a_flag_takes_nothing_else(value: object) -> None:
    with pytest.raises(UsageError, match="fast"):
        Settings(storage=Path()).with_values({"fast": value}, where="here")


@pytest.mark.parametrize("value", [0, -1, 257, "many"])
def test_jobs_have_limits(value: object) -> None:
    with pytest.raises(UsageError, match="jobs"):
        Settings(storage=Path()).with_values({"jobs": value}, where="here")


def test_never_more_workers_than_videos_and_as_many_as_asked_for() -> None:
    assert worker_count(3, 8) == 3
    assert worker_count(9, 2) == 2
    assert worker_count(1, None) == 1
    assert worker_count(0, None) == 1
    assert 1 <= worker_count(100, None) <= 8
