"""NVENC and downloads on real hardware, where `tests/contract/test_encoders.py` has NVENC among the rest too."""

from __future__ import annotations

import io
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest
import torch

from nvpipe.media.encode import CODECS, ENCODERS, QUALITIES
from nvpipe.media.encode.passes import EncoderPass
from nvpipe.media.encode.surfaces import FrameRing, downloaded
from nvpipe.types import OutputFormat

pytestmark = pytest.mark.gpu

WIDTH_PX, HEIGHT_PX, FRAMES = 1080, 1920, 150
FPS = Fraction(30)
KNOWN_REASONS = (
    "has no NVENC",
    "`video` capability",
    "encode library is missing",
    "no further encoding session",
    "driver is too old",
)
LEAST_PSNR_DB = 28.0


def picture(index: int) -> torch.Tensor:
    """NV12 on the card: smooth luma that moves, chroma of another motion."""
    x = torch.arange(WIDTH_PX, device="cuda", dtype=torch.int32)
    y = torch.arange(HEIGHT_PX * 3 // 2, device="cuda", dtype=torch.int32)[:, None]
    drawn = (x * 2 + y + 4 * index) // 4 % 160 + 40
    drawn[HEIGHT_PX:, 0::2] = (y[HEIGHT_PX:] + 2 * index) // 8 % 96 + 60
    drawn[HEIGHT_PX:, 1::2] = (y[HEIGHT_PX:] + 3 * index) // 8 % 96 + 100
    return drawn.to(torch.uint8)


@pytest.fixture(scope="module")
def nvenc() -> Any:
    probe = ENCODERS.probe("nvenc")
    if not probe.usable:
        pytest.skip(probe.reason)
    return ENCODERS.load("nvenc")


def test_the_probe_is_sure_of_its_verdict() -> None:
    """On a card without NVENC, and in a container without the library, the reason is one that is known."""
    probe = ENCODERS.probe("nvenc")
    assert probe.usable or any(reason in probe.reason for reason in KNOWN_REASONS), probe


@pytest.mark.parametrize("quality", QUALITIES)
def test_a_ring_on_the_card_comes_out_as_it_went_in(nvenc: Any, quality: str) -> None:
    """Wrong chroma means that NVENC looked elsewhere; a wrong picture, that a buffer was written too early."""
    output = OutputFormat(WIDTH_PX, HEIGHT_PX, FPS, "fill", quality)
    ring = FrameRing((WIDTH_PX, HEIGHT_PX), nvenc.holds(output) + 1)
    coder = EncoderPass(nvenc, output)
    packets = []
    for index in range(FRAMES):
        surface = ring.next()
        surface.copy_(picture(index))
        packets += coder.encode(ring.frame(surface))
    packets += coder.finish()
    assert sorted(packet.pts for packet in packets) == list(range(FRAMES))
    assert [packet.pts for packet in packets if packet.is_keyframe] == [0, 60, 120]
    with av.open(io.BytesIO(), "w", format="mp4") as container:
        header = nvenc.add_stream(container, output).codec_context.extradata
    decoder: Any = av.CodecContext.create("h264", "r")
    decoder.extradata = header
    seen = [frame for packet in [*packets, None] for frame in decoder.decode(packet)]
    assert len(seen) == FRAMES
    for index, frame in enumerate(seen):
        nv12 = frame.reformat(format="nv12").to_ndarray().astype(float)
        wanted = picture(index).cpu().numpy()
        for part in (slice(0, HEIGHT_PX), slice(HEIGHT_PX, None)):
            error = np.mean((nv12[part] - wanted[part]) ** 2)
            assert 10 * np.log10(255**2 / max(error, 1e-9)) > LEAST_PSNR_DB, (index, part)


@pytest.mark.parametrize("codec", CODECS)
def test_every_codec_works_or_says_why(nvenc: Any, codec: str) -> None:
    fresh = ENCODERS.load("nvenc")
    fresh.prepare(codec)
    probe = fresh.probe()
    assert probe.usable or codec in probe.reason, probe


def test_downloads_are_the_pictures_of_the_card() -> None:
    shown = [picture(index) for index in range(20)]
    surface = [torch.empty_like(shown[0]) for _ in range(5)]

    def drawn() -> Iterator[torch.Tensor]:
        for index, one in enumerate(shown):
            surface[index % 5].copy_(one)
            yield surface[index % 5]

    frames = list(downloaded(drawn(), in_flight=3))
    assert all((frame.to_ndarray() == one.cpu().numpy()).all() for frame, one in zip(frames, shown, strict=True))
