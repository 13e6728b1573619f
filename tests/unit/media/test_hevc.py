"""HEVC's key frames, told apart in both framings."""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import pytest

from nvpipe.media.hevc import holds_idr, nal_kinds

CRA = 21


def keys(parameters: str, container: str) -> tuple[list[bytes], bytes]:
    """The key packets after the first of some moving noise, and the decoder's configuration."""
    rng, file = np.random.default_rng(2), io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream("libx265", rate=30)
        stream.width, stream.height, stream.pix_fmt = 128, 128, "yuv420p"
        stream.options = {
            "preset": "ultrafast",
            "x265-params": f"keyint=10:min-keyint=10:log-level=none:{parameters}",
        }
        for index in range(40):
            frame = av.VideoFrame.from_ndarray(rng.integers(0, 255, (192, 128), np.uint8), format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 30)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    file.seek(0)
    with av.open(file, format=container) as source:
        extradata = source.streams.video[0].codec_context.extradata or b""
        found = [bytes(packet) for packet in source.demux(video=0) if packet.is_keyframe]
    return found[1:], extradata


@pytest.mark.parametrize("container", ["mp4", "hevc"])
@pytest.mark.parametrize("closed", [True, False])
def test_an_idr_is_told_from_a_clean_random_access(container: str, closed: bool) -> None:
    found, extradata = keys("open-gop=0" if closed else "open-gop=1:bframes=3:b-adapt=0", container)
    assert found
    assert [holds_idr(packet, extradata) for packet in found] == [closed] * len(found)
    assert all((CRA in set(nal_kinds(packet, extradata))) is not closed for packet in found)


@pytest.mark.parametrize("packet", [b"", b"\0", b"\0\0\1", b"\0\0\0\xff\x26", b"\xff" * 9])
@pytest.mark.parametrize("extradata", [b"", b"\1", b"\1" + b"\xff" * 30])
def test_what_is_no_access_unit_is_no_idr(packet: bytes, extradata: bytes) -> None:
    assert holds_idr(packet, extradata) in (True, False)
    assert not holds_idr(b"", extradata)
