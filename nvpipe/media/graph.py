"""Filter graphs from their description in FFmpeg's syntax; PyAV has no parser for it."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import av
    from av.filter.context import FilterContext

_CHAIN = re.compile(r"^((?:\[\w+\])*)(.*?)((?:\[\w+\])*)$", re.DOTALL)
_LABEL = re.compile(r"\[(\w+)\]")


class VideoGraph:
    """A graph with one video input and one output.

    The description is a list of chains separated by `;`, filters in a chain are separated by `,`, and labels in
    brackets join the chains; the input is labelled `[in]`, an unlabelled first pad takes the input, an
    unlabelled last pad is the output. Commas inside a filter's arguments are written as `\\,`. A filter written as
    `filter@name` can be sent commands.

    Args:
        description: see above; "" passes frames through.
        like: a frame of the kind that will be pushed; its size, format and colour tags are the input's.
        threads: threads for each filter; 1 keeps results and load predictable.

    Raises:
        ValueError: the description names an unknown filter or does not fit together.
    """

    def __init__(self, description: str, like: av.VideoFrame, *, threads: int = 1) -> None:
        import av

        self._graph = av.filter.Graph()
        self._graph.threads = threads
        self._named: dict[str, FilterContext] = {}
        # Without the colour tags the link counts as untagged, and `scale` converts tagged frames to BT.601 for it.
        source = self._graph.add(
            "buffer",
            video_size=f"{like.width}x{like.height}",
            pix_fmt=like.format.name,
            time_base="1/1000000",
            pixel_aspect="1/1",
            colorspace=str(int(like.colorspace)),
            range=str(int(like.color_range)),
        )
        self._source = source
        self._sink = self._connect(description, source)
        self._graph.configure()

    def apply(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Send one frame through the graph and return what comes out.

        Raises:
            av.error.FFmpegError: a filter failed, or the graph holds the frame back.
        """
        self._source.push(frame)
        out = self._sink.pull()
        assert out is not None
        return out  # type: ignore[return-value]

    def command(self, name: str, option: str, value: str) -> None:
        """Change an option of the filter written as `filter@name`, from the next frame on.

        Args:
            name: the whole `filter@name`.
            option: what the filter takes commands for.
            value: its new value.

        Raises:
            KeyError: no filter has the name.
            av.error.FFmpegError: the filter does not take it.
        """
        self._named[name].process_command(option, value)

    def stream(self, frames: Iterable[av.VideoFrame]) -> Iterator[av.VideoFrame]:
        """Send frames through the graph one after the other; filters may look ahead, none may drop or add frames."""
        for frame in frames:
            self._source.push(frame)
            yield from self._ready()
        self._source.push(None)
        yield from self._ready()

    def _ready(self) -> Iterator[av.VideoFrame]:
        while True:
            try:
                yield self._sink.pull()  # type: ignore[misc]
            except (BlockingIOError, EOFError):
                return

    def _connect(self, description: str, source: FilterContext) -> FilterContext:
        sink = self._graph.add("buffersink")
        pads: dict[str, tuple[FilterContext, int]] = {"in": (source, 0)}
        last: tuple[FilterContext, int] = (source, 0)
        for chain in filter(None, description.split(";")):
            match = _CHAIN.match(chain.strip())
            assert match is not None
            inputs = _LABEL.findall(match[1]) or ["in"]
            try:
                incoming = [pads.pop(label) for label in inputs]
            except KeyError as error:
                raise ValueError(f"filter graph: no pad {error} for {chain!r}") from None
            nodes = [self._add(text) for text in re.split(r"(?<!\\),", match[2])]
            for index, (node, pad) in enumerate(incoming):
                node.link_to(nodes[0], pad, index)
            for before, after in itertools.pairwise(nodes):
                before.link_to(after)
            outputs = _LABEL.findall(match[3])
            for index, label in enumerate(outputs):
                pads[label] = (nodes[-1], index)
            if not outputs:
                last = (nodes[-1], 0)
        last[0].link_to(sink, last[1], 0)
        return sink

    def _add(self, text: str) -> FilterContext:
        name, _, arguments = text.strip().replace("\\,", ",").partition("=")
        node = self._graph.add(name.partition("@")[0], arguments or None)
        if "@" in name:
            self._named[name] = node
        return node
