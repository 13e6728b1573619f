"""Pictures that nobody sees are not decoded, and what is shown stays the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from fakes import media

from nvpipe.compose.frames import EARLY_S, on_grid, source_s, unseen
from nvpipe.media.decode import MisplacedError
from nvpipe.media.decode.clock import Clock
from nvpipe.media.decode.disposable import Syntax
from nvpipe.media.decode.needed import Needed
from nvpipe.media.decode.pyav import PyAvReader
from nvpipe.types import Cut, Footage

PYRAMID = {"preset": "veryfast", "x264-params": "b-pyramid=normal:b-adapt=0:bframes=4:ref=4"}
OPEN = {"preset": "veryfast", "x264-params": "open-gop=1:b-pyramid=normal:bframes=3"}
REFRESH = {"preset": "veryfast", "x264-params": "intra-refresh=1:bframes=3"}
X265 = {"preset": "ultrafast", "x265-params": "log-level=none:pools=1:bframes=4:b-adapt=0"}
SUBLAYERS = {"preset": "ultrafast", "x265-params": "log-level=none:pools=1:bframes=4:temporal-layers=3"}
Times = list[tuple[float, bytes]]


def paced_unevenly() -> list[float]:
    chance = random.Random(3)
    times = [0.0]
    while times[-1] < 3:
        times.append(round(times[-1] + chance.choice([1 / 120, 1 / 60, 1 / 60, 0.02, 0.2]), 4))
    return times


CLIPS: list[tuple[str, dict[str, Any]]] = [
    *((f"{rate}.mp4", {"fps": rate, "gop": 90, "options": PYRAMID}) for rate in (24, 25, 50, 60, 120)),
    ("ntsc.mkv", {"fps": Fraction(60000, 1001), "gop": 40, "options": PYRAMID}),
    ("two.mp4", {"fps": 60, "gop": 40}),
    ("later.mp4", {"fps": 60, "gop": 40, "start_s": 1.0}),
    ("open.ts", {"fps": 60, "gop": 30, "options": OPEN}),
    ("refresh.ts", {"fps": 60, "gop": 30, "options": REFRESH}),
    ("uneven.mkv", {"times_s": paced_unevenly(), "gop": 50, "options": PYRAMID}),
    ("uneven.mp4", {"times_s": paced_unevenly(), "gop": 50, "options": PYRAMID}),
    ("hevc.mp4", {"fps": 60, "codec": "libx265", "gop": 60, "options": X265}),
    ("hevc.ts", {"fps": 50, "codec": "libx265", "gop": 60, "options": X265}),
    ("sublayers.mp4", {"fps": 60, "codec": "libx265", "gop": 60, "options": SUBLAYERS}),
    ("mpeg2.ts", {"fps": 50, "codec": "mpeg2video", "options": {"bf": "2"}}),
    ("vp9.webm", {"fps": 60, "codec": "libvpx-vp9"}),
    ("prores.mov", {"fps": 60, "codec": "prores_ks", "pix_fmt": "yuv422p10le"}),
    ("pairs.avi", {"fps": 60, "options": PYRAMID}),
]
LEAVES_OUT = {"50.mp4", "60.mp4", "120.mp4", "ntsc.mkv", "two.mp4", "open.ts", "hevc.mp4", "mpeg2.ts", "prores.mov"}


def digest(frame: Any) -> bytes:
    return b"".join(bytes(plane) for plane in frame.to_av().planes)


def chosen(frames: Iterator[tuple[float, bytes]], taken: list[float]) -> Times:
    """What a composer shows at each moment."""
    shown, coming = next(frames), next(frames, None)
    result = []
    for at_s in taken:
        while coming is not None and coming[0] <= at_s + EARLY_S:
            shown, coming = coming, next(frames, None)
        result.append(shown)
    return result


def cut_at(path: Path, start_s: float, count: int, fps: int) -> Cut:
    footage = Footage("clip", path, "0" * 64, 128, 72, Fraction(60), 3.0, "h264", 0, False, "bt709", False)
    return Cut(footage=footage, source_start_s=start_s, source_end_s=start_s + count / fps, at_s=0.0)


@pytest.mark.parametrize(("name", "options"), CLIPS, ids=[name for name, _ in CLIPS])
def test_the_same_pictures_are_shown(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    path = media.make_video(tmp_path / name, audio=None, **{"seconds": 3, **options})
    with PyAvReader(path) as reader:
        rate = reader.info.fps
        every = [(frame.time_s, digest(frame)) for frame in reader.frames()]
        decoded = 0
        for start_s, fps in ((0.0, 30), (0.51, 30), (1.0, 24), (1.37, 60), (1.983, 25), (2.2, 30)):
            cut = cut_at(path, start_s, 20, fps)
            taken = [source_s(cut, index, Fraction(fps)) for index in range(20)]
            before = [at for at, (time_s, _) in enumerate(every) if time_s <= start_s + 0.0006]
            whole = [(on_grid(time_s, rate), seen) for time_s, seen in every[before[-1] if before else 0 :]]
            spare = unseen(cut, 0, 20, Fraction(fps), rate)
            frames = list(reader.frames(start_s, start_s + 20 / fps + 1, spare=spare))
            found = chosen(((on_grid(frame.time_s, rate), digest(frame)) for frame in frames), taken)
            assert found == chosen(iter(whole), taken), start_s
            inside = [time_s for time_s, _ in every if start_s <= time_s < start_s + 20 / fps]
            decoded += len(inside) - sum(start_s <= frame.time_s < start_s + 20 / fps for frame in frames)
    assert (decoded > 0) or name not in LEAVES_OUT


def restamped(path: Path, source: Path, change: Callable[[list[Any]], list[Any]]) -> Path:
    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        video = old.streams.video[0]
        stream = new.add_stream_from_template(video)
        for packet in change([packet for packet in old.demux(video) if packet.size]):
            packet.stream = stream
            new.mux(packet)
    return path


def as_decoded(packets: list[Any]) -> list[Any]:
    for packet in packets:
        packet.pts = packet.dts
    return packets


def repeated(packets: list[Any]) -> list[Any]:
    step = packets[1].dts - packets[0].dts
    for packet in packets[5::20]:
        packet.pts += step
    return packets


def exchanged(packets: list[Any]) -> list[Any]:
    for one, other in zip(packets[::2], packets[1::2], strict=False):
        if max(one.dts, other.dts) <= min(one.pts, other.pts) and not one.is_keyframe:
            one.pts, other.pts = other.pts, one.pts
    return packets


@pytest.mark.parametrize("change", [as_decoded, repeated, exchanged])
def test_stamps_that_lie_give_the_same_pictures(tmp_path: Path, change: Callable[[list[Any]], list[Any]]) -> None:
    source = media.make_video(tmp_path / "a.mp4", seconds=3, fps=60, gop=60, audio=None, options=PYRAMID)
    path = restamped(tmp_path / "b.mp4", source, change)
    with PyAvReader(path) as reader:
        every = [(on_grid(frame.time_s, reader.info.fps), digest(frame)) for frame in reader.frames()]
        cut = cut_at(path, 0.0, 80, 30)
        taken = [source_s(cut, index, Fraction(30)) for index in range(80)]
        spare = unseen(cut, 0, 80, Fraction(30), reader.info.fps)
        frames = reader.frames(0.0, 4.0, spare=spare)
        found = chosen(((on_grid(frame.time_s, reader.info.fps), digest(frame)) for frame in frames), taken)
    assert found == chosen(iter(every), taken)


def choice(stream: Any, start_s: float) -> Needed:
    """What leaves out pictures before a moment."""
    context = stream.codec_context
    clock = Clock(stream.time_base, 0.0, 1 / 60, 9.0, from_start=True, paced=False, trusts_pts=True)
    return Needed(context, Syntax(context.name, bytes(context.extradata)), clock, start_s, None, None, 9.0, lambda: 0)


def passed(path: Path, start_s: float) -> tuple[int, int]:
    """Packets before a moment, and how many of them are to be decoded for the picture on display then."""
    with av.open(str(path)) as container:
        stream: Any = container.streams.video[0]
        packets: list[Any] = [packet for packet in container.demux(stream) if packet.size]
        before = [packet for packet in packets if packet.pts * packet.time_base < start_s]
        kept = set(map(id, choice(stream, start_s).of(iter(packets))))
        return len(before), sum(id(packet) in kept for packet in before)


def test_the_way_from_the_keyframe_is_short(tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4", seconds=3, fps=60, gop=180, audio=None, options=PYRAMID)
    total, kept = passed(path, 2.5)
    assert total == 150
    assert kept < 0.7 * total


def test_interlaced_pictures_keep_their_neighbours(tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4", fps=50, interlaced=True, audio=None, options=PYRAMID)
    with PyAvReader(path) as reader:
        assert len(list(reader.frames(0.0, 1.0, spare=lambda _time_s, _next_s: True))) == 50


class Picture:
    def __init__(self, pts: int) -> None:
        self.pts = pts


def test_a_picture_that_does_not_come_is_noticed(tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4", seconds=2, fps=60, gop=180, audio=None, options=PYRAMID)
    with av.open(str(path)) as container:
        stream: Any = container.streams.video[0]
        needed = choice(stream, 1.0)
        packets: Any = container.demux(stream)
        kept: list[Any] = list(needed.of(packets))
        stamps = sorted(packet.pts for packet in kept if packet.size)
        needed.came(Picture(stamps[0]))  # type: ignore[arg-type]
        with pytest.raises(MisplacedError):
            needed.came(Picture(stamps[2]))  # type: ignore[arg-type]
