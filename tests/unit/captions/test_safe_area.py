"""Nothing that is said, in whatever script, is drawn outside of the safe area."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nvpipe.captions.box import safe_area
from nvpipe.captions.cues import build_captions
from nvpipe.captions.draw import CaptionPainter
from nvpipe.captions.styles import STYLE_NAMES, style
from nvpipe.types import Word

SIZES = [(1080, 1920), (1080, 1080), (1080, 1350), (1920, 1080), (270, 480)]
words = st.one_of(
    st.text(alphabet="aWiÅg.-/", min_size=1, max_size=60),
    st.text(alphabet="בגדہאلسمक्षत्रिΩЖẪ\u0301\u0323", min_size=1, max_size=25),
    st.text(max_size=8),
    st.sampled_from(["https://example.org/" + "long-path/" * 9, "i" * 500, "Ｗ" * 30, "e" + "\u0301" * 30]),
)


@pytest.mark.parametrize("name", STYLE_NAMES)
@settings(max_examples=4, deadline=None)
@given(
    texts=st.lists(words, min_size=1, max_size=6), size=st.sampled_from(SIZES), language=st.sampled_from(["en", "ar"])
)
def test_every_cue_lies_in_the_safe_area(name: str, texts: list[str], size: tuple[int, int], language: str) -> None:
    said = [Word(text, i * 0.3, i * 0.3 + 0.3, 0) for i, text in enumerate(texts)]
    track = build_captions(said, style=name, language=language, duration_s=60)
    safe = safe_area(*size)
    painter = CaptionPainter(style(name), *size, safe, language=language, system_font_folders=[])
    for cue in track.cues:
        box = painter.rectangle(cue)
        assert box is None or safe.contains(box)
        middle = painter.paint(cue, (cue.start_s + cue.end_s) / 2)
        assert middle is None or safe.contains(middle.box)
