"""As much of H.264's syntax (ITU-T H.264, 7.3.1 and annex B) as it takes to tell key frames apart."""

from __future__ import annotations

from collections.abc import Iterator

_SLICE, _IDR_SLICE = 1, 5
_START_CODE = b"\0\0\1"


def holds_idr(packet: bytes, extradata: bytes) -> bool:
    """Whether an access unit is an instantaneous decoder refresh: all its slices are IDR slices.

    Args:
        packet: the access unit, in the file's own framing.
        extradata: the decoder's configuration, which says the framing: `avcC` or start codes.
    """
    kinds = set(nal_kinds(packet, extradata))
    return _IDR_SLICE in kinds and _SLICE not in kinds


def nal_kinds(packet: bytes, extradata: bytes) -> Iterator[int]:
    """The `nal_unit_type` of each unit of an access unit."""
    if extradata[:1] == b"\1" and len(extradata) > 4:
        yield from _length_prefixed(packet, (extradata[4] & 3) + 1)
    else:
        at = packet.find(_START_CODE)
        while 0 <= at < len(packet) - 3:
            yield packet[at + 3] & 31
            at = packet.find(_START_CODE, at + 3)


def _length_prefixed(packet: bytes, width: int) -> Iterator[int]:
    at = 0
    while at + width < len(packet):
        yield packet[at + width] & 31
        at += width + int.from_bytes(packet[at : at + width], "big")
