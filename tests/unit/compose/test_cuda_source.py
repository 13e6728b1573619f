"""Footage of other colours and turns becomes upright BT.709 on the device as it does on the CPU."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from fakes.compose_cases import psnr_db, waves
from fakes.media import corners, make_video

from nvpipe.compose.cuda_intake import Intake, kept
from nvpipe.compose.cuda_source import recolouring, refusal
from nvpipe.errors import MediaError
from nvpipe.media.decode.frame import PyAvFrame
from nvpipe.media.decode.pyav import PyAvDecoder
from nvpipe.media.graph import VideoGraph
from nvpipe.media.normalise import source_filters
from nvpipe.media.probe import probe

CPU = torch.device("cpu")


def coloured(_index: int, _time_s: float, width: int, height: int) -> np.ndarray:
    """Waves of moderate colours, which no matrix takes out of its gamut."""
    planes = [waves(width, height, seed).astype(float) for seed in range(3)]
    grey = sum(planes) / 3
    return np.stack([grey + 0.4 * (plane - grey) for plane in planes], axis=2).clip(20, 235).astype(np.uint8)


@pytest.mark.parametrize("size", [(192, 108), (190, 106)])
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", ["bt709", "bt601", "fcc", "smpte240m", "bt2020"])
def test_matrices_and_ranges_are_converted(
    matrix: str, full_range: bool, size: tuple[int, int], tmp_path: Path
) -> None:
    clip = make_video(
        tmp_path / "clip.mp4", size=size, seconds=1, fps=4, picture=coloured, audio=None, options={"crf": "1"}
    )
    info = replace(probe(clip), colour_matrix=matrix, full_range=full_range)
    assert refusal(info) == ""
    with PyAvDecoder().open(clip) as reader:
        frame = next(iter(reader.frames())).to_av()
    graph = source_filters(info)
    wanted = VideoGraph(graph, frame).apply(frame) if graph else frame
    (shown,) = Intake(info, CPU).pictures(iter([PyAvFrame(frame, 0.0, 0)]))
    assert (recolouring(info) is None) == (not graph)
    for one, other in zip(shown.picture, PyAvFrame(wanted, 0.0, 0).planes(), strict=True):
        assert one.shape == other.shape
        assert psnr_db(one, other) > 46


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_turned_footage_is_upright_to_the_pixel(rotation: int, mirrored: bool, tmp_path: Path) -> None:
    clip = make_video(
        tmp_path / "clip.mp4", size=(128, 72), seconds=1, fps=4, picture=corners, matrix="bt709", rotation=rotation,
        mirrored=mirrored, audio=None,
    )  # fmt: skip
    info = probe(clip)
    assert (info.rotation_deg, info.mirrored) == (rotation, mirrored)
    with PyAvDecoder().open(clip) as reader:
        frame = next(iter(reader.frames())).to_av()
    graph = source_filters(info)
    # Flipping upside down turns strides around, which tensors don't have; what hflip gives has none of that.
    wanted = VideoGraph(f"{graph},hflip,hflip", frame).apply(frame) if graph else frame
    (shown,) = Intake(info, CPU).pictures(iter([PyAvFrame(frame, 0.0, 0)]))
    for one, other in zip(shown.picture, PyAvFrame(wanted, 0.0, 0).planes(), strict=True):
        assert torch.equal(one, other)


def test_what_a_decoder_gave_is_copied(tmp_path: Path) -> None:
    y, u, v = torch.full((4, 6), 1, dtype=torch.uint8), *(torch.full((2, 3), at, dtype=torch.uint8) for at in (2, 3))
    planes = kept(y, u, v, CPU)
    for plane in (y, u, v):
        plane.fill_(9)
    assert [int(plane.max()) for plane in planes] == [1, 2, 3]
    assert [tuple(plane.shape) for plane in planes] == [(4, 6), (2, 3), (2, 3)]


def test_interleaved_chroma_is_copied_as_it_lies() -> None:
    surface = torch.arange(6 * 16, dtype=torch.uint8).view(6, 16)[:, :10]
    chroma = surface[4:].unflatten(1, (5, 2))
    planes = kept(surface[:4], chroma[..., 0], chroma[..., 1], CPU)
    assert torch.equal(planes.y, surface[:4])
    assert torch.equal(planes.u, chroma[..., 0])
    assert torch.equal(planes.v, chroma[..., 1])


def test_an_unknown_matrix_is_refused(tmp_path: Path) -> None:
    info = probe(make_video(tmp_path / "clip.mp4", seconds=1, fps=4, audio=None))
    assert refusal(info) == ""
    assert "ycgco" in refusal(replace(info, colour_matrix="ycgco"))


def test_a_picture_of_another_size_is_an_error(tmp_path: Path) -> None:
    info = probe(make_video(tmp_path / "clip.mp4", size=(128, 72), seconds=1, fps=4, audio=None))
    other = make_video(tmp_path / "other.mp4", size=(128, 74), seconds=1, fps=4, audio=None)
    with PyAvDecoder().open(other) as reader, pytest.raises(MediaError, match="128x74"):
        next(Intake(info, CPU).pictures(reader.frames()))
