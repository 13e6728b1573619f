"""Decoders by name, through the real command: a named one never falls back; `auto` is silent without a card."""

from __future__ import annotations

from pathlib import Path

import av
import pytest
from fakes.cli import Cli
from fakes.media import make_video

from nvpipe.media.decode.nvdec_driver import Driver

pytestmark = pytest.mark.e2e


@pytest.mark.skipif(Driver().has_traces(), reason="there is a card")
@pytest.mark.parametrize("name", ["nvdec", "nvdec-threaded"])
def test_a_named_decoder_without_a_card_fails_with_the_reason(cli: Cli, clip: Path, name: str) -> None:
    result = cli("segments", clip, "--duration", "4", "--decoder", name)
    assert result.code == 4
    (line,) = result.error_lines
    assert f"decoder {name} is not usable here: no NVIDIA driver: libcuda.so.1" in line
    assert "--decoder pyav" in line


@pytest.mark.skipif(Driver().has_traces(), reason="there is a card")
def test_whoever_has_no_card_is_not_told_that_it_is_missing(cli: Cli, clip: Path) -> None:
    result = cli("segments", clip, "--duration", "4")
    assert result.code == 0
    assert "nvdec" not in result.err


def test_tracks_of_an_inexact_decoder_serve_only_those_who_name_it(cli: Cli, clip: Path) -> None:
    def cached(*options: str) -> bool:
        result = cli("analyze", clip, "--json", *options)
        assert result.code == 0, result.err
        (footage,) = result.json["footage"]
        return bool(footage["cached"])

    assert not cached("--decoder", "decord")
    assert not cached()
    assert cached("--decoder", "decord")
    assert cached("--decoder", "pyav")
    assert cli("cache", "verify").code == 0


def test_what_decord_would_spoil_is_refused_by_name(cli: Cli, tmp_path: Path) -> None:
    clip = make_video(tmp_path / "hdr.mp4", seconds=8, size=(320, 180), transfer="pq", matrix="bt2020")
    result = cli("segments", clip, "--duration", "4", "--decoder", "decord")
    assert result.code == 4
    assert "HDR does not survive its 8 bits" in result.error_lines[0]


def test_a_short_is_made_of_what_decord_reads(cli: Cli, article: Path, clip: Path) -> None:
    result = cli(
        "run", article, "--footage", clip, "--out", cli.folder / "out", "--seconds", "5", "--captions", "none",
        "--decoder", "decord", "--json",
    )  # fmt: skip
    assert result.code == 0, result.err
    with av.open(result.json["jobs"][0]["output"]) as container:
        assert sum(1 for _ in container.decode(video=0)) > 100
