"""The composition of layout `blur` as a MoviePy program, which `bench/render.py` times; it imports nothing of nvpipe.

MoviePy is no dependency of nvpipe, and its release 2.2 wants an older Pillow: give it an environment of its own.

    python -m venv moviepy && moviepy/bin/pip install "moviepy>=2.2,<3"
    moviepy/bin/python bench/render_moviepy.py CLIP.mp4 60 2 OUT.mp4 PLACEMENT.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main() -> None:
    import numpy as np
    from moviepy import CompositeVideoClip, VideoFileClip
    from PIL import Image, ImageFilter

    video, start, seconds, out, described = sys.argv[1:]
    plan = json.loads(Path(described).read_text("utf-8"))
    clip = VideoFileClip(video, audio=False).subclipped(float(start), float(start) + float(seconds))

    def soft(picture):  # type: ignore[no-untyped-def]
        blurred = Image.fromarray(picture).filter(ImageFilter.GaussianBlur(plan["sigma_px"]))
        dimmed = np.asarray(blurred, np.float32) * plan["opacity"]
        grey = dimmed @ np.array([0.2126, 0.7152, 0.0722], np.float32)
        return (dimmed + plan["desaturation"] * (grey[..., None] - dimmed)).astype(np.uint8)

    def centred(size):  # type: ignore[no-untyped-def]
        return clip.cropped(x_center=clip.w / 2, y_center=clip.h / 2, width=size[0], height=size[1])

    behind = centred(plan["behind_px"]).resized(tuple(plan["canvas_px"])).image_transform(soft)
    sharp = centred(plan["part_px"]).resized(tuple(plan["size_px"])).with_position("center")
    whole = CompositeVideoClip([behind, sharp], size=tuple(plan["canvas_px"]))
    whole.write_videofile(
        out, fps=plan["fps"], codec="libx264", preset="ultrafast", audio=False, logger=None,
        ffmpeg_params=["-crf", str(plan["crf"])],
    )  # fmt: skip


if __name__ == "__main__":
    main()
