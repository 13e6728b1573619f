"""What a quality level means for NVENC, as options of libavcodec's NVENC encoders.

Chosen from NVIDIA's documentation; `nvpipe bench encode` measures them, which has not been done on hardware yet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nvpipe.types import OutputFormat

GOP_S = 2
PROFILES = {"h264": "high", "hevc": "main"}
"""AV1 has none to choose from."""
_CQ_OF_AV1 = 63 / 51
"""AV1's scale of quality is this much longer than that of the other two."""


@dataclass(frozen=True, slots=True)
class Level:
    """Settings of the encoder."""

    preset: str
    cq: int
    """Constant quality on H.264's scale from 1 to 51; less is better."""
    b_frames: int = 0
    lookahead: int = 0
    adaptive: bool = False
    """Whether bits go where errors are seen, and B-frames may be references."""
    bit_rate: int = 0
    """Average bits per second, instead of `cq`; 0 leaves it to `cq`."""


LEVELS = {
    "low": Level("p1", 32),
    "medium": Level("p4", 26, b_frames=2),
    "high": Level("p6", 22, b_frames=3, lookahead=16, adaptive=True),
    # The rate that tiktok-automata finishes its files with, at the preset that it takes for the fastest one.
    "original": Level("p7", 30, bit_rate=1_500_000),
}
RICHEST = "high"
"""The level that asks for everything that any level asks for."""
TRIALS = tuple(f"{preset}@{cq}" for preset in ("p1", "p3", "p4", "p5", "p7") for cq in (20, 24, 28, 32))
"""Presets and qualities to compare, each with the B-frames and lookahead of `high`."""


def level_of(quality: str) -> Level:
    """A quality level, or what a trial's name says."""
    if quality in LEVELS:
        return LEVELS[quality]
    preset, _, cq = quality.partition("@")
    return Level(preset, int(cq), b_frames=3, lookahead=16, adaptive=True)


def options_of(level: Level, codec: str, output: OutputFormat) -> tuple[int, dict[str, str]]:
    """Bits per second, 0 where they don't count, and everything else as libavcodec's options."""
    if codec == "av1":
        # Its pictures come out in the order in which they are shown, whatever lies hidden between them; how NVENC
        # packs hidden ones is not something to rely on before it has been seen.
        level = replace(level, b_frames=0, cq=round(level.cq * _CQ_OF_AV1))
    options = {
        "preset": level.preset,
        "tune": "hq",
        "rc": "vbr",
        "g": str(GOP_S * round(output.fps)),
        "bf": str(level.b_frames),
        "rc-lookahead": str(level.lookahead),
        # Keyframes where they are expected; an I-frame within a group would not be one at which decoding can begin.
        "no-scenecut": "1",
        "spatial-aq": str(int(level.adaptive)),
        "b_ref_mode": "middle" if level.adaptive and level.b_frames > 1 else "disabled",
        "surfaces": str(surfaces(level)),
    }
    if codec in PROFILES:
        options["profile"] = PROFILES[codec]
    bit_rate = output.bit_rate or level.bit_rate
    if bit_rate:
        return bit_rate, options | {"maxrate": str(bit_rate * 3 // 2), "bufsize": str(bit_rate * 2)}
    return 0, options | {"cq": str(level.cq)}


def surfaces(level: Level) -> int:
    """How many pictures NVENC may hold at once: libavcodec's own rule, asked for so that it is known.

    A picture's memory may be written again once as many further pictures, and one more, were encoded.
    """
    interval = level.b_frames + 1
    return max(4, 4 * interval, level.lookahead + interval + 5 if level.lookahead else 0)
