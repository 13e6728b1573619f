"""Keyframes that are found without decoding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes.media import make_video

from nvpipe.errors import MediaError
from nvpipe.media.keyframes import keyframes_before

if TYPE_CHECKING:
    from pathlib import Path


def test_the_keyframe_at_or_before_each_moment(tmp_path: Path) -> None:
    video = make_video(tmp_path / "v.mp4", seconds=3.0, gop=30)
    found = keyframes_before(video, [0.0, 0.5, 1.0, 2.9, 99.0])
    assert found == pytest.approx([0.0, 0.0, 1.0, 2.0, 2.0], abs=1e-3)


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MediaError):
        keyframes_before(tmp_path / "none.mp4", [0.0])
