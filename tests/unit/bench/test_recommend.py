"""From figures that follow rules to advice that follows from them."""

from __future__ import annotations

import pytest
from fakes.rows import preset, row

from nvpipe.bench.recommend import advise, anchor_of, savings

LEVELS = [row("cpu", "medium", 10_000 * 2**-1, 42, 60), row("cpu", "original", 1500, 30, 90)]
"""As the preset `quick` at 24."""


def test_savings_are_those_of_the_rule_by_every_measure_and_stretch() -> None:
    rows = [
        *LEVELS,
        *preset("cpu", "quick", 1.0, 60),
        *preset("cpu", "slow", 0.8, 20),
        *preset("card", "p1", 1.1, 500),
    ]
    anchor = anchor_of(rows, "cpu")
    assert anchor == ("cpu", "quick")
    found = savings(rows, anchor)
    assert [(one.encoder, one.family, one.metric) for one in found] == [
        ("cpu", "slow", "xpsnr"),
        ("card", "p1", "xpsnr"),
        ("cpu", "slow", "ssim"),
        ("card", "p1", "ssim"),
    ]
    for one in found:
        assert one.median == pytest.approx(-0.2 if one.family == "slow" else 0.1)
        assert one.clips == pytest.approx([one.median] * 2)


def test_the_fewest_bits_among_what_is_as_fast_are_advised() -> None:
    rows = [
        *LEVELS,
        *preset("cpu", "quick", 1.0, 60),
        *preset("cpu", "even", 0.7, 57),
        *preset("cpu", "slow", 0.5, 20),
    ]
    (advice,) = advise(rows, "cpu")
    assert (advice.level, advice.encoder, advice.setting) == ("medium", "cpu", "even@24")
    assert advice.bits == pytest.approx(0.7)
    assert advice.speed == pytest.approx(57 / 60)
    assert advice.quality == 42


def test_a_rate_between_two_numbers_becomes_the_better_one() -> None:
    rows = [row("cpu", "high", 8000, 43.3, 50), *preset("cpu", "quick", 0.5, 60)]
    (advice,) = advise(rows, "cpu")
    # 45 - (factor - 18) / 2 = 43.3 at 21.4; 21 is better than wanted, 22 worse.
    assert advice.setting == "quick@21"


def test_a_level_stays_where_nothing_is_clearly_better() -> None:
    rows = [*LEVELS, *preset("cpu", "quick", 0.99, 60), *preset("cpu", "slow", 0.5, 20)]
    (advice,) = advise(rows, "cpu")
    assert (advice.setting, advice.bits, advice.speed) == ("medium", 1.0, 1.0)


def test_another_encoder_gets_the_level_of_the_reference_even_at_more_bits() -> None:
    rows = [
        *LEVELS,
        *preset("cpu", "quick", 1.0, 60),
        *preset("card", "p1", 1.3, 900),
        *preset("card", "p7", 1.1, 200),
    ]
    advice = next(one for one in advise(rows, "cpu") if one.encoder == "card")
    assert advice.setting == "p7@24"
    assert advice.bits == pytest.approx(1.1)
    slow = [*LEVELS, *preset("cpu", "quick", 1.0, 60), *preset("card", "p1", 1.3, 30), *preset("card", "p7", 1.1, 20)]
    advice = next(one for one in advise(slow, "cpu") if one.encoder == "card")
    assert advice.setting == "p1@24"
    assert "nothing is as fast" in advice.reason


def test_a_quality_that_no_preset_was_measured_at_gets_no_advice() -> None:
    rows = [row("cpu", "low", 900, 30, 90), *preset("cpu", "quick", 1.0, 60)]
    (advice,) = advise(rows, "cpu")
    assert advice.setting is None
    assert "no preset" in advice.reason


def test_without_presets_there_is_nothing_to_advise() -> None:
    assert advise(LEVELS, "cpu") == []
    assert advise([*LEVELS, *preset("cpu", "quick", 1.0, 60)[:3]], "cpu") == []
    assert anchor_of(LEVELS, "cpu") is None


def test_where_xpsnr_is_missing_ssim_is_used() -> None:
    rows = [row("cpu", "medium", 5000, None, 60)]
    assert advise(rows, "cpu") == []
    assert savings([*preset("cpu", "quick", 1.0, 60), *rows], ("cpu", "quick")) == []
