"""As much of HEVC's syntax (ITU-T H.265, 7.3.1 and annex B; ISO/IEC 14496-15, 8.3.3) as tells key frames apart."""

from __future__ import annotations

from collections.abc import Iterator

_LAST_SLICE = 31
_IDR = frozenset({19, 20})
_START_CODE = b"\0\0\1"
_LENGTH_AT = 21
"""Of `hvcC`: where the width of the units' lengths stands."""


def holds_idr(packet: bytes, extradata: bytes) -> bool:
    """Whether an access unit is an instantaneous decoder refresh: all its slices are IDR slices.

    Args:
        packet: the access unit, in the file's own framing.
        extradata: the decoder's configuration, which says the framing: `hvcC` or start codes.
    """
    slices = [kind for kind in nal_kinds(packet, extradata) if kind <= _LAST_SLICE]
    return bool(slices) and _IDR.issuperset(slices)


def nal_kinds(packet: bytes, extradata: bytes) -> Iterator[int]:
    """The `nal_unit_type` of each unit of an access unit."""
    if extradata[:1] == b"\1" and len(extradata) > _LENGTH_AT:
        width, at = (extradata[_LENGTH_AT] & 3) + 1, 0
        while at + width < len(packet):
            yield packet[at + width] >> 1 & 63
            at += width + int.from_bytes(packet[at : at + width], "big")
    else:
        at = packet.find(_START_CODE)
        while 0 <= at < len(packet) - 3:
            yield packet[at + 3] >> 1 & 63
            at = packet.find(_START_CODE, at + 3)
