"""What every encoder owes, whichever it is: a registry line enrols it here."""

from __future__ import annotations

import io
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

import av
import numpy as np
import pytest
from fakes import media

from nvpipe.media.encode import CODECS, ENCODERS, QUALITIES
from nvpipe.types import OutputFormat

WIDTH_PX, HEIGHT_PX = 216, 384
FPS = Fraction(30)
FRAMES = 135
LONGEST_GOP_S = 2
LEAST_PSNR_DB = {"low": 25.0}
"""Of luma; 28 dB where a level has no figure of its own."""
BT709, LIMITED = 1, 1
PROFILES = {"h264": "High", "hevc": "Main", "av1": "Main"}
DECODERS = {"h264": "h264", "hevc": "hevc", "av1": "libdav1d"}


@pytest.fixture(params=ENCODERS.names(), scope="module")
def encoder(request: pytest.FixtureRequest) -> Any:
    probe = ENCODERS.probe(request.param)
    if not probe.usable:
        pytest.skip(probe.reason)
    return ENCODERS.load(request.param)


@cache
def luma(index: int) -> np.ndarray:
    """Texture that moves, under the frame's number."""
    blocks = np.random.default_rng(1).integers(40, 210, (HEIGHT_PX // 8, WIDTH_PX // 8), np.uint8)
    picture = np.roll(np.kron(blocks, np.ones((8, 8), np.uint8)), (3 * index, -2 * index), (0, 1))
    bars = media.numbered(index, 0.0, WIDTH_PX, HEIGHT_PX)[0, :, 0]
    picture[: HEIGHT_PX // 4] = bars
    return picture


def picture(index: int) -> av.VideoFrame:
    chroma = np.full((HEIGHT_PX // 2, WIDTH_PX), 118 + index % 20, np.uint8)
    return av.VideoFrame.from_ndarray(np.concatenate([luma(index), chroma]), format="yuv420p")


def encoded(
    encoder: Any, quality: str, *, frames: int = FRAMES, fps: Fraction = FPS, pix_fmt: str = "yuv420p", **more: Any
) -> bytes:
    file = io.BytesIO()
    output = OutputFormat(WIDTH_PX, HEIGHT_PX, fps, "fill", quality, **({"codec": encoder.codecs[0]} | more))
    with av.open(file, "w", format="mp4") as container:
        stream = encoder.add_stream(container, output, pix_fmt)
        for index in range(frames):
            frame = picture(index).reformat(format=pix_fmt)
            frame.pts, frame.time_base = index, 1 / fps
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


@pytest.fixture(params=QUALITIES, scope="module")
def quality(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def video(encoder: Any, quality: str) -> bytes:
    return encoded(encoder, quality)


def test_one_encoder_is_usable_here() -> None:
    ENCODERS.choose()


def test_the_stream_is_what_the_platforms_take(encoder: Any, video: bytes) -> None:
    with av.open(io.BytesIO(video)) as container:
        (stream,) = container.streams.video
        context = stream.codec_context
        codec = encoder.codecs[0]
        assert (context.name, context.profile, context.pix_fmt) == (DECODERS[codec], PROFILES[codec], "yuv420p")
        assert (context.width, context.height) == (WIDTH_PX, HEIGHT_PX)
        assert stream.average_rate == FPS
        colour = (context.colorspace, context.color_primaries, context.color_trc, context.color_range)
        assert [int(tag) for tag in colour] == [BT709, BT709, BT709, LIMITED]


def test_every_frame_comes_back_once_in_order_and_looks_alike(video: bytes, quality: str) -> None:
    with av.open(io.BytesIO(video)) as container:
        seen = [frame.to_ndarray()[:HEIGHT_PX] for frame in container.decode(video=0)]
    assert [media.frame_number(plane) for plane in seen] == list(range(FRAMES))
    errors = [np.mean((plane.astype(float) - luma(index)) ** 2) for index, plane in enumerate(seen)]
    assert 10 * np.log10(255**2 / np.mean(errors)) > LEAST_PSNR_DB.get(quality, 28.0)


def test_groups_are_short_and_closed(video: bytes) -> None:
    with av.open(io.BytesIO(video)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.pts is not None]
        step = float(packets[0].time_base)
    starts = [place for place, packet in enumerate(packets) if packet.is_keyframe]
    assert starts[0] == 0
    assert len(starts) > 1
    times = [packets[place].pts * step for place in starts] + [FRAMES / float(FPS)]
    assert max(after - before for before, after in pairwise(times)) <= LONGEST_GOP_S + 0.001
    for first, last in pairwise([*starts, len(packets)]):
        assert min(packet.pts for packet in packets[first:last]) == packets[first].pts
        assert last == len(packets) or max(packet.pts for packet in packets[first:last]) < packets[last].pts


def test_decoding_can_begin_at_every_keyframe(encoder: Any, video: bytes) -> None:
    with av.open(io.BytesIO(video)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.pts is not None]
        extradata = container.streams.video[0].codec_context.extradata
        for first in [place for place, packet in enumerate(packets) if packet.is_keyframe][1:]:
            decoder: Any = av.CodecContext.create(DECODERS[encoder.codecs[0]], "r")
            decoder.extradata = extradata
            frames = [frame for packet in [*packets[first:], None] for frame in decoder.decode(packet)]
            numbers = [media.frame_number(frame.to_ndarray()[:HEIGHT_PX]) for frame in frames]
            assert numbers == list(range(first, FRAMES))


def test_the_same_frames_give_the_same_bytes(encoder: Any, video: bytes, quality: str) -> None:
    assert encoded(encoder, quality) == video


def test_every_format_that_it_accepts_gives_the_same_picture(encoder: Any, video: bytes, quality: str) -> None:
    for pix_fmt in set(encoder.accepts) - {"yuv420p", "cuda"}:
        assert encoded(encoder, quality, pix_fmt=pix_fmt) == video


def test_a_bit_rate_gives_the_same_bytes_again(encoder: Any) -> None:
    made = [encoded(encoder, QUALITIES[0], frames=60, bit_rate=900_000) for _ in range(2)]
    assert made[0] == made[1] != encoded(encoder, QUALITIES[0], frames=60)


def test_the_probe_refuses_a_codec_that_it_does_not_know(encoder: Any) -> None:
    fresh = type(encoder)()
    for codec in set(CODECS) - set(fresh.codecs):
        fresh.prepare(codec)
        probe = fresh.probe()
        assert not probe.usable
        assert codec in probe.reason
        assert probe.fix
    assert set(fresh.codecs) <= set(CODECS)


def test_what_it_may_still_read_is_told(encoder: Any, quality: str) -> None:
    output = OutputFormat(WIDTH_PX, HEIGHT_PX, FPS, "fill", quality, codec=encoder.codecs[0])
    assert 0 <= encoder.holds(output) <= 64
    assert encoder.holds(output) or "cuda" not in encoder.accepts


@pytest.mark.parametrize("fps", [Fraction(24), Fraction(30000, 1001), Fraction(60)])
def test_the_pace_is_the_outputs_own(encoder: Any, fps: Fraction) -> None:
    with av.open(io.BytesIO(encoded(encoder, QUALITIES[0], frames=20, fps=fps))) as container:
        assert container.streams.video[0].average_rate == fps
        times = [frame.time for frame in container.decode(video=0)]
    assert times == pytest.approx([float(index / fps) for index in range(20)], abs=0.0005)
