"""Which videos are left to the CPU, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from fakes import media, nvidia

from nvpipe.media.decode.nvdec_driver import Caps
from nvpipe.media.decode.nvdec_support import refusal
from nvpipe.media.probe import inspect


def refused(path: Path, sizes: Any = None) -> str:
    return refusal(inspect(path), nvidia.driver(sizes=sizes).caps)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, ""),
        ({"codec": "libx265", "pix_fmt": "yuv420p10le"}, ""),
        ({"full_range": True}, ""),
        ({"pix_fmt": "yuv420p10le"}, "NVDEC does not decode H.264 of 10 bits"),
        ({"pix_fmt": "yuv422p"}, "yuv422p is not 8-bit or 10-bit 4:2:0"),
        ({"pix_fmt": "yuv444p"}, "yuv444p is not 8-bit or 10-bit 4:2:0"),
        ({"interlaced": True}, "interlaced video is decoded on the CPU, which tells its fields apart"),
        ({"codec": "mpeg4"}, "mpeg4 video is decoded on the CPU only"),
        ({"codec": "libsvtav1"}, "this card's NVDEC does not decode av1 of 8 bits"),
        ({"size": (32, 64)}, "32x64 is not within what NVDEC decodes of h264: 48x16 to 4096x4096"),
    ],
)
def test_every_reason_is_named(tmp_path: Path, options: dict[str, Any], reason: str) -> None:
    assert refused(media.make_video(tmp_path / "a.mp4", seconds=1, **options)) == reason


def test_a_picture_of_too_many_blocks_is_refused_within_the_sides(tmp_path: Path) -> None:
    inspection = inspect(media.make_video(tmp_path / "a.mp4", seconds=1, size=(160, 160)))
    few = Caps(True, 1, (48, 16), (200, 200), 99)
    assert "160x160" in refusal(inspection, lambda codec, bits: few)
    assert refusal(inspection, lambda codec, bits: few._replace(max_macroblocks=100)) == ""


def test_a_larger_picture_than_the_card_decodes_is_refused(tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4", seconds=1, size=(160, 96))
    assert "to 128x96" in refused(path, {(nvidia.H264, 8): (128, 96)})
