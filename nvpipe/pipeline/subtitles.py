"""Subtitle files of a short, and the font that its captions begin with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nvpipe.captions.formats import parse_formats
from nvpipe.captions.srt import to_srt

if TYPE_CHECKING:
    from nvpipe.settings import Settings
    from nvpipe.types import CaptionTrack, OutputFormat
    from nvpipe.types.captions import CaptionFont


def caption_font(settings: Settings) -> CaptionFont | None:
    """The font that was asked for, proven to be one.

    Raises:
        UnusableFontError: it is none.
    """
    if settings.font is None:
        return None
    from nvpipe.captions.font_file import read_font

    return read_font(settings.font)


def subtitle_texts(track: CaptionTrack, output: OutputFormat, settings: Settings) -> dict[str, str]:
    """The content of each subtitle file, by its suffix.

    Args:
        track: what is said.
        output: the video's size.
        settings: which formats are wanted.
    """
    texts: dict[str, str] = {}
    for name in parse_formats(settings.subtitles):
        if name == "srt":
            texts[".srt"] = to_srt(track)
        elif name == "vtt":
            from nvpipe.captions.vtt import to_vtt

            texts[".vtt"] = to_vtt(track)
        else:
            texts[".ass"] = _ass(track, output)
    return texts


def _ass(track: CaptionTrack, output: OutputFormat) -> str:
    from nvpipe.captions.ass import to_ass
    from nvpipe.captions.box import safe_area
    from nvpipe.captions.chain import FONT_FOLDER
    from nvpipe.captions.styles import style
    from nvpipe.captions.typeface import Typeface

    look = track.look or style(track.style)
    face = Typeface(track.font.path if track.font else FONT_FOLDER / look.font)
    size = (output.width_px, output.height_px)
    return to_ass(track, look, face, size, safe_area(*size))
