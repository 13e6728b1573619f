"""The rule behind `--captions auto`."""

from __future__ import annotations

import numpy as np
import pytest

from nvpipe.captions.styles import style
from nvpipe.captions.suit import CANDIDATES, choose, fit, lab, linear, luminance

STYLES = {name: style(name) for name in CANDIDATES}


def chosen(*colours: tuple[int, int, int]) -> str:
    behind = np.array(colours) / 255
    return choose(STYLES, dict.fromkeys(STYLES, behind))[0].style


def test_known_measures() -> None:
    light = linear(np.array([[1.0, 1, 1], [0, 0, 0], [1, 0, 0]]))
    assert luminance(light) == pytest.approx([1, 0, 0.2126], abs=1e-4)
    assert lab(light)[0] == pytest.approx([100, 0, 0], abs=0.05)
    assert lab(light)[2] == pytest.approx([53.24, 80.09, 67.20], abs=0.05)


def test_the_first_style_does_on_dark_and_grey_footage() -> None:
    assert chosen((20, 20, 24)) == chosen((110, 100, 90)) == CANDIDATES[0]


def test_snow_asks_for_an_outline_that_holds() -> None:
    name = chosen((245, 245, 250))
    white = np.array([[245, 245, 250]]) / 255
    assert name != "default"
    assert fit(STYLES[name], white).contrast >= 4.5 > fit(STYLES["default"], white).contrast


def test_the_highlight_keeps_away_from_the_footages_colour() -> None:
    green = np.array([[57, 240, 110]]) / 255
    name = chosen((57, 240, 110))
    assert name != "bold"
    assert fit(STYLES[name], green).distance > 2 * fit(STYLES["bold"], green).distance
    assert chosen((255, 214, 10)) != "default"


def test_a_few_bright_places_do_not_decide_but_a_fifth_does() -> None:
    dark, white = (20, 20, 24), (255, 255, 255)
    assert chosen(*[dark] * 95, *[white] * 5) == chosen(dark)
    assert chosen(*[dark] * 80, *[white] * 20) == chosen(white)


def test_equals_keep_their_order() -> None:
    behind = np.array([[20, 20, 24]]) / 255
    pair = {"bold": STYLES["bold"], "default": STYLES["default"]}
    assert [item.style for item in choose(pair, dict.fromkeys(pair, behind))] == ["bold", "default"]
