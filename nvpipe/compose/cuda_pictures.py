"""The pictures of a timeline, composed where they lie on the device, with all that is drawn on them."""

from __future__ import annotations

import itertools
from collections import deque
from contextlib import ExitStack
from typing import TYPE_CHECKING

from nvpipe.compose.cuda_intake import Intake, kept
from nvpipe.compose.cuda_patches import PatchPress
from nvpipe.compose.cuda_view import DeviceView, Drawing, StretchedView
from nvpipe.compose.extras import Onlooker
from nvpipe.compose.ready import numbered
from nvpipe.compose.still import read_still
from nvpipe.compose.views import Target
from nvpipe.compose.walk import BEYOND_S, Handover, Shown, Walk
from nvpipe.media.decode.frame import PyAvFrame
from nvpipe.media.decode.nvdec_fallback import open_own

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import av
    import torch

    from nvpipe.compose import Area, Layout, Size
    from nvpipe.compose.chunks import Chunk
    from nvpipe.compose.cuda_view import MakeDrawer
    from nvpipe.compose.extras import Overlay
    from nvpipe.kernels.compose_tables import Planes
    from nvpipe.media.decode import Decoder, Reader, Spare
    from nvpipe.media.encode import Encoder
    from nvpipe.media.encode.surfaces import FrameRing
    from nvpipe.types import Cut, OutputFormat, Precompiled, Still, Timeline

ON_CARD = "cuda"
"""Format of pictures that an encoder reads on the card."""
QUEUE = 8
"""Finished pictures of each output that wait for the encoder."""
AHEAD = 2
"""Pictures of each output that the card may be at work on while the next one is prepared."""
_BT709, _LIMITED = 1, 1


