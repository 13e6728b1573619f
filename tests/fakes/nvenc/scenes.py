"""What tests let happen in a child process with the stand-in driver: `python -m fakes.nvenc.scenes NAME JSON`."""

from __future__ import annotations

import io
import json
import struct
import sys
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
from fakes.nvenc.card import on_card

from nvpipe.errors import NvpipeError
from nvpipe.media.encode import ENCODERS, choose_encoder
from nvpipe.media.encode.passes import EncoderPass
from nvpipe.media.encode.surfaces import FrameRing
from nvpipe.media.mux import Mp4Writer, write_sound
from nvpipe.types import OutputFormat

OUTPUT = OutputFormat(216, 384, Fraction(30), "fill", "medium")


def probe(codec: str) -> dict[str, Any]:
    """The verdict, and what `auto` makes of it."""
    encoder = ENCODERS.load("nvenc")
    encoder.prepare(codec)
    found = encoder.probe()
    try:
        chosen = choose_encoder("auto", codec)[1].used
    except NvpipeError as error:
        chosen = error.line()
    return {"usable": found.usable, "reason": found.reason, "fix": found.fix, "auto": chosen}


def open_stream(**changes: Any) -> dict[str, Any]:
    """Open one stream of host pictures."""
    try:
        with av.open(io.BytesIO(), "w", format="mp4") as container:
            ENCODERS.load("nvenc").add_stream(container, replace(OUTPUT, **changes))
    except NvpipeError as error:
        return {"error": error.line(), "code": error.exit_code}
    return {"error": None}


def pictures(count: int, width: int, height: int) -> list[np.ndarray]:
    """NV12 noise: nothing of it can be mistaken for anything else of it."""
    rng = np.random.default_rng(3)
    return [rng.integers(16, 235, (height * 3 // 2, width), np.uint8) for _ in range(count)]


def film(path: str, source: str, frames: int, spare: int = 1, **changes: Any) -> dict[str, Any]:
    """A file with sound, from pictures in a ring on the card or from host pictures; how it came out.

    Args:
        path: the file.
        source: format of the pictures that the encoder gets.
        frames: how many.
        spare: buffers of the ring beyond those that the encoder holds.
        changes: of the output.
    """
    output = replace(OUTPUT, **{name: Fraction(value) if name == "fps" else value for name, value in changes.items()})
    width, height = output.width_px, output.height_px
    encoder, shown = ENCODERS.load("nvenc"), pictures(frames, width, height)
    ring = FrameRing((width, height), encoder.holds(output) + spare, allocate=on_card) if source == "cuda" else None
    target = Path(path)
    sound = target.with_suffix(".m4a")
    silence = np.zeros((2, round(48_000 * frames / output.fps)), np.float32)
    write_sound([silence], sound)
    with Mp4Writer(target, output, encoder) as writer:
        coder = EncoderPass(encoder, output)
        for place, picture in enumerate(shown):
            if ring is None:
                nv12 = av.VideoFrame.from_ndarray(picture, format="nv12")
                frame = nv12 if source == "nv12" else nv12.reformat(format=source)
            else:
                surface: Any = ring.next()
                surface.data[:] = picture
                frame = ring.frame(surface)
            writer.write(coder.encode(frame))
            if place == frames // 2:
                writer.attach(sound)
        writer.write(coder.finish())
    return {"ring": len(ring) if ring else 0, **seen_in(target, shown)}


def seen_in(path: Path, shown: list[np.ndarray]) -> dict[str, Any]:
    """What a decoder makes of a file."""
    with av.open(path) as file:
        stream = file.streams.video[0]
        context = stream.codec_context
        packets = [packet for packet in file.demux(stream) if packet.dts is not None]
        file.seek(0)
        decoded = list(file.decode(stream))
        equal = sum(
            bool((frame.reformat(format="nv12").to_ndarray() == picture).all())
            for frame, picture in zip(decoded, shown, strict=False)
        )
        return {
            "codec": context.name,
            "tag": context.codec_tag,
            "profile": context.profile,
            "colour": [int(tag) for tag in (context.color_primaries, context.color_trc, context.colorspace)],
            "range": int(context.color_range),
            "frames": len(decoded),
            "equal": equal,
            "times": [round(float(frame.time or 0) * float(stream.average_rate or 1), 2) for frame in decoded],
            "dts_grows": all(one.dts < other.dts for one, other in pairwise(packets)),
            "pts_after_dts": all((packet.pts or 0) >= (packet.dts or 0) for packet in packets),
            "keys": [place for place, packet in enumerate(packets) if packet.is_keyframe],
        }


def record(path: str, library: str, frames: int, parameters: str) -> None:
    """Packets of a software encoder for the stand-in driver to replay, the parameter sets first."""
    option = "x265-params" if library == "libx265" else "svtav1-params"
    context: Any = av.CodecContext.create(library, "w")
    context.width, context.height, context.pix_fmt = OUTPUT.width_px, OUTPUT.height_px, "yuv420p"
    context.time_base, context.framerate = 1 / OUTPUT.fps, OUTPUT.fps
    context.options = {"preset": "ultrafast" if library == "libx265" else "12", option: parameters}
    context.flags |= av.codec.context.Flags.global_header
    context.open()
    packets = []
    for place, picture in enumerate(pictures(frames, OUTPUT.width_px, OUTPUT.height_px)):
        frame = av.VideoFrame.from_ndarray(picture, format="nv12").reformat(format="yuv420p")
        frame.pts, frame.time_base = place, context.time_base
        packets += context.encode(frame)
    packets += context.encode(None)
    with Path(path).open("wb") as file:
        for place, data in [(0, context.extradata), *((packet.pts, bytes(packet)) for packet in packets)]:
            file.write(struct.pack("<II", place, len(data)) + data)


if __name__ == "__main__":
    scenes: dict[str, Any] = {"probe": probe, "open": open_stream, "film": film}
    sys.stdout.write(json.dumps(scenes[sys.argv[1]](**json.loads(sys.argv[2]))))
