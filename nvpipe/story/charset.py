"""Bytes into text: which character set, and whether it is text at all."""

from __future__ import annotations

import codecs
import re
import unicodedata

from nvpipe.errors import ArticleError

MAX_CONTROL_SHARE = 0.01
"""A text with this share of control characters is taken for something else."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"""<(?:meta|\?xml)\b[^>]{0,300}?(?:charset|encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.I)
_AS_BROWSERS_READ = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
}
"""Supersets by which the WHATWG Encoding Standard reads these labels."""
_NOT_CHARSETS = {"utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "mbcs", "oem", "undefined"}
_WHITE_CONTROLS = "\t\n\r\f\v\x85"
_GUESS_BYTES = 200_000
_MOST_USED = ("cp1252", "cp1251", "cp1250", "gb18030", "cp932", "big5", "cp949", "cp1254", "cp1253", "koi8_r")
_NARROW_KANA = re.compile("[\uff61-\uff9f]")
_MOST_NARROW_KANA = 0.3
"""KOI8-R read as Shift JIS is full of half-width kana, which real Japanese hardly uses."""


def decode_text(data: bytes, name: str, declared: str | None = None) -> str:
    """The text in `data`, its control characters still in it.

    The character set is that of the byte order mark, else UTF-8 where the bytes are valid in it, else what
    a web server or an HTML page declares, else a guess by charset-normalizer.

    Args:
        name: how messages call the source.
        declared: the character set that a web server gave.

    Raises:
        ArticleError: there is nothing in it, it is valid in no character set, or it is 1 % or more
            control characters.
    """
    text = _decoded(data, declared) if data.strip(b" \t\r\n\f\v\0") else ""
    if text is None:
        raise ArticleError(f"{name} is not text in any known character set", hint="save it as UTF-8 text")
    if not text:
        raise ArticleError(f"{name} is empty", hint="pass a text of at least a few sentences")
    controls = sum(text.count(char) for char in set(text) if is_control(char))
    if controls >= MAX_CONTROL_SHARE * len(text):
        raise ArticleError(
            f"{name} is not text: {100 * controls / len(text):.0f} % of it are control characters",
            hint="pass a .md, .txt or .html file",
        )
    return text


def is_control(char: str) -> bool:
    """Whether it is a control character other than white space."""
    return unicodedata.category(char) == "Cc" and char not in _WHITE_CONTROLS


def _decoded(data: bytes, told: str | None) -> str | None:
    for mark, charset in _BOMS:
        if data.startswith(mark) and (text := _strict(data[len(mark) :], charset)) is not None:
            return text
    wide = _wide_charset(data)
    if wide and (text := _strict(data, wide)) is not None:
        return text
    declared = _known_charset(told or "") or _declared_charset(data)
    is_ascii = data.isascii()
    if not (is_ascii and declared) and (text := _strict(data, "utf-8")) is not None:
        return text
    if declared and (text := _strict(data, declared)) is not None:
        return text
    guessed = _guessed_charset(data)
    return _strict(data, guessed) if guessed else None


def _strict(data: bytes, charset: str) -> str | None:
    try:
        return data.decode(charset)
    except (UnicodeError, LookupError):
        return None


def _wide_charset(data: bytes) -> str | None:
    """UTF-16 without its mark shows as zeros in every second byte."""
    head = data[:4096]
    half = max(1, len(head) // 2)
    if head[1::2].count(0) > 0.6 * half and head[::2].count(0) < 0.05 * half:
        return "utf-16-le"
    if head[::2].count(0) > 0.6 * half and head[1::2].count(0) < 0.05 * half:
        return "utf-16-be"
    return None


def _declared_charset(data: bytes) -> str | None:
    match = _DECLARED.search(data[:4096])
    return None if match is None else _known_charset(match[1].decode("ascii", "replace"))


def _known_charset(label: str) -> str | None:
    try:
        charset = codecs.lookup(label).name
        "".encode(charset)
    except (LookupError, ValueError):
        return None
    if charset in _NOT_CHARSETS:
        return None
    return _AS_BROWSERS_READ.get(charset, charset)


def _guessed_charset(data: bytes) -> str | None:
    """charset-normalizer's best match; among equal ones the most used."""
    from charset_normalizer import from_bytes

    matches = list(from_bytes(data[:_GUESS_BYTES]))
    if not matches:
        return None
    best = min(
        matches, key=lambda match: (round(match.chaos, 2), -round(match.coherence, 2), _rarity(match.encoding))
    )
    narrow_kana = len(_NARROW_KANA.findall(str(best)))
    return "koi8_r" if narrow_kana > _MOST_NARROW_KANA * len(str(best)) else best.encoding


def _rarity(charset: str) -> int:
    return _MOST_USED.index(charset) if charset in _MOST_USED else len(_MOST_USED)
