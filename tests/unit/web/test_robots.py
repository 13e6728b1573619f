"""robots.txt: whose rules, asked for once, and what holds without them."""

from __future__ import annotations

import time

import pytest

from nvpipe.web.pages import FetchError, Response
from nvpipe.web.robots import LONGEST_DELAY_S, READ_BYTES, Robots

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


def allowed(rules: str, target: str, agent: str = "nvpipe/1") -> bool:
    return Robots(says(rules.encode()), agent).allow(f"https://a.example{target}")


@pytest.mark.parametrize(
    ("pattern", "forbidden", "free"),
    [
        ("/*.pdf", ("/a.pdf", "/a/b.pdf?x=1"), ("/pdf", "/a.PDF")),
        ("/*.pdf$", ("/a.pdf",), ("/a.pdf?x=1", "/a.pdfs")),
        ("/a*/b*/c", ("/a1/b2/c", "/ab/b/x/c/d"), ("/a/c/b", "/b/c")),
        ("/*?print=", ("/a?print=1",), ("/a?x=1", "/print=1")),
        ("/$", ("/", ""), ("/a", "/?a")),
        ("*private", ("/private", "/a/private"), ("/public",)),
        ("/a$b", ("/a$b",), ("/a", "/ab")),
        ("/a%2Ab", ("/a*b", "/a%2ab"), ("/axb",)),
        ("/caf\u00e9/%7Eme", ("/caf%C3%A9/~me", "/caf%c3%a9/%7eme"), ("/cafe/~me",)),
        ("/*aa*aa$", ("/aaaa",), ("/aaa",)),
        ("", (), ("/", "/a")),
    ],
)
def test_patterns(pattern: str, forbidden: tuple[str, ...], free: tuple[str, ...]) -> None:
    rules = f"User-agent: *\nDisallow: {pattern}"
    assert not [target for target in forbidden if allowed(rules, target)]
    assert not [target for target in free if not allowed(rules, target)]


def test_the_longest_pattern_counts_and_a_tie_allows() -> None:
    rules = "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/*.gif\nAllow: /c\nDisallow: /c\nDisallow: /"
    targets = ("/a/x", "/a/b/x", "/a/b/x.gif", "/c/x", "/d", "/robots.txt")
    assert [allowed(rules, target) for target in targets] == [False, True, False, True, False, True]


def test_groups_of_one_agent_are_one_and_the_best_name_counts() -> None:
    rules = (
        "User-Agent: other\nUser-agent: NVPipe/2.0 # us\nDisallow: /a\n\nSitemap: https://a.example/s\n"
        "User-agent: *\nDisallow: /\r\nuser-agent : nvpipe\rDisallow: /b\nUser-agent: nvpipebot\nDisallow: /c"
    )
    assert [allowed(rules, target) for target in ("/a", "/b", "/c", "/d")] == [False, False, True, True]
    assert not allowed(rules, "/d", "someone/1")
    assert allowed("User-agent: nvpipe\nDisallow:\n\nUser-agent: *\nDisallow: /", "/a")


@pytest.mark.parametrize(
    ("delay", "seconds"), [("2.5", 2.5), ("0", 0), ("-1", 0), ("nan", 0), ("inf", 0), ("soon", 0), ("", 0)]
)
def test_delays_may_have_decimals(delay: str, seconds: float) -> None:
    robots = Robots(says(f"User-agent: *\nCrawl-delay: {delay}".encode()))
    assert robots.delay_s("https://a.example/") == seconds


def test_a_line_that_is_cut_off_forbids_nothing() -> None:
    rules = b"User-agent: *\n"
    rules += b"#" * (READ_BYTES - len(rules) - 12) + b"\nDisallow: /private"
    assert Robots(says(rules)).allow("https://a.example/news")


@pytest.mark.parametrize(
    "line", ["User-agent: *\n", "Disallow: /" + "*a" * 9 + "\n", "Disallow: /*" + "a*" * 250_000]
)
def test_hostile_rules_take_no_time(line: str) -> None:
    text = ("User-agent: *\n" + line * (READ_BYTES // len(line)))[:READ_BYTES]
    start = time.process_time()
    assert Robots(says(text.encode())).allow("https://a.example/" + "b" * 8000)
    assert time.process_time() - start < 10
