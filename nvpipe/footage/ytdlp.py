"""yt-dlp, held on a short leash: it finds out what an address offers and downloads streams, nothing else.

No settings files, plugins, cookies, cache, proxies, external downloaders or post-processors; no program is called,
neither ffmpeg nor an interpreter of JavaScript. Every connection goes through `nvpipe.web.Gate`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nvpipe.errors import BackendUnavailableError, InputError, NvpipeError
from nvpipe.footage.ytdlp_errors import as_ours, one_line
from nvpipe.web import Gate, Version
from nvpipe.web.addresses import shown_url

if TYPE_CHECKING:
    import ssl

INSTALL_HINT = "pip install 'nvpipe[fetch]'"
PAGE_BYTES = 64 << 20
"""At most this much is read of what is not the video itself."""
_EXTRACTORS = ("default", "-douyu.*", r"-iq\.com", "-pornhub.*")
"""All but those that run PhantomJS."""
FIRST_PAUSE_S = 0.25
_LOOK_PAUSES_S = (0.5, 2.0)
_SLACK_BYTES = 16 << 20
"""yt-dlp reads in blocks of some megabytes before it tells how many came."""
_PROTOCOLS = r"[protocol~='^(https?|m3u8(_native)?|http_dash_segments)$']"
FORMAT = f"bv*{_PROTOCOLS}+ba{_PROTOCOLS}/b{_PROTOCOLS}/bv*{_PROTOCOLS}"
ORDER = ("+hdr", "res:1080", "fps:60", "vcodec:h264")
"""SDR, then up to 1080 lines, then the codec that decodes fastest."""

Received = Callable[[int, int | None, bool], None]
"""Told the bytes of a stream that have come, the size of all of it (None while unknown) and whether that is sure."""


class Site:
    """yt-dlp for one address.

    Args:
        gate: makes every connection.
        detail: told what yt-dlp says.
        playlist: how many videos of a playlist to list; 0 for a single video.

    Raises:
        BackendUnavailableError: yt-dlp is not installed.
    """

    def __init__(self, gate: Gate, detail: Callable[[str], None], *, playlist: int = 0) -> None:
        self._gate = gate
        self._log = _Log(detail)
        self._max_bytes = gate.limits.max_bytes
        self._page_s = gate.limits.total_s
        self._ydl = _guarded(gate, _parameters(self._log, gate, playlist))

    def close(self) -> None:
        self._ydl.close()

    def look(self, url: str) -> dict[str, Any]:
        """What there is at an address: yt-dlp's description of a video or of a playlist.

        Raises:
            InputError: nothing that can be fetched.
        """
        self._gate.limits.max_bytes, self._gate.limits.total_s = PAGE_BYTES, self._page_s
        for pause_s in (*_LOOK_PAUSES_S, None):
            try:
                found = self._calling(url, lambda: self._ydl.extract_info(url, download=False))
                break
            except InputError as error:
                if pause_s is None or not error.retry_helps:
                    raise
                time.sleep(pause_s)
        if not isinstance(found, dict):
            raise InputError(f"there is no video at {shown_url(url)}", hint="give the address of a video")
        return found

    def download(self, video: Mapping[str, Any], stream: Mapping[str, Any], path: Path, received: Received) -> None:
        """Download one stream of a video, going on where `<path>.part` ends.

        Args:
            received: what it raises ends the download and is passed on; the partial file stays.

        Raises:
            InputError: the stream cannot be had.
            OutputError: it cannot be written.
        """
        # A large video on a slow line may take hours.
        self._gate.limits.max_bytes, self._gate.limits.total_s = self._max_bytes + _SLACK_BYTES, math.inf
        info = {key: value for key, value in {**video, **stream}.items() if key != "requested_formats"}
        kind = _downloader(info)

        def hook(state: Mapping[str, Any]) -> None:
            total = state.get("total_bytes") or state.get("total_bytes_estimate")
            sure = bool(state.get("total_bytes"))
            received(int(state.get("downloaded_bytes") or 0), int(total) if total else None, sure)

        self._gate.version = Version(path.with_name(f"{path.name}.version"))

        def run() -> bool:
            downloader = kind(self._ydl, self._ydl.params)
            downloader.add_progress_hook(hook)
            done, _ = downloader.download(str(path), info)
            return bool(done)

        url = str(video.get("webpage_url") or info.get("url"))
        try:
            done = self._calling(url, run)
        finally:
            self._gate.version = None
        if not done or not path.is_file():
            raise InputError(f"{shown_url(url)} could not be downloaded: {self._log.last_error or 'no data came'}")

    def _calling(self, url: str, call: Callable[[], Any]) -> Any:
        """The result of a call to yt-dlp; whatever goes wrong in it is told as one of our own errors."""
        from yt_dlp.networking.exceptions import RequestError
        from yt_dlp.utils import YoutubeDLError

        self._gate.refused = None
        self._log.last_error = ""
        try:
            return call()
        except NvpipeError:
            raise
        except (YoutubeDLError, RequestError, OSError) as error:
            self._gate.require_open()
            raise as_ours(url, error) from error
        except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError) as error:
            # yt-dlp trips over answers that are not what a site usually says.
            self._gate.require_open()
            raise InputError(f"{shown_url(url)} answers nonsense: {one_line(str(error))}") from error


class _Log:
    """Takes what yt-dlp would print."""

    def __init__(self, detail: Callable[[str], None]) -> None:
        self._detail = detail
        self.last_error = ""

    def debug(self, text: str) -> None:
        self._detail(one_line(text))

    info = warning = debug

    def error(self, text: str) -> None:
        self.last_error = one_line(text)


def _parameters(log: _Log, gate: Gate, playlist: int) -> dict[str, Any]:
    def pause(n: int) -> float:
        # A host that was refused stays refused.
        return 0.0 if gate.refused else FIRST_PAUSE_S * 2.0 ** min(n, 5)

    return {
        "quiet": True,
        "noprogress": True,
        "color": "never",
        "logger": log,
        "format": FORMAT,
        "format_sort": list(ORDER),
        "noplaylist": not playlist,
        "playlistend": playlist or 2,
        "extract_flat": "in_playlist",
        "cachedir": False,
        "allowed_extractors": list(_EXTRACTORS),
        # Left out, it would be {"deno": {}}.
        "js_runtimes": {},
        "remote_components": [],
        "proxy": "",
        "socket_timeout": gate.limits.stall_s,
        "retries": gate.limits.retries,
        "fragment_retries": gate.limits.retries,
        "extractor_retries": 1,
        "retry_sleep_functions": {"http": pause, "fragment": pause},
        "skip_unavailable_fragments": False,
        "continuedl": True,
        "overwrites": True,
        "updatetime": False,
        "hls_prefer_native": True,
        "fixup": "never",
        "postprocessors": [],
        "allow_unplayable_formats": False,
    }


def _guarded(gate: Gate, parameters: dict[str, Any]) -> Any:
    try:
        from yt_dlp import YoutubeDL
        from yt_dlp.globals import plugin_dirs
        from yt_dlp.networking._urllib import UrllibRH
    except ImportError as error:
        raise BackendUnavailableError(f"fetching footage needs yt-dlp: {error}", hint=INSTALL_HINT) from error

    from nvpipe.web.through_urllib import ENCODINGS, GatedHandler

    class GatedRH(UrllibRH):  # type: ignore[misc]
        """yt-dlp's own urllib handler, its connections made by the gate."""

        _SUPPORTED_URL_SCHEMES = ("http", "https")

        def _create_instance(self, proxies: Any, cookiejar: Any, legacy_ssl_support: Any = None) -> Any:
            opener = super()._create_instance(proxies, cookiejar, legacy_ssl_support)
            context: ssl.SSLContext = self._make_sslcontext(legacy_ssl_support=legacy_ssl_support)
            opener.add_handler(GatedHandler(gate, context))
            return opener

        def _prepare_headers(self, _: Any, headers: Any) -> None:
            headers.setdefault("Accept-Encoding", ", ".join(ENCODINGS))
            if gate.version is not None and "Range" in headers:
                headers.update(gate.version.condition())

    class Guarded(YoutubeDL):  # type: ignore[misc]
        def build_request_director(self, handlers: Any, preferences: Any = None) -> Any:
            return super().build_request_director([GatedRH], ())

    # Code in the user's folders would run around the gate.
    plugin_dirs.value = []
    return Guarded(parameters, auto_init=True)


