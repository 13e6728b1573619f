"""Which names of a line its sources and its article vouch for."""

from __future__ import annotations

from collections.abc import Sequence

from nvpipe.story.grounding.dates import calendar_words
from nvpipe.story.grounding.facts import Facts, facts_of, mentions_in
from nvpipe.story.grounding.lexemes import Token, key_set
from nvpipe.story.grounding.name_words import PLAIN_CAPITALS
from nvpipe.story.grounding.names import Mentions, Name, is_mentioned, is_ordinary_opener
from nvpipe.story.grounding.number_words import number_words
from nvpipe.story.grounding.units import unit_words

_STAND_INS = {
    "en": "he she it they him her them his hers its their theirs company firm group startup maker city town council "
    "team club minister president mayor country government agency authority university museum court bank game "
    "studio singer actor author scientist engineer river bridge island village region state school hospital airline "
    "charity festival",
    "de": "er sie es ihm ihn ihr ihre ihren seine seinen sein unternehmen firma stadt verein land regierung behörde "
    "gruppe",
    "es": "él ella ellos ellas su sus empresa compañía ciudad equipo club país gobierno grupo le les",
    "fr": "il elle ils elles son sa ses leur leurs entreprise société ville équipe club pays gouvernement groupe",
    "pt": "ele ela eles elas seu sua seus suas empresa companhia cidade equipe clube país governo grupo",
    "it": "lui lei loro suo sua suoi sue azienda società città squadra club paese governo gruppo",
}
"""Words that may stand for a name told before."""
_DROPPED_PRONOUNS = frozenset(("es", "it", "pt"))


def ungrounded_names(
    line: Facts, said: tuple[str, ...], around: tuple[str, ...], article: tuple[str, ...], language: str
) -> list[tuple[Name, str]]:
    """The names of a line that nothing vouches for, each with a sentence that says why.

    Args:
        said: the sources.
        around: sentences whose names a pronoun of the sources may stand for.
        article: all sentences.
    """
    if not line.names:
        return []
    sources = mentions_in(said, language)
    near = mentions_in(around, language)
    known = mentions_in((*article, *(sentence for sentence in said if sentence not in article)), language)
    stand_in = _has_stand_in(sources, language) or not _has_names(said, known, language)
    faults = []
    for name in line.names:
        name = _without_opener(line.tokens, name, known, language)
        if not name.keys or _is_no_name(name, language):
            continue
        if _vouched(name, sources):
            continue
        if stand_in and _vouched(name, near):
            continue
        if len(name.keys) > 1 and any(is_mentioned(key, sources) for key in name.keys) and _is_whole(name, known):
            continue
        where = "the sources of this line" if _vouched(name, known) else "the article"
        faults.append((name, f"The name “{name.text}” is not in {where}."))
    return faults


def _has_names(texts: tuple[str, ...], known: Mentions, language: str) -> bool:
    """Whether sentences have a name of their own: another is then meant only by a word that stands for it."""
    for facts in (facts_of(text, language) for text in texts):
        for name in facts.names:
            rest = _without_opener(facts.tokens, name, known, language)
            if rest.keys and not _is_no_name(rest, language):
                return True
    return False


def _has_stand_in(sources: Mentions, language: str) -> bool:
    words = _STAND_INS.get(language)
    return words is None or language in _DROPPED_PRONOUNS or not sources.words.isdisjoint(key_set(words))


def _without_opener(tokens: Sequence[Token], name: Name, known: Mentions, language: str) -> Name:
    """A name without the ordinary word that begins its sentence."""
    if not name.opens or not is_ordinary_opener(tokens, name, known, language):
        return name
    return Name(name.text.partition(" ")[2], name.start, name.keys[1:])


def _is_no_name(name: Name, language: str) -> bool:
    months, days = calendar_words(language)
    numbers = number_words(language)
    units = unit_words(language)
    return all(
        key in PLAIN_CAPITALS
        or key in months
        or key in days
        or key in numbers.values
        or key in numbers.scales
        or key in units
        or (len(key) > 1 and not key.strip("ivxlcdm"))
        for key in name.keys
    )


def _vouched(name: Name, mentions: Mentions) -> bool:
    """Whether all words of a name are mentioned, and those of a person together."""
    keys = [key for key in name.keys if key not in PLAIN_CAPITALS]
    if not all(is_mentioned(key, mentions) for key in keys):
        joined = "".join(key[0] for key in keys)
        return len(keys) > 1 and joined in mentions.words
    return len(keys) < 2 or _is_whole(name, mentions) or not _is_mixed(keys, mentions)


def _is_whole(name: Name, mentions: Mentions) -> bool:
    keys = frozenset(name.keys)
    return any(keys <= names for names in mentions.names)


def _is_mixed(keys: Sequence[str], mentions: Mentions) -> bool:
    """Whether one of the words belongs to a longer name that another of them is not part of."""
    at = 0
    while at < len(keys):
        size = next((n for n in range(len(keys) - at, 1, -1) if _together(keys[at : at + n], mentions)), 1)
        if size == 1:
            homes = [names for names in mentions.names if keys[at] in names]
            if homes and all(len(names) > 1 for names in homes):
                return True
        at += size
    return False


def _together(keys: Sequence[str], mentions: Mentions) -> bool:
    wanted = frozenset(keys)
    return any(wanted <= names for names in mentions.names)
