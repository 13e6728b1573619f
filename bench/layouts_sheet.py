"""A contact sheet of every layout in every shape, from shorts of the sample, for docs/layouts.jpg.

python bench/layouts_sheet.py [--footage FILE] [--at SECONDS] [--out docs/layouts.jpg]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import av
from PIL import Image, ImageDraw

from nvpipe.compose import LAYOUTS
from nvpipe.compose.sizes import SHAPES, parse_sizes
from nvpipe.sample import sample_article, sample_footage

SECONDS = 6
HEIGHT_PX, GAP_PX, LABEL_PX = 400, 12, 28
GROUND = "#202024"


def shorts(layout: str, footage: Path, folder: Path) -> list[Path]:
    """A short in all shapes, by the command as a user would call it."""
    command = [sys.executable, "-m", "nvpipe", "run", str(sample_article()), "--footage", str(footage), "--json"]
    options = ["--layout", layout, "--size", ",".join(SHAPES), "--seconds", str(SECONDS), "--out", str(folder)]
    kept = ("--storage", str(folder.parent / "storage"), "--fast")
    done = subprocess.run([*command, *options, "-q", *kept], stdout=-1, check=True)
    first = Path(json.loads(done.stdout)["jobs"][0]["output"])
    names = [size.name for size in parse_sizes(",".join(SHAPES))]
    return [first, *(first.with_name(f"{first.stem}-{name}.mp4") for name in names[1:])]


def picture(path: Path, at_s: float) -> Image.Image:
    with av.open(path) as container:
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time >= at_s:
                return Image.fromarray(frame.to_ndarray(format="rgb24"))
    raise SystemExit(f"{path} ends before {at_s} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", type=Path, default=sample_footage())
    parser.add_argument("--at", type=float, default=2.5)
    parser.add_argument("--out", type=Path, default=Path("docs/layouts.jpg"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = {
            layout: [picture(path, options.at) for path in shorts(layout, options.footage, Path(folder) / layout)]
            for layout in LAYOUTS.names()
        }
    sheet(rows).save(options.out, quality=82, optimize=True)


def sheet(rows: dict[str, list[Image.Image]]) -> Image.Image:
    """Pictures of equal height, a row for each layout with its name above."""
    small = {
        name: [image.resize((round(image.width * HEIGHT_PX / image.height), HEIGHT_PX)) for image in images]
        for name, images in rows.items()
    }
    width = max(sum(image.width + GAP_PX for image in images) for images in small.values()) - GAP_PX
    whole = Image.new("RGB", (width, (HEIGHT_PX + LABEL_PX) * len(rows)), GROUND)
    for row, (name, images) in enumerate(small.items()):
        top, left = row * (HEIGHT_PX + LABEL_PX), 0
        ImageDraw.Draw(whole).text((4, top + 4), name, fill="white", font_size=18)
        for image in images:
            whole.paste(image, (left, top + LABEL_PX))
            left += image.width + GAP_PX
    return whole


if __name__ == "__main__":
    main()
