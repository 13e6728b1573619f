"""Encoders of the benchmark's kind: the real one with few settings, and others that fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import av

from nvpipe.media.encode.x264 import X264Encoder
from nvpipe.registry import Probe

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.video.stream import VideoStream

    from nvpipe.types import OutputFormat


class Small(X264Encoder):
    """Two presets of x264 with four rates each."""

    def trials(self) -> tuple[str, ...]:
        return tuple(f"{preset}@{crf}" for preset in ("ultrafast", "superfast") for crf in (18, 23, 28, 33))


class Second(X264Encoder):
    """Another encoder, with a preset of its own name."""

    def trials(self) -> tuple[str, ...]:
        return tuple(f"veryfast@{crf}" for crf in (18, 23, 28, 33))


class Absent(X264Encoder):
    """An encoder that the machine has not."""

    def probe(self) -> Probe:
        return Probe(False, "this card has no encoder")


class Breaking(X264Encoder):
    """An encoder that is usable and then does not open for presets."""

    def trials(self) -> tuple[str, ...]:
        return ("veryfast@20",)

    def add_stream(self, container: OutputContainer, output: OutputFormat, pix_fmt: str = "yuv420p") -> VideoStream:
        if "@" in output.quality:
            raise av.error.ExternalError(1, "no session is free")
        return super().add_stream(container, output, pix_fmt)
