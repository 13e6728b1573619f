"""Key frames told apart by their NAL units, in both framings."""

from __future__ import annotations

import pytest

from nvpipe.media.h264 import holds_idr, nal_kinds

AVCC = b"\x01\x64\x00\x28\xff"
SEI, SPS, IDR, SLICE = b"\x06\x01", b"\x67\x02", b"\x65\x03\x04", b"\x41\x05"


def framed(units: tuple[bytes, ...], extradata: bytes) -> bytes:
    if extradata:
        return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)
    return b"".join(b"\0\0\0\1" + unit for unit in units)


@pytest.mark.parametrize("extradata", [AVCC, b""], ids=["lengths", "start codes"])
@pytest.mark.parametrize(
    ("units", "idr"),
    [((SPS, SEI, IDR, IDR), True), ((SEI, SLICE), False), ((IDR, SLICE), False), ((SEI,), False), ((), False)],
)
def test_only_idr_slices_make_an_idr(units: tuple[bytes, ...], idr: bool, extradata: bytes) -> None:
    packet = framed(units, extradata)
    assert list(nal_kinds(packet, extradata)) == [unit[0] & 31 for unit in units]
    assert holds_idr(packet, extradata) is idr


@pytest.mark.parametrize("packet", [b"", b"\0", b"\xff\xff\xff\xff\x65", b"\0\0\0\0" * 5, b"\0\0\1"])
def test_damaged_units_end(packet: bytes) -> None:
    for extradata in (AVCC, b"", b"\x01"):
        assert len(list(nal_kinds(packet, extradata))) <= len(packet)
