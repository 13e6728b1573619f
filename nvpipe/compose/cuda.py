"""The pictures of a timeline, composed on an NVIDIA card.

Footage that a decoder leaves on the card stays there: pictures are cropped, scaled, blurred, captioned by one kernel
(`nvpipe.kernels.compose`), and leave it only for an encoder that reads host memory. What the card cannot bring into
upright BT.709 as the CPU does is refused, see `nvpipe.compose.cuda_source`. Not yet run on hardware.
"""

from __future__ import annotations

import ctypes
import math
from typing import TYPE_CHECKING, Any

from nvpipe.compose import LAYOUTS, Area
from nvpipe.registry import Probe

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import torch
    from numpy.typing import NDArray

    from nvpipe.compose import Layout
    from nvpipe.compose.chunks import Chunk
    from nvpipe.compose.cuda_pictures import DevicePictures
    from nvpipe.compose.cuda_view import MakeDrawer
    from nvpipe.compose.extras import Overlay
    from nvpipe.media.decode import Decoder
    from nvpipe.media.encode import Encoder
    from nvpipe.types import OutputFormat, Timeline

FIRST_CARD = "cuda:0"
DRIVER = "libcuda.so.1"
LEAST_PSNR_DB = 45.0
"""Between luma planes composed here and by libavfilter."""
_PROBE_SOURCE, _PROBE_CANVAS = (320, 180), (108, 192)
_PLAY_SAFE = "pictures are composed on the CPU instead"


class CudaComposer:
    """Composes with a kernel on the card.

    Args:
        device: torch's name of it; `cpu` is for tests and comparisons.
        make_drawer: gives what draws a scene; the kernel on a card, its reference elsewhere.
    """

    def __init__(self, device: str = FIRST_CARD, make_drawer: MakeDrawer | None = None) -> None:
        self._device = device
        self._drawer = make_drawer

    def probe(self) -> Probe:
        """Draw a picture in every layout and compare it with libavfilter's."""
        if self._device != "cpu" and (verdict := _without_card()):
            return verdict
        import torch

        device = torch.device(self._device)
        worst = min(_likeness(name, device, self._make_drawer) for name in LAYOUTS.names())
        if worst < LEAST_PSNR_DB:
            return Probe(False, f"what the card draws is {worst:.1f} dB from what libavfilter draws", _PLAY_SAFE)
        where = torch.cuda.get_device_name(device) if device.type == "cuda" else self._device
        return Probe(True, f"composed a picture in {len(LAYOUTS.names())} layouts on {where}, as libavfilter does")

    def refusal(self, footage: Iterable[Path]) -> str:
        """Why some footage cannot be composed here, and which; empty when it can.

        Raises:
            MediaError: footage cannot be read.
        """
        from nvpipe.compose.cuda_source import refusal
        from nvpipe.media.probe import probe
        from nvpipe.media.safety import name_of

        for path in dict.fromkeys(footage):
            if reason := refusal(probe(path)):
                return f"{name_of(path)}: {reason}"
        return ""

    def open(
        self,
        timeline: Timeline,
        decoder: Decoder,
        layout: Layout,
        also: Sequence[OutputFormat] = (),
        chunks: Sequence[Chunk] = (),
    ) -> DevicePictures:
        """See `Composer.open`; the pictures come as yuv420p in host memory.

        Raises:
            BackendUnavailableError: `refusal` says why.
        """
        return self._open(timeline, decoder, layout, also, chunks)

    def open_drawn(
        self,
        timeline: Timeline,
        decoder: Decoder,
        layout: Layout,
        also: Sequence[OutputFormat],
        chunks: Sequence[Chunk],
        overlays: Sequence[Sequence[Overlay]],
        encoder: Encoder,
    ) -> DevicePictures:
        """See `DrawingComposer.open_drawn`.

        Raises:
            BackendUnavailableError: `refusal` says why.
        """
        return self._open(timeline, decoder, layout, also, chunks, overlays, encoder)

    def _open(
        self,
        timeline: Timeline,
        decoder: Decoder,
        layout: Layout,
        also: Sequence[OutputFormat],
        chunks: Sequence[Chunk],
        overlays: Sequence[Sequence[Overlay]] = (),
        encoder: Encoder | None = None,
    ) -> DevicePictures:
        import torch

        from nvpipe.compose.cuda_pictures import DevicePictures
        from nvpipe.compose.ready import ready_for
        from nvpipe.errors import BackendUnavailableError

        composed = [cut for cut in (*timeline.cuts, *timeline.beside) if not ready_for(cut, (timeline.output, *also))]
        if reason := self.refusal(cut.footage.path for cut in composed):
            raise BackendUnavailableError(
                f"composer cuda cannot show {reason}", hint="leave the choice of composer to auto"
            )
        device = torch.device(self._device)
        return DevicePictures(timeline, decoder, layout, also, chunks, device, self._make_drawer, overlays, encoder)

    @property
    def _make_drawer(self) -> MakeDrawer:
        if self._drawer is not None:
            return self._drawer
        if self._device == "cpu":
            from nvpipe.kernels.compose_plain import PlainDrawer

            plain: MakeDrawer = PlainDrawer
            return plain
        from nvpipe.kernels.compose import KernelDrawer

        kernel: MakeDrawer = KernelDrawer
        return kernel


def _without_card() -> Probe | None:
    """Why no card can be used, found out without torch where there is no driver."""
    try:
        ctypes.CDLL(DRIVER)
    except OSError as error:
        return Probe(False, f"no NVIDIA driver: {error}", f"a card needs its driver; {_PLAY_SAFE}")
    from nvpipe.media.decode.nvdec_frame import CudaCard

    return CudaCard().refusal()


def _likeness(name: str, device: torch.device, make_drawer: MakeDrawer) -> float:
    """PSNR in dB of a layout's luma against libavfilter's picture."""
    import av
    import numpy as np
    import torch

    from nvpipe.compose.cuda_intake import kept
    from nvpipe.compose.cuda_scene import corner_in, scene_of
    from nvpipe.compose.graphs import graph_of
    from nvpipe.media.decode.frame import PyAvFrame
    from nvpipe.media.graph import VideoGraph

    (width, height), layout = _PROBE_SOURCE, LAYOUTS.load(name)
    across, down = np.meshgrid(np.arange(width), np.arange(height * 3 // 2))
    waves = 126 + 60 * np.sin(across / 5) * np.cos(down / 7) + 40 * ((across // 40 + down // 40) % 2)
    frame = av.VideoFrame.from_ndarray(waves.astype(np.uint8), format="yuv420p")
    area = Area(0, 0, layout.areas(_PROBE_CANVAS)[0].size_px)
    placement = layout.place(_PROBE_SOURCE, area.size_px)
    drawer = make_drawer(scene_of(placement, _PROBE_SOURCE, area), device)
    canvas = torch.zeros((area.size_px[1] * 3 // 2, area.size_px[0]), dtype=torch.uint8, device=device)
    source = kept(*PyAvFrame(frame, 0.0, 0).planes(), device)
    drawer.draw(source, *corner_in(_PROBE_SOURCE, placement.part_px), None, canvas)
    wanted = VideoGraph(graph_of(placement, area.size_px), frame).apply(frame).to_ndarray()
    return psnr_db(canvas[: area.size_px[1]].cpu().numpy(), wanted[: area.size_px[1]])


def psnr_db(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Peak signal-to-noise ratio of two planes of bytes; infinite when they are equal."""
    error = float(((one.astype("float64") - other) ** 2).mean())
    return math.inf if not error else 10 * math.log10(255**2 / error)
