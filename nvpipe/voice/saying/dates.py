"""Dates, times of day, decades and spans of years.

`03/04/2024` is read in the order of the language; in English, where that differs, by the voice's region, and as bare
numbers when there is none and both orders make a date.
"""

from __future__ import annotations

import re
from functools import cache

from nvpipe.voice.saying.amounts import _alternatives
from nvpipe.voice.saying.digits import is_year, plain
from nvpipe.voice.saying.numbers import cardinal, ordinal, year
from nvpipe.voice.saying.rewriting import Piece, Rule, rule
from nvpipe.voice.saying.tables import Tongue

_DAY_LINK = {"es": " de", "pt": " de"}
_GERMAN_ENDINGS = {
    "am": "n", "vom": "n", "zum": "n", "dem": "n", "den": "n", "im": "n", "bis": "n", "ab": "n", "seit": "n",
    "des": "n", "beim": "n", "einem": "n", "der": "", "die": "", "das": "", "ein": "r",
}  # fmt: skip


@cache
def month_names(code: str) -> tuple[tuple[str, ...], dict[str, int]]:
    """The months in full, and the number of each by its short and full names, from CLDR."""
    from babel import Locale

    months = Locale.parse(code).months
    full = tuple(str(months["format"]["wide"][at]) for at in range(1, 13))
    names = {name: at + 1 for at, name in enumerate(full)}
    for context in ("format", "stand-alone"):
        for at in range(1, 13):
            short = str(months[context]["abbreviated"][at]).rstrip(".")
            names.setdefault(short, at)
    if code == "en":
        names["Sept"] = 9
    return full, names


def _day(day: int, speech: Tongue, before: str = "") -> str:
    if speech.code == "de":
        ending = _GERMAN_ENDINGS.get(before.lower(), "r")
        return ordinal(day, speech) + ending
    if speech.code == "en" or (day == 1 and speech.code in ("fr", "pt", "it")):
        return ordinal(day, speech)
    return cardinal(day, speech)


def _year(number: int, speech: Tongue) -> str:
    return year(number, speech)


def _date(day: int, month: int, number: int, speech: Tongue, before: str) -> str:
    name = month_names(speech.code)[0][month - 1]
    said, when = _day(day, speech, before), _year(number, speech)
    if speech.code == "en":
        if speech.tag == "en-gb":
            return f"{'' if before == 'the' else 'the '}{said} of {name} {when}"
        return f"{name} {said}, {when}"
    link = _DAY_LINK.get(speech.code, "")
    return f"{said}{link} {name}{link} {when}"


def _before(match: re.Match[str]) -> str:
    """The word before a match."""
    words = match.string[max(0, match.start() - 24) : match.start()].split()
    return words[-1] if words else ""


def _numeric(match: re.Match[str], speech: Tongue) -> list[Piece] | None:
    first, second, number = int(match[1]), int(match[2]), int(match[3])
    day, month = first, second
    if speech.code == "en" and match[0][len(match[1])] == "/":
        ambiguous = first <= 12 and second <= 12 and first != second
        if ambiguous and speech.tag == "en":
            return [
                (" ".join((cardinal(first, speech), cardinal(second, speech), _year(number, speech))), *match.span())
            ]
        if second > 12 or (ambiguous and speech.tag != "en-gb"):
            day, month = second, first
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return None
    return [(_date(day, month, number, speech, _before(match)), *match.span())]


def _iso(match: re.Match[str], speech: Tongue) -> list[Piece] | None:
    number, month, day = (int(match[group]) for group in (1, 2, 3))
    if not (1 <= day <= 31 and 1 <= month <= 12):
        return None
    return [(_date(day, month, number, speech, _before(match)), *match.span())]


def _english_months(speech: Tongue) -> list[Rule]:
    full, names = month_names("en")
    months = _alternatives(list(names))
    tail = r"(?!\d|[:.,/%]\d|[-–]\d)"

    def month_first(match: re.Match[str]) -> list[Piece] | None:
        if not 1 <= int(match["day"]) <= 31:
            return None
        pieces: list[Piece] = [(full[names[match["month"]] - 1], *match.span("month"))]
        pieces.append((ordinal(int(match["day"]), speech) + ("," if match["year"] else ""), *match.span("day")))
        return pieces + ([(_year(int(match["year"]), speech), *match.span("year"))] if match["year"] else [])

    def day_first(match: re.Match[str]) -> list[Piece] | None:
        if not 1 <= int(match["day"]) <= 31:
            return None
        article = "" if _before(match).lower() == "the" else "the "
        pieces: list[Piece] = [(f"{article}{ordinal(int(match['day']), speech)} of", *match.span("day"))]
        return [*pieces, (full[names[match["month"]] - 1], *match.span("month"))]

    def alone(match: re.Match[str]) -> list[Piece]:
        return [(full[names[match["month"]] - 1], *match.span())]

    month = rf"(?<!\w)(?P<month>{months})\b\.?"
    return [
        rule(rf"{month} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?{tail}(?:,? (?P<year>\d{{4}})(?![\w%]))?", month_first),
        rule(rf"(?<![\w.,$€£/-])(?P<day>\d{{1,2}}) {month}(?!\w)", day_first),
        rule(rf"{month}(?= \d{{4}}\b)", alone),
    ]


