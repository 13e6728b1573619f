"""What every composer draws, whatever it runs on."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from fakes.media import frame_number, make_video, solid

from nvpipe.compose import COMPOSERS, LAYOUTS, Composer
from nvpipe.compose.cuda import CudaComposer
from nvpipe.media.decode.pyav import PyAvDecoder
from nvpipe.media.probe import probe
from nvpipe.types import CaptionTrack, Cut, Footage, Narration, OutputFormat, Timeline

CANVAS = (108, 192)
ON_CPU = "cuda's reference"
"""The card's composer with the reference of its kernel, on torch's CPU."""
NAMES = (*COMPOSERS.names(), ON_CPU)


def timeline(path: Path, layout: str, canvas: tuple[int, int] = CANVAS) -> Timeline:
    info = probe(path)
    footage = Footage(
        "clip",
        path,
        "d",
        info.width_px,
        info.height_px,
        info.fps,
        info.duration_s,
        info.codec,
        0,
        False,
        "bt709",
        False,
    )
    narration = Narration(path, 22050, 1.0, "fake", "fake", ())
    output = OutputFormat(*canvas, Fraction(30), layout, "medium")
    cuts = (Cut(footage, 0.5, 1.5, 0.0),)
    return Timeline(cuts, narration, 0.0, CaptionTrack((), "none"), output, 1.0, beside=cuts)


def usable(composer: str) -> Composer:
    """The composer of a name, unless this machine cannot use it."""
    if composer == ON_CPU:
        return CudaComposer("cpu")
    verdict = COMPOSERS.probe(composer)
    if not verdict.usable:
        pytest.skip(f"composer {composer}: {verdict.reason}")
    return COMPOSERS.load(composer)


def drawn(composer: str, plan: Timeline) -> list[np.ndarray]:
    layout = LAYOUTS.load(plan.output.layout)
    with usable(composer).open(plan, PyAvDecoder(), layout) as pictures:
        return [picture.to_ndarray() for picture in pictures]


def test_one_composer_is_usable_here() -> None:
    COMPOSERS.choose()


@pytest.mark.parametrize("layout", LAYOUTS.names())
@pytest.mark.parametrize("composer", NAMES)
def test_every_layout_gives_every_picture_of_the_canvas(composer: str, layout: str, tmp_path: Path) -> None:
    clip = make_video(tmp_path / "clip.mp4", size=(320, 180), picture=solid(90, 160, 60), matrix="bt709", audio=None)
    pictures = drawn(composer, timeline(clip, layout))
    assert len(pictures) == 30
    luma = (0.2126 * 90 + 0.7152 * 160 + 0.0722 * 60) / 255 * 219 + 16
    for picture in pictures:
        assert picture.shape == (CANVAS[1] * 3 // 2, CANVAS[0])
        assert abs(float(picture[CANVAS[1] // 2, CANVAS[0] // 2]) - luma) <= 3
    edge = float(pictures[0][4, CANVAS[0] // 2])
    edges = {"fill": luma, "blur": 16 + (luma - 16) * 0.7, "letterbox": 16, "split": luma}
    assert edge == pytest.approx(edges[layout], abs=4)


@pytest.mark.parametrize("layout", LAYOUTS.names())
@pytest.mark.parametrize("composer", NAMES)
def test_further_outputs_are_drawn_as_if_they_were_the_only_one(composer: str, layout: str, tmp_path: Path) -> None:
    clip = make_video(tmp_path / "clip.mp4", size=(320, 180), matrix="bt709", audio=None)
    canvases = [CANVAS, (192, 108), (120, 120)]
    plans = [timeline(clip, layout, canvas) for canvas in canvases]
    together = usable(composer).open(
        plans[0], PyAvDecoder(), LAYOUTS.load(layout), [plan.output for plan in plans[1:]]
    )
    with together as pictures:
        found = [picture.to_ndarray() for picture in pictures]
    for place, plan in enumerate(plans):
        alone = drawn(composer, plan)
        assert len(alone) == 30
        assert all((one == other).all() for one, other in zip(found[place::3], alone, strict=True))


@pytest.mark.parametrize("composer", NAMES)
def test_pictures_come_in_order_from_the_start_of_the_cut(composer: str, tmp_path: Path) -> None:
    clip = make_video(tmp_path / "clip.mp4", size=(108, 192), audio=None)
    found = [frame_number(picture[:192]) for picture in drawn(composer, timeline(clip, "fill"))]
    assert found == list(range(15, 45))


@pytest.mark.parametrize("layout", ["fill", "blur"])
@pytest.mark.parametrize("composer", NAMES)
def test_the_sharp_part_follows_the_path(composer: str, layout: str, tmp_path: Path) -> None:
    def stripe(_index: int, _time_s: float, width: int, height: int) -> np.ndarray:
        rgb = np.full((height, width, 3), 40, np.uint8)
        rgb[:, width // 10 : width // 10 + 12] = 255
        return rgb

    clip = make_video(tmp_path / "clip.mp4", size=(320, 180), picture=stripe, matrix="bt709", audio=None)
    plan = timeline(clip, layout)
    (cut,) = plan.cuts
    moved = replace(plan, cuts=(replace(cut, crop_path=((0.0, 0.16), (0.4, 0.16), (0.4, 0.5), (1.0, 0.5))),))
    middles = [picture[CANVAS[1] // 2].max() > 180 for picture in drawn(composer, moved)]
    assert middles == [True] * 12 + [False] * 18
