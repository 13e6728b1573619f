"""Cache files made by hand."""

from __future__ import annotations

import hashlib
import json

ENVELOPE = {
    "format": "nvpipe-test",
    "version": 2,
    "key": "abc",
    "made_by": "nvpipe 9",
    "created": "",
    "data": "VALUE",
}


def signed(fields: dict[str, object], **changes: str) -> bytes:
    """An envelope with a right checksum whatever is wrong with the rest."""
    text = json.dumps({**fields, "checksum": "0" * 32})
    for old, new in changes.items():
        text = text.replace(f'"{old}"', new)
    checksum = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    return text.replace('"' + "0" * 32, f'"{checksum}').encode()


DATA = {
    "name": "Über/\udcff\n",
    "scores": [0.1 * n for n in range(40)],
    "nested": [{"a": 1}, {"a": None}],
    "none": {},
}