def _other_months(speech: Tongue) -> list[Rule]:
    full, names = month_names(speech.code)
    months = _alternatives(list(names))
    # Python's \b does not know the vowel signs of Hindi.
    month = rf"(?P<month>{months})(?!\w)\.?"
    day = r"(?<![\w.,])(?P<day>\d{1,2})"

    def with_day(match: re.Match[str]) -> list[Piece] | None:
        number = int(match["day"])
        if not 1 <= number <= 31:
            return None
        said = _day(number, speech, _before(match))
        link: list[Piece] = [("de", *match.span("link"))] if match["link"] else []
        if not link and speech.code in _DAY_LINK:
            said += " de"
        return [(said, *match.span("day")), *link, (full[names[match["month"]] - 1], *match.span("month"))]

    stop = r"\." if speech.code == "de" else r"(?:\.?[º°]|er|\.)?"
    return [rule(rf"{day}{stop} (?:(?P<link>de) )?{month}", with_day)]


def _decades(speech: Tongue) -> list[Rule]:
    """`the 1990s`, `the '90s`; the apostrophe of `anni '90` and `Summer of '69` goes."""
    rules = [rule(r"(?<!\w)['’‘](\d\d)(?!\w)", lambda match: [(cardinal(int(match[1]), speech), *match.span())])]
    if speech.code == "de":
        german = rule(
            r"(?<!\w)(\d{2}|\d{4})er(?!\w)", lambda match: [(plain(match[1], speech) + "er", *match.span())]
        )
        return [german, *rules]
    if speech.code != "en":
        return rules
    known = r"(?:(?<=the )|(?<= a )|(?<=[Mm]id-)|(?<=[Ll]ate )|(?<=[Ee]arly )|(?<=his )|(?<=her )|(?<=their )|['’‘])"
    say = lambda match: [(_decade(match[1] or "", match[2], speech), *match.span())]  # noqa: E731
    return [rule(r"(?<!\w)(\d\d)(\d0)['’]?s(?!\w)", say), rule(rf"(?<!\w){known}()(\d0)['’]?s(?!\w)", say), *rules]


def _decade(century: str, tens: str, speech: Tongue) -> str:
    high = cardinal(int(century), speech) if century else ""
    if tens == "00":
        return f"{'two thousand' if century == '20' else f'{high} hundred'}s" if century else "two thousands"
    words = cardinal(int(tens), speech)
    return f"{high} {words.removesuffix('y') + 'ies' if words.endswith('y') else words + 's'}".strip()


def _clock(match: re.Match[str], speech: Tongue) -> list[Piece] | None:
    hour, minute = int(match["hour"]), int(match["minute"])
    if hour > 24:
        return None
    end = match.end("minute") if match["seconds"] is None else match.end("seconds")
    span = (match.start(), end)
    hours = speech.units["h"]
    seconds = _seconds(int(match["seconds"][1:]), speech) if match["seconds"] else ""
    half = match["half"]
    tail: list[Piece] = [(f"{half[0].upper()} M", *match.span("half"))] if half else []
    if speech.code == "en":
        return [(_english_clock(hour, minute, bool(half), bool(seconds), speech) + seconds, *span), *tail]
    gender = "f" if hours.gender == "f" and speech.code != "de" else "m" if speech.code == "de" else ""
    form = speech.text["clock" if minute else "clock_full"]
    said = form.format(
        h=cardinal(hour, speech, gender), m=cardinal(minute, speech), hours=hours.one if hour < 2 else hours.many
    )
    last = match.end() if match["word"] else end
    return [(said + seconds, span[0], last), *tail]


def _seconds(count: int, speech: Tongue) -> str:
    unit = speech.units["s"]
    if speech.code != "en":
        return f" {cardinal(count, speech)}"
    return f" and {cardinal(count, speech)} {unit.one if count == 1 else unit.many}"