def _downloader(info: Mapping[str, Any]) -> Any:
    """The downloader of a stream's protocol; none of them calls a program.

    Raises:
        InputError: there is none.
    """
    from yt_dlp.dependencies import Cryptodome
    from yt_dlp.downloader.dash import DashSegmentsFD
    from yt_dlp.downloader.hls import HlsFD
    from yt_dlp.downloader.http import HttpFD

    class NativeHls(HlsFD):  # type: ignore[misc]
        """Refuses what its parent would hand to ffmpeg."""

        @classmethod
        def can_download(cls, manifest: str, *args: Any, **options: Any) -> bool:
            encrypted = "#EXT-X-KEY:METHOD=AES-128" in manifest and not Cryptodome.AES
            if encrypted or not super().can_download(manifest, *args, **options):
                raise InputError("the stream is live or encrypted, which is not fetched", hint="use another source")
            return True

    protocol = str(info.get("protocol"))
    if info.get("is_live"):
        raise InputError("this is a live stream, which has no end", hint="fetch the recording when it is over")
    for kind, protocols in (
        (HttpFD, ("http", "https")),
        (NativeHls, ("m3u8", "m3u8_native")),
        (DashSegmentsFD, ("http_dash_segments",)),
    ):
        if protocol in protocols:
            return kind
    raise InputError(f"the video comes by {protocol!r}, which is not fetched", hint="use another source")
