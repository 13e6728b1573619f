"""Names in a text, and whether another text mentions them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from nvpipe.story.grounding.lexemes import Token, key_set, tokens_of
from nvpipe.story.grounding.name_words import (
    GERMAN_SPEECH,
    GROUPS,
    LINKS,
    OPENERS,
    PLAIN_CAPITALS,
    TITLES,
    VERBS_AFTER_NAMES,
    plain_ending,
)

CASELESS = key_set("hi mr ne bn pa gu or ta te kn ml si th lo km my zh ja ko ar fa ur ps ug he am ka")
"""Languages whose script has no capitals: only words in Latin letters are looked at there."""
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_SENTENCE_END = frozenset(".!?:…;\"“”„«»'‘(—–•।")
_ABBREVIATED = key_set("mr mrs ms dr prof st gen sen rep gov lt col capt sgt rev sr jr dra sra mme m")
SHORTEST_STEM = 4
_OCCUPATION = ("ist", "er", "or", "ian", "man", "woman", "star", "boss")
_DEMONYM = (
    "ian",
    "ans",
    "an",
    "ese",
    "ish",
    "ic",
    "i",
    "er",
    "isch",
    "ische",
    "ischen",
    "ien",
    "ienne",
    "ano",
    "ana",
    "ese",
)


@dataclass(frozen=True, slots=True)
class Name:
    """A run of words that is a name, or may be one."""

    text: str
    start: int
    keys: tuple[str, ...]
    """Keys of its words, without titles, links and the possessive ending."""
    opens: bool = False
    """Its first word begins a sentence, so that its capital says nothing."""


@dataclass(slots=True)
class Mentions:
    """What a text mentions: a name is looked up here."""

    names: list[frozenset[str]] = field(default_factory=list)
    words: set[str] = field(default_factory=set)
    lower: set[str] = field(default_factory=set)
    """Words that stand there with a small letter."""
    initials: set[str] = field(default_factory=set)
    stems: dict[str, set[str]] = field(default_factory=dict)


def names_of(text: str, language: str, *, tokens: Sequence[Token] | None = None) -> tuple[Name, ...]:
    """The names of a text: runs of capitalised words, acronyms, words with capitals within them.

    In scripts without capitals, every word in Latin letters. In German, where every noun has a capital, runs of two
    and more, and what follows a title or a verb of saying.
    """
    tokens = tokens_of(text, language) if tokens is None else tokens
    if language in CASELESS:
        return tuple(_one(tokens[at : at + 1]) for at in range(len(tokens)) if _is_latin_word(tokens[at]))
    shouted = _is_shouted(tokens)
    found: list[Name] = []
    at = 0
    while at < len(tokens):
        if not _is_capital(tokens[at], shouted):
            at += 1
            continue
        end = _run_end(tokens, at, shouted)
        for first, last in _parted_by_titles(tokens, at, end):
            name = _one(tokens[first:last], opens=first == at and _opens_sentence(tokens, at))
            if name.keys and (language != "de" or _german(tokens, at, end, name)):
                found.append(name)
        at = end
    return tuple(found)


def _is_latin_word(token: Token) -> bool:
    return token.kind == "w" and len(token.text) > 1 and _LATIN.match(token.text) is not None


def _is_shouted(tokens: Sequence[Token]) -> bool:
    words = [token.text for token in tokens if token.kind == "w" and len(token.text) > 1]
    return len(words) > 3 and sum(word.isupper() for word in words) > 0.6 * len(words)


def _is_capital(token: Token, shouted: bool) -> bool:
    text = token.text
    if token.kind != "w" or text in ("I", "O") or text.startswith(("I'", "I’")):
        return False
    if shouted and text.isupper():
        return False
    return text[0].isupper() or any(char.isupper() for char in text[1:])


def _run_end(tokens: Sequence[Token], at: int, shouted: bool) -> int:
    """The token after a run of capitalised words, small links and initials between them."""
    end = at + 1
    while end < len(tokens):
        if tokens[end - 1].key.endswith(("'s", "s'")):
            break
        token = tokens[end]
        initial = token.text == "." and (len(tokens[end - 1].text) == 1 or tokens[end - 1].key in _ABBREVIATED)
        glued = token.text in "-&/" and end + 1 < len(tokens)
        link = token.key in LINKS and tokens[end].kind == "w"
        if (initial or glued or link) and _goes_on(tokens, end + 1, shouted):
            end += 1
            while tokens[end].key in LINKS and not _is_capital(tokens[end], shouted):
                end += 1
        elif not _is_capital(token, shouted):
            break
        end += 1
    return end


def _parted_by_titles(tokens: Sequence[Token], at: int, end: int) -> list[tuple[int, int]]:
    """`Tortoise Robotics President Noor Haddad` are two names; a title stays with the name after it."""
    after = range(at + 1, end)
    borders = [at, *(n for n in after if bare(tokens[n].key) in TITLES and tokens[n - 1].kind == "w")]
    return list(zip(borders, [*borders[1:], end], strict=True))


def _goes_on(tokens: Sequence[Token], at: int, shouted: bool) -> bool:
    for place in range(at, min(at + 2, len(tokens))):
        if _is_capital(tokens[place], shouted):
            return True
        if tokens[place].key not in LINKS:
            return False
    return False


def _one(tokens: Sequence[Token], *, opens: bool = False) -> Name:
    words = [token for token in tokens if token.kind == "w"]
    keys = tuple(
        key
        for at, token in enumerate(tokens)
        if token.kind == "w"
        and (key := _dotted(tokens, at) or bare(token.key)) not in TITLES
        and key not in LINKS
        and len(key) > 1
    )
    text = " ".join(token.text for token in words)
    return Name(text, tokens[0].start, keys, opens and bare(words[0].key) == (keys[0] if keys else ""))


def _dotted(tokens: Sequence[Token], at: int) -> str:
    """The letters of `U.S.` together, at the first of them."""
    letters, end = "", at
    while end < len(tokens) and len(tokens[end].text) == 1 and tokens[end].kind == "w":
        letters += tokens[end].key
        if end + 2 >= len(tokens) or tokens[end + 1].text != "." or tokens[end + 1].end != tokens[end + 2].start:
            break
        end += 2
    return (
        letters if len(letters) > 1 and (at < 2 or tokens[at - 1].text != "." or len(tokens[at - 2].text) > 1) else ""
    )


def bare(key: str) -> str:
    """A word's key without possessive ending and elided article."""
    if len(key) > 2 and key[1] == "'" and key[0] in "ldcmnsjt":
        key = key[2:]
    if key[:5].startswith(("dell'", "nell'", "sull'", "dall'", "all'", "qu'")):
        key = key.partition("'")[2]
    return key.removesuffix("'s").rstrip("'")


