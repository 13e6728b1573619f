"""Decoders on a real card: the same pictures as the CPU's, several at once, and nothing left behind."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from fakes import media

from nvpipe.media.decode import DECODERS, ON_CARD
from nvpipe.media.decode.nvdec import NvdecReader
from nvpipe.media.decode.nvdec_driver import Driver
from nvpipe.media.decode.pyav import PyAvDecoder

pytestmark = pytest.mark.gpu
KEPT = 40
"""As many pictures as a scorer gathers from in one launch, and some more."""


@pytest.fixture(params=ON_CARD)
def decoder(request: pytest.FixtureRequest) -> Any:
    probe = DECODERS.probe(request.param)
    assert probe.usable, f"{probe.reason} ({probe.fix})"
    return DECODERS.load(request.param)


def test_the_card_has_engines() -> None:
    caps = Driver().caps("h264", 8)
    assert caps.supported
    assert caps.engines >= 1
    assert caps.max_px >= (4096, 4096)


@pytest.mark.parametrize("size", [(128, 72), (854, 480), (1920, 1080)])
@pytest.mark.parametrize("codec", ["libx264", "libx265", "libvpx-vp9"])
def test_planes_are_on_the_card_and_bit_for_bit_the_cpus(
    decoder: Any, tmp_path: Path, codec: str, size: tuple[int, int]
) -> None:
    import torch

    path = media.make_video(tmp_path / "a.mkv", seconds=1, size=size, codec=codec, audio=None)
    with decoder.open(path) as reader, PyAvDecoder().open(path) as reference:
        for frame, wanted in zip(reader.frames(), reference.frames(), strict=True):
            for plane, other in zip(frame.planes(), wanted.planes(), strict=True):
                assert plane.device.type == "cuda"
                assert torch.equal(plane.cpu(), other)


def test_pictures_that_are_held_stay_what_they_were(tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4", size=(640, 360), seconds=4)
    with DECODERS.load("nvdec").open(path) as reader:
        assert isinstance(reader, NvdecReader)
        held = [frame.planes()[0] for frame, _ in zip(reader.frames(), range(KEPT), strict=False)]
        for _ in reader.frames(2.0):
            pass
        assert [media.frame_number(luma.cpu()) for luma in held] == list(range(KEPT))


def test_readers_are_told_before_their_surfaces_are_written_over(decoder: Any, tmp_path: Path) -> None:
    seen: list[int] = []
    path = media.make_video(tmp_path / "a.mp4", size=(640, 360))
    with decoder.open(path) as reader:
        waiting: list[Any] = []

        def settle() -> None:
            seen.extend(media.frame_number(luma.cpu()) for luma in waiting)
            waiting.clear()

        for frame in reader.frames():
            waiting.append(frame.planes()[0])
            frame.before_reuse(settle)
        settle()
    assert seen == list(range(60))


def test_work_on_another_stream_reads_the_right_pictures(decoder: Any, tmp_path: Path) -> None:
    import torch

    path = media.make_video(tmp_path / "a.mp4", size=(1280, 720))
    lane = torch.cuda.Stream()
    with decoder.open(path) as reader, torch.cuda.stream(lane):
        numbers = []
        for frame in reader.frames():
            copy = frame.planes()[0].clone()
            lane.synchronize()
            numbers.append(media.frame_number(copy.cpu()))
    assert numbers == list(range(60))


def test_several_are_decoded_at_once(decoder: Any, tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4", size=(640, 360), seconds=4)
    found: dict[int, list[int]] = {}

    def work(index: int) -> None:
        with decoder.open(path) as reader:
            found[index] = [media.frame_number(frame.planes()[0].cpu()) for frame in reader.frames()]

    workers = [threading.Thread(target=work, args=(index,)) for index in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == {index: list(range(120)) for index in range(8)}


def test_memory_of_the_card_comes_back(decoder: Any, tmp_path: Path) -> None:
    import torch

    path = media.make_video(tmp_path / "a.mp4", size=(1280, 720))

    def once() -> None:
        with decoder.open(path) as reader:
            for _ in reader.frames():
                pass

    once()
    before = torch.cuda.mem_get_info()[0]
    for _ in range(10):
        once()
    assert before - torch.cuda.mem_get_info()[0] < 200 << 20
