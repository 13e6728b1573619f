"""The scorer for pictures on a card: the other one's tracks and cache, and its verdict where there is no card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("triton", reason="the kernels need Triton, which is made for Linux")

import torch
from fakes import media, nvidia, pynvvideocodec
from fakes.scripted import Planes, ScriptedDecoder, even_times, footage, planes, texture
from fakes.surfaces import LateQueue
from nvpipe.kernels.motion import gather_reference

from nvpipe.footage.motion import SCORERS
from nvpipe.footage.motion.card_gather import CardGatherer
from nvpipe.footage.motion.fine import measured
from nvpipe.footage.motion.gather import StoringGatherer
from nvpipe.footage.motion.surfaces import HostQueue, Queue
from nvpipe.footage.motion.torch_diff import TorchDiffScorer
from nvpipe.footage.motion.triton_diff import TritonDiffScorer, gatherer
from nvpipe.media.decode.nvdec import NvdecDecoder
from nvpipe.media.decode.nvdec_threaded import NvdecThreadedDecoder

WALLS = [texture(72, 512, seed=seed) for seed in (1, 2)]


def paint(time_s: float) -> Planes:
    left = int(time_s * 30) % 300
    luma = WALLS[time_s >= 7][:, left : left + 128] + 50 * (3 <= time_s < 5 and time_s % 0.5 < 0.1)
    y, u, v = planes(np.clip(luma, 0, 255))
    return y, u + np.uint8(20 * (time_s % 1 < 0.2)), v


class OnCard:
    """A gatherer for a card, given the arrays that the sampler makes of pictures in host memory."""

    def __init__(self, given: Any, queue: Queue | None = None) -> None:
        self._gatherer = CardGatherer(tensors(given), gather_reference, queue or HostQueue())

    def add(self, frame: Any, given: Any, due: bool) -> bool:
        return self._gatherer.add(frame, tensors(given), due)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._gatherer, name)


def tensors(given: Any) -> list[torch.Tensor]:
    return [torch.as_tensor(plane) for plane in given]


class CardScorer(TritonDiffScorer):
    """The scorer with a card in host memory, which does its work late or at once."""

    def __init__(self, queue: Queue | None = None) -> None:
        super().__init__()
        self._queue = queue

    def gather(self) -> Any:
        return lambda given: OnCard(given, self._queue)


@pytest.mark.parametrize("options", [{}, {"rotation_deg": 90}, {"mirrored": True}])
def test_it_gives_the_same_tracks(options: dict[str, Any]) -> None:
    def score(scorer: TorchDiffScorer) -> Any:
        return scorer.score(footage(), ScriptedDecoder(paint, even_times(10), **options))

    track = score(TorchDiffScorer())
    assert score(CardScorer()) == track
    assert max(track.scores) > min(track.scores)
    assert track.cuts_s


@pytest.mark.parametrize("threaded", [True, False], ids=["threaded", "libav"])
def test_surfaces_of_a_decoder_are_read_in_time(threaded: bool, tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4", seconds=4, flashes_s=[1.0, 2.0, 2.5])
    decoder = (
        NvdecThreadedDecoder(nvidia.driver(), pynvvideocodec.Library, nvidia.FakeCard())
        if threaded
        else NvdecDecoder(nvidia.driver(), nvidia.open_on_fake_card, nvidia.FakeCard())
    )
    queue = LateQueue()
    track = CardScorer(queue).score(footage(path), decoder)
    assert track == TorchDiffScorer().score(footage(path), decoder)
    assert max(track.scores) > 0
    # 120 pictures in batches of 8 surfaces; or in launches of 32, less those that are left out.
    assert queue.sent == 15 if threaded else queue.sent <= 4


def test_stretches_of_a_coarse_track_are_measured_alike() -> None:
    def values(gather: Any) -> Any:
        reader = ScriptedDecoder(paint, even_times(10)).open(footage().path)
        return measured(reader, [(2, 8), (10, 16)], 20, lambda _: None, gather)

    one, other = values(OnCard), values(StoringGatherer)
    assert np.array_equal(one.steps, other.steps)
    assert len(one.steps) > 4
    assert all(np.array_equal(one.values[name], other.values[name]) for name in other.values)


def test_both_share_the_cache() -> None:
    assert TritonDiffScorer().version == TorchDiffScorer().version


def test_what_lies_in_host_memory_is_gathered_there() -> None:
    pictures = paint(0.0)
    assert isinstance(gatherer(pictures), StoringGatherer)
    assert isinstance(gatherer(tensors(pictures)), StoringGatherer)


def missing(name: str) -> object:
    raise OSError(f"{name}: cannot open\nshared object file")


def test_without_a_driver_it_says_so() -> None:
    verdict = TritonDiffScorer(missing).probe()
    assert not verdict.usable
    assert verdict.reason == "no NVIDIA driver: libcuda.so.1: cannot open shared object file"
    assert "--decoder pyav" in verdict.fix


@pytest.mark.skipif(torch.cuda.is_available(), reason="this torch can use the card")
def test_without_a_torch_for_the_card_it_says_so() -> None:
    verdict = TritonDiffScorer(lambda _: object()).probe()
    assert not verdict.usable
    assert torch.__version__ in verdict.reason


def test_nobody_asks_for_a_card_when_pictures_are_decoded_to_host_memory() -> None:
    asked: list[str] = []
    scorer = TritonDiffScorer(asked.append)
    scorer.prepare(on_card=False)
    assert scorer.probe() == (False, "pictures are decoded to host memory", "--decoder nvdec decodes them on a card")
    assert asked == []
    scorer, choice = SCORERS.choose(prepare=lambda one: one.prepare(on_card=False))
    assert choice.used == "torch-diff"
    assert choice.reason == "triton-diff: pictures are decoded to host memory"
