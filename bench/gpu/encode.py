"""What NVENC does with pictures on the card and from host memory, and what x264 makes of downloads; prints JSON.

    python bench/gpu/encode.py > encode.json
    python bench/gpu/encode.py --source host --frames 300 --size 1080x1920 --level medium

For each level and source: frames a second of one film, CPU seconds of this process, bits a second, and luma's PSNR of
the decoded file. Sources: `card` is a ring of buffers that stay on the card, `host` is NV12 in host memory, and
`downloaded` is pictures of the card brought to host memory for x264. The pictures are made before the clock starts.
Exit status: 0 when everything that can be measured here was, 1 when a film failed, 2 for wrong usage, 4 when there is
nothing to measure; what cannot be is named with its reason.

State: on NVENC it has never run on hardware.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from video import psnr_db, synthetic

if TYPE_CHECKING:
    import av

    from nvpipe.media.encode import Encoder
    from nvpipe.types import OutputFormat

FPS = Fraction(30)
DISTINCT = 30
"""Different pictures, shown again and again."""
SOURCES = {"card": "nvenc", "host": "nvenc", "downloaded": "x264"}
NOTHING = 4


def pictures(width_px: int, height_px: int) -> list[Any]:
    """NV12, uint8 `[height * 3 / 2, width]`."""
    import numpy as np

    made = (synthetic(index, width_px, height_px) for index in range(DISTINCT))
    return [np.concatenate([luma, chroma.reshape(height_px // 2, width_px)]) for luma, chroma in made]


def frames(
    source: str, encoder: Encoder, output: OutputFormat, shown: list[Any], count: int
) -> Iterator[av.VideoFrame]:
    """A film's pictures as the encoder gets them."""
    import av

    if source == "host":
        for index in range(count):
            yield av.VideoFrame.from_ndarray(shown[index % DISTINCT], format="nv12")
        return
    import torch

    from nvpipe.media.encode.surfaces import IN_FLIGHT, FrameRing, downloaded

    on_card = [torch.from_numpy(picture).cuda() for picture in shown]
    size_px = (output.width_px, output.height_px)
    ring = FrameRing(size_px, IN_FLIGHT + 2 if source == "downloaded" else encoder.holds(output) + 2)

    def drawn() -> Iterator[torch.Tensor]:
        for index in range(count):
            surface = ring.next()
            surface.copy_(on_card[index % DISTINCT], non_blocking=True)
            yield surface

    if source == "card":
        yield from map(ring.frame, drawn())
    else:
        yield from downloaded(drawn())


def film(source: str, encoder: Encoder, output: OutputFormat, shown: list[Any], count: int) -> dict[str, Any]:
    """Encode once; the figures."""
    from nvpipe.media.encode.passes import EncoderPass

    coder = EncoderPass(encoder, output)
    packets: list[Any] = []
    feed = frames(source, encoder, output, shown, count)
    first = next(feed)
    wall, cpu = time.perf_counter(), time.process_time()
    packets += coder.encode(first)
    for frame in feed:
        packets += coder.encode(frame)
    packets += coder.finish()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    size_bytes = sum(packet.size for packet in packets)
    seconds = count / float(output.fps)
    quality = likeness(encoder, output, [bytes(packet) for packet in packets], shown)
    rate = {"fps": round(count / wall, 1), "cpu_s": round(cpu, 2), "kbit_s": round(size_bytes * 8 / seconds / 1000)}
    return {**rate, "packets": len(packets), "psnr_y_db": quality}


def likeness(encoder: Encoder, output: OutputFormat, packets: list[bytes], shown: list[Any]) -> float:
    """Luma's PSNR of the first pictures, decoded on the CPU."""
    import av
    import numpy as np

    with av.open(io.BytesIO(), "w", format="mp4") as container:
        header = encoder.add_stream(container, output).codec_context.extradata
    decoder: Any = av.CodecContext.create("h264", "r")
    decoder.extradata = header
    seen = [frame for data in packets[: 4 * DISTINCT] for frame in decoder.decode(av.Packet(data))]
    seen += decoder.decode(None)
    lumas = [frame.to_ndarray()[: output.height_px] for frame in seen[:DISTINCT]]
    values = [psnr_db(luma, picture[: output.height_px]) for luma, picture in zip(lumas, shown, strict=False)]
    return round(float(np.mean(values)), 2)


def reason(source: str) -> str:
    """Why a source cannot be measured here; "" where it can."""
    from nvpipe.media.encode import ENCODERS

    probe = ENCODERS.probe(SOURCES[source])
    if not probe.usable or source == "host":
        return "" if probe.usable else f"{SOURCES[source]}: {probe.reason}"
    import torch

    return "" if torch.cuda.is_available() else "torch has no card here"


def measure(arguments: argparse.Namespace) -> tuple[dict[str, Any], int]:
    from nvpipe.errors import NvpipeError
    from nvpipe.media.encode import ENCODERS
    from nvpipe.types import OutputFormat

    width_px, height_px = arguments.size
    shown = pictures(width_px, height_px)
    rows: list[dict[str, Any]] = []
    missing = {source: why for source in arguments.source if (why := reason(source))}
    failed = False
    for source in arguments.source:
        for level in arguments.level if source not in missing else ():
            output = OutputFormat(width_px, height_px, FPS, "fill", level)
            row: dict[str, Any] = {"source": source, "encoder": SOURCES[source], "level": level}
            try:
                row |= film(source, ENCODERS.load(SOURCES[source]), output, shown, arguments.frames)
            except (NvpipeError, RuntimeError) as error:
                row["error"], failed = str(error), True
            rows.append(row)
    document = {
        "format": "nvpipe-gpu-encode",
        "version": 1,
        "size_px": [width_px, height_px],
        "frames": arguments.frames,
        "rows": rows,
        "missing": missing,
    }
    return document, 1 if failed else 0 if rows else NOTHING


def size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    try:
        found = int(width), int(height)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no WIDTHxHEIGHT") from None
    if min(found) < 160 or max(found) > 4096 or found[0] % 2 or found[1] % 2:
        raise argparse.ArgumentTypeError("sides are even and from 160 to 4096")
    return found


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--source", action="append", choices=tuple(SOURCES), help="only this one; may be repeated")
    parser.add_argument("--level", action="append", choices=("low", "medium", "high", "original"), help="the same")
    parser.add_argument("--frames", type=int, default=600, help="length of each film (default 600)")
    parser.add_argument("--size", type=size, default=(1080, 1920), help="WIDTHxHEIGHT (default 1080x1920)")
    parser.add_argument("--json", type=Path, help="write the document there instead")
    arguments = parser.parse_args(words)
    if not 1 <= arguments.frames <= 100_000:
        parser.error("--frames must be from 1 to 100000")
    arguments.source = arguments.source or list(SOURCES)
    arguments.level = arguments.level or ["low", "medium", "high"]
    document, status = measure(arguments)
    text = json.dumps(document, indent=1)
    if arguments.json:
        arguments.json.write_text(text, "utf-8")
    else:
        print(text)
    return status


if __name__ == "__main__":
    raise SystemExit(main())
