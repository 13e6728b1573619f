"""Figures that are no plain numbers: ordinals, fractions, ranges, scores, powers, phone numbers, versions, models."""

from __future__ import annotations

import re
import unicodedata
from fractions import Fraction

from nvpipe.voice.saying.digits import SIGN, START, number, plain, signed
from nvpipe.voice.saying.numbers import cardinal, digits, ordinal, paired, spoken_number
from nvpipe.voice.saying.rewriting import Piece, Rule, rule
from nvpipe.voice.saying.tables import Tongue, word_set

_ORDINALS = {
    "en": r"(?P<n>\d{1,9})(?:st|nd|rd|th)",
    "es": r"(?P<n>\d{1,4})\.?(?P<end>[ºª°]|er|ero|ro|do|to|ra|da|ta)",
    "fr": r"(?P<n>\d{1,6})(?P<end>ers|er|ère|re|èmes|ème|eme|es|e|nde|nd|ᵉ)",
    "pt": r"(?P<n>\d{1,4})\.?(?P<end>[ºª°]|o|a)",
    "it": r"(?P<n>\d{1,4})(?P<end>[ºª°]|o|a)",
    "hi": r"(?P<n>\d{1,6})(?P<end>वां|वाँ|वीं|वें|ला|ली|रा|री|था|थी|ठा|ठी)",
}
_FEMININE_ENDS = frozenset(("ª", "ra", "da", "ta", "a", "ère", "re", "nde", "वीं", "ली", "री", "थी", "ठी"))
_GERMAN_NOUNS = (
    "Jahrhunderts?|Platz|Mal|Tag|Runde|Liga|Weltkriegs?|Spieltag|Auflage|Klasse|Etage|Stock|Kapitel|Staffel|Teil"
    "|Generation|Geburtstag|Minute|Stunde|Stelle|Reihe|Rang|Etappe|Bundesliga|Klasse|Quartal|Halbjahr"
)
GERMAN_WEAK = word_set("am vom zum dem den im beim einem des seinem ihrem jedem diesem ab bis")
_SOFTWARE = (
    "Python|Windows|Android|iOS|iPadOS|macOS|Linux|Ubuntu|CUDA|Java|PHP|Node|Chrome|Firefox|GPT|Llama|Claude|Gemini"
    "|USB|HDMI|Bluetooth|DirectX|OpenGL|Vulkan|[Kk]ernel|[Vv]ersions?|[Vv]ersión|[Vv]ersão|[Vv]ersione|[Pp]atch"
    "|[Rr]elease|DLSS|FSR|PCIe|Unity|Blender|TLS|HTTP|संस्करण"
)
_CARDS = r"RTX|GTX|RX|Radeon|GeForce|Quadro|Ryzen \d|Core i\d|Xeon|Threadripper|Pentium|Nikon|Nokia"
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹"


def ordinal_rules(speech: Tongue) -> tuple[Rule, ...]:
    """`1st`, `2º`, `3e`; German's `4.` before a noun that is often counted so."""
    if speech.code == "de":
        pattern = rf"(?<![\w.,])(?P<n>\d{{1,3}})\.(?= (?:{_GERMAN_NOUNS})\b)"
        return (rule(pattern, lambda match: _german_ordinal(match, speech)),)

    def say(match: re.Match[str]) -> list[Piece]:
        end = match.groupdict().get("end") or ""
        words = ordinal(int(match["n"]), speech, "f" if end in _FEMININE_ENDS else "m")
        if speech.code == "es" and end == "er" and words.endswith(("primero", "tercero")):
            words = words[:-1]
        if speech.code == "hi" and end == "वें":
            words = words.removesuffix("ां") + "ें" if words.endswith("वां") else words[:-1] + "े"
        return [(words, *match.span())]

    return (rule(rf"(?<![\w.,]){_ORDINALS[speech.code]}(?!\w)", say),)


def _german_ordinal(match: re.Match[str], speech: Tongue) -> list[Piece]:
    words = match.string[max(0, match.start() - 24) : match.start()].split()
    weak = words and words[-1].lower() in GERMAN_WEAK
    return [(ordinal(int(match["n"]), speech) + ("n" if weak else ""), *match.span())]


