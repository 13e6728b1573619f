"""What is known of a video from the web, and how it is kept beside the file, readable as yt-dlp's own description."""

from __future__ import annotations

import json
import os
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nvpipe.errors import InputError
from nvpipe.footage.discover import VIDEO_SUFFIXES
from nvpipe.types.codec import digest_of
from nvpipe.web.addresses import without_secrets

SIDECAR_SUFFIX = ".info.json"
_KEY_DIGITS = 12
_ANYWHERE = ("Generic", "HTML5MediaEmbed")
"""Extractors of no certain site: they name a video by the end of its page's address, which many pages share."""
_KEPT = ("id", "extractor", "title", "channel", "channel_url", "uploader", "uploader_url", "license", "upload_date")
"""Fields of yt-dlp's description that are kept beside the video, under yt-dlp's names."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A video that an address leads to."""

    url: str
    info: Mapping[str, Any]
    identity: str

    @property
    def key(self) -> str:
        return digest_of(self.identity)[:_KEY_DIGITS]

    @property
    def streams(self) -> list[Mapping[str, Any]]:
        """The picture, and the sound where it comes by itself."""
        return list(self.info.get("requested_formats") or [self.info])


@dataclass(frozen=True, slots=True)
class Fetched:
    """A video in the footage folder."""

    path: Path
    size_bytes: int
    title: str | None
    channel: str | None
    licence: str | None
    source: str
    was_there: bool


def offer_of(url: str, info: Mapping[str, Any]) -> Offer:
    """What is known of a video: its name, its identity and its credits hold nothing secret of its address."""
    site, video = _site(info), str(info.get("id"))
    if site not in _ANYWHERE:
        return Offer(url, info, f"{site} {video}")
    asked = str(info.get("webpage_url") or url)
    page = _page(info, asked)
    parts = urllib.parse.urlsplit(asked)
    if not (parts.query or parts.fragment):
        return Offer(url, info, f"{site} {video} {page}")
    ending = os.path.splitext(os.path.basename(parts.path.rstrip("/")))[0]  # noqa: PTH119, PTH122
    name = urllib.parse.unquote(ending) or str(parts.hostname)
    title = str(info.get("title") or "").replace(video, name)
    return Offer(url, {**info, "id": name, "title": title}, f"{site} {name} {page} {digest_of([video, parts.query])}")


def _site(info: Mapping[str, Any]) -> str:
    return str(info.get("extractor_key") or _ANYWHERE[0])


def _page(info: Mapping[str, Any], url: str) -> str:
    """What tells the page of a video from others, without what only opens it.

    Of a file or a page that no extractor knows it is the address up to its query. A known site's video is often
    named in the query: where a parameter is the video's id that one is kept, otherwise all that are not secret.
    """
    plain = without_secrets(url)
    try:
        parts = urllib.parse.urlsplit(plain)
    except ValueError:
        return plain
    if info.get("direct") or _site(info) in _ANYWHERE:
        return parts._replace(query="", fragment="").geturl()
    video = str(info.get("id"))
    naming = [one for one in urllib.parse.urlsplit(url).query.split("&") if _value(one) == video]
    if naming:
        return parts._replace(query="&".join(naming), fragment="").geturl()
    return plain


def _value(parameter: str) -> str:
    return urllib.parse.unquote_plus(parameter.partition("=")[2])


def find_fetched(folder: Path, offer: Offer) -> Fetched | None:
    """The video as an earlier call left it.

    Raises:
        InputError: something else has its name.
    """
    for sidecar in sorted(folder.glob(f"*-{offer.key}{SIDECAR_SUFFIX}")):
        kept = read_credits(sidecar)
        if kept is None or kept["nvpipe"].get("identity") != offer.identity:
            continue
        stem = sidecar.name.removesuffix(SIDECAR_SUFFIX)
        for video in (folder / f"{stem}{suffix}" for suffix in sorted(VIDEO_SUFFIXES)):
            if not video.is_file():
                continue
            size = video.stat().st_size
            if size != kept["nvpipe"].get("bytes"):
                raise InputError(
                    f"{video} is there, but not as it was fetched ({size} bytes, then {kept['nvpipe']['bytes']})",
                    hint="move it away to fetch it again",
                )
            return as_fetched(video, size, kept, was_there=True)
    return None


def credits_of(offer: Offer, size: int) -> dict[str, Any]:
    """What is kept beside the video, readable as yt-dlp's own description."""
    info = offer.info
    kept = {name: info[name] for name in _KEPT if isinstance(info.get(name), str) and info[name]}
    kept |= {name: without_secrets(text) for name, text in kept.items() if name.endswith("_url")}
    return {
        **kept,
        "webpage_url": _page(info, str(info.get("webpage_url") or offer.url)),
        "original_url": _page(info, offer.url),
        "nvpipe": {"identity": offer.identity, "bytes": size},
    }


def as_fetched(path: Path, size: int, kept: Mapping[str, Any], *, was_there: bool) -> Fetched:
    return Fetched(
        path=path,
        size_bytes=size,
        title=kept.get("title"),
        channel=kept.get("channel") or kept.get("uploader"),
        licence=kept.get("license"),
        source=str(kept.get("webpage_url")),
        was_there=was_there,
    )


def read_credits(path: Path) -> dict[str, Any] | None:
    """Our own credits beside a video; None for anything else."""
    try:
        kept = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return kept if isinstance(kept, dict) and isinstance(kept.get("nvpipe"), dict) else None
