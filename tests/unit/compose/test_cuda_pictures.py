"""The card's composer, on torch's CPU, shows what the CPU's composer shows: pictures, pace, captions, outputs."""

from __future__ import annotations

import importlib.util
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from fakes.compose_cases import waves
from fakes.media import frame_number, make_video
from PIL import Image

from nvpipe.captions.box import safe_area
from nvpipe.captions.draw import CaptionPainter
from nvpipe.captions.styles import STYLE_NAMES, style
from nvpipe.compose import LAYOUTS, Composition
from nvpipe.compose.chunks import Chunk
from nvpipe.compose.cover import CoverPicker
from nvpipe.compose.cpu import CpuComposer
from nvpipe.compose.cuda import LEAST_PSNR_DB, CudaComposer, psnr_db
from nvpipe.compose.extras import Overlay, ProgressBar
from nvpipe.compose.overlay import CaptionOverlay
from nvpipe.errors import BackendUnavailableError, MediaError
from nvpipe.media.decode.pyav import PyAvDecoder
from nvpipe.media.encode.x264 import X264Encoder
from nvpipe.media.intermediate import IntermediateWriter
from nvpipe.types import CaptionTrack, CoverHint, Cue, OutputFormat, Precompiled, Still, Timeline

Make = Callable[..., Timeline]
CANVAS = (216, 384)
CUES = (Cue(0.0, 0.1, ("up", "the", "lamp"), 1), Cue(0.1, 0.4, ("went", "dark"), None))


GROUND = np.stack([waves(640, 360, seed) for seed in range(3)], axis=2)


def moving(index: int, _time_s: float, width: int, height: int) -> np.ndarray:
    """Waves that wander, in three colours."""
    return np.roll(GROUND, 3 * index, axis=1)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Many small operations on a machine with other work wait for each other's threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("footage") / "clip.mp4"
    return make_video(path, size=(640, 360), picture=moving, matrix="bt709", audio=None, seconds=2)


def luma_of(pictures: Composition, overlays: Sequence[Overlay] = ()) -> list[np.ndarray]:
    """Luma of every picture, and chroma below it."""
    found = []
    with pictures as coming:
        for number, picture in enumerate(coming):
            for overlay in overlays:
                overlay.draw(picture, number / 30)
            found.append(picture.reformat(format="yuv420p").to_ndarray())
    return found


