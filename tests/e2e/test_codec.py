"""`--codec` through the whole command."""

from __future__ import annotations

import json
from pathlib import Path

import av
import pytest
from fakes.cli import ARTICLE, Cli, make_clip

pytestmark = pytest.mark.e2e


@pytest.fixture
def run(cli: Cli, tmp_path: Path) -> list[str | Path]:
    article = tmp_path / "article.md"
    article.write_text(ARTICLE)
    clip = make_clip(tmp_path / "clip.mp4", seconds=8)
    return ["run", article, "--footage", clip, "--out", tmp_path / "out", "--seconds", "4", "--size", "216x384"]


@pytest.mark.parametrize(
    ("codec", "decoder", "tag", "encoder"),
    [("hevc", "hevc", "hvc1", "x265"), ("av1", "libdav1d", "av01", "svtav1")],
)
def test_a_short_in_another_codec_passes_its_check(
    cli: Cli, run: list[str | Path], tmp_path: Path, codec: str, decoder: str, tag: str, encoder: str
) -> None:
    result = cli(*run, "--codec", codec, "--workers", "2", "-q")
    assert result.code == 0, result.err
    assert result.err == ""
    (video,) = (tmp_path / "out").glob("*.mp4")
    with av.open(str(video)) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.codec_tag, context.profile) == (decoder, tag, "Main")
    manifest = json.loads(video.with_suffix(".json").read_text("utf-8"))
    assert manifest["backends"]["encode"]["used"] == manifest["output"]["encoder"] == encoder
    assert manifest["options"]["codec"] == codec
    checked = cli("check", video)
    assert checked.code == 0, checked.out
    # Without its manifest it is judged by what the platforms take.
    video.with_suffix(".json").unlink()
    alone = cli("check", video, "--json")
    assert alone.code == 1
    assert {"video codec", "profile"} <= {rule["name"] for rule in alone.json["rules"] if not rule["ok"]}


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--codec", "hevc", "--encoder", "x264"), 4, "h264, not hevc"),
        (("--codec", "av1", "--encoder", "x265"), 4, "hevc, not av1"),
        (("--codec", "hevc", "--x264-params", "crf=20"), 4, "h264, not hevc"),
        (("--codec", "vp9"), 2, "vp9"),
    ],
)
def test_a_codec_that_an_encoder_lacks_ends_the_run_before_any_work(
    cli: Cli, run: list[str | Path], tmp_path: Path, words: tuple[str, ...], code: int, says: str
) -> None:
    result = cli(*run, *words)
    assert result.code == code
    (line,) = result.error_lines
    assert says in line
    assert not list((tmp_path / "out").glob("*.mp4"))
