"""Whether a coded picture is one that no other is predicted from, told from its packet alone."""

from __future__ import annotations

from collections.abc import Iterator

_START_CODE = b"\0\0\1"
_INTRA_ONLY = ("prores", "mjpeg", "dnxhd")

_H264_SLICE, _H264_IDR, _H264_SPS = 1, 5, 7
_H264_CODED = range(1, 6)
"""Slices, and their data partitions (ITU-T H.264, table 7-1)."""

_HEVC_CODED = range(32)
_HEVC_NO_REFERENCE = range(0, 10, 2)
"""TRAIL_N, TSA_N, STSA_N, RADL_N, RASL_N (ITU-T H.265, table 7-1): no reference within their temporal sub-layer."""
_HEVC_SPS = 33

_MPEG2_PICTURE, _MPEG2_SEQUENCE = b"\0\0\1\0", b"\0\0\1\xb3"
_MPEG2_B = 3
_MPEG2_SEQUENCE_BYTES = 12


class Syntax:
    """Reads the headers of H.264, HEVC, MPEG-2 and codecs without prediction; of others it tells nothing.

    VP9 has pictures that no other shows again, but what they teach the entropy coder is kept.

    Args:
        codec: libav's name of it.
        extradata: the decoder's configuration from the container, which says how packets are framed.
    """

    def __init__(self, codec: str, extradata: bytes) -> None:
        self._codec = codec
        self._known = codec in ("h264", "hevc", "mpeg2video", *_INTRA_ONLY)
        self._width = 0
        """Bytes of the length before each unit, 0 where start codes separate them."""
        self._layers = 0
        """Temporal sub-layers of HEVC, 0 as long as they are not known."""
        if codec == "h264" and extradata[:1] == b"\1" and len(extradata) > 4:
            self._width = (extradata[4] & 3) + 1
        if codec == "hevc":
            if extradata[:1] == b"\1" and len(extradata) > 22:
                self._width = (extradata[21] & 3) + 1
                self._note_layers(_hvcc_units(extradata))
            else:
                self._note_layers(_between_start_codes(extradata))

    @property
    def known(self) -> bool:
        """Whether anything can be told of this codec."""
        return self._known

    def is_disposable(self, packet: bytes) -> bool:
        """Whether decoding goes on the same without it."""
        if self._codec in _INTRA_ONLY:
            return True
        if self._codec == "mpeg2video":
            kinds = _mpeg2_kinds(packet)
            return bool(kinds) and kinds == {_MPEG2_B}
        units = list(self._units(packet))
        if self._codec == "h264":
            coded = [unit[0] for unit in units if unit[0] & 31 in _H264_CODED]
            return bool(coded) and all(head & 31 == _H264_SLICE and not head & 0x60 for head in coded)
        if self._codec == "hevc" and self._layers == 1:
            heads = [unit for unit in units if unit[0] >> 1 & 63 in _HEVC_CODED]
            return bool(heads) and all(unit[0] >> 1 & 63 in _HEVC_NO_REFERENCE and _base(unit) for unit in heads)
        return False

    def restarts(self, packet: bytes) -> bool:
        """Whether all that is shown after a keyframe comes out right when decoding starts there."""
        if self._codec == "h264":
            return any(unit[0] & 31 == _H264_IDR for unit in self._units(packet))
        return self._known

    def parameters(self, packet: bytes) -> bytes:
        """What a keyframe says of size and format, empty where it says nothing."""
        if self._codec == "mpeg2video":
            at = packet.find(_MPEG2_SEQUENCE)
            return packet[at : at + _MPEG2_SEQUENCE_BYTES] if at >= 0 else b""
        if self._codec in _INTRA_ONLY:
            return b""
        units = list(self._units(packet))
        if self._codec == "h264":
            return b"".join(unit for unit in units if unit[0] & 31 == _H264_SPS)
        self._note_layers(units)
        return b"".join(unit for unit in units if unit[0] >> 1 & 63 == _HEVC_SPS)

    def _units(self, packet: bytes) -> Iterator[bytes]:
        return _length_prefixed(packet, self._width) if self._width else _between_start_codes(packet)

    def _note_layers(self, units: Iterator[bytes] | list[bytes]) -> None:
        for unit in units:
            # Two bytes of header, four bits of an identifier, then the number of sub-layers less one.
            if len(unit) > 2 and unit[0] >> 1 & 63 == _HEVC_SPS and _base(unit):
                self._layers = max(self._layers, (unit[2] >> 1 & 7) + 1)


def _base(unit: bytes) -> bool:
    """Whether an HEVC unit belongs to the base layer (nuh_layer_id 0)."""
    return len(unit) > 1 and not unit[0] & 1 and not unit[1] >> 3


def _mpeg2_kinds(packet: bytes) -> set[int]:
    """The picture_coding_type of each picture of a packet (ITU-T H.262, 6.2.3)."""
    kinds = set()
    at = packet.find(_MPEG2_PICTURE)
    while 0 <= at < len(packet) - 5:
        kinds.add(packet[at + 5] >> 3 & 7)
        at = packet.find(_MPEG2_PICTURE, at + 4)
    return kinds


def _between_start_codes(packet: bytes) -> Iterator[bytes]:
    """Units of annex B, with the zeros that may follow them."""
    at = packet.find(_START_CODE)
    while 0 <= at < len(packet) - 3:
        end = packet.find(_START_CODE, at + 3)
        yield packet[at + 3 : end if end >= 0 else len(packet)]
        at = end


def _length_prefixed(packet: bytes, width: int) -> Iterator[bytes]:
    """Units that follow their lengths; what is cut off is left out."""
    at = 0
    while at + width < len(packet):
        start = at + width
        at = start + int.from_bytes(packet[at:start], "big")
        if start < at <= len(packet):
            yield packet[start:at]


def _hvcc_units(extradata: bytes) -> Iterator[bytes]:
    """Parameter sets in an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, 8.3.3.1)."""
    at = 23
    for _ in range(extradata[22]):
        count = int.from_bytes(extradata[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            size = int.from_bytes(extradata[at : at + 2], "big")
            if not size or at + 2 + size > len(extradata):
                return
            yield extradata[at + 2 : at + 2 + size]
            at += 2 + size
