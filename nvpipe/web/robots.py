"""What the owners of hosts allow programs to read (RFC 9309, by the standard library's parser)."""

from __future__ import annotations

import urllib.parse
import urllib.robotparser
from typing import TYPE_CHECKING

from nvpipe.web.pages import AGENT, FetchError

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
        self._rules: dict[str, urllib.robotparser.RobotFileParser | FetchError] = {}

    def allow(self, url: str) -> bool:
        """Whether a page may be read. Without a robots.txt it may.

        Raises:
            FetchError: the host does not say, so that nothing of it may be read.
        """
        return self._of(url).can_fetch(self._agent, url)

    def delay_s(self, url: str) -> float:
        """How long to wait between two pages of that host."""
        return min(float(self._of(url).crawl_delay(self._agent) or 0), LONGEST_DELAY_S)

    def _of(self, url: str) -> urllib.robotparser.RobotFileParser:
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

    def _read(self, url: str) -> urllib.robotparser.RobotFileParser:
        rules = urllib.robotparser.RobotFileParser()
        answer = self._get(url)
        found = answer.body[:READ_BYTES] if answer.status == 200 else b""
        rules.parse(found.decode("utf-8-sig", "replace").splitlines())
        return rules
