"""Pages from servers that are slow, broken, lying, compressed into bombs, or lead astray."""

from __future__ import annotations

import base64
import gzip
import socket
import zlib
from email.utils import formatdate
from typing import Any

import pytest
from fakes.web_server import Page, serving

from nvpipe.errors import UsageError
from nvpipe.web import Limits
from nvpipe.web.pages import AGENT, BACKOFF_S, MAX_REDIRECTS, FetchError, Pages, Response

NOW_S = 1_800_000_000.0
RETRIES = 2


class Patience:
    """Remembers how long it was asked to wait, and does not."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)


def pages(
    patience: Patience | None = None, *, allow_private: bool = True, resolve: Any = None, **limits: Any
) -> Pages:
    limits = {"max_bytes": 200_000, "stall_s": 5.0, "total_s": 20.0, "retries": RETRIES, **limits}
    return Pages(
        allow_private=allow_private,
        limits=Limits(**limits),
        resolve=resolve,
        sleep=patience or Patience(),
        clock_s=lambda: NOW_S,
    )


def get(page: Page, patience: Patience | None = None, **options: Any) -> Response:
    with serving({"/x": page}) as server:
        return pages(patience, **options).get(server.url("/x"))


def refused(page: Page, reason: str, **options: Any) -> tuple[FetchError, int]:
    """The error of a page, and how often it was asked for."""
    with serving({"/x": page}) as server:
        with pytest.raises(FetchError, match=reason) as caught:
            pages(**options).get(server.url("/x"))
        line = caught.value.line()
        assert "127.0.0.1" in line
        assert "\n" not in line
        assert caught.value.exit_code == 3
        return caught.value, len(server.seen)


def test_a_page_comes_with_what_the_server_says_of_it() -> None:
    page = Page(b"hello", "text/html", headers={"ETag": '"1"', "Last-Modified": "then"})
    with serving({"/x": page}) as server:
        found = pages().get(server.url("/x?q=1#part"))
        (seen,) = server.seen
        assert found == Response(server.url("/x?q=1"), 200, "text/html", b"hello", '"1"', "then")
        assert pages().get(server.url("/x"), {"If-None-Match": '"1"'}).status == 304
    assert seen.headers["User-Agent"] == AGENT
    assert seen.headers["Accept-Encoding"] == "gzip, deflate"


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 410, 451])
def test_what_another_try_does_not_change_is_not_tried_again(status: int) -> None:
    patience = Patience()
    assert get(Page(statuses=[status] * 9), patience).status == status
    assert patience.waits == []


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_fault_is_tried_again(status: int) -> None:
    patience = Patience()
    assert get(Page(b"there", statuses=[status] * RETRIES), patience).body == b"there"
    assert len(patience.waits) == RETRIES
    for number, wait_s in enumerate(patience.waits):
        assert BACKOFF_S * 2**number / 2 <= wait_s <= BACKOFF_S * 2**number


def test_a_lasting_fault_is_told_after_a_few_tries() -> None:
    error, requests = refused(Page(statuses=[503] * 9), "503 Service Unavailable")
    assert error.retry_helps
    assert requests == RETRIES + 1


def test_the_jitter_is_the_same_every_time() -> None:
    waits = []
    with serving({"/x": Page()}) as server:
        for _ in range(2):
            server.pages["/x"] = Page(b"there", statuses=[500, 500])
            patience = Patience()
            pages(patience).get(server.url("/x"))
            waits.append(patience.waits)
    assert waits[0] == waits[1]


@pytest.mark.parametrize("asked", ["7", formatdate(NOW_S + 7, usegmt=True)])
def test_the_server_says_when_to_come_back(asked: str) -> None:
    patience = Patience()
    assert get(Page(b"there", statuses=[429], retry_after=[asked]), patience).body == b"there"
    assert patience.waits == [7.0]


@pytest.mark.parametrize("asked", ["-5", "soon", "nan", "1e9", "Mon, 99 Foo 2026", "9" * 400])
def test_what_makes_no_sense_as_a_time_is_passed_over(asked: str) -> None:
    patience = Patience()
    get(Page(b"there", statuses=[503], retry_after=[asked]), patience)
    assert len(patience.waits) == 1
    assert patience.waits[0] <= BACKOFF_S


def test_a_server_that_asks_for_an_hour_is_not_waited_for() -> None:
    patience = Patience()
    with serving({"/x": Page(statuses=[503] * 9, retry_after=["3600"])}) as server:
        with pytest.raises(FetchError, match="503") as caught:
            pages(patience).get(server.url("/x"))
        assert len(server.seen) == 1
    assert "3600 s" in caught.value.hint
    assert patience.waits == []


def test_a_lost_connection_is_tried_again() -> None:
    assert get(Page(b"x" * 500, drop_after=[100, 0])).body == b"x" * 500
    error, requests = refused(Page(b"x" * 500, length=5000), "breaks off")
    assert error.retry_helps
    assert requests == RETRIES + 1


def test_a_length_that_is_too_short_gives_only_that_much() -> None:
    assert get(Page(b"x" * 500, length=10)).body == b"x" * 10


def test_too_much_is_not_read_and_not_tried_again() -> None:
    for page in (Page(endless=True), Page(b"x" * 300_000), Page(b"x" * 300_000, length=-1)):
        error, requests = refused(page, "more than 200000 bytes")
        assert not error.retry_helps
        assert requests == 1


def test_a_trickle_is_given_up() -> None:
    refused(Page(b"x" * 5000, bytes_per_s=100), "bytes came in", stall_s=0.3, retries=0)


def test_a_silent_server_is_given_up() -> None:
    refused(Page(b"x" * 5000, bytes_per_s=0.001), "time", stall_s=0.3, retries=0)


def test_a_page_that_never_stalls_has_to_end_in_time() -> None:
    error, requests = refused(Page(b"x" * 190_000, bytes_per_s=40_000), "not done after", total_s=0.3)
    assert not error.retry_helps
    assert requests == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b"\x00" * 100,
        b"SSH-2.0-OpenSSH_9.0\r\n",
        b"HTTP/1.1 twohundred OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\n\r\n",
    ],
    ids=range(9),
)
def test_what_is_no_answer_is_one_line(raw: bytes) -> None:
    refused(Page(raw=raw), "cannot be fetched|redirects to", retries=0)


@pytest.mark.parametrize("location", ["", "mailto:me", "ftp://127.0.0.1/x", "file:///etc/hostname", "javascript:x"])
def test_a_redirect_to_nowhere_is_refused(location: str) -> None:
    refused(Page(location=location), "cannot be fetched|redirects to", retries=0)


def chain(count: int) -> dict[str, Page]:
    hops = {f"/{number}": Page(location=f"/{number + 1}") for number in range(count)}
    return hops | {f"/{count}": Page(b"the end", "text/plain")}


def test_redirects_are_followed_but_not_for_ever() -> None:
    with serving(chain(MAX_REDIRECTS)) as server:
        assert pages().get(server.url("/0")).url == server.url(f"/{MAX_REDIRECTS}")
    for hops in (
        chain(MAX_REDIRECTS + 1),
        {"/0": Page(location="/0")},
        {"/0": Page(location="/1"), "/1": Page(location="/0")},
    ):
        with serving(hops) as server:
            with pytest.raises(FetchError, match="in circles"):
                pages().get(server.url("/0"))
            assert len(server.seen) <= MAX_REDIRECTS + 1


def test_a_redirect_can_be_forbidden() -> None:
    def permit(url: str) -> None:
        raise FetchError(f"{url} is off limits")

    with serving(chain(1)) as server:
        with pytest.raises(FetchError, match="/1 is off limits"):
            pages().get(server.url("/0"), permit=permit)
        assert [seen.path for seen in server.seen] == ["/0"]


PUBLIC, PRIVATE = "93.184.216.34", "10.0.0.1"


class Internet:
    """Names with the addresses that they have at each look-up; what is public leads to this machine."""

    def __init__(self, **addresses: list[str]) -> None:
        self._addresses = addresses
        self.dialled: list[str] = []

    def resolve(self, host: str, port: int, *_: object) -> list[tuple[object, ...]]:
        answers = self._addresses.get(host.partition(".")[0], [host])
        return [(2, 1, 6, "", (answers.pop(0) if len(answers) > 1 else answers[0], port))]

    def dial(self, address: tuple[str, int], *rest: Any) -> socket.socket:
        self.dialled.append(address[0])
        return socket.create_connection(("127.0.0.1", address[1]), *rest)

    def pages(self) -> Pages:
        limits = Limits(200_000, stall_s=5.0, retries=RETRIES)
        return Pages(limits=limits, resolve=self.resolve, dial=self.dial, sleep=Patience())


def test_a_redirect_to_a_private_host_is_refused() -> None:
    internet = Internet(outer=[PUBLIC], inner=[PRIVATE])
    with serving({"/x": Page(b"public"), "/y": Page(b"secret")}) as server:
        assert internet.pages().get(server.url("/x", "outer.example")).body == b"public"
        for target in (server.url("/y", "inner.example"), server.url("/y"), server.url("/y", "[::1]")):
            server.seen.clear()
            server.pages["/x"] = Page(location=target)
            with pytest.raises(FetchError, match="private") as caught:
                internet.pages().get(server.url("/x", "outer.example"))
            assert "--allow-private-hosts" in caught.value.hint
            assert [seen.path for seen in server.seen] == ["/x"]
    assert set(internet.dialled) == {PUBLIC}


def test_a_name_that_becomes_private_is_refused_each_time_that_it_is_looked_up() -> None:
    internet = Internet(outer=[PUBLIC, PRIVATE])
    with serving({"/x": Page(location="/y"), "/y": Page(b"secret")}) as server:
        with pytest.raises(FetchError, match="private"):
            internet.pages().get(server.url("/x", "outer.example"))
        assert [seen.path for seen in server.seen] == ["/x"]
    assert internet.dialled == [PUBLIC]


def test_a_private_host_is_not_connected_to() -> None:
    with serving({"/x": Page(b"secret")}) as server:
        for host in ("127.0.0.1", "localhost", "2130706433"):
            with pytest.raises(FetchError, match="private") as caught:
                pages(allow_private=False).get(server.url("/x", host))
            assert not caught.value.retry_helps
        assert server.seen == []


def test_packed_pages_are_unpacked() -> None:
    text = b"a page of text " * 100
    raw = zlib.compressobj(wbits=-15)
    for coding, body in {
        "gzip": gzip.compress(text),
        "GZIP": gzip.compress(text[:50]) + gzip.compress(text[50:]),
        "deflate": zlib.compress(text),
        "Deflate ": raw.compress(text) + raw.flush(),
    }.items():
        assert get(Page(body, headers={"Content-Encoding": coding})).body == text


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(bytes(50_000_000))),
        ("deflate", zlib.compress(bytes(50_000_000))),
        ("gzip", gzip.compress(bytes(150_000)) * 10),
        ("gzip", gzip.compress(b"a page of text " * 100)[:-20]),
        ("gzip", b"not gzip at all"),
        ("br", b"\x0b\x02\x80hello\x03"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"x"))),
        ("zstd", b"\x28\xb5\x2f\xfd"),
    ],
    ids=range(8),
)
def test_bombs_and_damaged_packing_are_refused(coding: str, body: bytes) -> None:
    page = Page(body, headers={"Content-Encoding": coding})
    refused(page, "unpacks to more|damaged|not asked for", retries=0)


def test_only_one_layer_is_unpacked() -> None:
    inner = gzip.compress(bytes(50_000_000))
    assert get(Page(gzip.compress(inner), headers={"Content-Encoding": "gzip"})).body == inner


def test_text_that_packs_suspiciously_well_is_refused() -> None:
    page = Page(gzip.compress(bytes(5_000_000)), headers={"Content-Encoding": "gzip"})
    refused(page, "unpacks to more", max_bytes=10_000_000)


def test_a_password_goes_to_its_own_host_only_and_is_not_told() -> None:
    with serving({"/x": Page(statuses=[401]), "/y": Page(b"there")}) as other, serving({"/x": Page()}) as server:
        server.pages["/x"] = Page(location=other.url("/y"))
        found = pages().get(server.url("/x", "me:se%40cret@127.0.0.1"))
        assert found.body == b"there"
        assert server.seen[0].headers["Authorization"] == f"Basic {base64.b64encode(b'me:se@cret').decode()}"
        assert "Authorization" not in other.seen[0].headers
    with pytest.raises(FetchError) as caught:
        pages(retries=0).get("http://me:secret@127.0.0.1:1/x?token=secret")
    assert "secret" not in caught.value.line()


def test_addresses_in_any_script_are_fetched() -> None:
    with serving({"/%C3%A9%20x": Page(b"there")}) as server:
        assert pages().get(server.url("/é%20x?q=ü")).body == b"there"
        assert server.seen[0].query == "q=%C3%BC"
    asked: list[str] = []

    def resolve(host: str, *_: object) -> list[tuple[object, ...]]:
        asked.append(host)
        raise OSError("no network")

    with pytest.raises(FetchError):
        pages(resolve=resolve, retries=0).get("http://münchen.example/x")
    assert asked == ["xn--mnchen-3ya.example"]


@pytest.mark.parametrize("url", ["ftp://a/b", "file:///etc/hostname", "http://", "http://a b/", "x"])
def test_what_is_no_address_is_wrong_usage(url: str) -> None:
    with pytest.raises(UsageError):
        pages().get(url)


def test_hosts_that_are_none_are_one_line() -> None:
    for url in (
        "http://nowhere.invalid/x",
        "http://a..b/",
        "http://" + "a" * 300 + ".example/",
        "http://127.0.0.1:1/",
    ):
        with pytest.raises(FetchError, match="cannot be fetched"):
            pages(retries=0).get(url)
