"""Pages and feeds as they came last, so that a server need only say that nothing changed.

STORAGE/stages/page/<key>.json, the key being made from the address.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nvpipe.cache.stages import StageStore
from nvpipe.types.codec import digest_of

if TYPE_CHECKING:
    from pathlib import Path

    from nvpipe.cache.store import Warn

PAGE = "page"
_FORMAT = 1
_TEXTS = ("url", "content_type", "etag", "modified")


@dataclass(frozen=True, slots=True)
class PageCopy:
    """A page as it came."""

    url: str
    """After redirects."""
    content_type: str
    etag: str
    modified: str
    body: bytes


class PageStore:
    """The copies of pages in one storage folder; what cannot be read or written is as if it were not there."""

    def __init__(self, storage: Path, warn: Warn) -> None:
        self._store = StageStore(storage, warn)

    def load(self, url: str) -> PageCopy | None:
        """The copy of an address, or None."""
        entry: Any = self._store.load(PAGE, _key(url))
        try:
            url_then, content_type, etag, modified = (str(entry[name]) for name in _TEXTS)
            body = base64.b64decode(entry["body"], validate=True)
        except (TypeError, KeyError, ValueError):
            return None
        return PageCopy(url_then, content_type, etag, modified, body)

    def save(self, url: str, copy: PageCopy) -> None:
        """Keep a copy under the address that was asked for."""
        fields = {
            "url": copy.url,
            "content_type": copy.content_type,
            "etag": copy.etag,
            "modified": copy.modified,
            "body": base64.b64encode(copy.body).decode("ascii"),
        }
        self._store.save(PAGE, _key(url), fields)


def _key(url: str) -> str:
    return digest_of([_FORMAT, url])
