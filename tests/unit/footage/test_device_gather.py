"""Pictures that lie on a card: the same samples as from host memory, and no surface is read after it was reused."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

pytest.importorskip("triton", reason="the kernels need Triton, which is made for Linux")

import torch
from fakes import surfaces
from fakes.scripted import texture
from nvpipe.kernels.motion import gather_reference

from nvpipe.errors import BackendFailedError
from nvpipe.footage.motion.card_gather import CardGatherer
from nvpipe.footage.motion.gather import Gather, StoringGatherer
from nvpipe.footage.motion.sampling import Sampler, Samples
from nvpipe.footage.motion.surfaces import HostQueue, Queue

FRAMES = 75
TIMES_S = [index / 30 for index in range(FRAMES)]


def game(height: int, width: int, frames: int = FRAMES, chroma: int = 2) -> list[surfaces.Planes]:
    """A wall that runs past, a flash, a text that stands still, and a cut, as NV12 in rows that are too wide."""
    walls = [texture(height, 4 * width, seed=seed) for seed in (1, 2)]
    pitch = (width + 63) // 32 * 32
    whole = np.random.default_rng(3).integers(0, 256, (frames, height + (height + 1) // 2, pitch), dtype=np.uint8)
    for index, surface in enumerate(whole):
        left = index * 2 % (2 * width)
        luma = walls[index >= frames // 2][:, left : left + width] + (60 if index in (15, 16, 60) else 0)
        luma[height // 2 : height // 2 + 6, 4:-4:4] = 250
        surface[:height, :width] = np.clip(luma, 0, 255)
        surface[height:] //= 8
        surface[height:] += 100 + index % 17
    return [surfaces.nv12(surface, height, width) for surface in torch.from_numpy(whole)]


def sampled(frames: Iterable[Any], gather: Gather = StoringGatherer, **options: Any) -> Samples:
    sampler = Sampler(0, 16 / 9, gather=gather, **options)
    for frame in frames:
        sampler.add(frame)
    return sampler.finish()


def frames_of(pictures: Sequence[surfaces.Planes]) -> list[surfaces.Frame]:
    return [surfaces.Frame(time_s, 1000, planes) for time_s, planes in zip(TIMES_S, pictures, strict=False)]


def as_tensors(planes: Sequence[Any]) -> list[torch.Tensor]:
    """The sampler hands arrays out where planes lie in host memory."""
    return [torch.as_tensor(plane) for plane in planes]


class Tensors:
    """What a gatherer takes on a card, on tensors in host memory."""

    def __init__(self, gatherer: Any) -> None:
        self._gatherer = gatherer

    def add(self, frame: Any, planes: Sequence[Any], due: bool) -> bool:
        return bool(self._gatherer.add(frame, as_tensors(planes), due))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gatherer, name)


def torch_gather(planes: Sequence[Any]) -> Any:
    return Tensors(StoringGatherer(as_tensors(planes)))


def card(queue: Queue | None = None) -> Gather:
    def gather(planes: Sequence[Any]) -> Any:
        return Tensors(CardGatherer(as_tensors(planes), gather_reference, queue or HostQueue()))

    return gather


def assert_equal(one: Samples, other: Samples) -> None:
    for each in fields(Samples):
        mine, theirs = getattr(one, each.name), getattr(other, each.name)
        assert np.array_equal(mine, theirs) if isinstance(mine, np.ndarray) else mine == theirs, each.name


@pytest.mark.parametrize("gather", [torch_gather, card(), card(surfaces.LateQueue())], ids=["torch", "host", "late"])
@pytest.mark.parametrize("size", [(72, 128), (137, 201), (240, 426), (40, 30), (1, 1), (300, 9)])
def test_samples_are_the_same_wherever_pictures_lie(size: tuple[int, int], gather: Gather) -> None:
    frames = frames_of(game(*size))
    there = sampled(frames)
    assert_equal(sampled(frames, gather), there)
    if min(size) > 60:
        assert there.cuts_s == (TIMES_S[FRAMES // 2],)
        assert there.flash.max() > 1
        assert there.change.max() > 1


@pytest.mark.parametrize("rotation_deg", [90, 180])
def test_turned_and_mirrored_ones_too(rotation_deg: int) -> None:
    frames = frames_of(game(90, 160))
    for gather in (torch_gather, card()):
        turned = [Sampler(rotation_deg, 9 / 16, mirrored=True, gather=each) for each in (StoringGatherer, gather)]
        for sampler in turned:
            for frame in frames:
                sampler.add(frame)
        assert_equal(*(sampler.finish() for sampler in turned))


@pytest.mark.parametrize("gather", [torch_gather, card()], ids=["torch", "kernel"])
def test_a_change_of_size_in_mid_stream(gather: Gather) -> None:
    pictures = game(72, 128, 20) + game(90, 160, 21) + game(72, 128, 34)
    frames = frames_of(pictures)
    assert_equal(sampled(frames, gather), sampled(frames))


@pytest.mark.parametrize("size", [(1080, 1920), (2160, 3840)])
def test_large_pictures_are_not_all_held(size: tuple[int, int]) -> None:
    queue = surfaces.LateQueue()
    picture = game(*size, frames=1)[0]
    frames = [surfaces.HeldFrame(index / 30, 1000, picture) for index in range(44)]
    sampled(frames, card(queue))
    most = 64 * 2**20 // (size[0] * size[1] * 3 // 2)
    assert queue.sent == -(-44 // most)


@pytest.mark.parametrize("batch", [2, 8, 20, 32, 50])
def test_a_batch_is_gathered_before_its_surfaces_are_written_over(batch: int) -> None:
    pictures = game(72, 128)
    there = sampled(frames_of(pictures))
    queue = surfaces.LateQueue()
    assert_equal(sampled(surfaces.recycled(pictures, TIMES_S, batch=batch), card(queue)), there)
    assert queue.sent <= FRAMES // batch + 2 + FRAMES // 32


def test_frames_that_promise_nothing_are_gathered_one_by_one() -> None:
    pictures = game(72, 128)
    queue = surfaces.LateQueue()
    assert_equal(sampled(surfaces.recycled(pictures, TIMES_S, batch=1), card(queue)), sampled(frames_of(pictures)))
    assert queue.sent == FRAMES


def test_a_decoder_that_reuses_surfaces_too_early_is_noticed() -> None:
    """The tests above can fail."""
    pictures = game(72, 128)
    early = surfaces.recycled(pictures, TIMES_S, batch=8, honest=False)
    found, there = sampled(early, card(surfaces.LateQueue())), sampled(frames_of(pictures))
    assert not np.array_equal(found.flash, there.flash)


def test_frames_are_kept_as_long_as_their_surfaces_are_read() -> None:
    """A batch of surfaces lives as long as one of its frames."""
    import weakref

    queue = surfaces.LateQueue()
    picture = game(72, 128, 1)[0]
    sampler = Sampler(0, 16 / 9, gather=card(queue))
    kept = []
    for index in range(5):
        frame = surfaces.HeldFrame(index / 30, 1000, picture)
        kept.append(weakref.ref(frame))
        sampler.add(frame)
    del frame
    assert all(one() is not None for one in kept)
    sampler.finish()
    assert all(one() is None for one in kept)


class BrokenQueue:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def send(self, work: Any) -> Any:
        raise self.error


@pytest.mark.parametrize(
    "error",
    [RuntimeError("CUDA error: an illegal\nmemory access"), torch.OutOfMemoryError("out of memory"), OSError()],
)
def test_a_card_that_fails_is_told_in_one_line(error: Exception) -> None:
    with pytest.raises(BackendFailedError, match="scoring on the card failed: ") as told:
        sampled(frames_of(game(72, 128, 2)), card(BrokenQueue(error)))
    assert "\n" not in told.value.line()
    assert "--decoder pyav" in told.value.hint
