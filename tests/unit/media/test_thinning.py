"""Pictures that are left out of a pass over a whole video: which, how far apart, by any number of threads."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from fakes import media

from nvpipe.media.decode import MisplacedError, Thinning
from nvpipe.media.decode.pyav import PyAvReader
from nvpipe.media.slots import Slots

GAP_S, KEEP_EVERY_S = 1 / 15, 0.2
PYRAMID = {"preset": "veryfast", "x264-params": "b-pyramid=normal:b-adapt=0:bframes=4:ref=4"}
FLAT = {"preset": "veryfast", "x264-params": "b-pyramid=none:b-adapt=0:bframes=6"}
OPEN = {"preset": "veryfast", "x264-params": "open-gop=1:b-pyramid=normal:bframes=3"}
REFRESH = {"preset": "veryfast", "x264-params": "intra-refresh=1:bframes=3"}
X265 = {"preset": "ultrafast", "x265-params": "log-level=none:pools=1:bframes=4:b-adapt=0"}

CLIPS: list[tuple[str, dict[str, Any], int]] = [
    ("pyramid.mp4", {"fps": 60, "gop": 90, "options": PYRAMID}, 60),
    ("ntsc.mkv", {"fps": Fraction(60000, 1001), "gop": 40, "options": PYRAMID}, 60),
    ("flat.mp4", {"fps": 60, "gop": 90, "options": FLAT}, 80),
    ("35.mp4", {"fps": 35, "gop": 70, "options": PYRAMID}, 25),
    ("30.mkv", {"fps": 30, "gop": 60, "options": PYRAMID}, 20),
    ("open.ts", {"fps": 60, "gop": 30, "options": OPEN}, 40),
    ("refresh.ts", {"fps": 60, "gop": 30, "options": REFRESH}, 40),
    ("hevc.ts", {"fps": 50, "codec": "libx265", "gop": 60, "options": X265}, 40),
    ("mpeg2.ts", {"fps": 50, "codec": "mpeg2video", "options": {"bf": "2"}}, 40),
    ("25.mp4", {"fps": 25, "gop": 50, "options": PYRAMID}, 0),
    ("vp9.webm", {"fps": 60, "codec": "libvpx-vp9"}, 0),
    ("interlaced.mp4", {"fps": 50, "interlaced": True, "options": PYRAMID}, 0),
]
Pictures = dict[float, bytes]


def thinned(path: Path, threads: int = 0) -> tuple[Pictures, dict[float, int]]:
    """The pictures that come, and the sizes of those that don't, by time."""
    gone: dict[float, int] = {}
    with PyAvReader(path, threads=threads) as reader:
        frames = reader.frames(thinning=Thinning(GAP_S, KEEP_EVERY_S, gone.__setitem__))
        return {frame.time_s: b"".join(map(bytes, frame.to_av().planes)) for frame in frames}, gone


def whole(path: Path) -> tuple[Pictures, dict[float, int]]:
    with PyAvReader(path) as reader:
        frames = list(reader.frames())
    pictures = {frame.time_s: b"".join(map(bytes, frame.to_av().planes)) for frame in frames}
    return pictures, {frame.time_s: frame.size_bytes for frame in frames}


@pytest.mark.parametrize(("name", "options", "least"), CLIPS, ids=[name for name, _, _ in CLIPS])
def test_what_is_left_out_leaves_no_gap(tmp_path: Path, name: str, options: dict[str, Any], least: int) -> None:
    path = media.make_video(tmp_path / name, audio=None, seconds=3, **options)
    every, sizes = whole(path)
    came, gone = thinned(path)
    assert came == {time_s: seen for time_s, seen in every.items() if time_s in came}
    assert sorted([*came, *gone]) == sorted(every)
    assert {time_s: sizes[time_s] for time_s in gone} == gone
    for before_s, after_s in itertools.pairwise(sorted(came)):
        missing = sum(before_s < time_s < after_s for time_s in gone)
        assert missing == 0 or after_s - before_s <= GAP_S + 0.002
    for span in range(1, 15):
        first_s = min(time_s for time_s in every if time_s >= span * KEEP_EVERY_S - 0.0015)
        assert first_s in came
    assert len(gone) >= least
    assert least or not gone


@pytest.mark.parametrize("name", ["open.ts", "refresh.ts", "flat.mp4", "hevc.ts", "mpeg2.ts", "later.ts"])
def test_the_number_of_threads_decides_nothing(tmp_path: Path, name: str) -> None:
    options = {one: kind for one, kind, _ in CLIPS}.get(name) or {"fps": 60, "gop": 30, "options": OPEN}
    path = media.make_video(tmp_path / name, audio=None, seconds=3, **options)
    if name == "later.ts":
        # What begins between keyframes, as recordings do, begins with no picture that restarts the decoder.
        data = path.read_bytes()
        path.write_bytes(data[len(data) // 3 // 188 * 188 :])
    found = [thinned(path, threads) for threads in (1, 2, 4, 8)]
    assert found[0][1]
    assert found[1:] == found[:1] * 3


def as_decoded(packets: list[Any]) -> None:
    for packet in packets:
        packet.pts = packet.dts


def repeated(packets: list[Any]) -> None:
    for packet in packets[65::40]:
        packet.pts += packets[1].dts - packets[0].dts


def exchanged(packets: list[Any]) -> None:
    for one, other in zip(packets[60::2], packets[61::2], strict=False):
        if max(one.dts, other.dts) <= min(one.pts, other.pts) and not one.is_keyframe:
            one.pts, other.pts = other.pts, one.pts


def restamped(path: Path, source: Path, change: Callable[[list[Any]], None]) -> Path:
    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        streams = {stream.index: new.add_stream_from_template(stream) for stream in old.streams}
        packets: list[Any] = [packet for packet in old.demux() if packet.size]
        change([packet for packet in packets if packet.stream.type == "video"])
        for packet in packets:
            packet.stream = streams[packet.stream.index]
            new.mux(packet)
    return path


@pytest.mark.parametrize("change", [as_decoded, repeated, exchanged])
def test_stamps_that_lie_give_all_pictures_or_say_so(tmp_path: Path, change: Callable[[list[Any]], None]) -> None:
    source = media.make_video(tmp_path / "a.mp4", seconds=3, fps=60, gop=60, audio=None, options=PYRAMID)
    path = restamped(tmp_path / "b.mp4", source, change)
    said: list[bool | None] = []
    for threads in (1, 2, 4, 8):
        try:
            said.append(thinned(path, threads) == (whole(path)[0], {}))
        except MisplacedError:
            said.append(None)
    assert said in ([True] * 4, [None] * 4)


def test_the_sound_beside_thinned_pictures_is_whole(tmp_path: Path) -> None:
    path = media.make_video(tmp_path / "a.mp4", seconds=3, fps=60, gop=60, clicks_s=(0.5, 1.7), options=PYRAMID)
    heard = []
    with PyAvReader(path) as reader:
        for thinning in (None, Thinning(GAP_S, KEEP_EVERY_S, lambda _time_s, _size_bytes: None)):
            slots = Slots(0.01)
            count = len(list(reader.frames(sound=slots, thinning=thinning)))
            heard.append((count, slots.powers()))
    assert heard[1][0] < 120 < heard[0][0]
    np.testing.assert_array_equal(heard[0][1], heard[1][1])
