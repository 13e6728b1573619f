"""Everything that one pass over a video file shows: its structure, every packet, every frame, its loudness."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nvpipe.errors import MediaError, UnsupportedMediaError
from nvpipe.media import h264, hevc
from nvpipe.media.loudness import Loudness, Meter
from nvpipe.media.mp4 import Mp4, is_mp4, read_mp4
from nvpipe.media.safety import MAX_SIDE_PX, DecodeBudget, name_of, opened, read_head

if TYPE_CHECKING:
    import av
    from av.packet import Packet

    from nvpipe.media.watch import PictureWatch, SoundWatch

MAX_LOOKS = 16
"""Different looks that are remembered of one stream."""
AV1 = frozenset({"av1", "libdav1d"})
"""What libav calls AV1, by its decoders."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a decoded frame says of itself; colours as code points of ITU-T H.273, 2 when it says nothing."""

    width_px: int
    height_px: int
    pixel_format: str
    interlaced: bool
    rotation_deg: int
    primaries: int
    transfer: int
    matrix: int
    full_range: bool | None


@dataclass(slots=True)
class VideoFacts:
    """A video stream, packet by packet."""

    codec: str
    time_base: Fraction
    profile: str = ""
    pixel_aspect: Fraction | None = None
    looks: list[Look] = field(default_factory=list)
    """The different ones, in order of appearance."""
    packets: int = 0
    hidden: int = 0
    """Packets that an edit list takes out of the presentation."""
    frames: int = 0
    errors: list[str] = field(default_factory=list)
    shown_ticks: array[int] = field(default_factory=lambda: array("q"))
    """When each packet is presented, in decoding order."""
    end_ticks: int = 0
    key_ticks: array[int] = field(default_factory=lambda: array("q"))
    """When each packet that the file lists as a key frame is presented."""
    open_ticks: array[int] = field(default_factory=lambda: array("q"))
    """Key frames at which decoding cannot start cleanly."""


@dataclass(slots=True)
class AudioFacts:
    """An audio stream, packet by packet."""

    codec: str
    profile: str = ""
    rate_hz: int = 0
    channels: int = 0
    packets: int = 0
    size_bytes: int = 0
    busiest_bytes: int = 0
    """Most bytes of any second."""
    errors: list[str] = field(default_factory=list)
    start_s: float = math.nan
    end_s: float = math.nan
    loudness: Loudness = field(default_factory=lambda: Loudness(-math.inf, -math.inf))


@dataclass(frozen=True, slots=True)
class Examination:
    """A file's structure and its first video and audio streams."""

    path: Path
    container: str
    mp4: Mp4 | None
    """None for other containers."""
    video: VideoFacts
    audio: AudioFacts | None


def examine(path: Path, *, picture: PictureWatch | None = None, sound: SoundWatch | None = None) -> Examination:
    """Decode a file once; memory does not grow with its length but for a few bytes a frame.

    Args:
        path: the file.
        picture: shown every picture.
        sound: given every sample.

    Raises:
        MediaError: the file cannot be read as a video.
    """
    import av

    head = read_head(path)
    with opened(path) as container:
        shown = next((s for s in container.streams.video if not _is_cover(s)), None)
        if shown is None:
            raise MediaError(f"{name_of(path)} has no video", hint="name a video file")
        if shown.codec_context is None:
            raise UnsupportedMediaError(f"the video of {name_of(path)} is in a codec that is not known here")
        heard = next(iter(container.streams.audio), None)
        mp4 = read_mp4(path) if is_mp4(head) else None
        video = _VideoPass(shown, _key_lister(mp4), picture)
        audio = _AudioPass(heard, sound) if heard else None
        budget = DecodeBudget(path)
        streams = [shown, heard] if heard else [shown]
        try:
            for packet in container.demux(streams):
                budget.start()
                one = video if packet.stream_index == shown.index else audio
                if one is not None and packet.size:
                    one.take(packet)
                budget.stop(None if packet.pts is None else float(packet.pts * packet.time_base))
        except av.FFmpegError as error:
            video.facts.errors.append(f"the file cannot be read on: {error.strerror}")
        video.finish()
        if audio:
            audio.finish()
        if not video.facts.frames:
            raise MediaError(f"no frame of {name_of(path)} can be decoded", hint="it is damaged; use another copy")
        return Examination(path, container.format.name, mp4, video.facts, audio.facts if audio else None)


