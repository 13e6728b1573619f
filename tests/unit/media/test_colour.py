"""Colour tags that no encoder here writes."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from nvpipe.errors import UnsupportedMediaError
from nvpipe.media.colour import colour_of


@dataclass
class SideData:
    """Bytes of a kind, as PyAV hands them out."""

    kind: str
    content: bytes

    @property
    def type(self) -> Any:
        return SimpleNamespace(name=self.kind)

    def __bytes__(self) -> bytes:
        return self.content


@dataclass
class Tagged:
    """The tags of a frame or of a stream."""

    colorspace: int = 2
    color_trc: int = 2
    color_primaries: int = 2
    color_range: int = 0
    pixel_format: str = "yuv420p10le"
    width: int = 1920
    height: int = 1080
    side_data: list[SideData] = field(default_factory=list)

    @property
    def format(self) -> Any:
        return SimpleNamespace(name=self.pixel_format)


def read(frame: Tagged, stream: Tagged | None = None) -> Any:
    return colour_of(frame, stream or Tagged(), "a.mp4")  # type: ignore[arg-type]


DOLBY = [SideData("DOVI_RPU_BUFFER", b"\1"), SideData("DOVI_METADATA", b"\1")]


@pytest.mark.parametrize(("transfer", "name"), [(16, "pq"), (18, "hlg")])
def test_dolby_vision_over_hdr_that_others_can_show_is_that_hdr(transfer: int, name: str) -> None:
    """Profiles 8.1 and 8.4; telephones record the latter."""
    colour = read(Tagged(9, transfer, 9, 1, side_data=DOLBY))
    assert (colour.matrix, colour.transfer, colour.primaries) == ("bt2020", name, "bt2020")


@pytest.mark.parametrize("matrix", [2, 15])
def test_dolby_vision_of_its_own_kind_is_refused(matrix: int) -> None:
    """Profile 5 has IPT planes that look green and purple elsewhere."""
    with pytest.raises(UnsupportedMediaError, match=r"a\.mp4 uses Dolby Vision"):
        read(Tagged(matrix, color_range=2, side_data=DOLBY))


@pytest.mark.parametrize(("matrix", "said"), [(8, "YCgCo"), (10, "constant-luminance"), (14, "ICtCp")])
def test_matrices_without_a_conversion_are_refused(matrix: int, said: str) -> None:
    with pytest.raises(UnsupportedMediaError, match=said):
        read(Tagged(matrix, 16, 9))


def test_the_streams_tags_count_where_the_frame_has_none() -> None:
    colour = read(Tagged(), Tagged(9, 18, 9, 1))
    assert (colour.matrix, colour.transfer, colour.primaries, colour.assumed) == ("bt2020", "hlg", "bt2020", False)


@pytest.mark.parametrize(
    ("side_data", "peak_nits"),
    [
        ([], 1000.0),
        ([SideData("CONTENT_LIGHT_LEVEL", struct.pack("=II", 1400, 300))], 1400.0),
        ([SideData("CONTENT_LIGHT_LEVEL", struct.pack("=II", 0, 0))], 1000.0),
        ([SideData("CONTENT_LIGHT_LEVEL", struct.pack("=II", 5, 1))], 203.0),
        ([SideData("CONTENT_LIGHT_LEVEL", b"")], 1000.0),
        ([SideData("MASTERING_DISPLAY_METADATA", struct.pack("=20i2i", *[0] * 16, 1, 10000, 600, 1, 1, 1))], 600.0),
        ([SideData("MASTERING_DISPLAY_METADATA", struct.pack("=20i2i", *[0] * 18, 600, 0, 1, 1))], 1000.0),
        ([SideData("MASTERING_DISPLAY_METADATA", struct.pack("=20i2i", *[0] * 18, 99999, 1, 1, 1))], 10000.0),
    ],
)
def test_the_peak_is_told_or_usual_and_never_absurd(side_data: list[SideData], peak_nits: float) -> None:
    assert read(Tagged(9, 16, 9, side_data=side_data)).peak_nits == peak_nits
