"""Kokoro's languages and voices: what a user may write, and what it means."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from nvpipe.errors import ArticleError, UsageError

LANGUAGES = {
    "a": "en-us",
    "b": "en-gb",
    "e": "es",
    "f": "fr",
    "h": "hi",
    "i": "it",
    "j": "ja",
    "p": "pt-br",
    "z": "zh",
}
"""Kokoro's letters, with which its voices' names begin."""
MOST_VOICES = 8
_BEST = {
    "a": "af_heart",
    "b": "bf_emma",
    "e": "ef_dora",
    "f": "ff_siwis",
    "h": "hf_alpha",
    "i": "if_sara",
    "j": "jf_alpha",
    "p": "pf_dora",
    "z": "zf_xiaobei",
}
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Blend:
    """One voice, or several mixed."""

    parts: tuple[tuple[str, float], ...]
    """Names and weights that add up to 1."""

    @property
    def name(self) -> str:
        """The full name, which `parse_blend` reads again."""
        if len(self.parts) == 1:
            return self.parts[0][0]
        return "+".join(f"{name}:{weight:g}" for name, weight in self.parts)

    @property
    def letters(self) -> tuple[str, ...]:
        """The languages of the voices, the heaviest first."""
        ranked = sorted(self.parts, key=lambda part: -part[1])
        return tuple(dict.fromkeys(name[0] for name, _ in ranked))


def parse_blend(text: str, known: Collection[str]) -> Blend:
    """What is meant by `af_heart`, `af_heart+am_adam` or `af_heart:0.6+am_adam:0.4`.

    Raises:
        UsageError: a voice is unknown, or a weight is none.
    """
    pieces = text.split("+")
    if len(pieces) > MOST_VOICES:
        raise UsageError(f"a blend has at most {MOST_VOICES} voices, not {len(pieces)}")
    names = {name.lower(): name for name in known}
    weights: dict[str, float] = {}
    for piece in pieces:
        written, colon, number = piece.strip().partition(":")
        name = names.get(written.strip().lower())
        if name is None:
            raise UsageError(f"Kokoro has no voice named {_shown(written)}", hint=_near(written, known))
        weights[name] = weights.get(name, 0.0) + (_weight(number, written) if colon else 1.0)
    return Blend(_normalised(weights))


def _normalised(weights: dict[str, float]) -> tuple[tuple[str, float], ...]:
    """In thousandths that add up to 1, so that a name says all of a blend and stays as it is."""
    total = sum(weights.values())
    shares = {name: max(1, round(weight / total * 1000)) for name, weight in weights.items()}
    heaviest = max(shares, key=lambda name: shares[name])
    shares[heaviest] += 1000 - sum(shares.values())
    return tuple((name, share / 1000) for name, share in shares.items())


def code_of(language: str) -> str | None:
    """Kokoro's letter for a language code, None where it does not speak it."""
    wanted = language.lower().replace("_", "-")
    primary = wanted.partition("-")[0]
    exact = next((letter for letter, tag in LANGUAGES.items() if tag == wanted), None)
    return exact or next((letter for letter, tag in LANGUAGES.items() if tag.partition("-")[0] == primary), None)


def require_code(language: str) -> str:
    """Kokoro's letter for a language.

    Raises:
        ArticleError: it does not speak it.
    """
    code = code_of(language)
    if code is None:
        raise ArticleError(
            f"Kokoro does not speak the language {_shown(language)}, only {', '.join(LANGUAGES.values())}",
            hint="take --speaker espeak, or name the text's language with --language",
        )
    return code


def spoken_code(language: str, blend: Blend) -> str:
    """The letter by which a text is read: the text's language, in the voice's variety where it has one.

    Raises:
        ArticleError: Kokoro does not speak it.
    """
    code = require_code(language)
    primary = LANGUAGES[code].partition("-")[0]
    voice = blend.letters[0]
    varies = language.lower() == primary and LANGUAGES.get(voice, "").partition("-")[0] == primary
    return voice if varies else code


def default_voice(language: str, known: Collection[str]) -> str:
    """The voice that is taken when none is named.

    Raises:
        ArticleError: no voice here speaks the language.
    """
    code = require_code(language)
    primary = LANGUAGES[code].partition("-")[0]
    kin = [
        code,
        *(letter for letter, tag in LANGUAGES.items() if letter != code and tag.partition("-")[0] == primary),
    ]
    for letter in kin:
        found = sorted(name for name in known if name[0].lower() == letter)
        if _BEST[letter] in found:
            return _BEST[letter]
        if found:
            return found[0]
    raise ArticleError(
        f"this Kokoro has no voice for the language {_shown(language)}",
        hint="add one to its folder voices, or name another language's with --voice",
    )


def mismatch(blend: Blend, code: str) -> str:
    """A warning where voices are of another language than the text or than each other, "" otherwise."""
    letters = blend.letters
    if len({_primary(letter) for letter in letters}) > 1:
        return f"the voices {blend.name} are of different languages, which gives an accent"
    if _primary(letters[0]) != _primary(code):
        other = LANGUAGES.get(letters[0], "another language")
        return f"the voice {blend.name} is of {other} and speaks {LANGUAGES[code]} with an accent"
    return ""


def _primary(letter: str) -> str:
    return LANGUAGES.get(letter, letter).partition("-")[0]


def _weight(text: str, name: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not 0 < weight <= 1e6:
        raise UsageError(f"the weight of the voice {_shown(name)} is {_shown(text)}, not a number over 0")
    return weight


def _near(written: str, known: Collection[str]) -> str:
    names = sorted(known)
    near: Sequence[str] = difflib.get_close_matches(written.strip().lower()[:64], names, _SHOWN, 0.5)
    same = [name for name in names if written and name.startswith(written.strip().lower()[:2])]
    shown = list(dict.fromkeys([*near, *same, *names]))[:_SHOWN]
    more = f" and {len(names) - len(shown)} more" if len(names) > len(shown) else ""
    return f"it has {', '.join(shown)}{more}"


def _shown(text: str) -> str:
    short = text if len(text) <= 40 else f"{text[:37]}..."
    return repr(short)
