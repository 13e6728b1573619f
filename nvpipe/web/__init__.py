"""Addresses that a user gave are fetched, and nothing behind the firewall: one gate for every connection.

Every host name is resolved here and the connection goes to the very address that was checked, so neither a
redirect nor a name that resolves differently the second time leads to a private host. Proxies of the environment
are not used, since what lies behind one cannot be checked.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.errors import InputError
from nvpipe.web.addresses import shown_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address

STALL_S = 20.0
RETRIES = 5
MIN_BYTES_PER_S = 1000
PAGE_S = 120.0
MAX_ADDRESSES = 4
"""How many of a host's addresses are tried, since each may take its time."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_UNICAST = ipaddress.IPv6Network("2000::/3")
_RESERVED = tuple(
    ipaddress.ip_network(text)
    # IETF protocol assignments, relays of 6to4 (RFC 7526), documentation (RFC 9637).
    for text in ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")
)
"""What Python's `is_global` lets through, or does in some versions."""


class PrivateHostError(OSError):
    """A host is not on the public internet."""


class StalledError(TimeoutError):
    """A server sends next to nothing."""


class TooMuchError(OSError):
    """A server sends more than was allowed for."""


class TooSlowError(OSError):
    """A page takes longer than was allowed for; asked again it would do so again."""


@dataclass(slots=True)
class Limits:
    """What one response may cost."""

    max_bytes: int
    stall_s: float = STALL_S
    """Less than `MIN_BYTES_PER_S` over this long is a stall."""
    retries: int = RETRIES
    """How often a download that breaks off is gone on with."""
    total_s: float = PAGE_S
    """All of a response has to be there by then, counted from the connection on."""


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet (IANA's special-purpose registries), as does
    the IPv4 address inside of a mapped, 6to4, Teredo or NAT64 one."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv4Address):
        return _is_public_itself(found)
    inner = found.ipv4_mapped or (ipaddress.IPv4Address(int(found) & 0xFFFFFFFF) if found in _NAT64 else None)
    if inner is not None:
        return _is_public_itself(inner)
    carried = [each for each in (found.sixtofour, *(found.teredo or ())) if each is not None]
    return found in _UNICAST and all(_is_public_itself(each) for each in (found, *carried))


def _is_public_itself(address: Address) -> bool:
    special = address.is_multicast or address.is_reserved or any(address in network for network in _RESERVED)
    return address.is_global and not special


class Version:
    """Which version of a file a partial download is of, kept beside it (RFC 9110, section 13.1.5).

    With it a server that has a newer version sends that whole, not its end.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def condition(self) -> dict[str, str]:
        """The header of a request for the rest."""
        try:
            return {"If-Range": self._path.read_text("ascii")}
        except (OSError, UnicodeDecodeError):
            return {}

    def saw(self, status: int, headers: Mapping[str, str]) -> None:
        """Remember the version of which the server sends the whole."""
        tag = headers.get("ETag") or ""
        mark = tag if tag and not tag.startswith("W/") else headers.get("Last-Modified") or ""
        if status != 200:
            return
        if mark.isascii() and mark.isprintable() and mark:
            self._path.write_text(mark, "ascii")
        else:
            self._path.unlink(missing_ok=True)


class Gate:
    """Opens the connections of one piece of work.

    Args:
        allow_private: also to private and loopback hosts.
        limits: held for every response; may be changed between requests.
        resolve: `socket.getaddrinfo` unless given.
        dial: `socket.create_connection` unless given; called with checked addresses only.
    """

    def __init__(
        self,
        *,
        allow_private: bool,
        limits: Limits,
        resolve: Callable[..., list[tuple[object, ...]]] | None = None,
        dial: Callable[..., socket.socket] | None = None,
    ) -> None:
        self._allow_private = allow_private
        self._resolve = resolve or socket.getaddrinfo
        self._dial = dial or socket.create_connection
        self.limits = limits
        self.refused: str | None = None
        """The last host that was not let through."""
        self.version: Version | None = None
        """Of the one file that is downloaded now."""

    def connect(
        self, address: tuple[str, int], timeout: float | None = None, source_address: tuple[str, int] | None = None
    ) -> socket.socket:
        """A connection to a host and port, as `socket.create_connection`, to a checked address.

        Raises:
            PrivateHostError: the host, or one of its addresses, is private.
            OSError: there is no such host, or it does not answer.
        """
        host, port = address
        found = [str(entry[4][0]) for entry in self._resolve(host, port, 0, socket.SOCK_STREAM)]  # type: ignore[index]
        if not self._allow_private:
            for ip in found:
                if not is_public(ip):
                    self.refused = host
                    raise PrivateHostError(f"{host} is a private address ({ip})")
        failure = OSError(f"{host} has no address")
        for ip in list(dict.fromkeys(found))[:MAX_ADDRESSES]:
            try:
                return self._dial((ip, port), timeout, source_address)
            except OSError as error:
                failure = error
        raise failure

    def require_open(self) -> None:
        """Raise when a host was refused.

        Raises:
            InputError: a private host was asked for.
        """
        if self.refused is not None:
            raise InputError(
                f"{shown_url(self.refused)} is a private or local host, which is not fetched from",
                hint="give --allow-private-hosts if you trust that address and all that it links to",
            )


class Meter:
    """Counts the bytes and the waiting of one response."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._start = time.monotonic()
        self._total = 0
        self._window_bytes = 0
        self._waited_s = 0.0

    def count(self, read: Callable[[], int | None]) -> int | None:
        """One read.

        Raises:
            StalledError: the server has sent next to nothing for too long.
            TooMuchError: it has sent more than the limit.
            TooSlowError: it has not come to an end in time.
        """
        start = time.monotonic()
        count = read()
        now = time.monotonic()
        self._waited_s += now - start
        self._total += count or 0
        self._window_bytes += count or 0
        if self._total > self._limits.max_bytes:
            raise TooMuchError(f"more than {self._limits.max_bytes} bytes were sent")
        if count and now - self._start > self._limits.total_s:
            raise TooSlowError(f"the server was not done after {self._limits.total_s:.0f} s")
        if self._waited_s >= self._limits.stall_s:
            if count and self._window_bytes < MIN_BYTES_PER_S * self._limits.stall_s:
                raise StalledError(f"only {self._window_bytes} bytes came in {self._waited_s:.0f} s")
            self._window_bytes, self._waited_s = 0, 0.0
        return count
