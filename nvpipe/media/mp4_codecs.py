"""What an MP4 says of its codecs and colours: `avcC`, `esds`, `colr`."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_AAC_RATES_HZ = (96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350)
_SBR, _PS, _ESCAPE = 5, 29, 31
_MAX_CHILDREN = 64
_ES, _DECODER_CONFIG, _DECODER_SPECIFIC = 3, 4, 5


@dataclass(frozen=True, slots=True)
class AvcConfig:
    """`avcC`, ISO/IEC 14496-15."""

    profile_idc: int
    """66 Baseline, 77 Main, 100 High."""
    constraint_flags: int
    level_idc: int
    """Ten times the level."""
    nal_length_bytes: int


@dataclass(frozen=True, slots=True)
class AacConfig:
    """`esds` with the AudioSpecificConfig of ISO/IEC 14496-3."""

    object_type: int
    """2 is AAC-LC, 5 HE-AAC, 29 HE-AAC v2."""
    rate_hz: int
    channels: int
    """0 when the stream itself says it."""
    max_bit_rate: int
    average_bit_rate: int


@dataclass(frozen=True, slots=True)
class Colour:
    """`colr` of kind `nclx` or `nclc`, in the code points of ITU-T H.273."""

    kind: str
    primaries: int
    transfer: int
    matrix: int
    full_range: bool | None
    """None for `nclc`, which does not say."""


def read_avc(payload: bytes) -> AvcConfig:
    """Raises IndexError when it is cut short."""
    return AvcConfig(payload[1], payload[2], payload[3], (payload[4] & 3) + 1)


def read_colour(payload: bytes) -> Colour | None:
    """None for ICC profiles; raises struct.error when it is cut short."""
    kind = payload[:4].decode("latin-1")
    if kind not in ("nclx", "nclc"):
        return None
    primaries, transfer, matrix = struct.unpack_from(">HHH", payload, 4)
    return Colour(kind, primaries, transfer, matrix, bool(payload[10] & 0x80) if kind == "nclx" else None)


def read_aac(payload: bytes) -> AacConfig | None:
    """None when the descriptors hold no MPEG-4 audio; raises IndexError or struct.error when cut short."""
    found = dict(_descriptors(payload[4:]))
    config, specific = found.get(_DECODER_CONFIG), found.get(_DECODER_SPECIFIC)
    if config is None or specific is None or config[0] != 0x40:
        return None
    max_bit_rate, average_bit_rate = struct.unpack_from(">II", config, 5)
    return AacConfig(*_audio_specific(specific), max_bit_rate, average_bit_rate)


def boxes_in(payload: bytes, at: int) -> Iterator[tuple[str, bytes]]:
    """Kind and payload of the boxes inside a payload; stops at what is no box."""
    for _ in range(_MAX_CHILDREN):
        if at + 8 > len(payload):
            return
        size = int.from_bytes(payload[at : at + 4], "big")
        if size < 8 or at + size > len(payload):
            return
        yield payload[at + 4 : at + 8].decode("latin-1"), payload[at + 8 : at + size]
        at += size


def _descriptors(payload: bytes) -> Iterator[tuple[int, bytes]]:
    """The descriptors that lead to the decoder's configuration, outermost first."""
    at = 0
    for _ in range(_MAX_CHILDREN):
        if at + 2 > len(payload):
            return
        tag, size, at = payload[at], 0, at + 1
        for _ in range(4):
            byte, at = payload[at], at + 1
            size = size << 7 | byte & 0x7F
            if not byte & 0x80:
                break
        yield tag, payload[at : at + size]
        if tag == _ES:
            flags = payload[at + 2]
            at += 3 + 2 * (flags >> 7) + 2 * (flags >> 5 & 1)
            at += 1 + payload[at] if flags >> 6 & 1 else 0
        elif tag == _DECODER_CONFIG:
            at += 13
        else:
            at += size


def _audio_specific(payload: bytes) -> tuple[int, int, int]:
    """Object type, rate and channels of an AudioSpecificConfig."""
    bits = _Bits(payload)
    object_type = bits.take(5)
    if object_type == _ESCAPE:
        object_type = 32 + bits.take(6)
    rate_hz, channels = _rate(bits), bits.take(4)
    if object_type in (_SBR, _PS):
        rate_hz = _rate(bits)
    return object_type, rate_hz, channels


def _rate(bits: _Bits) -> int:
    index = bits.take(4)
    if index == 15:
        return bits.take(24)
    return _AAC_RATES_HZ[index]


class _Bits:
    def __init__(self, payload: bytes) -> None:
        self._value, self._left = int.from_bytes(payload, "big"), 8 * len(payload)

    def take(self, count: int) -> int:
        """Raises IndexError past the end."""
        self._left -= count
        if self._left < 0:
            raise IndexError("no more bits")
        return self._value >> self._left & ((1 << count) - 1)
