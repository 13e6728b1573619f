"""How much of a video a coarse track may decode in full."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nvpipe.media.skim import Skim
    from nvpipe.types import Footage

SHARE = 0.12
"""What all of it may cost, as a share of decoding the video; the true cost varies by a fifth."""
_START = 300.0
_PER_SECOND = 6.0
_PER_MEGABYTE = 43.0
_PER_PACKET = 0.03
_SOUND_PER_SECOND = 1.3
_BURST_SHARE = 0.75
_CONTESTED = 1.5
"""Costs, as megapixels of decoding: of starting the process; of a decoded second, whatever its pictures hold, and of
a megabyte of packets; of reading a packet, and of a second of sound; and of bursts, which leave out the loop filter,
against the same frames in a full decode. What is contested is action and codes in more bytes than usual, and it is
measured, too: this many times a usual second. Fitted to CPU seconds of H.264 at 360p to 1080p."""

SPACINGS_S = (1.9, 3.0)
"""Least distance of two bursts: with keyframes every two seconds all are used, or every other one."""
_DENSE_FROM = 3500.0
"""What decoding a video costs from which on twice as many bursts are affordable beside what every start costs."""


def spacing_s(footage: Footage) -> float:
    """Least distance of two bursts, by what decoding the whole video would cost."""
    packets = float(footage.fps) * footage.duration_s
    try:
        size_bytes = footage.path.stat().st_size
    except OSError:
        # Whoever opens it next says so.
        size_bytes = 0
    whole = _decoding(packets, size_bytes, footage.width_px * footage.height_px)
    return SPACINGS_S[whole + _PER_SECOND * footage.duration_s < _DENSE_FROM]


def _decoding(packets: float, size_bytes: float, pixels: int) -> float:
    return packets * pixels / 1e6 + _PER_MEGABYTE * size_bytes / 1e6


def spare_s(glance: Skim[Any], duration_s: float) -> float:
    """Seconds that can be decoded in full before `SHARE` of the cost of decoding the whole video is spent.

    By counts, not by the clock: the same file gives the same track on any load.
    """
    info = glance.inspection.info
    pixels = info.width_px * info.height_px
    packets = len(glance.time_s)
    whole = _decoding(packets, float(glance.size_bytes.sum()), pixels) + _PER_SECOND * duration_s
    bursts = _BURST_SHARE * _decoding(glance.decoded, glance.decoded_bytes, pixels)
    sound = _SOUND_PER_SECOND * duration_s if len(glance.powers) else 0.0
    spare = SHARE * whole - _START - _PER_PACKET * packets - sound - bursts
    return max(0.0, spare / (_CONTESTED * whole) * duration_s)
