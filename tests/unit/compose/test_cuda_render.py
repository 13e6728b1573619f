"""A render with the card's composer, on torch's CPU: what is drawn is drawn once, and the file is the CPU's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from fakes.compose_cases import waves
from fakes.media import make_video

from nvpipe.captions.box import safe_area
from nvpipe.captions.draw import CaptionPainter
from nvpipe.captions.styles import style
from nvpipe.compose import LAYOUTS, Composer
from nvpipe.compose.cpu import CpuComposer
from nvpipe.compose.cuda import CudaComposer, psnr_db
from nvpipe.compose.extras import ProgressBar
from nvpipe.compose.render import Film, Tools, render
from nvpipe.media.decode.pyav import PyAvDecoder
from nvpipe.media.encode.x264 import X264Encoder
from nvpipe.types import CaptionTrack, Cue, Timeline

SIZE = (216, 384)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Many small operations on a machine with other work wait for each other's threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def rendered(composer: Composer, plan: Timeline, path: Path) -> list[np.ndarray]:
    """The luma of a file's pictures."""
    painter = CaptionPainter(style("default"), *SIZE, safe_area(*SIZE), system_font_folders=[])
    bar = ProgressBar(*SIZE, (180.0, 90.0, 140.0), plan.duration_s)
    tools = Tools(PyAvDecoder(), X264Encoder(), composer, LAYOUTS.load("blur"), painter, (bar,))
    square = replace(plan.output, width_px=180, height_px=180)
    done = render(plan, path, tools, also=[Film(path.with_stem("square"), square, None)])
    assert done.frames == 30
    with av.open(str(path)) as file:
        return [frame.to_ndarray()[: SIZE[1]] for frame in file.decode(video=0)]


def test_a_render_is_the_same_but_for_rounding(tmp_path: Path, timeline: Callable[..., Timeline]) -> None:
    ground = np.stack([waves(320, 180, seed) for seed in range(3)], axis=2)
    clip = make_video(
        tmp_path / "clip.mp4", size=(320, 180), matrix="bt709", picture=lambda i, *_: np.roll(ground, i, axis=1)
    )
    cues = (Cue(0.1, 0.5, ("up", "the", "lamp"), 1), Cue(0.5, 0.9, ("went", "dark"), None))
    plan = timeline((clip, 0.3, 1.3), canvas=SIZE, quality="high")
    plan = replace(plan, captions=CaptionTrack(cues, "default"), output=replace(plan.output, layout="blur"))
    folders = [tmp_path / name for name in ("cpu", "cuda")]
    for folder in folders:
        folder.mkdir()
    wanted, found = (
        rendered(composer, plan, folder / "short.mp4")
        for composer, folder in zip((CpuComposer(), CudaComposer("cpu")), folders, strict=True)
    )
    assert len(wanted) == len(found) == 30
    # Both are coded with losses of their own.
    assert min(psnr_db(one, other) for one, other in zip(wanted, found, strict=True)) > 38
    assert (folders[1] / "square.mp4").is_file()