def _english_clock(hour: int, minute: int, half: bool, seconds: bool, speech: Tongue) -> str:
    said = cardinal(hour, speech)
    if minute:
        return f"{said} {'oh ' if minute < 10 else ''}{cardinal(minute, speech)}"
    if half or seconds:
        return said if half else f"{said} o'clock"
    if not hour:
        return "midnight"
    return f"{said} o'clock" if hour <= 12 else f"{said} hundred"


def _clocks(speech: Tongue) -> list[Rule]:
    halves = r"(?: ?(?P<half>[aApP]\.?[mM]\b\.?(?!\w)))?" if speech.code == "en" else r"(?P<half>(?!))?"
    word = {"de": "Uhr", "hi": "बजे", "es": "h|horas", "fr": "h|heures", "pt": "h|horas", "it": "ore"}
    after = rf"(?: ?(?P<word>{word[speech.code]})(?!\w))?" if speech.code in word else r"(?P<word>(?!))?"
    mark = "[:h]" if speech.code in ("fr", "pt", "es") else "[:.]" if speech.code == "de" else ":"
    needed = after.rstrip("?") if speech.code == "de" else after
    start = r"(?<![\w:.,])(?P<hour>\d{1,2})"
    rules = [
        rule(
            rf"{start}:(?P<minute>[0-5]\d)(?P<seconds>:[0-5]\d)?(?![\d:]){halves}{after}", lambda m: _clock(m, speech)
        )
    ]
    if mark != ":":
        rest = rf"(?P<minute>[0-5]\d)(?P<seconds>(?!))?(?![\d:.,]\d|\d|\w){halves}{needed}"
        rules.append(rule(rf"{start}{'h' if speech.code != 'de' else '[.]'}{rest}", lambda m: _clock(m, speech)))
    if speech.code == "en":
        say = lambda m: [(cardinal(int(m[1]), speech), *m.span(1)), (f"{m[2][0].upper()} M", *m.span(2))]  # noqa: E731
        rules.append(rule(r"(?<![\w:.,])(\d{1,2}) ?([aApP]\.?[mM]\b\.?)(?!\w)", say))
        until = r"(?<=[mM.]) ?([-–—]) ?(?=\d{1,2}(?::[0-5]\d)? ?[aApP]\.?[mM])"
        rules.insert(0, rule(until, lambda m: [(speech.text["to"], *m.span(1))]))
    return rules


def _year_spans(speech: Tongue) -> Rule:
    def say(match: re.Match[str]) -> list[Piece] | None:
        if not is_year(match[1]) or (len(match[2]) == 4 and not is_year(match[2])):
            return None
        last = match[2] if len(match[2]) == 4 else match[1][:2] + match[2]
        if len(match[2]) == 2 and int(last) <= int(match[1]):
            return None
        said = plain(last, speech) if len(match[2]) == 4 else cardinal(int(match[2]), speech)
        words = f"{plain(match[1], speech)} {speech.text['to']}"
        return [(words, *match.span(1)), (said, *match.span(2))]

    return rule(r"(?<![\w.,/-])(\d{4}) ?[-–—/] ?(\d{4}|\d{2})(?![\w/]|[-–.,]\d)", say)


def date_rules(speech: Tongue) -> tuple[Rule, ...]:
    """Dates first, then what is left of times and years."""
    separators = "/" if speech.code in ("en", "hi") else "[/.-]"
    rules = [
        rule(r"(?<![\w-])(\d{4})-(\d\d)-(\d\d)(?![\w-])", lambda match: _iso(match, speech)),
        rule(rf"(?<![\w/.-])(\d{{1,2}}){separators}(\d{{1,2}}){separators}(\d{{4}})(?![\w/])",
             lambda match: _numeric(match, speech)),
    ]  # fmt: skip
    if speech.days:
        rules += _weekdays(speech)
    rules += _english_months(speech) if speech.code == "en" else _other_months(speech)
    return (*rules, *_clocks(speech), *_decades(speech), _year_spans(speech))


def _weekdays(speech: Tongue) -> list[Rule]:
    """`Mon.` before a date or a time, and `Mon-Fri`; elsewhere `Sun` may well be the sun."""
    days = dict(speech.days) | {name.rstrip("."): full for name, full in speech.days.items()}
    names = _alternatives(list(days))
    months = _alternatives(list(month_names(speech.code)[1]))
    pair = rf"(?<!\w)({names}) ?[-–] ?({names})(?!\w)"
    before = rf"(?<!\w)({names})(?=,? (?:{months}|\d))"
    return [
        rule(pair, lambda m: [(f"{days[m[1]]} {speech.text['to']}", *m.span(1)), (days[m[2]], *m.span(2))]),
        rule(before, lambda match: [(days[match[1]], *match.span())]),
    ]