def _is_cover(stream: av.VideoStream) -> bool:
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.attached_pic)


def _key_lister(mp4: Mp4 | None) -> Callable[[int, Packet[Any]], bool]:
    """Whether the file lists a packet, numbered from 1 in decoding order, as a key frame.

    libav corrects a wrong list of key frames; other players believe it, so the index is asked itself.
    """
    track = mp4.track("vide") if mp4 and not mp4.fragmented else None
    if track is None:
        return lambda _, packet: packet.is_keyframe
    sync = track.samples.sync
    if sync is None:
        return lambda _number, _packet: True

    def listed(number: int, _: Packet[Any]) -> bool:
        at = bisect_left(sync, number)
        return at < len(sync) and sync[at] == number

    return listed


class _VideoPass:
    def __init__(
        self, stream: av.VideoStream, is_listed: Callable[[int, Packet[Any]], bool], watch: PictureWatch | None
    ) -> None:
        self._is_listed = is_listed
        self._watch = watch
        self._frame_s = float(1 / (stream.average_rate or 30))
        self.facts = VideoFacts(stream.codec_context.name, stream.time_base or Fraction(1, 1000))
        self._container_context = stream.codec_context
        self._decoder = _own_decoder(stream.codec_context)
        self._extradata = stream.codec_context.extradata or b""
        self._key_ticks: int | None = None

    def take(self, packet: Packet[Any]) -> None:
        facts = self.facts
        facts.packets += 1
        facts.hidden += packet.is_discard
        ticks = packet.pts if packet.pts is not None else packet.dts
        if ticks is not None and not packet.is_discard:
            self._note_time(packet, ticks)
        self._decode(packet)

    def _note_time(self, packet: Packet[Any], ticks: int) -> None:
        facts = self.facts
        facts.shown_ticks.append(ticks)
        facts.end_ticks = max(facts.end_ticks, ticks + (packet.duration or 0))
        if self._is_listed(facts.packets, packet):
            facts.key_ticks.append(ticks)
            self._key_ticks = ticks
            if not _begins_anew(facts.codec, packet, self._extradata):
                facts.open_ticks.append(ticks)
            return
        leading = self._key_ticks is not None and ticks < self._key_ticks
        if leading and self._key_ticks not in facts.open_ticks[-1:]:
            facts.open_ticks.append(self._key_ticks or 0)

    def finish(self) -> None:
        self._decode(None)
        context = self._decoder
        self.facts.profile = context.profile or self._container_context.profile or ""
        self.facts.pixel_aspect = context.sample_aspect_ratio or None
        if self._watch:
            self._watch.finish()

    def _decode(self, packet: Packet[Any] | None) -> None:
        import av

        try:
            frames = self._decoder.decode(packet)
        except av.FFmpegError as error:
            self.facts.errors.append(f"video packet {self.facts.packets}: {error.strerror}")
            return
        for frame in frames:
            self.facts.frames += 1
            if frame.is_corrupt:
                self.facts.errors.append(f"video frame {self.facts.frames} is damaged")
            look = _look(frame)
            if look not in self.facts.looks and len(self.facts.looks) < MAX_LOOKS:
                self.facts.looks.append(look)
            if self._watch and frame.pts is not None:
                self._watch.take(frame, float(frame.pts * self.facts.time_base), self._frame_s)


