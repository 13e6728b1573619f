"""Where a setting comes from, and what is refused."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from nvpipe.errors import UsageError
from nvpipe.options import OPTIONS
from nvpipe.settings import Settings, load_settings

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
        ("encoder", "h264_nvenc"),
        ("captions", "sparkling"),
        ("footage", [1]),
        ("footage", [""]),
        ("colour", "red"),
    ],
)
def test_wrong_values_are_refused_with_their_place(name: str, value: object, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="jobs:3"):
        Settings(tmp_path).with_values({name: value}, where="jobs:3")


@pytest.mark.parametrize(
    ("text", "rate"),
    [("8M", 8_000_000), ("8000k", 8_000_000), ("2.5m", 2_500_000), (750_000, 750_000), ("600 kbit/s", 600_000)],
)
def test_bit_rates_count_in_thousands(text: object, rate: int, tmp_path: Path) -> None:
    assert Settings(tmp_path).with_values({"bitrate": text}, where="test").bitrate == rate


@pytest.mark.parametrize(
    "text", ["", "fast", "-8M", "8G", "8MB", "8", "99k", "101M", "1e6", "\N{ARABIC-INDIC DIGIT EIGHT}M", True, []]
)
def test_what_is_no_bit_rate_is_refused(text: object, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="bitrate"):
        Settings(tmp_path).with_values({"bitrate": text}, where="test")


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


def test_sizes_and_rates_are_checked_wherever_they_are_given(tmp_path: Path) -> None:
    config = tmp_path / "nvpipe.toml"
    config.write_text('size = "1:1,9:16"\nfps = 60\nblur = 5\nblur_opacity = 1\n"blur-desaturation" = 0.5\n')
    settings = load_settings({}, config=config, environ={})
    assert (settings.size, settings.fps, settings.blur) == ("1:1,9:16", 60, 5)
    assert (settings.blur_opacity, settings.blur_desaturation) == (1, 0.5)
    assert load_settings({"fps": "30"}, config=config, environ={}).fps == 30
    with pytest.raises(UsageError, match=r"NVPIPE_SIZE.*twice"):
        load_settings({}, config=config, environ={"NVPIPE_SIZE": "1:1,1:1"})
    for wrong in ({"fps": 29}, {"fps": 30.5}, {"fps": True}, {"blur": 201}, {"blur_opacity": "nan"}):
        with pytest.raises(UsageError, match=r"fps|blur"):
            load_settings(wrong, config=config, environ={})


@pytest.mark.parametrize(
    ("flags", "decoder", "encoder"),
    [
        ({}, "auto", "auto"),
        ({"device": "cpu"}, "pyav", "x264"),
        ({"device": "cpu", "codec": "hevc"}, "pyav", "x265"),
        ({"device": "cpu", "decoder": "decord"}, "decord", "x264"),
        ({"device": "cuda"}, "nvdec", "auto"),
        ({"device": "cuda", "encoder": "x264"}, "nvdec", "x264"),
    ],
)
def test_a_device_names_what_is_left_to_auto(
    flags: dict[str, str], decoder: str, encoder: str, tmp_path: Path
) -> None:
    settings = load_settings(flags, environ={}, folder=tmp_path)
    assert (settings.decoder, settings.encoder) == (decoder, encoder)


@pytest.mark.parametrize(
    ("line", "encoder"),
    [
        ({}, "x264"),
        ({"codec": "hevc"}, "x265"),
        ({"encoder": "auto"}, "x264"),
        ({"codec": "av1", "encoder": "svtav1"}, "svtav1"),
    ],
)
def test_what_a_device_stands_for_follows_the_codec_of_a_job(
    line: dict[str, str], encoder: str, tmp_path: Path
) -> None:
    settings = load_settings({"device": "cpu"}, environ={}, folder=tmp_path)
    assert settings.with_values(line, where="line 1", jobs_only=True).encoder == encoder
