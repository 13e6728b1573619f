"""`nvpipe bench decode`, `motion` and `run` on a moment of footage."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.cli import ARTICLE, Cli, make_clip

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("footage") / "clip.mp4", seconds=8)


def test_decoders_stand_beside_plain_libav(cli: Cli, footage: Path) -> None:
    page = cli.folder / "bench.html"
    result = cli(
        "bench", "decode", footage, "--decoder", "pyav", "--runs", "1", "--seconds", "2", "--json", "--html", page
    )
    assert result.code == 0, result.err
    rows = {row["decoder"]: row for row in result.json["rows"]}
    assert list(rows) == ["libav", "pyav"]
    assert rows["pyav"]["frames"] == pytest.approx(60, abs=4)
    assert rows["pyav"]["of_plain"] > 0
    assert "<svg" in page.read_text("utf-8")


def test_scoring_stands_beside_decoding(cli: Cli, footage: Path) -> None:
    result = cli("bench", "motion", "--footage", footage, "--decoder", "pyav", "--runs", "1")
    assert result.code == 0, result.err
    assert any(line.startswith("| clip.mp4 | pyav | torch-diff |") for line in result.out.splitlines())


def test_a_whole_job_is_told_stage_by_stage_and_leaves_nothing(cli: Cli, footage: Path) -> None:
    article = cli.folder / "article.md"
    article.write_text(ARTICLE)
    backends = ("--writer", "extractive", "--speaker", "espeak")
    options = ("--seconds", "5", "--quality", "low", *backends, "--json")
    result = cli("bench", "run", "--article", article, "--footage", footage, *options)
    assert result.code == 0, result.err
    stages = [stage["stage"] for stage in result.json["stages"]]
    assert [name for name in ("script", "narration", "analysis", "render") if name in stages] == [
        "script", "narration", "analysis", "render",
    ]  # fmt: skip
    assert result.json["duration_s"] == pytest.approx(5, abs=1)
    assert result.json["times_real_time"] == pytest.approx(result.json["duration_s"] / result.json["seconds"])
    assert [path.name for path in cli.folder.iterdir()] == ["article.md"]


@pytest.mark.parametrize(
    ("arguments", "code", "what"),
    [
        (("decode", "--decoder", "nonsense"), 2, "nonsense"),
        (("motion", "--decoder", "nonsense"), 2, "nonsense"),
        (("decode", "gone.mp4"), 3, "gone.mp4"),
        (("motion", "gone.mp4"), 3, "gone.mp4"),
        (("run", "--footage", "gone.mp4"), 3, "gone.mp4"),
        (("run", "--article", "gone.md"), 3, "gone.md"),
        (("run", "--quality", "nonsense"), 2, "nonsense"),
        (("run", "--html", "gone/page.html"), 2, "gone"),
    ],
)
def test_what_cannot_be_measured_is_said_in_one_line(
    cli: Cli, arguments: tuple[str, ...], code: int, what: str
) -> None:
    result = cli("bench", *arguments)
    assert result.code == code
    (line,) = result.error_lines
    assert what in line
    assert result.out == ""
