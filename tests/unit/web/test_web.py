"""The gate: which addresses are public, and that no connection goes around it."""

from __future__ import annotations

import gzip
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from fakes.web_server import Page, WebServer, serving

from nvpipe.errors import InputError, UsageError
from nvpipe.web import Gate, Limits, PrivateHostError, Version, is_public
from nvpipe.web.addresses import checked_url, shown_url
from nvpipe.web.through_urllib import GatedHandler

PRIVATE = [
    "127.0.0.1",
    "127.9.9.9",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "2002:7f00:1::",
    "2002:c0a8:101::",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "2001:db8::1",
    "3fff::1",
    "fec0::1",
    "5f00::1",
    "4000::1",
    "192.0.0.8",
    "192.0.0.9",
    "192.88.99.1",
    "::ffff:192.88.99.1",
    "2002:c058:6301::1",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_known(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    ["", "clip.mp4", "ftp://a/b", "file:///etc/passwd", "http://", "https:///x", "http://[::1", "data:,x",
     "http://a:port/", "http://a/\nb", "http://a/ b", "http://a/" + "x" * 9000, "javascript:x", "-x"],
)  # fmt: skip
def test_what_is_no_web_address_is_wrong_usage(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked_url(url)
    assert "\n" not in caught.value.line()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:secret@host.example/x", "https://host.example/x"),
        ("https://host.example/x?token=secret", "https://host.example/x"),
        ("https://me:secret@[::1?token=secret", "[::1"),
        (
            "https://host.example/x?v=1&X-Amz-Signature=secret&t=2#access_token=secret",
            "https://host.example/x?v=1&t=2",
        ),
        ("https://host.example/x?%73ig=secret&sv=1", "https://host.example/x?sv=1"),
        ("https://host.example/watch?v=a%20b&list=c#t=1", "https://host.example/watch?v=a%20b&list=c#t=1"),
        ("https://host.example/?monkey=1&design=2", "https://host.example/?monkey=1&design=2"),
    ],
)
def test_secrets_are_not_shown(url: str, shown: str) -> None:
    assert shown_url(url) == shown


def opener(gate: Gate) -> urllib.request.OpenerDirector:
    director = urllib.request.OpenerDirector()
    for handler in (GatedHandler(gate), urllib.request.HTTPErrorProcessor(), urllib.request.HTTPRedirectHandler()):
        director.add_handler(handler)
    return director


def read(server: WebServer, gate: Gate, path: str, host: str = "127.0.0.1") -> bytes:
    with opener(gate).open(server.url(path, host), timeout=10) as response:
        return bytes(response.read())


def test_a_private_host_is_not_even_connected_to() -> None:
    with serving({"/x": Page(b"secret")}) as server:
        gate = Gate(allow_private=False, limits=Limits(1000))
        for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1"):
            gate.refused = None
            with pytest.raises(urllib.error.URLError) as caught:
                read(server, gate, "/x", host)
            assert isinstance(caught.value.reason, PrivateHostError)
            with pytest.raises(InputError, match=host):
                gate.require_open()
        assert server.seen == []
        assert read(server, Gate(allow_private=True, limits=Limits(1000)), "/x") == b"secret"


def test_a_name_with_one_private_address_is_refused() -> None:
    def resolve(*_: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", ("8.8.8.8", 80)), (2, 1, 6, "", ("127.0.0.1", 80))]

    gate = Gate(allow_private=False, limits=Limits(1000), resolve=resolve)
    with pytest.raises(PrivateHostError):
        gate.connect(("rebinding.example", 80))


def test_other_kinds_of_address_are_not_opened() -> None:
    gate = Gate(allow_private=True, limits=Limits(1000))
    for url in ("ftp://127.0.0.1/x", "file:///etc/hostname", "data:,x"):
        with pytest.raises(urllib.error.URLError, match="not fetched"):
            opener(gate).open(url)
    with serving({"/x": Page(location="ftp://127.0.0.1/x")}) as server, pytest.raises(urllib.error.URLError):
        read(server, gate, "/x")


def test_a_body_is_read_up_to_the_limit() -> None:
    with serving({"/x": Page(endless=True)}) as server, pytest.raises(OSError, match="more than 100000 bytes"):
        read(server, Gate(allow_private=True, limits=Limits(100_000)), "/x")


def test_a_trickle_is_a_stall() -> None:
    pages = {"/x": Page(b"x" * 5000, bytes_per_s=100)}
    with serving(pages) as server, pytest.raises(TimeoutError, match="bytes came in"):
        read(server, Gate(allow_private=True, limits=Limits(100_000, stall_s=0.3)), "/x")


def test_a_page_has_to_end_in_time_even_when_it_never_stalls() -> None:
    pages = {"/x": Page(b"x" * 200_000, bytes_per_s=40_000)}
    with serving(pages) as server:
        with pytest.raises(OSError, match="not done after"):
            read(server, Gate(allow_private=True, limits=Limits(1_000_000, total_s=0.2)), "/x")
        assert len(read(server, Gate(allow_private=True, limits=Limits(1_000_000, total_s=60)), "/x")) == 200_000


def test_compressed_answers_are_opened_within_the_limit() -> None:
    packed, bomb = gzip.compress(b"page" * 100), gzip.compress(bytes(10_000_000))
    coded = {"Content-Encoding": "gzip"}
    pages = {
        "/page": Page(packed, headers=dict(coded)),
        "/bomb": Page(bomb, headers=dict(coded)),
        "/junk": Page(b"x" * 99, headers=dict(coded)),
        "/odd": Page(b"x", headers={"Content-Encoding": "br"}),
    }
    gate = Gate(allow_private=True, limits=Limits(1_000_000))
    with serving(pages) as server:
        assert read(server, gate, "/page") == b"page" * 100
        for path in ("/bomb", "/junk", "/odd"):
            with pytest.raises(urllib.error.URLError):
                read(server, gate, path)


def test_the_version_of_a_partial_file_is_asked_for(tmp_path: Path) -> None:
    version = Version(tmp_path / "version")
    assert version.condition() == {}
    version.saw(200, {"ETag": '"one"', "Last-Modified": "long ago"})
    version.saw(206, {"ETag": '"two"'})
    assert Version(tmp_path / "version").condition() == {"If-Range": '"one"'}
    version.saw(200, {"ETag": 'W/"weak"', "Last-Modified": "Sat, 01 Jan 2000 00:00:00 GMT"})
    assert version.condition() == {"If-Range": "Sat, 01 Jan 2000 00:00:00 GMT"}
    version.saw(200, {})
    assert version.condition() == {}
