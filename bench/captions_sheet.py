"""A contact sheet of all caption styles on real footage, for docs/captions.jpg.

python bench/captions_sheet.py [--footage FILE] [--size 1080x1920] [--out docs/captions.jpg]
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import av
from PIL import Image, ImageDraw

from nvpipe.captions.box import Box, safe_area
from nvpipe.captions.draw import CaptionPainter
from nvpipe.captions.styles import STYLE_NAMES, style
from nvpipe.compose import LAYOUTS
from nvpipe.compose.graphs import graph_of
from nvpipe.compose.overlay import blend
from nvpipe.media.decode.pyav import PyAvDecoder
from nvpipe.media.graph import VideoGraph
from nvpipe.sample import sample_footage
from nvpipe.types import Cue

WORDS = ("The", "lamp", "above", "the", "harbour", "went", "dark")
COLUMNS = 6
CELL_WIDTH_PX = 320
BAND = (0.44, 0.82)
"""What is shown of a frame's height."""
MOMENTS_S = {"fill": 0.2, "pop": 0.12}
"""How far into the spoken word an animation is shown; the others at rest."""


def pictures(footage: Path, size: tuple[int, int], count: int) -> list[av.VideoFrame]:
    """Frames of the footage, laid out, from all over it."""
    layout = LAYOUTS.load("blur")
    found = []
    with PyAvDecoder().open(footage) as reader:
        source = (reader.info.width_px, reader.info.height_px)
        for index in range(count):
            at_s = reader.info.duration_s * (index + 0.5) / count
            frame = next(iter(reader.frames(at_s))).to_av()
            found.append(VideoGraph(graph_of(layout.place(source, size), size), frame).apply(frame))
    for picture in found:
        picture.make_writable()
    return found


def drawn(name: str, picture: av.VideoFrame, *, show_safe: bool) -> Image.Image:
    """A style's caption on a picture."""
    look, size = style(name), (picture.width, picture.height)
    safe = safe_area(*size)
    words = tuple(WORDS[: look.words_per_cue])
    while len(" ".join(words)) > look.max_chars:
        words = words[:-1]
    active = len(words) // 2
    bitmap = CaptionPainter(look, *size, safe, system_font_folders=[]).paint(
        Cue(0.0, 0.4, words, active), MOMENTS_S.get(look.animation.kind, 0.4)
    )
    if bitmap is not None:
        assert safe.contains(bitmap.box)
        blend(picture, bitmap)
    picture.colorspace = av.video.reformatter.Colorspace.ITU709
    image = Image.fromarray(picture.to_ndarray(format="rgb24"))
    if show_safe:
        ImageDraw.Draw(image).rectangle(_corners(safe), outline="red", width=3)
        return image
    return image.crop((0, round(BAND[0] * image.height), image.width, round(BAND[1] * image.height)))


def _corners(box: Box) -> tuple[int, int, int, int]:
    return box.left_px, box.top_px, box.right_px - 1, box.bottom_px - 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", type=Path, default=sample_footage())
    parser.add_argument("--size", default="1080x1920")
    parser.add_argument("--out", type=Path, default=Path("docs/captions.jpg"))
    parser.add_argument("--whole", action="store_true", help="whole frames, with the safe area")
    options = parser.parse_args()
    width, height = map(int, options.size.split("x"))
    frames = pictures(options.footage, (width, height), len(STYLE_NAMES))
    cells = []
    for name, frame in zip(STYLE_NAMES, frames, strict=True):
        image = drawn(name, frame, show_safe=options.whole)
        cell = image.resize((CELL_WIDTH_PX, round(image.height * CELL_WIDTH_PX / image.width)))
        ImageDraw.Draw(cell).text((8, 4), name, fill="white", stroke_fill="black", stroke_width=2, font_size=20)
        cells.append(cell)
    rows = -(-len(cells) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * CELL_WIDTH_PX, rows * cells[0].height), "#202024")
    for cell, (row, column) in zip(cells, itertools.product(range(rows), range(COLUMNS)), strict=False):
        sheet.paste(cell, (column * CELL_WIDTH_PX, row * cell.height))
    sheet.save(options.out, quality=82, optimize=True)


if __name__ == "__main__":
    main()
