"""Cuts whose pictures were composed beforehand are shown picture by picture as they lie in the file."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from fakes.media import frame_number, make_video
from fakes.pictures import Stretched, shown

from nvpipe.compose.cpu import Pictures
from nvpipe.errors import MediaError
from nvpipe.media.decode.pyav import PyAvDecoder
from nvpipe.media.intermediate import IntermediateWriter
from nvpipe.types import Precompiled

if TYPE_CHECKING:
    from collections.abc import Callable

    from nvpipe.types import OutputFormat, Timeline

    Make = Callable[..., Timeline]


def stretch(
    clip: Path, start_s: float, end_s: float, make: Make, output_px: tuple[int, int] = (128, 72)
) -> Precompiled:
    """What a timeline shows of a video, kept beside it."""
    path = clip.with_name(f"{output_px[0]}-{start_s}.mkv")
    plan = make((clip, start_s, end_s), canvas=output_px)
    with (
        Pictures(plan, PyAvDecoder(), Stretched()) as pictures,
        IntermediateWriter(path, output_px, Fraction(30)) as file,
    ):
        for picture in pictures:
            file.write(picture)
    return Precompiled(path, "digest", start_s, output_px)


def with_ready(plan: Timeline, *ready: Precompiled) -> Timeline:
    return replace(plan, cuts=tuple(replace(cut, precompiled=ready) for cut in plan.cuts))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_video(tmp_path / "clip.mp4", seconds=5, audio=None)


def test_the_same_pictures_come_from_the_file(clip: Path, timeline: Make) -> None:
    ready = stretch(clip, 1.0, 4.5, timeline)
    plan = timeline((clip, 1.5, 2.5), (clip, 3.0, 4.5))
    composed = shown(plan)
    found = shown(with_ready(plan, ready))
    assert [frame_number(one[:72]) for one in found] == [*range(45, 75), *range(90, 135)]
    for one, other in zip(found, composed, strict=True):
        error = np.mean((one.astype(float) - other) ** 2)
        assert 10 * np.log10(255**2 / error) > 40


def test_footage_of_another_rate_keeps_its_pace(tmp_path: Path, timeline: Make) -> None:
    clip = make_video(tmp_path / "clip.mp4", seconds=5, fps=25, audio=None)
    plan = timeline((clip, 1.5, 3.5))
    numbers = [frame_number(one[:72]) for one in shown(plan)]
    found = shown(with_ready(plan, stretch(clip, 1.0, 4.0, timeline)))
    assert [frame_number(one[:72]) for one in found] == numbers


def test_the_footage_itself_is_not_opened(clip: Path, timeline: Make) -> None:
    ready = stretch(clip, 1.0, 3.0, timeline)
    plan = with_ready(timeline((clip, 1.0, 2.0)), ready)
    clip.unlink()
    assert len(shown(plan)) == 30


def test_what_was_composed_smaller_is_scaled_up(clip: Path, timeline: Make) -> None:
    small = replace(stretch(clip, 1.0, 3.0, timeline, (84, 48)), output_px=(128, 72))
    found = shown(with_ready(timeline((clip, 1.0, 2.0)), small))
    assert found[0].shape == (108, 128)
    assert [frame_number(one[:72]) for one in found] == list(range(30, 60))


def test_with_several_outputs_all_must_be_there(clip: Path, timeline: Make) -> None:
    ready = stretch(clip, 1.0, 3.0, timeline)
    composed = timeline((clip, 1.0, 2.0))
    other: OutputFormat = replace(composed.output, width_px=64, height_px=36)

    def numbers(*kept: Precompiled) -> list[int]:
        plan = with_ready(composed, *kept)
        with Pictures(plan, PyAvDecoder(), Stretched(), [other]) as pictures:
            found = [picture.to_ndarray() for picture in pictures]
        assert [one.shape for one in found[:2]] == [(108, 128), (54, 64)]
        return [frame_number(one[: len(one) * 2 // 3]) for one in found]

    wanted = [number for number in range(30, 60) for _ in range(2)]
    assert numbers(ready) == wanted, "the video itself serves both"
    second = stretch(clip, 1.0, 3.0, timeline, (64, 36))
    clip.unlink()
    assert numbers(second, ready) == wanted


def test_a_file_that_lacks_pictures_is_an_error_and_no_stutter(clip: Path, timeline: Make) -> None:
    ready = stretch(clip, 1.0, 2.0, timeline)
    with pytest.raises(MediaError, match="lacks picture 30"):
        shown(with_ready(timeline((clip, 1.5, 2.5)), ready))


def test_every_picture_may_be_drawn_on(clip: Path, timeline: Make) -> None:
    plan = with_ready(timeline((clip, 1.0, 2.0)), stretch(clip, 1.0, 3.0, timeline))
    with Pictures(plan, PyAvDecoder(), Stretched()) as pictures:
        for index, picture in enumerate(pictures):
            assert frame_number(picture.to_ndarray()[:72]) == 30 + index
            plane = picture.planes[0]
            plane.update(b"\xff" * plane.buffer_size)
