"""What every run needs besides its backends: captions, sound and the storage folder, each proven by using it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from nvpipe.errors import OutputError
from nvpipe.pipeline.doctor.finding import Finding

_REINSTALL = "install nvpipe again"
_ARABIC = "سلام"
"""A word whose letters join: a shaper gives other glyphs for it than for its letters alone."""


def captions() -> Finding:
    """Whether words are shaped and drawn in the default style."""
    summary = "words drawn on the picture"
    try:
        import uharfbuzz as hb  # type: ignore[import-untyped]

        from nvpipe.captions.box import safe_area
        from nvpipe.captions.chain import FontChain
        from nvpipe.captions.draw import CaptionPainter
        from nvpipe.captions.styles import STYLE_NAMES, style
        from nvpipe.captions.typeface import UnusableFontError
        from nvpipe.types import Cue
    except ImportError as error:
        return Finding("captions", "harfbuzz", False, f"cannot be imported: {error}", _REINSTALL, False, summary)
    look, size_px = style(STYLE_NAMES[0]), (1080, 1920)
    try:
        chain = FontChain(look.font, "ar", [])
        drawn = CaptionPainter(look, *size_px, safe_area(*size_px), system_font_folders=[]).paint(
            Cue(0.0, 1.0, ("nvpipe", "draws"), 0)
        )
        ((_, arabic),) = chain.runs(_ARABIC)
        joined = {glyph.number for glyph in arabic.shape(_ARABIC, True, "ar").glyphs}
        alone = {glyph.number for letter in _ARABIC for glyph in arabic.shape(letter, True, "ar").glyphs}
    except (UnusableFontError, OSError, ValueError) as error:
        return Finding("captions", "harfbuzz", False, f"cannot draw: {error}", _REINSTALL, False, summary)
    fonts = f"{chain.primary.path.stem} and {arabic.path.stem}"
    if drawn is None or not joined - alone:
        what = "draws nothing" if drawn is None else "does not join Arabic letters"
        return Finding("captions", "harfbuzz", False, f"{what} with {fonts}", _REINSTALL, False, summary)
    reason = f"drew a cue and joined Arabic letters with {fonts}, HarfBuzz {hb.version_string()}"
    return Finding("captions", "harfbuzz", True, reason, "", False, summary)


def sound() -> Finding:
    """Whether sound can be encoded as it is for a short."""
    summary = "the sound of the finished file"
    try:
        import numpy as np

        from nvpipe.media.audio import read_audio
        from nvpipe.media.mux import AUDIO_RATE_HZ, write_sound

        tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(AUDIO_RATE_HZ // 4) / AUDIO_RATE_HZ)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "tone.mp4")
            write_sound([np.repeat(tone[None], 2, axis=0).astype(np.float32)], path)
            heard = read_audio(path, rate_hz=AUDIO_RATE_HZ, channels=2)
    except ImportError as error:
        return Finding("sound", "aac", False, f"cannot be imported: {error}", _REINSTALL, False, summary)
    except (OutputError, OSError, ValueError) as error:
        fix = "free some space in the temporary folder, or name another one with TMPDIR"
        return Finding("sound", "aac", False, f"does not encode: {error}", fix, False, summary)
    if not heard.size or abs(float(np.abs(heard).max()) - 0.5) > 0.2:
        return Finding("sound", "aac", False, "a tone came back as something else", _REINSTALL, False, summary)
    return Finding("sound", "aac", True, "encoded a tone and heard it again", "", False, summary)


def storage_folder(storage: Path) -> Finding:
    """Whether results can be kept for the next run."""
    summary = "what is kept for the next run"
    nearest = storage.absolute()
    while not os.path.lexists(nearest):
        nearest = nearest.parent
    try:
        with tempfile.TemporaryFile(dir=nearest) as file:
            file.write(b"nvpipe")
    except OSError as error:
        reason = f"{nearest} cannot be written: {error.strerror or error}"
        return Finding("cache", "storage", False, reason, "name another folder with --storage", False, summary)
    made = "" if nearest == storage.absolute() else f", where {storage} will be made"
    return Finding("cache", "storage", True, f"{nearest} can be written{made}", "", False, summary)
