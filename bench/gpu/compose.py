"""The composer of the card against the one of the CPU: likeness of every layout and caption style, and speed.

python bench/gpu/compose.py --device cpu           likeness only, by the kernel's arithmetic on torch's CPU
python bench/gpu/compose.py --device cpu --torchvision     the same by its reference on torchvision
python bench/gpu/compose.py --device cuda:0        likeness, time of a picture, and its share of copy bandwidth
    [--footage FILE] [--at SECONDS] [--frames N] [--json FILE]

Likeness is PSNR in dB against the CPU's picture, the worst picture of each case; the aim is 45 dB of luma.
Bandwidth counts what a picture has to move at least: the shown part of the source once, the result once; the aim is
60 % of what a plain copy of as many bytes moves. Not yet run on a card.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nvpipe.captions.box import safe_area
from nvpipe.captions.draw import CaptionPainter
from nvpipe.captions.styles import STYLE_NAMES, style
from nvpipe.compose import LAYOUTS, Area
from nvpipe.compose.chunks import Chunk
from nvpipe.compose.cpu import CpuComposer
from nvpipe.compose.cuda import FIRST_CARD, LEAST_PSNR_DB, CudaComposer, psnr_db
from nvpipe.compose.overlay import CaptionOverlay
from nvpipe.compose.sizes import SHAPES
from nvpipe.compose.views import SMALL_AFTER_S
from nvpipe.media.decode.pyav import PyAvDecoder
from nvpipe.media.encode import ENCODERS
from nvpipe.media.probe import probe
from nvpipe.sample import sample_footage
from nvpipe.types import CaptionTrack, Cue, Cut, Footage, Narration, OutputFormat, Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator

    import av
    from numpy.typing import NDArray

    from nvpipe.compose.cuda_view import MakeDrawer

FPS = Fraction(30)
WORDS = ("The", "lamp", "above", "the", "harbour", "went", "dark")
BANDWIDTH_AIM = 0.6
WARM_UP, ROUNDS = 20, 200
COPY_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Likeness:
    """How near the worst picture of a case is to the CPU's, in dB."""

    case: str
    luma_db: float
    chroma_db: float


def timeline(path: Path, at_s: float, frames: int, layout: str, size: tuple[int, int], look: str) -> Timeline:
    """A short stretch of footage, panned, with a caption that changes in the middle."""
    info = probe(path)
    video = Footage("bench", path, "", info.width_px, info.height_px, info.fps, info.duration_s, info.codec,
                    info.rotation_deg, info.has_audio, info.colour_matrix, info.colour_assumed)  # fmt: skip
    seconds = float(frames / FPS)
    pan = ((0.0, 0.35), (seconds, 0.6))
    cuts = (Cut(video, at_s, at_s + seconds, 0.0, pan),)
    beside = (Cut(video, at_s / 2, at_s / 2 + seconds, 0.0),)
    cues = (
        Cue(0.0, seconds / 2, WORDS[:3], 1, seconds / 3),
        Cue(seconds / 2, seconds, WORDS[3:6], None),
    )
    narration = Narration(Path(), 48_000, seconds, "", "", ())
    output = OutputFormat(*size, FPS, layout, "medium")
    return Timeline(cuts, narration, 0.0, CaptionTrack(cues, look), output, seconds, beside=beside)


def overlays_of(plan: Timeline) -> tuple[CaptionOverlay, ...]:
    if plan.captions.style == "none":
        return ()
    size = (plan.output.width_px, plan.output.height_px)
    look = style(plan.captions.style)
    return (CaptionOverlay(plan.captions, CaptionPainter(look, *size, safe_area(*size), system_font_folders=[])),)


def by_cpu(plan: Timeline, chunk: Chunk) -> Iterator[NDArray[np.uint8]]:
    overlays = overlays_of(plan)
    layout = LAYOUTS.load(plan.output.layout)
    with CpuComposer().open(plan, PyAvDecoder(), layout, (), (chunk,)) as pictures:
        for number, picture in enumerate(pictures):
            for overlay in overlays:
                overlay.draw(picture, float(number / FPS))
            yield planar(picture)


def by_device(plan: Timeline, chunk: Chunk, composer: CudaComposer) -> Iterator[NDArray[np.uint8]]:
    layout = LAYOUTS.load(plan.output.layout)
    composition = composer.open_drawn(
        plan, PyAvDecoder(), layout, (), (chunk,), [overlays_of(plan)], ENCODERS.load("x264")
    )
    with composition as pictures:
        for picture in pictures:
            yield planar(picture)


def planar(picture: av.VideoFrame) -> NDArray[np.uint8]:
    found: NDArray[np.uint8] = picture.reformat(format="yuv420p").to_ndarray().view(np.uint8)
    return found


