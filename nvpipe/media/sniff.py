"""What a file's first bytes say it is, when that is something that must not be opened as a video."""

from __future__ import annotations

import re

_TEXT_KINDS: tuple[tuple[str, str], ...] = (
    (r"#EXTM3U", "an M3U/HLS playlist that names other files"),
    (r"ffconcat\s+version", "an ffconcat script that names other files"),
    (r"\[playlist\]", "a PLS playlist that names other files"),
    (r"\[reference\]\s*ref\d+=", "an ASF playlist that names other files"),
    (r"# mpv EDL|mplayer EDL", "an edit decision list (EDL) that names other files"),
    (r"TITLE:.*\s+(FCM:|\d{3}\s)", "an edit decision list (EDL) that names other files"),
    (r"(REM\s.*\s+|PERFORMER\s.*\s+|TITLE\s.*\s+)*FILE\s+\S.*\s+TRACK\s", "a cue sheet that names other files"),
    (r"v=0\s+[a-z]=", "an SDP session description that names addresses"),
    (r"RTSPtext|SMILtext", "a reference file that names other files"),
    (r"(https?|rtsp|rtmp|mms|ftp|file|concat|data)://?\S", "a list of addresses"),
    (r"file\s+['\"]?\S", "an ffconcat script that names other files"),
)

_XML_KINDS: tuple[tuple[str, str], ...] = (
    ("<mpd", "a DASH manifest that names other files"),
    ("<smoothstreamingmedia", "a Smooth Streaming manifest that names other files"),
    ("<playlist", "an XSPF playlist that names other files"),
    ("<asx", "an ASX playlist that names other files"),
    ("<smil", "a SMIL playlist that names other files"),
    ("<plist", "a property list"),
    ("<html", "a web page"),
    ("<!doctype html", "a web page"),
    ("<svg", "an image"),
)

_BINARY_KINDS: tuple[tuple[bytes, str], ...] = (
    (rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|BM.{4}\0\0\0\0|II\*\0|MM\0\*", "an image"),
    (rb"RIFF....WEBP", "an image"),
    (rb"....ftyp(?:avif|avis|heic|heix|heim|heis|mif1|msf1)", "an image"),
    (rb"%PDF-", "a PDF document"),
    (rb"PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!|\xfd7zXZ|\x28\xb5\x2f\xfd", "an archive"),
    (rb"\x7fELF|MZ", "a program"),
)

_SOUND_KINDS: tuple[tuple[bytes, str], ...] = (
    (rb"RIFF....WAVE|RF64....WAVE", "a sound file (WAV)"),
    (rb"fLaC", "a sound file (FLAC)"),
    (rb"ID3|\xff[\xfb\xf3\xf2\xfa]", "a sound file (MP3)"),
    (rb"\xff[\xf1\xf9]", "a sound file (AAC)"),
    (rb"\#!AMR|caff|FORM....AIF", "a sound file"),
)


def refusal(head: bytes, *, sound_only: bool = False) -> str | None:
    """What the file is, as the end of "this file is ...", or None when it may be a media container.

    Args:
        head: its first bytes, at best a few thousand.
        sound_only: files of sound alone are accepted too.
    """
    kinds = _BINARY_KINDS if sound_only else _BINARY_KINDS + _SOUND_KINDS
    for pattern, what in kinds:
        if re.match(pattern, head, re.DOTALL):
            return what
    text = _as_text(head)
    return None if text is None else _text_refusal(text)


def _as_text(head: bytes) -> str | None:
    """The head as text, or None when it is binary."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    body = head.removeprefix(b"\xef\xbb\xbf")
    controls = sum(byte < 32 and byte not in b"\t\n\v\f\r\x1b" for byte in body)
    if controls > len(body) // 100:
        return None
    return body.decode("utf-8", "replace")


def _text_refusal(text: str) -> str:
    text = text.lstrip("\ufeff \t\r\n\v\f")
    for pattern, what in _TEXT_KINDS:
        if re.match(pattern, text, re.IGNORECASE):
            return what
    if text.startswith("<"):
        lowered = text.lower()
        for mark, what in _XML_KINDS:
            if mark in lowered:
                return what
        return "an XML document"
    if re.search(r"^\s*#EXTINF|^#EXT-X-", text, re.MULTILINE):
        return "an M3U/HLS playlist that names other files"
    return "a text file"
