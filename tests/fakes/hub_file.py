"""One file of a repository of models, as a page of `web_server` with all its faults."""

from __future__ import annotations

import hashlib

from fakes.web_server import Page

REPOSITORY = "tiny/model-GGUF"
FILE = "tiny.gguf"
WISH = f"{REPOSITORY}:{FILE}"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
PATH = f"/{REPOSITORY}/resolve/main/{FILE}"


def hub_page(body: bytes, *, checksum: str | None = None) -> Page:
    """The file's page; another checksum than its own makes it a damaged one."""
    etag = checksum or hashlib.sha256(body).hexdigest()
    headers = {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT, "X-Linked-Size": str(len(body))}
    return Page(body, content_type="application/octet-stream", headers=headers)
