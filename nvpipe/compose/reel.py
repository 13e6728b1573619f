"""Pictures of a timeline into packets: what is drawn on them, and the encoder of each file."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.compose import DrawingComposer
from nvpipe.compose.overlay import CaptionOverlay
from nvpipe.errors import OutputError
from nvpipe.media.encode.passes import EncoderPass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import av
    from av.packet import Packet
    from av.video.stream import VideoStream

    from nvpipe.compose import Composer, Layout
    from nvpipe.compose.chunks import Chunk
    from nvpipe.compose.extras import Overlay
    from nvpipe.compose.overlay import Painter
    from nvpipe.media.decode import Decoder
    from nvpipe.media.encode import Encoder
    from nvpipe.types import OutputFormat, Timeline

    Keep = Callable[[Iterable[Packet[VideoStream]]], None]


@dataclass(frozen=True, slots=True)
class Tools:
    """The backends that a render uses."""

    decoder: Decoder
    encoder: Encoder
    composer: Composer
    layout: Layout
    painter: Painter | None
    overlays: tuple[Overlay, ...] = ()
    """Drawn below the captions, in this order."""


@dataclass(frozen=True, slots=True)
class Film:
    """One file of a render; all come from the same decode and have the same sound."""

    path: Path
    output: OutputFormat
    """At the frame rate of the timeline's own."""
    painter: Painter | None
    overlays: tuple[Overlay, ...] = ()
    """As in `Tools`, for this size."""


class _Reel:
    """One file's pictures on their way: what is drawn on each, and the encoder of the chunk."""

    def __init__(self, film: Film, overlays: tuple[Overlay, ...], encoder: Encoder, keep: Keep) -> None:
        self._overlays = overlays
        self._film = film
        self._encoder = encoder
        self._keep = keep
        self._pass: EncoderPass | None = None

    def start(self, first: int) -> None:
        """Begin with a picture; what comes before it is in another chunk."""
        self._pass = EncoderPass(self._encoder, self._film.output, first)

    def take(self, picture: av.VideoFrame) -> None:
        assert self._pass is not None
        for overlay in self._overlays:
            overlay.draw(picture, float(self._pass.next / self._film.output.fps))
        self._keep(self._pass.encode(picture))

    def finish(self) -> None:
        assert self._pass is not None
        self._keep(self._pass.finish())
        self._pass = None

    def close(self) -> None:
        if self._pass is not None:
            self._pass.close()


def _overlays(film: Film, timeline: Timeline) -> tuple[Overlay, ...]:
    """What is drawn on a film's pictures, the captions above everything else."""
    captions = (CaptionOverlay(timeline.captions, film.painter),) if film.painter else ()
    return (*film.overlays, *captions)


def shoot(
    timeline: Timeline,
    tools: Tools,
    films: Sequence[Film],
    chunks: Sequence[Chunk],
    keeps: Sequence[Keep],
    on_frame: Callable[[int], None],
) -> int:
    """Compose and encode chunks of a timeline, one after the other.

    Args:
        timeline: what to show.
        tools: the backends.
        films: the files that take part; the first has the timeline's own output.
        chunks: which pictures, in their order.
        keeps: what takes the packets of each file.
        on_frame: told of every frame how many are done.

    Returns:
        How many pictures were held because footage ended before its cut did.

    Raises:
        MediaError: footage cannot be decoded.
        OutputError: a packet cannot be kept.
        UsageError: the output's encoder parameters are wrong.
    """
    outputs = [film.output for film in films[1:]]
    overlays = [_overlays(film, timeline) for film in films]
    if isinstance(tools.composer, DrawingComposer):
        composition = tools.composer.open_drawn(
            timeline, tools.decoder, tools.layout, outputs, chunks, overlays, tools.encoder
        )
        overlays = [()] * len(films)
    else:
        composition = tools.composer.open(timeline, tools.decoder, tools.layout, outputs, chunks)
    done = 0
    with ExitStack() as stack:
        reels = [
            _Reel(film, drawn, tools.encoder, keep) for film, drawn, keep in zip(films, overlays, keeps, strict=True)
        ]
        for reel in reels:
            stack.callback(reel.close)
        pictures = stack.enter_context(composition)
        for chunk in chunks:
            for reel in reels:
                reel.start(chunk.first)
            for _ in range(chunk.first, chunk.end):
                for reel, film in zip(reels, films, strict=True):
                    picture = next(pictures, None)
                    if picture is None:
                        raise OutputError(f"{film.path.name} got {done} frames and should have more")
                    reel.take(picture)
                done += 1
                on_frame(done)
            for reel in reels:
                reel.finish()
    return composition.held
