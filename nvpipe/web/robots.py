"""What the owners of hosts allow programs to read (RFC 9309), and how fast (Crawl-delay, which is no standard)."""

from __future__ import annotations

import urllib.parse
from typing import TYPE_CHECKING

from nvpipe.web.pages import AGENT, FetchError
from nvpipe.web.robots_rules import Rules, parse_rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from nvpipe.web.pages import Response

READ_BYTES = 500 << 10
LONGEST_DELAY_S = 30.0


class Robots:
    """The rules of hosts, each asked for once.

    Args:
        get: fetches an address.
        agent: by whose rules to go.
    """

    def __init__(self, get: Callable[[str], Response], agent: str = AGENT) -> None:
        self._get = get
        self._agent = agent
        self._rules: dict[str, Rules | FetchError] = {}

    def allow(self, url: str) -> bool:
        """Whether a page may be read. Without a robots.txt it may.

        Raises:
            FetchError: the host does not say, so that nothing of it may be read.
        """
        parts = urllib.parse.urlsplit(url)
        return self._of(url).allow(f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/")

    def delay_s(self, url: str) -> float:
        """How long to wait between two pages of that host."""
        return min(self._of(url).delay_s, LONGEST_DELAY_S)

    def _of(self, url: str) -> Rules:
        parts = urllib.parse.urlsplit(url)
        host = f"{parts.scheme.lower()}://{parts.netloc.rpartition('@')[2].lower()}"
        if host not in self._rules:
            try:
                self._rules[host] = self._read(f"{host}/robots.txt")
            except FetchError as error:
                self._rules[host] = error
        found = self._rules[host]
        if isinstance(found, FetchError):
            raise found
        return found

    def _read(self, url: str) -> Rules:
        answer = self._get(url)
        found = answer.body if answer.status == 200 else b""
        if len(found) > READ_BYTES:
            # Half a line may forbid more than the whole one.
            found = b"\n".join(found[:READ_BYTES].splitlines()[:-1])
        return parse_rules(found.decode("utf-8-sig", "replace"), self._agent)
