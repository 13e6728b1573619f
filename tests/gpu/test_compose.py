"""The composer on a card: the kernel against plain torch, its pictures against the CPU's, and where they lie."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from fakes.media import make_video

from nvpipe.compose import COMPOSERS, LAYOUTS
from nvpipe.compose.cpu import CpuComposer
from nvpipe.compose.cuda import FIRST_CARD, LEAST_PSNR_DB, CudaComposer, psnr_db
from nvpipe.media.decode.pyav import PyAvDecoder
from nvpipe.media.encode.x264 import X264Encoder
from nvpipe.media.probe import probe
from nvpipe.types import CaptionTrack, Cut, Footage, Narration, OutputFormat, Timeline

pytestmark = pytest.mark.gpu


def timeline(path: Path, layout: str) -> Timeline:
    info = probe(path)
    video = Footage(
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
    cuts = (Cut(video, 0.2, 1.2, 0.0, ((0.0, 0.3), (1.0, 0.7))),)
    output = OutputFormat(1080, 1920, Fraction(30), layout, "medium")
    narration = Narration(path, 22050, 1.0, "fake", "fake", ())
    return Timeline(cuts, narration, 0.0, CaptionTrack((), "none"), output, 1.0, beside=cuts)


def test_the_kernel_draws_what_plain_torch_draws() -> None:
    from fakes.compose_cases import compared

    for name, (largest, share, beside) in compared(FIRST_CARD).items():
        assert largest <= 1, name
        assert share < 1e-2, name
        assert beside == 0, name


def test_the_composer_is_usable() -> None:
    verdict = COMPOSERS.probe("cuda")
    assert verdict.usable, verdict.reason


@pytest.mark.parametrize("layout", LAYOUTS.names())
def test_pictures_are_those_of_the_cpu(layout: str, tmp_path: Path) -> None:
    clip = make_video(tmp_path / "clip.mp4", size=(1920, 1080), matrix="bt709", audio=None)
    plan = timeline(clip, layout)
    composition = CudaComposer().open_drawn(plan, PyAvDecoder(), LAYOUTS.load(layout), (), (), [()], X264Encoder())
    with composition as found, CpuComposer().open(plan, PyAvDecoder(), LAYOUTS.load(layout)) as wanted:
        count = 0
        for one, other in zip(found, wanted, strict=True):
            assert one.format.name == "nv12"
            luma = [picture.reformat(format="yuv420p").to_ndarray()[:1920] for picture in (one, other)]
            assert psnr_db(*luma) > LEAST_PSNR_DB
            count += 1
    assert count == 30


def test_pictures_for_an_encoder_on_the_card_stay_there(tmp_path: Path) -> None:
    class OnCard(X264Encoder):
        accepts = ("cuda",)

    clip = make_video(tmp_path / "clip.mp4", size=(640, 360), matrix="bt709", audio=None)
    plan = timeline(clip, "fill")
    layout = LAYOUTS.load("fill")
    with CudaComposer().open_drawn(plan, PyAvDecoder(), layout, (), (), [()], OnCard()) as pictures:
        held = [picture for picture, _ in zip(pictures, range(4), strict=False)]
        assert {(picture.format.name, picture.width, picture.height) for picture in held} == {("cuda", 1080, 1920)}
        lumas = [picture.reformat(format="nv12").to_ndarray()[:1920] for picture in held]
    with CpuComposer().open(plan, PyAvDecoder(), layout) as wanted:
        for luma, other in zip(lumas, wanted, strict=False):
            assert psnr_db(luma, np.asarray(other.to_ndarray()[:1920])) > LEAST_PSNR_DB