def likeness(case: str, plan: Timeline, composer: CudaComposer, frames: int) -> Likeness:
    luma, chroma = [], []
    height, chunk = plan.output.height_px, Chunk(0, frames)
    for wanted, found in zip(by_cpu(plan, chunk), by_device(plan, chunk, composer), strict=True):
        luma.append(psnr_db(wanted[:height], found[:height]))
        chroma.append(psnr_db(wanted[height:], found[height:]))
    return Likeness(case, min(luma), min(chroma))


def all_likenesses(footage: Path, at_s: float, frames: int, composer: CudaComposer) -> Iterator[Likeness]:
    for layout, (shape, size) in itertools.product(LAYOUTS.names(), SHAPES.items()):
        yield likeness(f"{layout} {shape}", timeline(footage, at_s, frames, layout, size, "none"), composer, frames)
    # Long narrations at this quality are composed small and scaled up; only the first pictures are looked at.
    long = timeline(footage, at_s, frames, "blur", SHAPES["9:16"], "none")
    low = replace(long, output=replace(long.output, quality="low"), duration_s=SMALL_AFTER_S + 1)
    yield likeness("blur 9:16 low", low, composer, frames)
    for look in STYLE_NAMES:
        plan = timeline(footage, at_s, frames, "fill", SHAPES["9:16"], look)
        yield likeness(f"captions {look}", plan, composer, frames)


def speed(layout_name: str, device_name: str) -> dict[str, Any]:
    """Time of one picture of 1080x1920 from 1920x1080 on a card, and its share of a copy's bandwidth."""
    import torch
    from nvpipe.kernels.compose import KernelDrawer
    from nvpipe.kernels.compose_tables import nv12_planes

    from nvpipe.compose.cuda_scene import corner_in, scene_of

    device, source_px, size = torch.device(device_name), (1920, 1080), SHAPES["9:16"]
    layout = LAYOUTS.load(layout_name)
    area = Area(0, 0, layout.areas(size)[0].size_px)
    placement = layout.place(source_px, area.size_px)
    drawer = KernelDrawer(scene_of(placement, source_px, area), device)
    source = torch.randint(16, 236, (1620, 1920), dtype=torch.uint8, device=device)
    canvas = torch.empty((area.size_px[1] * 3 // 2, area.size_px[0]), dtype=torch.uint8, device=device)
    corner = corner_in(source_px, placement.part_px)
    seconds = timed(lambda: drawer.draw(nv12_planes(source), *corner, None, canvas))
    moved = (placement.part_px[0] * placement.part_px[1] + area.size_px[0] * area.size_px[1]) * 3 // 2
    one = torch.empty(COPY_BYTES, dtype=torch.uint8, device=device)
    other = torch.empty_like(one)
    copied = 2 * COPY_BYTES / timed(lambda: other.copy_(one))
    share = moved / seconds / copied
    return {
        "layout": layout_name,
        "us": seconds * 1e6,
        "moved_bytes": moved,
        "copy_gb_s": copied / 1e9,
        "share": share,
    }


def _torchvision() -> MakeDrawer:
    from nvpipe.kernels.compose_torch import TorchDrawer

    drawer: MakeDrawer = TorchDrawer
    return drawer


def timed(work: Any) -> float:
    """Seconds of one round, by the card's clock."""
    import torch

    for _ in range(WARM_UP):
        work()
    before, after = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
    before.record()
    for _ in range(ROUNDS):
        work()
    after.record()
    after.synchronize()
    elapsed: float = before.elapsed_time(after)
    return elapsed / 1e3 / ROUNDS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default=FIRST_CARD)
    parser.add_argument("--footage", type=Path, default=sample_footage())
    parser.add_argument("--at", type=float, default=3.0)
    parser.add_argument("--frames", type=int, default=4)
    parser.add_argument("--torchvision", action="store_true", help="draw with torchvision's operations")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    before = time.perf_counter()
    composer = CudaComposer(options.device, _torchvision() if options.torchvision else None)
    found = []
    for one in all_likenesses(options.footage, options.at, options.frames, composer):
        found.append(one)
        print(f"{one.case:24} {one.luma_db:6.2f} dB luma {one.chroma_db:6.2f} dB chroma", flush=True)
    speeds = [] if options.device == "cpu" else [speed(name, options.device) for name in LAYOUTS.names()]
    for row in speeds:
        print(f"{row['layout']:24} {row['us']:7.1f} us, {row['share']:.0%} of {row['copy_gb_s']:.0f} GB/s")
    worst = min(found, key=lambda one: one.luma_db)
    print(f"worst: {worst.case}, {worst.luma_db:.2f} dB; {time.perf_counter() - before:.0f} s")
    if options.json:
        rows = [{"case": one.case, "luma_db": one.luma_db, "chroma_db": one.chroma_db} for one in found]
        options.json.write_text(json.dumps({"likeness": rows, "speed": speeds}, indent=1) + "\n", "utf-8")
    if worst.luma_db < LEAST_PSNR_DB or any(row["share"] < BANDWIDTH_AIM for row in speeds):
        sys.exit(1)


if __name__ == "__main__":
    main()
