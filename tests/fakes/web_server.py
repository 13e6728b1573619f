"""A web server on this machine that serves what a test says, with the faults that a test asks for."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BLOCK = 16 << 10


@dataclass
class Page:
    """What is served at a path."""

    body: bytes = b""
    content_type: str = "video/mp4"
    ranges: bool = True
    """Whether requests for a part are obeyed."""
    statuses: list[int] = field(default_factory=list)
    """Answers of the first requests, before all is well."""
    location: str | None = None
    """Where to go instead."""
    drop_after: list[int] = field(default_factory=list)
    """After how many bytes the first requests for the body lose their connection."""
    length: int | None = None
    """A Content-Length that is not true; -1 for none at all."""
    bytes_per_s: float | None = None
    endless: bool = False
    retry_after: list[str] = field(default_factory=list)
    """Sent with the first of `statuses`."""
    raw: bytes | None = None
    """Sent as it is, in place of an answer."""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """One request that came."""

    path: str
    span: str | None
    headers: dict[str, str]
    query: str = ""


class WebServer:
    """Pages by path; the requests that came are in `seen`."""

    def __init__(self, pages: dict[str, Page]) -> None:
        self.pages = pages
        self.seen: list[Seen] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._stopped = threading.Event()

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def spans(self, path: str) -> list[str | None]:
        """The ranges that were asked for at a path, in order."""
        return [seen.span for seen in self.seen if seen.path == path]

    def start(self) -> None:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                with suppress(ConnectionError, TimeoutError):
                    server._answer(self)

            do_HEAD = do_GET  # noqa: N815 - the name that http.server calls

            def log_message(self, *_: object) -> None:
                return

        return Handler

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        path, _, query = request.path.partition("?")
        span = request.headers.get("Range")
        self.seen.append(Seen(path, span, dict(request.headers), query))
        page = self.pages.get(path)
        request.close_connection = True
        if page is None:
            _plain(request, 404)
        elif page.raw is not None:
            request.wfile.write(page.raw)
        elif page.statuses:
            wait = {"Retry-After": page.retry_after.pop(0)} if page.retry_after else {}
            _plain(request, page.statuses.pop(0), wait)
        elif "ETag" in page.headers and request.headers.get("If-None-Match") == page.headers["ETag"]:
            _plain(request, 304)
        elif page.location is not None:
            request.send_response(302)
            request.send_header("Location", page.location)
            request.send_header("Content-Length", "0")
            request.end_headers()
        else:
            self._serve(request, page, span)

    def _serve(self, request: BaseHTTPRequestHandler, page: Page, span: str | None) -> None:
        start, size = 0, len(page.body)
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", span or "")
        current = request.headers.get("If-Range") in (None, page.headers.get("ETag"))
        if match and page.ranges and current:
            start = int(match[1])
            if start >= size:
                _plain(request, 416)
                return
            request.send_response(206)
            request.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        else:
            request.send_response(200)
        request.send_header("Content-Type", page.content_type)
        for name, text in page.headers.items():
            request.send_header(name, text)
        if not page.endless and page.length != -1:
            request.send_header("Content-Length", str((page.length or size) - start))
        request.end_headers()
        if request.command != "HEAD":
            self._send(request, page, page.body[start:])

    def _send(self, request: BaseHTTPRequestHandler, page: Page, body: bytes) -> None:
        limit = page.drop_after.pop(0) if page.drop_after else None
        if limit is not None:
            body = body[:limit]
        sent = 0
        while not self._stopped.is_set():
            block = body[sent : sent + self._block(page)]
            if not block:
                if not page.endless:
                    break
                block = bytes(BLOCK)
            request.wfile.write(block)
            sent += len(block)
            if page.bytes_per_s:
                time.sleep(len(block) / page.bytes_per_s)

    def _block(self, page: Page) -> int:
        return BLOCK if page.bytes_per_s is None else max(1, min(BLOCK, int(page.bytes_per_s / 20)))


def _plain(request: BaseHTTPRequestHandler, status: int, headers: dict[str, str] | None = None) -> None:
    request.send_response(status)
    for name, text in (headers or {}).items():
        request.send_header(name, text)
    request.send_header("Content-Length", "0")
    request.end_headers()


@contextmanager
def serving(pages: dict[str, Page]) -> Iterator[WebServer]:
    """A running server."""
    server = WebServer(pages)
    server.start()
    try:
        yield server
    finally:
        server.stop()