def _share(over: int, under: int, speech: Tongue) -> str:
    """A proper fraction in words."""
    names = speech.fractions.get(str(under))
    if names is None:
        return f"{cardinal(over, speech)} {speech.text['over']} {cardinal(under, speech)}"
    one, _, many = names.partition("|")
    if speech.code == "en" and under == 2 and over == 1:
        return "one half"
    if speech.code == "de" and under == 2:
        return "ein halb" if over == 1 else f"{cardinal(over, speech, 'm')} {many}"
    return f"{cardinal(over, speech, 'm')} {one if over == 1 else many}"


def _glyph(match: re.Match[str], speech: Tongue) -> list[Piece]:
    value = Fraction(unicodedata.numeric(match["glyph"])).limit_denominator(10)
    share = _share(value.numerator, value.denominator, speech) if value else cardinal(0, speech)
    if speech.code == "hi":
        share = {"1/2": "आधा", "1/4": "चौथाई", "3/4": "तीन चौथाई", "1/3": "एक तिहाई"}.get(str(value), share)
    if not match["n"]:
        return [(share, *match.span())]
    whole = spoken_number(match["n"], speech)
    if speech.code == "hi":
        more = {"1/2": "साढ़े", "1/4": "सवा"}.get(str(value))
        return [(f"{more} {whole}" if more else f"{whole} {share}", *match.span())]
    if value == Fraction(1, 2) and speech.text["half"]:
        glue = "" if speech.code == "de" else " "
        return [
            (
                f"{whole.removesuffix('s') if glue == '' and whole == 'eins' else whole}{glue}{speech.text['half']}",
                *match.span(),
            )
        ]
    share = share.replace("one quarter", "a quarter")
    return [(f"{whole} {speech.text['and']} {share}", *match.span())]


def fraction_rules(speech: Tongue) -> tuple[Rule, ...]:
    """`½`, `2½`, `3/4`, `24/7`, `1/0`."""

    def slash(match: re.Match[str]) -> list[Piece]:
        over, under = match[1], match[2]
        if (over, under) in (("24", "7"), ("9", "11"), ("7", "7")) and speech.code == "en":
            words = f"{cardinal(int(over), speech)} {cardinal(int(under), speech)}"
        elif len(over) < 3 and len(under) < 4 and 0 < int(over) < int(under):
            words = _share(int(over), int(under), speech)
        else:
            words = f"{spoken_number(over, speech)} {speech.text['over']} {spoken_number(under, speech)}"
        return [(words, *match.span())]

    return (
        rule(r"(?:(?P<n>\d{1,15}) ?)?(?P<glyph>[¼½¾⅐-⅞↉])", lambda match: _glyph(match, speech)),
        rule(r"(?<![\d.,/-])(\d{1,15})[/⁄](\d{1,15})(?![\d/]|[.,-]\d)", slash),
    )


def range_rules(speech: Tongue) -> tuple[Rule, ...]:
    """Ranges, scores and ratios; German parts a result (`3:1`, `3-1`: zu) from a range (`3–5`: bis)."""
    digits = number(speech)

    def say(match: re.Match[str]) -> list[Piece]:
        first, last = match["first"], match["last"]
        kind = "to"
        if match["mark"] == ":":
            kind = "ratio"
        elif match["mark"] == "-" and len(first) < 3 and len(last) < 3 and int(first) >= int(last):
            kind = "score"
        before = signed(match["sign"], speech) + plain(first, speech)
        return [(f"{before} {speech.text[kind]}", *match.span("first")), (plain(last, speech), *match.span("last"))]

    whole = rf"{SIGN}{START}(?<!\d[-–])(?P<first>{digits})"

    def size(match: re.Match[str]) -> list[Piece]:
        by = speech.text["by"]
        return [(f"{_lines(match[1], speech)} {by}", *match.span(1)), (_lines(match[2], speech), *match.span(2))]

    return (
        rule(r"(?<![\w.,])(\d{3,4}) ?[x×] ?(\d{3,4})(?![\w])", size),
        rule(rf"{whole}(?P<mark>:)(?P<last>{digits})(?![:\d])", say),
        rule(rf"{whole} ?(?P<mark>[-–—]) ?(?P<last>{digits})(?!-?[\w])", say),
    )