class DevicePictures(Walk["Planes", Drawing]):
    """The pictures of a timeline; see `Composition`.

    Args:
        timeline, decoder, layout, also, chunks: see `Composer.open`.
        device: where they are drawn.
        make_drawer: gives what draws a scene there.
        overlays: what is drawn on the pictures of each output; nothing when there is none.
        encoder: who takes the pictures; None wants them as yuv420p in host memory.
    """

    def __init__(
        self,
        timeline: Timeline,
        decoder: Decoder,
        layout: Layout,
        also: Sequence[OutputFormat],
        chunks: Sequence[Chunk],
        device: torch.device,
        make_drawer: MakeDrawer,
        overlays: Sequence[Sequence[Overlay]] = (),
        encoder: Encoder | None = None,
    ) -> None:
        super().__init__(timeline, decoder, layout, (timeline.output, *also), chunks)
        self._device = device
        self._make_drawer = make_drawer
        self._overlays = [tuple(some) for some in overlays] or [()] * len(self._outputs)
        self._presses = [PatchPress(device) for _ in self._outputs]
        self._encoder = encoder
        self._accepts = encoder.accepts if encoder is not None else ("yuv420p",)
        self._rings: list[FrameRing] = []
        self._handover = Handover(self._made, QUEUE * len(self._outputs))

    def __enter__(self) -> Iterator[av.VideoFrame]:
        return self._handover.start()

    def __exit__(self, *_: object) -> None:
        self._handover.stop()

    @property
    def uploads(self) -> int:
        """Bitmaps that were brought to the device so far."""
        return sum(press.uploads for press in self._presses)

    def _made(self) -> Iterator[av.VideoFrame]:
        import torch

        with ExitStack() as stack:
            if self._device.type == "cuda":
                stack.enter_context(torch.cuda.stream(torch.cuda.Stream(self._device)))  # type: ignore[no-untyped-call]
            if self._device.type == "cuda" and ON_CARD in self._accepts:
                yield from self._surfaces()
            else:
                yield from self._brought_home()

    def _surfaces(self) -> Iterator[av.VideoFrame]:
        """Pictures as they lie on the card; none leaves it."""
        import torch

        assert self._encoder is not None
        # Those that wait, those that are drawn, and one each on its way into and out of the queue.
        waiting = QUEUE + AHEAD + 3
        counts = [self._encoder.holds(output) + waiting for output in self._outputs]
        drawn: deque[tuple[torch.cuda.Event, av.VideoFrame]] = deque()
        for place, canvas in self._canvases(counts):
            event = torch.cuda.Event()  # type: ignore[no-untyped-call]
            event.record()
            drawn.append((event, self._rings[place].frame(canvas)))
            if len(drawn) > AHEAD * len(self._outputs):
                ready, frame = drawn.popleft()
                ready.synchronize()
                yield frame
        for ready, frame in drawn:
            ready.synchronize()
            yield frame

    def _brought_home(self) -> Iterator[av.VideoFrame]:
        """Pictures in host memory; while one is on its way, the card draws those that follow."""
        from nvpipe.media.encode.surfaces import IN_FLIGHT, downloaded

        ahead = IN_FLIGHT * len(self._outputs)
        canvases = (canvas for _, canvas in self._canvases([IN_FLIGHT + 2] * len(self._outputs)))
        for frame in downloaded(canvases, ahead):
            yield tagged(frame if "nv12" in self._accepts else frame.reformat(format="yuv420p"))

    def _canvases(self, counts: Sequence[int]) -> Iterator[tuple[int, torch.Tensor]]:
        """Every output's place and its picture as NV12, for each frame; there are `counts` buffers of each output."""
        from nvpipe.media.encode.surfaces import FrameRing

        sizes = [(output.width_px, output.height_px) for output in self._outputs]
        device = str(self._device)
        self._rings = [FrameRing(size, count, device) for size, count in zip(sizes, counts, strict=True)]
        numbers = itertools.chain.from_iterable(range(chunk.first, chunk.end) for chunk in self._chunks)
        for number, parts in zip(numbers, self._parts(self._areas()), strict=True):
            at_s = float(number / self._timeline.output.fps)
            for place, ring in enumerate(self._rings):
                drawings = [part[place] for part in parts]
                self._let_look(place, at_s, drawings)
                bitmaps = [bitmap for overlay in self._overlays[place] for bitmap in overlay.bitmaps(at_s)]
                sheet, canvas = self._presses[place].sheet(bitmaps), ring.next()
                for drawing in drawings:
                    drawing.onto(canvas, sheet)
                yield place, canvas

    def _let_look(self, place: int, at_s: float, drawings: Sequence[Drawing]) -> None:
        """Show a picture without anything on it, in host memory, to the overlays that want to see it."""
        import torch

        lookers = [one for one in self._overlays[place] if isinstance(one, Onlooker) and one.looks_at(at_s)]
        if not lookers:
            return
        output = self._outputs[place]
        shape = (output.height_px * 3 // 2, output.width_px)
        bare = torch.empty(shape, dtype=torch.uint8, device=self._device)
        for drawing in drawings:
            drawing.onto(bare, None)
        picture = in_host_memory(bare)
        for one in lookers:
            one.draw(picture, at_s)

    def _open_cut(
        self, cut: Cut, reader: Reader, areas: Sequence[Area], start_s: float, spare: Spare
    ) -> tuple[Iterator[Shown[Planes]], Callable[[Shown[Planes], float], list[Drawing]]]:
        info = reader.info
        frames = reader.frames(start_s, cut.source_end_s + BEYOND_S, spare=spare)
        views = self._views((info.width_px, info.height_px), areas, cut.crop_path)

        def made_of(shown: Shown[Planes], since_s: float) -> list[Drawing]:
            return [Drawing(view, shown.picture, since_s) for view in views]

        return Intake(info, self._device).pictures(frames), made_of

    def _ready(
        self, cut: Cut, ready: Sequence[Precompiled], areas: Sequence[Area], count: int, skip: int
    ) -> Iterator[list[Drawing]]:
        with ExitStack() as opened:
            streams = []
            for one, area in zip(ready, areas, strict=True):
                reader = opened.enter_context(open_own(self._decoder, one.path))
                first = round((cut.source_start_s - one.start_s) * self._outputs[0].fps) + skip
                frames = numbered(reader, first, count, self._outputs[0])
                size = (reader.info.width_px, reader.info.height_px)
                view = StretchedView(size, area, self._make_drawer, self._device)
                intake = Intake(reader.info, self._device, as_coded=True)
                streams.append((view, intake.pictures(frames)))
            for pictures in zip(*(stream for _, stream in streams), strict=True):
                yield [Drawing(view, shown.picture, 0.0) for (view, _), shown in zip(streams, pictures, strict=True)]

    def _still(self, still: Still, areas: Sequence[Area]) -> Iterator[list[Drawing]]:
        frame = read_still(still.path)
        picture = kept(*PyAvFrame(frame, 0.0, 0).planes(), self._device)
        drawings = [Drawing(view, picture, 0.0) for view in self._views((frame.width, frame.height), areas, ())]
        return itertools.repeat(drawings, sum(chunk.end - chunk.first for chunk in self._chunks))

    def _views(
        self, source_px: Size, areas: Sequence[Area], path: tuple[tuple[float, float], ...]
    ) -> list[DeviceView]:
        seconds = self._timeline.duration_s
        return [
            DeviceView(
                self._layout,
                source_px,
                Target(output, area.size_px, seconds),
                area,
                path,
                self._make_drawer,
                self._device,
            )
            for output, area in zip(self._outputs, areas, strict=True)
        ]


def in_host_memory(canvas: torch.Tensor) -> av.VideoFrame:
    """An NV12 picture of the device as yuv420p in host memory; it is waited for."""
    import av

    return tagged(av.VideoFrame.from_ndarray(canvas.cpu().numpy(), format="nv12").reformat(format="yuv420p"))


def tagged(picture: av.VideoFrame) -> av.VideoFrame:
    """The picture, which now says that it is limited-range BT.709."""
    picture.colorspace, picture.color_range = _BT709, _LIMITED
    return picture
