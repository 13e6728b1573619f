"""`nvpipe bench encode` on a moment of footage."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from fakes.cli import Cli, make_clip
from fakes.nvenc.driver import Driver, compiler

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("footage") / "clip.mp4", seconds=4)


def test_every_setting_that_was_asked_for_is_measured(cli: Cli, footage: Path) -> None:
    wanted = ("low", "medium", "ultrafast@18")
    options = [part for name in wanted for part in ("--setting", name)]
    result = cli("bench", "encode", footage, "--seconds", "0.4", "--clips", "1", "--runs", "2", *options, "--json")
    assert result.code == 0, result.err
    rows = {row["setting"]: row for row in result.json["rows"] if row["encoder"] == "x264"}
    assert list(rows) == ["low", "medium", "low long", "ultrafast@18"]
    assert all(row["same_bytes"] and row["cpu_s"] > 0 and row["low_fps"] > 0 for row in rows.values())
    assert rows["medium"]["kbit_s"] < rows["ultrafast@18"]["kbit_s"]
    assert rows["low long"]["xpsnr_db"] < rows["low"]["xpsnr_db"] < rows["ultrafast@18"]["xpsnr_db"]
    assert all(0.5 < row["worst_ssim"] <= row["ssim"] <= 1 for row in rows.values())


def test_presets_are_compared_at_equal_quality_on_a_page(cli: Cli, footage: Path) -> None:
    page = cli.folder / "bench.html"
    settings = ("--setting", "ultrafast", "--setting", "superfast", "--setting", "high")
    named = ("--footage", footage, "--clips", "2", "--seconds", "0.2")
    result = cli("bench", "encode", *named, *settings, "--html", page)
    assert result.code == 0, result.err
    assert "| x264 | superfast | XPSNR |" in result.out
    assert "| high | x264 |" in result.out
    html = page.read_text("utf-8")
    assert "Rate against quality" in html
    assert "Speed against quality" in html


def test_an_encoder_that_the_machine_lacks_is_named_with_the_reason(cli: Cli, footage: Path) -> None:
    result = cli("bench", "encode", footage, "--seconds", "0.1", "--clips", "1", "--setting", "medium", "--json")
    assert result.code == 0, result.err
    measured = {row["encoder"] for row in result.json["rows"]}
    assert measured | {one["encoder"] for one in result.json["unusable"]} == {"nvenc", "x264"}
    assert all(one["reason"] for one in result.json["unusable"])


@pytest.mark.skipif(compiler() is None, reason="needs a C compiler for the stand-in driver")
def test_nvenc_is_compared_where_there_is_a_driver(footage: Path, tmp_path: Path) -> None:
    arguments = ("--seconds", "0.1", "--clips", "1", "--setting", "low", "--setting", "p4@24", "--json")
    ran = Driver(tmp_path / "driver").run(
        "-m", "nvpipe", "bench", "encode", str(footage), *arguments, tmp_path=tmp_path
    )
    assert ran.code == 0, ran.err
    rows = {(row["encoder"], row["setting"]): row for row in json.loads(ran.out)["rows"]}
    assert set(rows) == {
        ("nvenc", "low"),
        ("nvenc", "low long"),
        ("nvenc", "p4@24"),
        ("x264", "low"),
        ("x264", "low long"),
    }
    # The stand-in keeps every sample as it came: what NVENC is given are the composed pictures.
    assert rows["nvenc", "p4@24"]["ssim"] == 1
    assert rows["nvenc", "p4@24"]["xpsnr_db"] is None


def test_the_table_is_for_people_too(cli: Cli, footage: Path) -> None:
    result = cli("bench", "encode", footage, "--seconds", "0.1", "--setting", "medium")
    assert result.code == 0
    assert any(line.startswith("| x264 | medium |") for line in result.out.splitlines())


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (("--setting", "nonsense"), 2, "nonsense"),
        (("--setting", "veryfast@99999"), 2, "veryfast@99999"),
        (("--seconds", "0"), 2, "0"),
        (("--runs", "0"), 2, "0"),
        (("--minutes", "0"), 2, "0"),
        (("--layout", "nonsense"), 2, "nonsense"),
        (("--html", "gone/bench.html"), 2, "gone"),
        (("--seconds", "60"), 3, "too short"),
        (("--start", "3.9", "--seconds", "1"), 3, "too short"),
    ],
)
def test_what_cannot_be_measured_is_said(
    cli: Cli, footage: Path, arguments: tuple[str, ...], code: int, what: str
) -> None:
    result = cli("bench", "encode", footage, *arguments)
    assert result.code == code
    (line,) = result.error_lines
    assert what in line


def test_a_file_that_is_no_video_is_refused(cli: Cli, tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    assert cli("bench", "encode", text).code == 3
    assert cli("bench", "encode", tmp_path / "gone.mp4").code == 3
