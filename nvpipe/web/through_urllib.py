"""urllib's http and https through the gate: metered, decompressed within limits, no other kind of address."""

from __future__ import annotations

import functools
import http.client
import io
import urllib.error
import urllib.request
import urllib.response
from typing import TYPE_CHECKING, Any, NoReturn, cast

from nvpipe.web import Gate, Meter
from nvpipe.web.inflate import inflate

if TYPE_CHECKING:
    import ssl

ENCODINGS = ("gzip", "deflate")


class GatedHandler(urllib.request.AbstractHTTPHandler):
    """Opens http and https through a gate and refuses everything else.

    It takes its turn before the handlers that may already be in an opener.
    """

    handler_order = 100

    def __init__(self, gate: Gate, context: ssl.SSLContext | None = None) -> None:
        super().__init__()
        self._gate = gate
        self._tls = context

    def http_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(
            cast("Any", functools.partial(_connection, http.client.HTTPConnection, self._gate)), request
        )

    def https_open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        maker = functools.partial(_connection, http.client.HTTPSConnection, self._gate)
        return self.do_open(cast("Any", maker), request, context=self._tls)

    def other_open(self, request: urllib.request.Request) -> NoReturn:
        raise urllib.error.URLError(f"{request.type} addresses are not fetched")

    ftp_open = file_open = data_open = unknown_open = other_open

    def http_response(self, _request: urllib.request.Request, response: Any) -> Any:
        if self._gate.version is not None:
            self._gate.version.saw(response.code, response.headers)
        encoding = (response.headers.get("Content-Encoding") or "identity").strip().lower()
        if encoding == "identity":
            return response
        if encoding not in (*ENCODINGS, "x-gzip"):
            raise urllib.error.URLError(f"the server sends {encoding!r}, which was not asked for")
        body = inflate(response.read(), self._gate.limits.max_bytes)
        del response.headers["Content-Encoding"]
        del response.headers["Content-Length"]
        plain = urllib.response.addinfourl(io.BytesIO(body), response.headers, response.url, response.code)
        cast("Any", plain).msg = response.msg
        return plain

    https_response = http_response


class _Response(http.client.HTTPResponse):
    """A response whose bytes are counted from the first header on."""

    def __init__(self, meter: Meter, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        buffered = self.fp
        self.fp = io.BufferedReader(_Metered(cast("Any", buffered.detach()), meter))


class _Metered(io.RawIOBase):
    def __init__(self, raw: io.RawIOBase, meter: Meter) -> None:
        super().__init__()
        self._raw = raw
        self._meter = meter

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        return self._meter.count(lambda: cast("Any", self._raw).readinto(buffer))

    def close(self) -> None:
        self._raw.close()
        super().close()


def _connection(kind: Any, gate: Gate, *args: Any, **options: Any) -> Any:
    connection = kind(*args, **options)
    # What http.client itself calls; a test holds that no connection is made without it.
    connection._create_connection = gate.connect
    connection.response_class = functools.partial(_Response, Meter(gate.limits))
    return connection