def phone_rules(speech: Tongue) -> tuple[Rule, ...]:
    """Phone numbers: digit by digit, in French and by twos elsewhere as they are written."""

    def say(match: re.Match[str]) -> list[Piece]:
        groups = re.findall(r"\d+", match[0])
        said = [_group(group, speech) for group in groups]
        plus = f"{speech.text['plus']} " if match[0].startswith("+") else ""
        return [(plus + ", ".join(said), *match.span())]

    return (
        rule(r"(?<![\w.,+-])\+\d{1,3}(?:[ .-]?\(?\d{1,5}\)?){2,6}(?![\w-])", say),
        rule(r"(?<![\w.,-])\(?\d{3}\)?[ .-]\d{3}[.-]\d{4}(?![\w-])", say),
        rule(r"(?<![\w.,-])\d{3}-\d{4}(?![\w-])", say),
        rule(r"(?<![\w.,-])0\d(?:[ .]\d\d){4}(?![\w-]|[ .,]\d)", say),
        rule(r"(?<![\w.,-])0\d{2,4}[ /-]\d{4,8}(?![\w-])", say),
    )


def _group(group: str, speech: Tongue) -> str:
    if speech.code == "fr" and len(group) == 2:
        return cardinal(int(group), speech) if group[0] != "0" else digits(group, speech)
    return digits(group, speech)


def power_rules(speech: Tongue) -> tuple[Rule, ...]:
    """`x²`, `10⁶`, `10^400`, `6.02×10²³`, `1e5`."""
    text = speech.text

    def say(match: re.Match[str]) -> list[Piece]:
        exponent = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in match[1].replace("⁻", "-"))
        if exponent in ("2", "3"):
            return [(text["squared" if exponent == "2" else "cubed"], *match.span())]
        value = exponent.lstrip("+-^")
        sign = f"{text['minus']} " if exponent.lstrip("^").startswith("-") else ""
        return [(f"{text['power']} {sign}{spoken_number(value, speech)}", *match.span())]

    def scientific(match: re.Match[str]) -> list[Piece]:
        sign = f"{text['minus']} " if match[2] == "-" else ""
        ten = f"{text['times']} {cardinal(10, speech)} {text['power']} {sign}{cardinal(int(match[3]), speech)}"
        return [(f"{spoken_number(match[1], speech)} {ten}", *match.span())]

    return (
        rule(r"(?<![\w.,])(\d{1,9}(?:\.\d{1,9})?)[eE]([+-]?)(\d{1,3})(?!\w)", scientific),
        rule(rf"(?<=[\w)])(⁻?[{_SUPERSCRIPTS}]{{1,21}})", say),
        rule(r"(?<=[\w)])\^([-+]?\d{1,21})(?!\d)", say),
        rule(rf"[{_SUPERSCRIPTS}]{{1,21}}", lambda m: [("", *m.span())]),
        rule(r"(?<=\d) ?[×x✕] ?(?=\d)", lambda m: [(text["by" if m[0].strip() == "x" else "times"], *m.span())]),
        rule(r"(?<=\d)[x×](?!\w)", lambda m: [(text["times"], *m.span())]),
        rule(r"(?<=[\d)] )[*·](?= \d)", lambda m: [(text["times"], *m.span())]),
        rule(r"(?<=[\d)] )[÷](?= ?\d)", lambda m: [(text["divided"], *m.span())]),
        rule(r"(?<=[\d)] )[-−](?= \d)", lambda m: [(text["minus"], *m.span())]),
    )