class _AudioPass:
    def __init__(self, stream: av.AudioStream, watch: SoundWatch | None) -> None:
        self._watch = watch
        # A stream in an unknown codec has no context, whatever PyAV's annotations say.
        self._decoder: av.AudioCodecContext | None = stream.codec_context
        self.facts = AudioFacts(self._decoder.name if self._decoder else "unknown")
        self._meter: Meter | None = Meter()
        self._second: deque[tuple[float, int]] = deque()
        self._second_bytes = 0

    def take(self, packet: Packet[Any]) -> None:
        self.facts.packets += 1
        self.facts.size_bytes += packet.size
        self._count(packet)
        self._decode(packet)

    def _count(self, packet: Packet[Any]) -> None:
        """Keep the packets of the last second, and the most bytes that they ever had together."""
        if packet.pts is None:
            return
        at_s = float(packet.pts * packet.time_base)
        self._second.append((at_s, packet.size))
        self._second_bytes += packet.size
        while self._second[0][0] <= at_s - 1.0:
            self._second_bytes -= self._second.popleft()[1]
        self.facts.busiest_bytes = max(self.facts.busiest_bytes, self._second_bytes)

    def finish(self) -> None:
        self._decode(None)
        self.facts.profile = (self._decoder and self._decoder.profile) or ""
        if self._meter:
            self.facts.loudness = self._meter.result()
        if self._watch:
            self._watch.finish()

    def _decode(self, packet: Packet[Any] | None) -> None:
        import av

        facts = self.facts
        if self._decoder is None:
            facts.errors[:] = ["the audio is in a codec that is not known here"]
            return
        try:
            frames = self._decoder.decode(packet)
        except av.FFmpegError as error:
            facts.errors.append(f"audio packet {facts.packets}: {error.strerror}")
            return
        for frame in frames:
            facts.rate_hz, facts.channels = frame.sample_rate, frame.layout.nb_channels
            if frame.pts is not None and frame.time_base:
                at_s = float(frame.pts * frame.time_base)
                facts.start_s = at_s if math.isnan(facts.start_s) else facts.start_s
                facts.end_s = at_s + frame.samples / frame.sample_rate
                self._measure(frame)
                if self._watch and self._meter:
                    self._watch.take(frame, at_s)
            else:
                self._measure(frame)

    def _measure(self, frame: av.AudioFrame) -> None:
        try:
            if self._meter:
                self._meter.add(frame)
        except MediaError as error:
            self.facts.errors.append(error.message)
            self.facts.loudness = Loudness(math.nan, math.nan)
            self._meter = None


def _begins_anew(codec: str, packet: Packet[Any], extradata: bytes) -> bool:
    """Whether nothing that follows a key frame can need what comes before it; unknown codecs are not trusted."""
    if codec == "h264":
        return h264.holds_idr(bytes(packet), extradata)
    if codec == "hevc":
        return hevc.holds_idr(bytes(packet), extradata)
    # Of AV1's pictures only those that begin a coded video sequence are key frames for libav.
    return codec in AV1 and packet.is_keyframe


def _own_decoder(context: av.VideoCodecContext) -> av.VideoCodecContext:
    """For H.264 a decoder that knows the stream alone: colours of the container would hide what it says."""
    import av

    decoder = context
    if context.name == "h264":
        decoder = av.VideoCodecContext.create("h264", "r")
        decoder.extradata = context.extradata
        decoder.options = {"max_pixels": str(MAX_SIDE_PX * MAX_SIDE_PX), "err_detect": "explode"}
    decoder.thread_type = "AUTO"
    return decoder


def _look(frame: av.VideoFrame) -> Look:
    ranges = {1: False, 2: True}
    return Look(
        frame.width,
        frame.height,
        frame.format.name,
        bool(frame.interlaced_frame),
        frame.rotation % 360,
        int(frame.color_primaries),
        int(frame.color_trc),
        int(frame.colorspace),
        ranges.get(int(frame.color_range)),
    )
