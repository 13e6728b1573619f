"""Addresses as text: which ones are fetched, and what of them may be kept and shown."""

from __future__ import annotations

import re
import urllib.parse

from nvpipe.errors import UsageError

MAX_URL_CHARS = 8000
_SECRET = re.compile(
    r"token|secret|signature|credential|passw|session|policy|jwt|hmac|api-?_?key|access-?_?key|resource-?key|rlkey"
    r"|^(?:sig|sign|key|auth|authorization|hash|pwd)$",
    re.IGNORECASE,
)
"""Names of the parameters that open an address to whoever has it."""
_ADDRESS = re.compile(r"https?://[^\s'\"<>]+", re.IGNORECASE)
_PARAMETER = re.compile(r"[?&]([^\s'\"<>?&=]+=[^\s'\"<>&]*)")


def checked_url(url: str) -> str:
    """An http(s) address that names a host.

    Raises:
        UsageError: it is something else.
    """
    shown = shown_url(url)
    try:
        parts = urllib.parse.urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise UsageError(f"{shown} is not an address: {error}", hint="give one that starts with https://") from None
    if parts.scheme.lower() not in ("http", "https") or not host:
        raise UsageError(f"{shown} is not an http or https address", hint="give one that starts with https://")
    if len(url) > MAX_URL_CHARS or any(char.isspace() or not char.isprintable() for char in url):
        raise UsageError(f"{shown} is not an address: it is too long or has blanks in it", hint="check it")
    return url


def is_address(source: str) -> bool:
    """Whether what a user names lies on the web."""
    return source.lower().startswith(("http://", "https://"))


def without_secrets(url: str) -> str:
    """An address without user name, password and the parameters that sign it, as it may be kept and shown."""
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:
        return url.partition("?")[0].rpartition("@")[2]
    host, query, fragment = parts.netloc.rpartition("@")[2], _unsigned(parts.query), _unsigned(parts.fragment)
    if (host, query, fragment) == (parts.netloc, parts.query, parts.fragment):
        return url
    return parts._replace(netloc=host, query=query, fragment=fragment).geturl()


def said_without_secrets(text: str) -> str:
    """Text of others that may have addresses, or ends of addresses, in it."""
    plain = _ADDRESS.sub(lambda found: without_secrets(found[0]), text)
    return _PARAMETER.sub(lambda found: "" if _is_secret(found[1]) else found[0], plain)


def _unsigned(parameters: str) -> str:
    return "&".join(one for one in parameters.split("&") if not _is_secret(one))


def _is_secret(parameter: str) -> bool:
    return bool(_SECRET.search(urllib.parse.unquote(parameter.partition("=")[0])))


def shown_url(url: str) -> str:
    """An address as it can be printed on one line."""
    plain = "".join(char if char.isprintable() else "\ufffd" for char in without_secrets(url))
    return plain if len(plain) <= 200 else f"{plain[:199]}…"
