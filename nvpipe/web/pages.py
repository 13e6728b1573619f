"""Pages, feeds and the like: one GET with limits, a few careful redirects, and retries that back off."""

from __future__ import annotations

import base64
import email.utils
import http.client
import math
import random
import re
import socket
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from nvpipe import __version__
from nvpipe.errors import InputError, UsageError
from nvpipe.web import Gate, Limits, TooMuchError, TooSlowError
from nvpipe.web.addresses import checked_url, said_without_secrets, shown_url
from nvpipe.web.through_urllib import ENCODINGS, GatedHandler

if TYPE_CHECKING:
    from email.message import Message

AGENT = f"nvpipe/{__version__}"
MAX_PAGE_BYTES = 10_000_000
MAX_REDIRECTS = 5
RETRIES = 3
BACKOFF_S = 1.0
LONGEST_WAIT_S = 60.0
"""A server that asks for more is not waited for."""
TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
WALLED = frozenset({401, 402, 403, 451})
"""Statuses of what is there, but not for everybody."""


class FetchError(InputError):
    """Something cannot be had from the web."""

    def __init__(self, message: str, *, hint: str = "", transient: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.retry_helps = transient


@dataclass(frozen=True, slots=True)
class Response:
    """What a server said in the end."""

    url: str
    """After redirects."""
    status: int
    content_type: str = ""
    body: bytes = b""
    """Unpacked; empty unless the status is 2xx."""
    etag: str = ""
    modified: str = ""
    retry_after: str = ""


Permit = Callable[[str], None]
"""Raises for an address that a redirect must not lead to."""


class Pages:
    """Fetches pages.

    Args:
        allow_private: also from private and loopback hosts.
        limits: of one page, all its redirects together.
        resolve: `socket.getaddrinfo` unless given.
        dial: `socket.create_connection` unless given.
        seed: of the jitter between retries.
        sleep: waits between retries.
        clock_s: seconds since 1970, which `Retry-After` may refer to.
    """

    def __init__(
        self,
        *,
        allow_private: bool = False,
        limits: Limits | None = None,
        resolve: Callable[..., list[tuple[object, ...]]] | None = None,
        dial: Callable[..., socket.socket] | None = None,
        seed: int = 0,
        sleep: Callable[[float], None] = time.sleep,
        clock_s: Callable[[], float] = time.time,
    ) -> None:
        self._allow_private = allow_private
        self._limits = limits or Limits(MAX_PAGE_BYTES, retries=RETRIES)
        self._resolve = resolve
        self._dial = dial
        self._seed = seed
        self._sleep = sleep
        self._clock_s = clock_s

    def get(self, url: str, headers: Mapping[str, str] | None = None, permit: Permit | None = None) -> Response:
        """The answer to a GET, whatever its status unless another try may change it.

        Args:
            url: http or https; user name and password in it are sent as basic authentication to that host only.
            headers: sent besides the usual ones.
            permit: asked before each redirect is followed.

        Raises:
            FetchError: no usable answer came, or it broke a limit.
            UsageError: the address is none.
        """
        dice = random.Random(f"{self._seed} {url}")
        checked_url(url)
        for attempt in range(self._limits.retries + 1):
            wait_s = BACKOFF_S * 2**attempt * dice.uniform(0.5, 1.0)
            try:
                response = self._once(url, headers or {}, permit)
            except FetchError as error:
                if not error.retry_helps:
                    raise
                failure = error
            else:
                if response.status not in TRANSIENT:
                    return response
                failure = FetchError(
                    f"{shown_url(url)} cannot be fetched: {status_text(response.status)}",
                    hint="try again later",
                    transient=True,
                )
                wait_s = max(wait_s, self._asked_s(response.retry_after))
            if wait_s > LONGEST_WAIT_S:
                failure.hint = f"the server asks to come back in {wait_s:.0f} s"
                break
            if attempt < self._limits.retries:
                self._sleep(wait_s)
        raise failure

    def _asked_s(self, text: str) -> float:
        """Seconds of a Retry-After, which is a number or a date (RFC 9110, section 10.2.3)."""
        if re.fullmatch(r"[0-9]{1,9}", text.strip()):
            return float(text)
        try:
            asked_s = email.utils.parsedate_to_datetime(text).timestamp() - self._clock_s()
        except (ValueError, TypeError, OverflowError):
            return 0.0
        return asked_s if math.isfinite(asked_s) else 0.0

    def _once(self, url: str, headers: Mapping[str, str], permit: Permit | None) -> Response:
        gate = Gate(
            allow_private=self._allow_private,
            limits=replace(self._limits),
            resolve=self._resolve,
            dial=self._dial,
        )
        director = urllib.request.OpenerDirector()
        redirects = _Redirects(gate, permit)
        handlers: tuple[Any, ...] = (
            GatedHandler(gate),
            urllib.request.HTTPErrorProcessor(),
            urllib.request.HTTPDefaultErrorHandler(),
            redirects,
        )
        for handler in handlers:
            director.add_handler(handler)
        try:
            request = _request(url, headers)
            with director.open(request, timeout=min(gate.limits.stall_s, gate.limits.total_s)) as answer:
                return _response(answer.url, answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                if error.code in (301, 302, 303, 307, 308):
                    raise FetchError(f"{shown_url(url)} cannot be fetched: {_astray(error)}") from error
                return _response(error.url or url, error.code, error.headers, b"")
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _failure(url, gate, error) from error


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a few redirects within one page's time; the gate checks where each leads."""

    max_repeats = 1
    max_redirections = MAX_REDIRECTS

    def __init__(self, gate: Gate, permit: Permit | None) -> None:
        self._gate = gate
        self._permit = permit
        self._deadline = time.monotonic() + gate.limits.total_s

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        try:
            checked_url(newurl)
        except UsageError as error:
            raise FetchError(f"{shown_url(req.full_url)} redirects to {error.message}") from error
        if self._permit is not None:
            self._permit(newurl)
        left_s = self._deadline - time.monotonic()
        if left_s <= 0:
            raise TooSlowError("its redirects take too long")
        self._gate.limits = replace(self._gate.limits, total_s=left_s)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def status_text(status: int) -> str:
    """A status as people read it: 404 Not Found."""
    return f"the server answers {status} {http.client.responses.get(status, '')}".rstrip()


def _astray(error: urllib.error.HTTPError) -> str:
    """What is wrong with a redirect that urllib did not follow."""
    if error.msg.startswith(urllib.request.HTTPRedirectHandler.inf_msg):
        return "it redirects in circles or too often"
    where = "another kind of address" if "is not allowed" in error.msg else "nowhere"
    return f"it redirects to {where}"


def _request(url: str, headers: Mapping[str, str]) -> urllib.request.Request:
    parts = urllib.parse.urlsplit(url)
    userinfo, _, host = parts.netloc.rpartition("@")
    if not host.isascii():
        name, _, port = host.partition(":")
        host = name.encode("idna").decode("ascii") + (f":{port}" if port else "")
    path = urllib.parse.quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    query = urllib.parse.quote(parts.query, safe="/%:@!$&'()*+,;=~-._?")
    request = urllib.request.Request(  # noqa: S310 - http and https only, checked
        urllib.parse.urlunsplit((parts.scheme, host, path, query, "")),
        headers={
            "User-Agent": AGENT,
            "Accept": "text/html,application/xhtml+xml,application/rss+xml,application/atom+xml,"
            "application/feed+json,application/xml;q=0.9,*/*;q=0.5",
            "Accept-Encoding": ", ".join(ENCODINGS),
            **headers,
        },
    )
    if userinfo:
        token = base64.b64encode(urllib.parse.unquote(userinfo).encode()).decode("ascii")
        # Unredirected: it goes to no other host.
        request.add_unredirected_header("Authorization", f"Basic {token}")
    return request


def _response(url: str, status: int, headers: Message, body: bytes) -> Response:
    def field(name: str) -> str:
        text = str(headers.get(name) or "").strip()
        return text if text.isascii() and text.isprintable() and len(text) <= 1000 else ""

    return Response(
        url, status, field("Content-Type"), body, field("ETag"), field("Last-Modified"), field("Retry-After")
    )


def _failure(url: str, gate: Gate, error: Exception) -> FetchError:
    """Why a page did not come, and whether another try may help."""
    what = f"{shown_url(url)} cannot be fetched"
    if gate.refused is not None:
        try:
            gate.require_open()
        except InputError as refused:
            return FetchError(refused.message, hint=refused.hint)
    inner = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(inner, socket.gaierror):
        unknown = inner.errno != socket.EAI_AGAIN
        return FetchError(f"{what}: there is no such host", hint="check the address", transient=not unknown)
    if isinstance(inner, ssl.SSLCertVerificationError):
        return FetchError(f"{what}: its certificate is not valid ({inner.verify_message})", hint="check the address")
    if isinstance(inner, (TooMuchError, TooSlowError)):
        return FetchError(f"{what}: {inner}", hint="a page that large or slow is not read")
    if isinstance(inner, http.client.IncompleteRead):
        return FetchError(f"{what}: it breaks off", hint="try again later", transient=True)
    if isinstance(inner, OSError):
        reason = inner.strerror or str(inner) or type(inner).__name__
        return FetchError(f"{what}: {reason}", hint="check the address and try again later", transient=True)
    said = said_without_secrets(" ".join(str(inner).split()))[:200]
    return FetchError(f"{what}: {said or type(inner).__name__}", hint="check the address")
