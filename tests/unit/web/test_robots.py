"""robots.txt: whose rules, asked for once, and what holds without them."""

from __future__ import annotations

import pytest

from nvpipe.web.pages import FetchError, Response
from nvpipe.web.robots import LONGEST_DELAY_S, Robots

RULES = b"""
User-agent: nvpipe
Disallow: /private
Crawl-delay: 3

User-agent: slow
Crawl-delay: 999999

User-agent: *
Disallow: /
"""


class Host:
    """Answers for robots.txt and counts how often it was asked."""

    def __init__(self, *answers: Response | FetchError) -> None:
        self._answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, url: str) -> Response:
        self.asked.append(url)
        answer = self._answers.pop(0)
        if isinstance(answer, FetchError):
            raise answer
        return answer


def says(body: bytes, status: int = 200) -> Host:
    return Host(*[Response("", status, "text/plain", body)] * 3)


def test_the_own_rules_count() -> None:
    robots = Robots(says(RULES), "nvpipe/1.2.3")
    assert robots.allow("https://a.example/news")
    assert not robots.allow("https://a.example/private/x")
    assert robots.delay_s("https://a.example/news") == 3
    assert not Robots(says(RULES), "other/1").allow("https://a.example/news")
    assert Robots(says(RULES), "slow/1").delay_s("https://a.example/") == LONGEST_DELAY_S


def test_each_host_is_asked_once() -> None:
    host = says(RULES)
    robots = Robots(host)
    for url in ("https://a.example/1", "https://me:pw@A.example/2", "https://a.example:8443/1", "http://a.example/1"):
        robots.allow(url)
    assert host.asked == [
        "https://a.example/robots.txt",
        "https://a.example:8443/robots.txt",
        "http://a.example/robots.txt",
    ]


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_without_rules_everything_is_allowed(status: int) -> None:
    assert Robots(says(b"", status)).allow("https://a.example/x")


@pytest.mark.parametrize(
    "body", [b"", b"<html>hello</html>", bytes(range(256)) * 50, b"Disallow: /", b"\xef\xbb\xbf# hi"]
)
def test_what_holds_no_rules_forbids_nothing(body: bytes) -> None:
    assert Robots(says(body)).allow("https://a.example/x")


def test_a_host_that_does_not_say_is_left_alone() -> None:
    host = Host(FetchError("a.example is down"))
    robots = Robots(host)
    for _ in range(2):
        with pytest.raises(FetchError, match="is down"):
            robots.allow("https://a.example/x")
    assert len(host.asked) == 1