def version_rules(speech: Tongue) -> tuple[Rule, ...]:
    """`Python 3.11` is three point eleven; rows like 1.2.3 and 192.168.0.1 are said part by part."""
    dot = f" {speech.text['dot']} "

    def parts(written: str) -> str:
        return dot.join(
            cardinal(int(part), speech) if len(part) < 4 else digits(part, speech) for part in written.split(".")
        )

    def row(match: re.Match[str]) -> list[Piece] | None:
        pieces = match[2].split(".")
        if not match[1] and len(pieces) > 2 and all(len(part) == 3 for part in pieces[1:]) and speech.decimal == ",":
            return None
        if not match[1] and len(pieces) == 3 and len(pieces[2]) == 4:
            return None
        word = f"{speech.text['version']} " if match[1] else ""
        return [(word + parts(match[2]), *match.span())]

    return (
        rule(r"(?<![\w.,])([vV]\.?)(\d{1,9}(?:\.\d{1,9}){0,9})(?![\w]|\.\d)", row),
        rule(rf"(?<!\w)(?:{_SOFTWARE})[ -](?P<n>\d{{1,4}}\.\d{{1,3}})(?![\w.,]\d|\d)",
             lambda m: [(m[0][: m.start("n") - m.start()].rstrip(" -"), m.start(), m.start("n")),
                        (parts(m["n"]), *m.span("n"))]),
        rule(r"(?<![\w.,$€£])()(\d{1,9}(?:\.\d{1,9}){2,20})(?!\d|\.\d)", row),
    )  # fmt: skip


def model_rules(speech: Tongue) -> tuple[Rule, ...]:
    """`RTX 4090` is forty ninety, `H200` H two hundred, `1080p` ten eighty p."""

    def card(match: re.Match[str]) -> list[Piece]:
        said = paired(match["n"], speech) if len(match["n"]) == 4 else _five(match["n"], speech)
        return [(match[1], *match.span(1)), (said, *match.span("n"))]

    def mixed(match: re.Match[str]) -> list[Piece]:
        return [(" ".join(_mixed(part, speech) for part in re.findall(r"\d+|[^\W\d]+", match[0])), *match.span())]

    return (
        rule(r"(?<=[A-Z]{2})-(?=\d{1,4}(?!\d))|(?<=[^\W\d_])\.(?=\d)", lambda m: [(" ", *m.span())]),
        rule(rf"(?<!\w)({_CARDS})[ -](?P<n>\d{{4,5}})(?!\d)", card),
        rule(r"(?<![\w.,])(?P<n>\d{3,4})(?=[pi](?!\w))", lambda m: [(_lines(m["n"], speech), *m.span())]),
        rule(r"(?<!\w)(Boeing|Route) (?P<n>\d{3})(?!\d)",
             lambda m: [(m[1], *m.span(1)), (_by_hundreds(m["n"], speech), *m.span("n"))]),
        rule(r"(?<![\w'’])(?=[^\W\d_]{0,24}\d)(?=\d{0,15}[^\W\d_])[^\W_]{2,40}(?!\w)", mixed),
    )  # fmt: skip


def _mixed(part: str, speech: Tongue) -> str:
    if not part.isdigit():
        return part
    if (part[0] == "0" and len(part) > 1) or len(part) > 4:
        return digits(part, speech)
    if len(part) == 4:
        return paired(part, speech)
    return _by_hundreds(part, speech) if len(part) == 3 else cardinal(int(part), speech)


def _by_hundreds(part: str, speech: Tongue) -> str:
    """Three digits: seven thirty-seven in English, a number elsewhere."""
    low = int(part[1:])
    if speech.code != "en" or low == 0:
        return cardinal(int(part), speech)
    return f"{cardinal(int(part[0]), speech)} {'oh ' if low < 10 else ''}{cardinal(low, speech)}"


def _lines(part: str, speech: Tongue) -> str:
    if speech.code != "en":
        return cardinal(int(part), speech)
    return paired(part, speech) if len(part) == 4 else _by_hundreds(part, speech)


def _five(part: str, speech: Tongue) -> str:
    """13900 is thirteen nine hundred."""
    if speech.code != "en":
        return cardinal(int(part), speech)
    return f"{cardinal(int(part[:2]), speech)} {_by_hundreds(part[2:], speech)}"
