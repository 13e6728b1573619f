"""Captions as an Advanced SubStation Alpha file (v4.00+, as libass reads it), with the style and the word times."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nvpipe.captions.box import Box
from nvpipe.captions.subtitles import WordGroup, groups_of
from nvpipe.captions.text import cased, needs_space
from nvpipe.types import CaptionTrack
from nvpipe.types.look import CaptionStyle, Ink

if TYPE_CHECKING:
    from nvpipe.captions.typeface import Typeface

_WORD_JOINER = "\u2060"
# A player that does not know the escape of a brace then finds an empty block of tags, and hides no text.
_ESCAPES = str.maketrans({"\\": "\\" + _WORD_JOINER, "{": "\\{{}"})
_STYLE_FIELDS = (
    "Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, "
    "StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, "
    "Encoding"
)
_EVENT_FIELDS = "Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text"


def to_ass(track: CaptionTrack, look: CaptionStyle, face: Typeface, size_px: tuple[int, int], safe: Box) -> str:
    """An event for each group of words, its words timed for karaoke.

    A word that is spoken keeps its colour: the format knows no way back. A box behind a word becomes its colour.

    Args:
        track: the captions.
        look: their style.
        face: the font that comes first.
        size_px: width and height of the picture.
        safe: where text may stand.
    """
    width, height = size_px
    half = min(width / 2 - safe.left_px, safe.right_px - width / 2)
    margin = round(width / 2 - half) if half > 0 else safe.left_px
    middle = width // 2 if half > 0 else (safe.left_px + safe.right_px) // 2
    centre = min(max(round(look.centre_y * height), safe.top_px), safe.bottom_px)
    lines = [
        "[Script Info]",
        "ScriptType: v4.00+",
        f"PlayResX: {width}",
        f"PlayResY: {height}",
        "WrapStyle: 0",
        "ScaledBorderAndShadow: yes",
        "YCbCr Matrix: TV.709",
        "",
        "[V4+ Styles]",
        f"Format: {_STYLE_FIELDS}",
        f"Style: {_style(look, face, math.sqrt(width * height / (1080 * 1920)), margin)}",
        "",
        "[Events]",
        f"Format: {_EVENT_FIELDS}",
    ]
    place = f"{{\\an5\\pos({middle},{centre})}}"
    for group in groups_of(track):
        start, end = _hundredths(group.start_s), _hundredths(group.end_s)
        text = place + _karaoke(group, look, track.language)
        lines.append(f"Dialogue: 0,{_stamp(start)},{_stamp(end)},Default,,0,0,0,,{text}")
    return "\n".join(lines) + "\n"


def _style(look: CaptionStyle, face: Typeface, scale: float, margin: int) -> str:
    boxed = look.box is not None and look.box.behind == "block"
    active = look.active
    if look.box is not None and look.box.behind == "word" and _same(active, look.text):
        active = look.box.ink
    reach = max(abs(look.shadow.offset_x_px), abs(look.shadow.offset_y_px))
    border = (look.box.ink, look.box.padding_y_px) if boxed and look.box else (look.outline, look.outline_px)
    fields = [
        "Default",
        face.family.replace(",", " "),
        f"{look.size_px * scale * face.line_em:.1f}",
        *(_colour(ink) for ink in (active, look.text, border[0], look.shadow.ink)),
        "-1" if face.bold else "0",
        *("0", "0", "0", "100", "100", "0", "0"),
        "3" if boxed else "1",
        f"{border[1] * scale:.1f}",
        f"{reach * scale:.1f}",
        "5",
        *(str(margin), str(margin), "0", "1"),
    ]
    return ",".join(fields)


def _karaoke(group: WordGroup, look: CaptionStyle, language: str) -> str:
    """The words, each after the hundredths of a second that it takes."""
    tag = "kf" if look.animation.kind == "fill" else "k"
    bounds = [_hundredths(at) for at in (*group.starts_s, group.end_s)]
    text, before = "", ""
    if wait := bounds[0] - _hundredths(group.start_s):
        text += f"{{\\k{wait}}}"
    for index, word in enumerate(group.words):
        shown = cased(word, look.case, language)
        space = " " if before and shown and needs_space(before, shown) else ""
        text += f"{space}{{\\{tag}{bounds[index + 1] - bounds[index]}}}{shown.translate(_ESCAPES)}"
        before = shown or before
    return text


def _hundredths(seconds: float) -> int:
    return int(round(seconds * 1000) // 10)


def _stamp(hundredths: int) -> str:
    total_s, rest = divmod(hundredths, 100)
    minutes, second = divmod(total_s, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02d}:{second:02d}.{rest:02d}"


def _colour(ink: Ink) -> str:
    """`&HAABBGGRR`, where AA is how much shines through."""
    return f"&H{round(255 * (1 - ink.opacity)):02X}{ink.blue:02X}{ink.green:02X}{ink.red:02X}"


def _same(one: Ink, other: Ink) -> bool:
    return (one.red, one.green, one.blue) == (other.red, other.green, other.blue)