def both(
    plan: Timeline,
    *,
    also: Sequence[OutputFormat] = (),
    chunks: Sequence[Chunk] = (),
    overlays: Callable[[], tuple[Overlay, ...]] = tuple,
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The pictures of the CPU's composer and of the card's."""
    layout = LAYOUTS.load(plan.output.layout)
    wanted = luma_of(CpuComposer().open(plan, PyAvDecoder(), layout, also, chunks), overlays())
    drawn = [overlays() for _ in (plan.output, *also)]
    found = luma_of(CudaComposer("cpu").open_drawn(plan, PyAvDecoder(), layout, also, chunks, drawn, X264Encoder()))
    return wanted, found


def alike(wanted: list[np.ndarray], found: list[np.ndarray]) -> None:
    assert len(wanted) == len(found) > 0
    for one, other in zip(wanted, found, strict=True):
        assert one.shape == other.shape
        height = len(one) * 2 // 3
        assert psnr_db(one[:height], other[:height]) > LEAST_PSNR_DB
        assert psnr_db(one[height:], other[height:]) > LEAST_PSNR_DB


def shaped(plan: Timeline, layout: str, **changes: object) -> Timeline:
    output = replace(plan.output, layout=layout, **changes)
    return replace(plan, output=output, beside=plan.cuts if layout == "split" else ())


@pytest.mark.parametrize("canvas", [CANVAS, (384, 216), (250, 250)])
@pytest.mark.parametrize("layout", LAYOUTS.names())
def test_every_layout_is_as_the_cpu_draws_it(
    layout: str, canvas: tuple[int, int], clip: Path, timeline: Make
) -> None:
    alike(*both(shaped(timeline((clip, 0.2, 0.3), canvas=canvas), layout)))


@pytest.mark.parametrize("look", STYLE_NAMES)
def test_every_caption_style_is_as_the_cpu_draws_it(look: str, clip: Path, timeline: Make) -> None:
    plan = replace(timeline((clip, 0.2, 0.4), canvas=CANVAS), captions=CaptionTrack(CUES, look))

    def captions() -> tuple[Overlay, ...]:
        painter = CaptionPainter(style(look), *CANVAS, safe_area(*CANVAS), system_font_folders=[])
        return (CaptionOverlay(plan.captions, painter),)

    wanted, found = both(plan, overlays=captions)
    alike(wanted, found)
    bare, _ = both(plan)
    changed = np.abs(wanted[1].astype(int) - bare[1]) > 40
    assert changed.any()
    assert np.abs(found[1].astype(int) - wanted[1])[changed].max() <= 4


@pytest.mark.parametrize(
    ("blur", "opacity", "desaturation"), [(0.0, 1.0, 0.0), (5.0, 0.4, 1.0), (30.0, 0.7, 0.3), (120.0, 0.0, 0.5)]
)
def test_the_backdrop_looks_as_the_output_says(
    blur: float, opacity: float, desaturation: float, clip: Path, timeline: Make
) -> None:
    plan = shaped(
        timeline((clip, 0.2, 0.27), canvas=CANVAS),
        "blur",
        blur_px=blur,
        blur_opacity=opacity,
        blur_desaturation=desaturation,
    )
    alike(*both(plan))


def test_long_narrations_at_low_quality_are_composed_small(clip: Path, timeline: Make) -> None:
    plan = shaped(timeline((clip, 0.2, 0.3), canvas=CANVAS, quality="low"), "blur")
    alike(*both(replace(plan, duration_s=31.0), chunks=[Chunk(0, 3)]))


@pytest.mark.parametrize("layout", ["fill", "blur"])
def test_the_crop_follows_the_same_path(layout: str, clip: Path, timeline: Make) -> None:
    plan = shaped(timeline((clip, 0.2, 0.5), canvas=CANVAS), layout)
    path = ((0.0, 0.2), (0.15, 0.33), (0.15, 0.8), (0.3, 0.71))
    alike(*both(replace(plan, cuts=(replace(plan.cuts[0], crop_path=path),))))


def test_the_same_frames_are_shown_and_held(tmp_path: Path, timeline: Make) -> None:
    clip = make_video(tmp_path / "clip.mp4", seconds=1.0, fps=24, audio=None, matrix="bt709")
    plan = timeline((clip, 0.3, 0.6), (clip, 0.5, 1.6), canvas=(128, 72))
    for chunks in ((), (Chunk(5, 20), Chunk(20, 30))):
        wanted = CpuComposer().open(plan, PyAvDecoder(), LAYOUTS.load("fill"), (), chunks)
        found = CudaComposer("cpu").open(plan, PyAvDecoder(), LAYOUTS.load("fill"), (), chunks)
        numbers = [[frame_number(one[:72]) for one in luma_of(pictures)] for pictures in (wanted, found)]
        assert numbers[0] == numbers[1]
        assert wanted.held == found.held
    assert CudaComposer("cpu").open(plan, PyAvDecoder(), LAYOUTS.load("fill")).held == 0


def test_further_outputs_come_from_the_same_pass(clip: Path, timeline: Make) -> None:
    plan = shaped(timeline((clip, 0.2, 0.3), canvas=CANVAS), "blur")
    others = [replace(plan.output, width_px=width, height_px=height) for width, height in ((200, 200), (320, 180))]
    alike(*both(plan, also=others))


def test_a_still_picture_takes_the_other_half(clip: Path, tmp_path: Path, timeline: Make) -> None:
    Image.fromarray(waves(301, 203).repeat(3).reshape(203, 301, 3)).save(tmp_path / "still.png")
    plan = shaped(timeline((clip, 0.2, 0.3), canvas=CANVAS), "split")
    alike(*both(replace(plan, beside=(), still=Still(tmp_path / "still.png", "d"))))


def test_what_was_precompiled_is_shown_as_it_is(clip: Path, tmp_path: Path, timeline: Make) -> None:
    plan = shaped(timeline((clip, 0.2, 1.3), canvas=(108, 192)), "blur")
    for size in ((108, 192), (72, 128)):
        path = tmp_path / f"{size[0]}.mkv"
        part = replace(plan, output=replace(plan.output, width_px=size[0], height_px=size[1]))
        with (
            CpuComposer().open(part, PyAvDecoder(), LAYOUTS.load("blur")) as pictures,
            IntermediateWriter(path, size, Fraction(30)) as file,
        ):
            for picture in pictures:
                file.write(picture)
        ready = (Precompiled(path, "d", 0.2, (108, 192)),)
        alike(*both(replace(plan, cuts=(replace(plan.cuts[0], precompiled=ready),))))


def test_a_bar_is_drawn_and_the_cover_sees_the_picture_bare(clip: Path, timeline: Make, tmp_path: Path) -> None:
    plan = timeline((clip, 0.0, 0.9), canvas=CANVAS)
    pickers: list[CoverPicker] = []

    def overlays() -> tuple[Overlay, ...]:
        pickers.append(CoverPicker(CoverHint(0.4, ())))
        return pickers[-1], ProgressBar(*CANVAS, (180.0, 90.0, 140.0), 0.9)

    wanted, found = both(plan, overlays=overlays)
    alike(wanted, found)
    assert np.abs(wanted[20][380].astype(int) - found[20][380]).max() <= 2
    one, other = (picker.best for picker in pickers)
    assert one is not None
    assert other is not None
    assert one.at_s == other.at_s
    chosen = pickers[1].chosen
    assert chosen is not None
    assert np.abs(chosen.pixels[380].astype(int) - wanted[20][380]).max() > 20


def test_a_bitmap_is_brought_over_once_for_as_long_as_it_is_shown(clip: Path, timeline: Make) -> None:
    plan = replace(timeline((clip, 0.0, 0.4), canvas=CANVAS), captions=CaptionTrack(CUES, "default"))
    painter = CaptionPainter(style("default"), *CANVAS, safe_area(*CANVAS), system_font_folders=[])
    overlays = [(CaptionOverlay(plan.captions, painter),)]
    composition = CudaComposer("cpu").open_drawn(
        plan, PyAvDecoder(), LAYOUTS.load("fill"), (), (), overlays, X264Encoder()
    )
    assert len(luma_of(composition)) == 12
    assert composition.uploads == len(CUES)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"interlaced": True}, "interlaced"),
        ({"pix_fmt": "yuv420p10le"}, "yuv420p10le"),
        ({"pix_fmt": "yuv444p"}, "yuv444p"),
        ({"sample_aspect": Fraction(4, 3)}, "4:3"),
        ({"transfer": "pq", "primaries": "bt2020", "matrix": "bt2020", "pix_fmt": "yuv420p10le"}, "HDR"),
    ],
)
def test_what_the_card_cannot_show_alike_is_refused(
    options: dict[str, object], reason: str, tmp_path: Path, timeline: Make
) -> None:
    clip = make_video(tmp_path / "odd.mp4", audio=None, **options)
    composer = CudaComposer("cpu")
    assert reason in composer.refusal([clip])
    assert "odd.mp4" in composer.refusal([clip])
    with pytest.raises(BackendUnavailableError, match=reason):
        composer.open(timeline((clip, 0.0, 0.5)), PyAvDecoder(), LAYOUTS.load("fill"))


def test_leaving_early_stops_the_thread(clip: Path, timeline: Make) -> None:
    plan = timeline((clip, 0.0, 0.9), canvas=CANVAS)
    with CudaComposer("cpu").open(plan, PyAvDecoder(), LAYOUTS.load("fill")) as pictures:
        next(pictures)
    assert not [one for one in threading.enumerate() if one.name == "compose"]


def test_an_error_reaches_whoever_takes_the_pictures(tmp_path: Path, timeline: Make) -> None:
    clip = make_video(tmp_path / "clip.mp4", audio=None, matrix="bt709")
    plan = timeline((clip, 0.0, 0.5))
    clip.write_bytes(clip.read_bytes()[:60])
    with pytest.raises(MediaError):
        luma_of(CudaComposer("cpu").open(plan, PyAvDecoder(), LAYOUTS.load("fill")))


def test_pictures_say_what_their_colours_are(clip: Path, timeline: Make) -> None:
    plan = timeline((clip, 0.0, 0.1), canvas=CANVAS)
    with CudaComposer("cpu").open(plan, PyAvDecoder(), LAYOUTS.load("fill")) as pictures:
        first = next(pictures)
    assert (first.format.name, first.colorspace, first.color_range) == ("yuv420p", 1, 1)
    assert isinstance(first, av.VideoFrame)


@pytest.mark.skipif(importlib.util.find_spec("torchvision") is None, reason="torchvision is not installed")
@pytest.mark.parametrize("layout", LAYOUTS.names())
def test_torchvision_draws_every_layout_as_the_cpu_does(layout: str, clip: Path, timeline: Make) -> None:
    from nvpipe.kernels.compose_torch import TorchDrawer

    plan = shaped(timeline((clip, 0.2, 0.27), canvas=CANVAS), layout)
    found = luma_of(CudaComposer("cpu", TorchDrawer).open(plan, PyAvDecoder(), LAYOUTS.load(layout)))
    wanted = luma_of(CpuComposer().open(plan, PyAvDecoder(), LAYOUTS.load(layout)))
    alike(wanted, found)


def test_equal_pictures_have_no_noise() -> None:
    plane = np.zeros((2, 2), np.uint8)
    assert psnr_db(plane, plane) == math.inf
    assert psnr_db(plane, plane + np.uint8(255)) == pytest.approx(0)
