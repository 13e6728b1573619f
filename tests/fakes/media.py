"""Small test videos, made with PyAV: deterministic, quick, and every frame tells its own number.

`make_video(path)` writes two seconds of 128x72 at 30 fps with stereo AAC; every argument changes one thing.
The top quarter of each frame holds its index as twelve black or white bars, read back by `frame_number(luma)`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

BITS = 12
MATRICES = {"bt709": 1, "bt601": 5, "bt2020": 9}
TRANSFERS = {"bt709": 1, "pq": 16, "hlg": 18}
PRIMARIES = {"bt709": 1, "bt2020": 9, "p3": 12}
Picture = Callable[[int, float, int, int], np.ndarray]


def numbered(index: int, time_s: float, width: int, height: int) -> np.ndarray:
    """Grey, with the index as bars above and a bright square that moves to the right below."""
    rgb = np.full((height, width, 3), 96, np.uint8)
    rgb[: max(height // 4, 1)] = _bars(index, width)[None, :, None]
    side = max(height // 4, 1)
    left = index * 2 % max(width - side, 1)
    rgb[height // 2 : height // 2 + side, left : left + side] = (230, 200, 40)
    return rgb


def solid(red: int, green: int, blue: int) -> Picture:
    """A picture of one colour."""
    return lambda _index, _time_s, width, height: np.full((height, width, 3), (red, green, blue), np.uint8)


def corners(index: int, time_s: float, width: int, height: int) -> np.ndarray:
    """Red, green, blue and white from top left clockwise, so that any turn or flip shows."""
    rgb = np.zeros((height, width, 3), np.uint8)
    top, left = slice(0, height // 2), slice(0, width // 2)
    bottom, right = slice(height // 2, None), slice(width // 2, None)
    rgb[top, left], rgb[top, right] = (255, 0, 0), (0, 255, 0)
    rgb[bottom, right], rgb[bottom, left] = (0, 0, 255), (255, 255, 255)
    return rgb


def frame_number(luma: Any) -> int:
    """The index that `numbered` drew, from a decoded Y plane (array or tensor `[H, W]`)."""
    rows = np.asarray(luma)[: max(luma.shape[0] // 4, 1)].mean(axis=0)
    width = rows.shape[0]
    bits = [rows[width * bit // BITS : width * (bit + 1) // BITS].mean() > 126 for bit in range(BITS)]
    return sum(1 << bit for bit, on in enumerate(bits) if on)


def _bars(index: int, width: int) -> np.ndarray:
    bar = np.arange(width) * BITS // width
    return np.where((index >> bar) & 1, 235, 16).astype(np.uint8)


def make_video(
    path: Path,
    *,
    seconds: float = 2.0,
    fps: int | Fraction = 30,
    size: tuple[int, int] = (128, 72),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    container: str | None = None,
    picture: Picture = numbered,
    flashes_s: Sequence[float] = (),
    times_s: Sequence[float] | None = None,
    gop: int = 15,
    b_frames: int = 2,
    rotation: int = 0,
    mirrored: bool = False,
    sample_aspect: Fraction | None = None,
    matrix: str | None = None,
    full_range: bool = False,
    transfer: str | None = None,
    primaries: str | None = None,
    interlaced: bool = False,
    audio: str | None = "aac",
    audio_hz: int = 48000,
    layout: str = "stereo",
    sound: np.ndarray | None = None,
    clicks_s: Sequence[float] = (),
    start_s: float = 0.0,
    audio_start_s: float | None = None,
    tags: dict[str, str] | None = None,
    options: dict[str, str] | None = None,
    format_options: dict[str, str] | None = None,
) -> Path:
    """Write a video and return its path; the container follows from the suffix unless it is named.

    Args:
        path: where to.
        seconds: length.
        fps: frame rate.
        size: coded width and height, before rotation.
        codec: name of a libav encoder.
        pix_fmt: coded pixel format; 10-bit and other chroma formats work where the encoder has them.
        container: libav's name of a muxer.
        picture: draws frame (index, time, width, height) as RGB `[height, width, 3]` uint8.
        flashes_s: times at which one frame is white.
        times_s: exact presentation times of the frames, for variable frame rate.
        gop: frames between keyframes.
        b_frames: consecutive B-frames of x264.
        rotation: clockwise turn, in degrees, that a player is told to apply.
        mirrored: the player is told to mirror, too.
        sample_aspect: shape of the pixels.
        matrix: colour matrix to convert with and to tag; None converts with BT.601 and tags nothing.
        full_range: convert to full range and tag it.
        transfer: `pq` or `hlg` tags HDR.
        primaries: `bt709`, `bt2020` or `p3` tags them.
        interlaced: code as interlaced, top field first (x264).
        audio: encoder of the sound, or None for a silent file.
        audio_hz: its sample rate.
        layout: its channels, `mono`, `stereo`, `5.1`, ...
        sound: float samples `[channels, n]` instead of the default quiet 440 Hz tone.
        clicks_s: times of single-sample clicks in otherwise silent sound.
        start_s: timestamp of the first frame.
        audio_start_s: timestamp of the first sample, `start_s` by default.
        tags: metadata of the container, such as `copyright`.
        options: further options of the video encoder.
        format_options: options of the muxer.
    """
    with av.open(str(path), "w", format=container, options=format_options or {}) as file:
        file.metadata.update(tags or {})
        rate = Fraction(fps)
        stream: Any = file.add_stream(codec, rate=rate, options=_options(codec, gop, b_frames, options))
        stream.width, stream.height, stream.pix_fmt = *size, pix_fmt
        if times_s is not None:
            stream.codec_context.time_base = Fraction(1, 90_000)
        _tag_stream(stream, sample_aspect, matrix, full_range, transfer)
        if primaries is not None:
            stream.codec_context.color_primaries = PRIMARIES[primaries]
        if interlaced:
            stream.codec_context.flags |= int(av.codec.context.Flags.interlaced_dct)
        if rotation or mirrored:
            stream.set_display_rotation(-rotation, hflip=mirrored)
        voice: Any = None
        if audio is not None:
            voice = file.add_stream(audio, rate=audio_hz)
            voice.layout = layout
        times = times_s if times_s is not None else [index / rate for index in range(round(seconds * rate))]
        jobs = [
            _pictures(stream, times, size, picture, flashes_s, start_s, matrix, full_range, transfer, primaries),
        ]
        if voice is not None:
            if sound is None:
                sound = _sound(seconds, audio_hz, voice.layout.nb_channels, clicks_s)
            jobs.append(_sounds(voice, sound, start_s if audio_start_s is None else audio_start_s))
        _interleave(file, jobs)
    return path


def _options(codec: str, gop: int, b_frames: int, extra: dict[str, str] | None) -> dict[str, str]:
    options = {"g": str(gop), "threads": "1"}
    if codec == "libx264":
        options |= {"preset": "ultrafast", "crf": "10", "bf": str(b_frames), "sc_threshold": "0"}
    elif codec == "libx265":
        options |= {"preset": "ultrafast", "crf": "10", "x265-params": "log-level=none:pools=1"}
    elif codec == "libsvtav1":
        options |= {"preset": "12", "crf": "10", "svtav1-params": "lp=1"}
    elif codec.startswith("libvpx"):
        options |= {"cpu-used": "8", "deadline": "realtime", "crf": "10", "b": "2M"}
    elif codec in ("mpeg4", "mpeg2video", "mjpeg"):
        options |= {"qmin": "2", "qmax": "2", "bf": "0"}
    return options | (extra or {})


def _tag_stream(
    stream: Any, aspect: Fraction | None, matrix: str | None, full_range: bool, transfer: str | None
) -> None:
    context = stream.codec_context
    if aspect is not None:
        context.sample_aspect_ratio = aspect
    if matrix is not None:
        context.colorspace = MATRICES[matrix]
    if full_range:
        context.color_range = 2
    elif matrix is not None:
        context.color_range = 1
    if transfer is not None:
        context.color_trc = TRANSFERS[transfer]


def _pictures(
    stream: Any,
    times: Sequence[float | Fraction],
    size: tuple[int, int],
    picture: Picture,
    flashes_s: Sequence[float],
    start_s: float,
    matrix: str | None,
    full_range: bool,
    transfer: str | None,
    primaries: str | None,
) -> Iterable[tuple[float, list[Any]]]:
    base = stream.codec_context.time_base or 1 / stream.codec_context.framerate
    flashes = {min(range(len(times)), key=lambda index: abs(times[index] - at)) for at in flashes_s if times}
    for index, time_s in enumerate(times):
        rgb = picture(index, float(time_s), *size)
        if index in flashes:
            rgb = np.full_like(rgb, 255)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24").reformat(
            format=stream.pix_fmt,
            dst_colorspace=MATRICES.get(matrix or "bt601"),
            dst_color_range=2 if full_range else 1,
        )
        frame.colorspace = MATRICES[matrix] if matrix else 2
        frame.color_range = 2 if full_range else 1 if matrix else 0
        frame.color_trc, frame.color_primaries = TRANSFERS.get(transfer or "", 2), PRIMARIES.get(primaries or "", 2)
        frame.pts, frame.time_base = round((time_s + Fraction(start_s)) / base), base
        yield float(time_s) + start_s, stream.encode(frame)
    yield float("inf"), stream.encode(None)


def _sound(seconds: float, rate_hz: int, channels: int, clicks_s: Sequence[float]) -> np.ndarray:
    count = round(seconds * rate_hz)
    if clicks_s:
        mono = np.zeros(count, np.float32)
        mono[[round(at * rate_hz) for at in clicks_s]] = 0.9
    else:
        mono = (0.1 * np.sin(2 * np.pi * 440 * np.arange(count) / rate_hz)).astype(np.float32)
    return np.repeat(mono[None], channels, axis=0)


def _sounds(stream: Any, sound: np.ndarray, start_s: float) -> Iterable[tuple[float, list[Any]]]:
    rate = stream.codec_context.sample_rate
    for at in range(0, sound.shape[1], 1024):
        block = np.ascontiguousarray(sound[:, at : at + 1024].T.reshape(1, -1), np.float32)
        frame = av.AudioFrame.from_ndarray(block, format="flt", layout=stream.layout.name)
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = at + round(start_s * rate)
        yield start_s + at / rate, stream.encode(frame)
    yield float("inf"), stream.encode(None)


def _interleave(file: Any, jobs: list[Iterable[tuple[float, list[Any]]]]) -> None:
    sources = [iter(job) for job in jobs]
    heads = [next(source, None) for source in sources]
    while any(head is not None for head in heads):
        index = min((head[0], number) for number, head in enumerate(heads) if head is not None)[1]
        head = heads[index]
        assert head is not None
        file.mux(head[1])
        heads[index] = next(sources[index], None)


def audio_only(path: Path, *, seconds: float = 2.0, codec: str = "aac") -> Path:
    """Sound without video."""
    with av.open(str(path), "w") as file:
        stream: Any = file.add_stream(codec, rate=48000)
        stream.layout = "stereo"
        _interleave(file, [_sounds(stream, _sound(seconds, 48000, 2, ()), 0.0)])
    return path


def cover_only(path: Path) -> Path:
    """Sound with a cover picture, which libav shows as a video stream."""
    with av.open(str(path), "w", format="mp4") as file:
        picture: Any = file.add_stream("mjpeg", rate=1)
        picture.width, picture.height, picture.pix_fmt = 64, 64, "yuvj420p"
        picture.disposition = av.stream.Disposition.attached_pic
        stream: Any = file.add_stream("aac", rate=48000)
        stream.layout = "stereo"
        frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 90, np.uint8), format="rgb24")
        frame.pts = 0
        file.mux(picture.encode(frame.reformat(format="yuvj420p")))
        file.mux(picture.encode(None))
        _interleave(file, [_sounds(stream, _sound(2.0, 48000, 2, ()), 0.0)])
    return path


def no_frames(path: Path) -> Path:
    """A video track without a single frame."""
    with av.open(str(path), "w", format="matroska") as file:
        stream: Any = file.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 128, 72, "yuv420p"
        voice: Any = file.add_stream("aac", rate=48000)
        voice.layout = "stereo"
        _interleave(file, [_sounds(voice, _sound(2.0, 48000, 2, ()), 0.0)])
    return path


def truncated(path: Path, source: Path, *, keep: float = 0.5) -> Path:
    """The first part of a file."""
    data = source.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    return path


def damaged(path: Path, source: Path, *, start: float = 0.4, end: float = 0.5, every: int = 7) -> Path:
    """A file with bytes flipped between two fractions of its length."""
    data = bytearray(source.read_bytes())
    for at in range(int(len(data) * start), int(len(data) * end), every):
        data[at] ^= 0xA5
    path.write_bytes(data)
    return path


def playlist(path: Path, target: Path, *, kind: str = "m3u8") -> Path:
    """A text that names another file: `m3u8`, `ffconcat`, `sdp`, `mpd`, `pls`, `xspf`, `edl`, `cue`, `asx`."""
    name = str(target)
    texts = {
        "m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:2,\n{name}\n#EXT-X-ENDLIST\n",
        "ffconcat": f"ffconcat version 1.0\nfile '{name}'\n",
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
        "mpd": f'<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{name}</BaseURL></MPD>',
        "pls": f"[playlist]\nFile1={name}\nNumberOfEntries=1\n",
        "xspf": f'<?xml version="1.0"?>\n<playlist version="1"><track><location>{name}</location></track></playlist>',
        "edl": f"# mpv EDL v0\n{name},0,2\n",
        "cue": f'FILE "{name}" WAVE\n  TRACK 01 AUDIO\n',
        "asx": f'<asx version="3.0"><entry><ref href="{name}"/></entry></asx>',
    }
    path.write_text(texts[kind])
    return path


def with_external_data(path: Path, source: Path, target: Path) -> Path:
    """An MP4 whose video track says that its data lies in another file (`dref` with an `alis` path)."""
    data = source.read_bytes()
    at = data.index(b"dref") - 4
    old_size = struct.unpack(">I", data[at : at + 4])[0]
    name = str(target).encode()
    body = bytes(10) + b"\1v" + bytes(26) + bytes(12)  # Volume name, one length byte and 27 bytes.
    body += bytes([min(len(target.name), 63)]) + target.name.encode()[:63].ljust(63, b"\0") + bytes(16)
    body += struct.pack(">HH", 1, 1) + bytes(16)
    body += struct.pack(">HH", 2, len(name)) + name + bytes(len(name) % 2) + b"\xff\xff\0\0"
    entry = b"alis\0\0\0\0" + body.ljust(160, b"\0")
    entry = struct.pack(">I", len(entry) + 4) + entry
    box = b"dref\0\0\0\0\0\0\0\1" + entry
    box = struct.pack(">I", len(box) + 4) + box
    grown = len(box) - old_size
    changed = bytearray(data[:at] + box + data[at + old_size :])
    for parent in (b"dinf", b"minf", b"mdia", b"trak", b"moov"):
        start = changed.rindex(parent, 0, at) - 4
        changed[start : start + 4] = struct.pack(">I", struct.unpack(">I", changed[start : start + 4])[0] + grown)
    path.write_bytes(changed)
    return path
