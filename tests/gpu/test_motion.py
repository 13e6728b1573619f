"""Scoring on a card: the compiled kernel, the order of work on surfaces, and both decoders with both scorers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fakes import media, motion_cases, surfaces

from nvpipe.errors import BackendUnavailableError
from nvpipe.footage.motion import SCORERS
from nvpipe.footage.motion.gather import StoringGatherer
from nvpipe.footage.motion.sampling import Sampler, Samples
from nvpipe.footage.motion.triton_diff import gatherer
from nvpipe.media.decode import DECODERS, ON_CARD

pytestmark = pytest.mark.gpu

FRAMES = 90
TIMES_S = [index / 30 for index in range(FRAMES)]
GATHERERS = pytest.mark.parametrize("gather", [gatherer, StoringGatherer], ids=["triton", "torch"])


def sampled(frames: Any, gather: Any) -> Samples:
    sampler = Sampler(0, 16 / 9, gather=gather)
    for frame in frames:
        sampler.add(frame)
    return sampler.finish()


def assert_equal(one: Samples, other: Samples) -> None:
    for each in fields(Samples):
        mine, theirs = getattr(one, each.name), getattr(other, each.name)
        assert np.array_equal(mine, theirs) if isinstance(mine, np.ndarray) else mine == theirs, each.name


def in_host_memory(pictures: Sequence[surfaces.Planes]) -> list[surfaces.Frame]:
    planes = [tuple(plane.cpu() for plane in picture) for picture in pictures]
    return [surfaces.Frame(time_s, 1000, (y, u, v)) for time_s, (y, u, v) in zip(TIMES_S, planes, strict=True)]


def test_the_scorer_is_usable() -> None:
    verdict = SCORERS.probe("triton-diff")
    assert verdict.usable, verdict.reason


def test_the_compiled_kernel_is_its_reference() -> None:
    wrong, count = motion_cases.unequal("cuda")
    assert count > 10
    assert wrong == []


@GATHERERS
@pytest.mark.parametrize(("height", "width", "pitch"), [(1080, 1920, 2048), (137, 201, 256)])
def test_samples_are_those_of_the_cpu(height: int, width: int, pitch: int, gather: Any) -> None:
    pictures = surfaces.surfaces(FRAMES, height, width, pitch, device="cuda")
    frames = [surfaces.HeldFrame(time_s, 1000, planes) for time_s, planes in zip(TIMES_S, pictures, strict=True)]
    assert_equal(sampled(frames, gather), sampled(in_host_memory(pictures), StoringGatherer))


@GATHERERS
@pytest.mark.parametrize("batch", [1, 8, 32])
def test_surfaces_are_read_before_a_decoder_writes_over_them(batch: int, gather: Any) -> None:
    """The decoder writes on a stream of its own, which waits for nobody."""
    pictures = surfaces.surfaces(FRAMES, 1080, 1920, 1920, device="cuda")
    stream = torch.cuda.Stream()

    def on_its_stream(step: Callable[[], Any]) -> Any:
        with torch.cuda.stream(stream):
            result = step()
        stream.synchronize()
        return result

    def decoded() -> Iterator[surfaces.Frame]:
        frames = surfaces.recycled(pictures, TIMES_S, batch=batch)
        while (frame := on_its_stream(lambda: next(frames, None))) is not None:
            yield frame

    torch.cuda.synchronize()
    assert_equal(sampled(decoded(), gather), sampled(in_host_memory(pictures), StoringGatherer))


@GATHERERS
@pytest.mark.parametrize("name", ON_CARD)
def test_what_nvdec_gives_scores_as_a_copy_of_it_does(name: str, gather: Any, tmp_path: Path) -> None:
    try:
        decoder, _ = DECODERS.choose(name)
    except BackendUnavailableError as error:
        pytest.skip(error.message)
    path = media.make_video(tmp_path / "a.mp4", seconds=4, size=(640, 360), flashes_s=[1.0, 2.0, 2.5])
    with decoder.open(path) as reader:
        copies = []
        for frame in reader.frames():
            y, u, v = (plane.cpu() for plane in frame.planes())
            copies.append(surfaces.Frame(frame.time_s, frame.size_bytes, (y, u, v)))
        assert len(copies) > 50
        found = sampled(reader.frames(), gather)
    assert_equal(found, sampled(copies, StoringGatherer))
