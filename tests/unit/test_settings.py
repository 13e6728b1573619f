"""Where a setting comes from, and what is refused."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from nvpipe.errors import UsageError
from nvpipe.settings import OPTIONS, Settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path


def test_each_source_wins_over_the_one_before(tmp_path: Path) -> None:
    (tmp_path / "nvpipe.toml").write_text('seconds = 20\nlayout = "fill"\nquality = "high"\n')
    environ = {"NVPIPE_SECONDS": "30", "NVPIPE_LAYOUT": "letterbox"}
    settings = load_settings({"seconds": "40"}, environ=environ, folder=tmp_path)
    assert (settings.seconds, settings.layout, settings.quality) == (40.0, "letterbox", "high")
    assert settings.captions == "default"


def test_settings_file_that_is_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"missing\.toml"):
        load_settings({}, environ={}, config=tmp_path / "missing.toml")


def test_broken_settings_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nvpipe.toml"
    path.write_text("seconds = = 3")
    with pytest.raises(UsageError, match=r"nvpipe\.toml cannot be read"):
        load_settings({}, environ={}, folder=tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seconds", "abc"),
        ("seconds", 2.9),
        ("seconds", 601),
        ("seconds", math.nan),
        ("seconds", math.inf),
        ("seconds", True),
        ("layout", "spiral"),
        ("layout", 3),
        ("encoder", "nvenc"),
        ("captions", "sparkling"),
        ("footage", [1]),
        ("footage", [""]),
        ("colour", "red"),
    ],
)
def test_wrong_values_are_refused_with_their_place(name: str, value: object, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="jobs:3"):
        Settings(tmp_path).with_values({name: value}, where="jobs:3")


def test_a_job_cannot_move_the_cache(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="whole run"):
        Settings(tmp_path).with_values({"storage": "elsewhere"}, where="jobs:1", jobs_only=True)


def test_names_with_dashes_and_underscores_are_the_same(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    dashed = settings.with_values({"x264-params": "crf=30"}, where="test")
    assert dashed == settings.with_values({"x264_params": "crf=30"}, where="test")


def test_every_option_has_a_field() -> None:
    assert {option.field for option in OPTIONS} == set(Settings.__dataclass_fields__)


def test_footage_from_the_environment_is_a_path_list() -> None:
    assert load_settings({}, environ={"NVPIPE_FOOTAGE": "a:b"}).footage == ("a", "b")
