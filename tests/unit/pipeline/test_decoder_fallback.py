"""Under `auto`, one video that the card does not decode is decoded on the CPU, and that is said once."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes import media, nvidia

from nvpipe.media.decode import UndecodableHereError
from nvpipe.media.decode.nvdec import NvdecDecoder
from nvpipe.pipeline.tools import Toolbox
from nvpipe.settings import Settings
from nvpipe.types import BackendChoice


def toolbox(wanted: str, said: list[str], storage: Path) -> Toolbox:
    decoder = NvdecDecoder(nvidia.driver(), nvidia.open_on_fake_card, nvidia.FakeCard())
    proven = {("decode", wanted, None): (decoder, BackendChoice("nvdec", wanted))}
    return Toolbox(Settings(storage=storage, decoder=wanted), proven, said.append)


def test_one_video_is_left_to_the_cpu_and_the_choice_says_why(tmp_path: Path) -> None:
    said: list[str] = []
    tools = toolbox("auto", said, tmp_path)
    odd = media.make_video(tmp_path / "odd.mkv", seconds=1, pix_fmt="yuv444p")
    for _ in range(2):
        with tools.decoder().open(odd) as reader:
            assert len(list(reader.frames())) == 30
    reason = f"nvdec cannot decode {odd}: yuv444p is not 8-bit or 10-bit 4:2:0"
    assert said == [f"decoder pyav is used, since {reason}"]
    assert tools.choices["decode"] == BackendChoice("nvdec", "auto", reason)
    with tools.decoder().open(media.make_video(tmp_path / "usual.mp4", seconds=1)) as reader:
        assert len(list(reader.frames())) == 30
    assert len(said) == 1
    assert tools.choices["decode"].reason == reason


def test_a_named_decoder_fails_with_the_reason(tmp_path: Path) -> None:
    said: list[str] = []
    tools = toolbox("nvdec", said, tmp_path)
    odd = media.make_video(tmp_path / "odd.mkv", seconds=1, pix_fmt="yuv444p")
    with pytest.raises(UndecodableHereError, match="yuv444p is not 8-bit") as caught:
        tools.decoder().open(odd)
    assert caught.value.exit_code == 4
    assert said == []


def test_tracks_are_looked_up_as_the_named_decoder_makes_them(tmp_path: Path) -> None:
    exact = Toolbox(Settings(storage=tmp_path), {}, lambda _: None).scorer_versions()
    assert Toolbox(Settings(storage=tmp_path, decoder="nvdec"), {}, lambda _: None).scorer_versions() == exact
    inexact = Toolbox(Settings(storage=tmp_path, decoder="decord"), {}, lambda _: None).scorer_versions()
    assert inexact == [f"{version}+decord" for version in exact]
