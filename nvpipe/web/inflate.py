"""Compressed answers unpacked: within limits, whole or not at all."""

from __future__ import annotations

import urllib.error
import zlib

MAX_RATIO = 200
"""Text packs into a tenth, rarely into a hundredth of its size; deflate itself ends at 1032."""
UNSUSPECTED_BYTES = 1 << 20
"""Up to this size the ratio does not matter."""
_GZIP = b"\x1f\x8b"


def inflate(data: bytes, max_bytes: int) -> bytes:
    """The content of gzip (all its members), zlib or raw deflate.

    Raises:
        URLError: it is damaged or cut off, or unpacks to more than `max_bytes` or than any text would.
    """
    if not data:
        return data
    limit = min(max_bytes, max(UNSUSPECTED_BYTES, MAX_RATIO * len(data)))
    for window in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):
        try:
            return _members(data, window, limit)
        except zlib.error:
            continue
    raise urllib.error.URLError("the compressed answer is damaged or cut off")


def _members(data: bytes, window: int, limit: int) -> bytes:
    body = bytearray()
    while True:
        decoder = zlib.decompressobj(window)
        body += decoder.decompress(data, limit - len(body) + 1)
        if len(body) > limit:
            raise urllib.error.URLError(f"the compressed answer unpacks to more than {limit} bytes, it is too large")
        if not decoder.eof:
            raise zlib.error("cut off")
        data = decoder.unused_data
        if not data.startswith(_GZIP):
            return bytes(body)
