"""`nvpipe bench encode` on a moment of footage."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.cli import Cli, make_clip

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("footage") / "clip.mp4", seconds=4)


def test_every_setting_that_was_asked_for_is_measured(cli: Cli, footage: Path) -> None:
    wanted = ("low", "medium", "ultrafast@18")
    options = [part for name in wanted for part in ("--setting", name)]
    result = cli("bench", "encode", footage, "--seconds", "0.4", "--runs", "2", *options, "--json")
    assert result.code == 0, result.err
    rows = {row["setting"]: row for row in result.json["rows"]}
    assert list(rows) == ["low", "low long", "medium", "ultrafast@18"]
    assert all(row["encoder"] == "x264" and row["same_bytes"] and row["cpu_s"] > 0 for row in rows.values())
    assert rows["medium"]["kbit_s"] < rows["ultrafast@18"]["kbit_s"]
    assert rows["low long"]["xpsnr_db"] < rows["low"]["xpsnr_db"] < rows["ultrafast@18"]["xpsnr_db"]
    assert all(0.5 < row["worst_ssim"] <= row["ssim"] <= 1 for row in rows.values())


def test_the_table_is_for_people_too(cli: Cli, footage: Path) -> None:
    result = cli("bench", "encode", footage, "--seconds", "0.2", "--setting", "medium")
    assert result.code == 0
    assert result.out.splitlines()[-1].startswith("| x264 | medium |")


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (("--setting", "nonsense"), 2, "nonsense"),
        (("--seconds", "0"), 2, "0"),
        (("--runs", "0"), 2, "0"),
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