def _opens_sentence(tokens: Sequence[Token], at: int) -> bool:
    if not at:
        return True
    before = tokens[at - 1]
    if before.text == "." and at > 1 and (tokens[at - 2].key in _ABBREVIATED or len(tokens[at - 2].text) == 1):
        return False
    return before.text in _SENTENCE_END or before.text in ("¿", "¡", "-")


def _german(tokens: Sequence[Token], at: int, end: int, name: Name) -> bool:
    """Whether German capitals are a name: after a title or a verb of saying, in capitals only, or in a run."""
    if any(token.text[1:].isupper() and len(token.text) > 1 for token in tokens[at:end]):
        return True
    if any(bare(token.key) in TITLES for token in tokens[at:end]):
        return True
    if at and tokens[at - 1].key in GERMAN_SPEECH:
        return True
    return len(name.keys) > 1


def mentions_of(texts: Iterable[tuple[tuple[Name, ...], Sequence[Token]]]) -> Mentions:
    """What sentences mention, from their names and tokens."""
    mentions = Mentions()
    for names, tokens in texts:
        mentions.names += [frozenset(name.keys) for name in names if not name.opens or len(name.keys) > 1]
        for name in names:
            initials = "".join(key[0] for key in name.keys)
            mentions.initials |= {initials, initials[1:]} if name.opens and len(initials) > 2 else {initials}
        for token in tokens:
            if token.kind != "w":
                continue
            key = bare(token.key)
            mentions.words.add(key)
            mentions.stems.setdefault(key[:SHORTEST_STEM], set()).add(key)
            if token.text[0].islower():
                mentions.lower.add(key)
    _add_runs(mentions, texts)
    return mentions


def _add_runs(mentions: Mentions, texts: Iterable[tuple[tuple[Name, ...], Sequence[Token]]]) -> None:
    for _, tokens in texts:
        letters = [token.text for token in tokens]
        for at in range(len(letters) - 2):
            if letters[at + 1] == "." and len(letters[at]) == 1 and len(letters[at + 2]) == 1:
                mentions.words.add(f"{letters[at]}{letters[at + 2]}".casefold())


def is_mentioned(word: str, mentions: Mentions) -> bool:
    """Whether a word of a name stands in a text in any form: plural, inflected, of a country, abbreviated."""
    if word in mentions.words or word in mentions.initials:
        return True
    if any(word in group and not group.isdisjoint(mentions.words) for group in GROUPS):
        return True
    for other in mentions.stems.get(word[:SHORTEST_STEM], ()):
        if _is_form(word, other):
            return True
    short = word[:-1] if word.endswith("s") else f"{word}s"
    return short in mentions.words


def _is_form(one: str, two: str) -> bool:
    """Whether two words differ by an ending only: of the plural, of a case, of who lives in a country."""
    short, long = sorted((one, two), key=len)
    common = next((at for at, pair in enumerate(zip(short, long, strict=False)) if pair[0] != pair[1]), len(short))
    if common < SHORTEST_STEM or len(long) - common > 4:
        return False
    if common == len(short):
        return len(long) - common <= 2 or long.endswith(_DEMONYM)
    ends_alike = short.endswith(_DEMONYM) or long.endswith(_DEMONYM)
    return (len(short) - common <= 2 and ends_alike) or (not one.isascii() and len(short) - common <= 2)


def is_ordinary_opener(tokens: Sequence[Token], name: Name, known: Mentions, language: str) -> bool:
    """Whether the word that begins a sentence is no name: it has its capital from its place.

    A word known with a small letter or as a common opener is none. Otherwise English takes it for a name where a
    verb such as `said` or a possessive follows; other languages take a single word at the beginning for an ordinary
    one unless the article knows it as a name.
    """
    key = name.keys[0]
    if key in OPENERS or key in PLAIN_CAPITALS:
        return True
    if key in known.lower and not any(key in names and len(names) > 1 for names in known.names):
        return True
    if any(key in names for names in known.names):
        return False
    if language != "en" or plain_ending(key):
        return True
    if len(name.keys) > 1:
        return key.endswith(_OCCUPATION)
    at = next((place for place, token in enumerate(tokens) if token.start == name.start), 0)
    possessive = tokens[at].key.endswith("'s") and key not in OPENERS
    follower = tokens[at + 1].key if at + 1 < len(tokens) else ""
    return not (possessive or follower in VERBS_AFTER_NAMES or tokens[at].text[1:].isupper())
