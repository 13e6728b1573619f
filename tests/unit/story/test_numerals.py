"""Numbers read out of text, however they are written."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from num2words import num2words

from nvpipe.story.grounding.lexemes import digits_value
from nvpipe.story.grounding.numerals import quantities_of


def only(text: str, language: str) -> tuple[Fraction, str]:
    (quantity,) = quantities_of(text, language)
    return quantity.values[0], quantity.unit


@pytest.mark.parametrize(
    ("text", "language", "value", "unit"),
    [
        ("$10.5 billion", "en", 10_500_000_000, "dollar"),
        ("ten and a half billion dollars", "en", 10_500_000_000, "dollar"),
        ("$10.5bn", "en", 10_500_000_000, "dollar"),
        ("US$ 3m", "en", 3_000_000, "dollar"),
        ("half a million euros", "en", 500_000, "euro"),
        ("a quarter of a million", "en", 250_000, ""),
        ("two dozen", "en", 24, ""),
        ("one hundred and five", "en", 105, ""),
        ("three million, five hundred thousand and two", "en", 3_500_002, ""),
        ("twelve hundred", "en", 1200, ""),
        ("nineteen eighty-four", "en", 1984, ""),
        ("twenty oh five", "en", 2005, ""),
        ("minus five degrees", "en", -5, "degree"),
        ("-5°C", "en", -5, "degree"),
        ("15 per cent", "en", 15, "percent"),
        ("fifteen percentage points", "en", 15, "point"),
        ("50 cents", "en", Fraction(1, 2), "dollar"),
        ("fourteen dollars and ninety-nine cents", "en", Fraction(1499, 100), "dollar"),
        ("a year and a half", "en", 18, "month"),
        ("half an hour", "en", 1800, "second"),
        ("six kilometers per hour", "en", 6, "kmh"),
        ("6 km/h", "en", 6, "kmh"),
        ("2½", "en", Fraction(5, 2), ""),
        ("1,25,000 rupees", "en", 125_000, "rupee"),
        ("3.2m people", "en", 3_200_000, ""),
        ("1.234,5 Euro", "de", Fraction("1234.5"), "euro"),
        ("2,3 Mrd. Euro", "de", 2_300_000_000, "euro"),
        ("anderthalb Millionen", "de", 1_500_000, ""),
        ("zweihundertdreiundzwanzigtausendeins", "de", 223_001, ""),
        ("quatre-vingt-dix-sept pour cent", "fr", 97, "percent"),
        ("1,7 million d'euros", "fr", 1_700_000, "euro"),
        ("un an et demi", "fr", 18, "month"),
        ("cuarenta y ocho millones y medio de euros", "es", 48_500_000, "euro"),
        ("tres mil millones", "es", 3_000_000_000, ""),
        ("31.500", "es", 31_500, ""),
        ("um milhão e duzentos mil reais", "pt", 1_200_000, "real"),
        ("millenovecentocinquantaquattro", "it", 1954, ""),
        ("ventitré", "it", 23, ""),
        ("साढ़े तीन किलोमीटर", "hi", 3500, "metre"),
        ("ढाई सौ करोड़ रुपये", "hi", 2_500_000_000, "rupee"),
        ("२०,०००", "hi", 20_000, ""),
        ("٤٥٦", "ar", 456, ""),
        ("二十二", "ja", 22, ""),
        ("3億5", "ja", 300_000_000, ""),
    ],
)
def test_value_and_unit(text: str, language: str, value: Fraction | int, unit: str) -> None:
    quantity = quantities_of(text, language)[0]
    assert (quantity.values[0], quantity.unit) == (value, unit)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("the third floor", "ordinal", 3),
        ("its twenty-first year", "ordinal", 21),
        ("two thirds of it", "share", Fraction(2, 3)),
        ("nine out of ten", "share", Fraction(9, 10)),
        ("one in five", "share", Fraction(1, 5)),
        ("every tenth islander", "share", Fraction(1, 10)),
        ("Henry VIII", "either", 8),
        ("the 1980s", "decade", 1980),
        ("thousands of people", "vague", 1000),
    ],
)
def test_kind(text: str, kind: str, value: Fraction | int) -> None:
    (quantity,) = quantities_of(text, "en")
    assert (quantity.kind, quantity.values[0]) == (kind, value)


@pytest.mark.parametrize("text", ["one of them", "no one knows", "first of all", "a point", "It is mine, in a way."])
def test_words_that_are_no_number(text: str) -> None:
    assert quantities_of(text, "en") == ()


def test_range_shares_its_unit() -> None:
    one, two = quantities_of("between 300 and 350 million dollars", "en")
    assert one.unit == two.unit == "dollar"
    assert 300_000_000 in one.values


def test_two_numbers_stay_two() -> None:
    values = [quantity.values[0] for quantity in quantities_of("between one hundred and two hundred", "en")]
    assert values == [100, 200]


def test_version_is_not_a_number_but_kept() -> None:
    (quantity,) = quantities_of("1.2.3.4", "en")
    assert (quantity.kind, quantity.values) == ("literal", ())


@pytest.mark.parametrize(
    ("written", "language", "numeral"),
    [("1,234", "en", "1234"), ("1,234", "de", "1.234"), ("1.234", "de", "1234"), ("0.123", "de", "0.123"),
     ("1,234.5", "de", "1234.5"), ("12 345,6", "fr", "12345.6"), ("1.2.3", "en", ""), ("9" * 99, "en", "")],
)  # fmt: skip
def test_digits(written: str, language: str, numeral: str) -> None:
    assert digits_value(written, language) == numeral


@settings(deadline=None)
@example(10**12, "it")
@given(st.integers(2, 10**12), st.sampled_from(["en", "es", "fr", "pt", "pt_BR", "it", "de", "fr_CH"]))
def test_number_words_read_back(number: int, locale: str) -> None:
    spelt = num2words(number, lang=locale).replace("dicotto", "diciotto")
    (quantity,) = quantities_of(spelt, locale[:2])
    assert number in quantity.values


@settings(deadline=None)
@given(st.integers(200, 2_000_000), st.sampled_from(["en", "es", "fr", "pt", "it", "de"]))
def test_decimals_read_back(hundredths: int, language: str) -> None:
    spelt = num2words(hundredths / 100, lang=language).replace("dicotto", "diciotto")
    assert Fraction(hundredths, 100) in only_values(spelt, language)


def only_values(text: str, language: str) -> tuple[Fraction, ...]:
    (quantity,) = quantities_of(text, language)
    return quantity.values


@settings(deadline=None)
@given(st.integers(2, 999_999))
def test_digits_of_every_script_are_equal(number: int) -> None:
    for zero in ("0", "०", "٠", "۰", "০", "０"):
        written = "".join(chr(ord(zero) + int(digit)) for digit in str(number))
        assert only(written, "hi")[0] == number
