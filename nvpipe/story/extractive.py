"""The embedded writer: the article's own best sentences, as many as fit the time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.errors import ArticleError
from nvpipe.registry import Probe
from nvpipe.story.budget import Option, fill_budget
from nvpipe.story.ranking import TermMatrix, sentence_scores, term_matrix, without_repetition
from nvpipe.story.sentences import split_sentences, spoken_words
from nvpipe.story.speakable import is_sayable, is_speakable, leans_on_previous
from nvpipe.story.upload import default_description, default_hashtags, default_title
from nvpipe.types import Article, Script, ScriptLine
from nvpipe.types.codec import digest_of

if TYPE_CHECKING:
    from nvpipe.story import Desk, Wishes

CANDIDATES = 150
"""So many of the best sentences are considered for the budget."""
WHOLE_ARTICLE_SLACK = 1.04
HIGHEST_OVERRUN = 1.08
LOW_FILL = 0.92
"""A sentence that has to be cut is cut at a clause that fills this share of the time, if it has one."""
CLAUSE_FILL = 0.75
"""Only below this share of the budget may sentences end with one of their clauses."""
MOST_CLAUSES = 40
SHORTEST_CLAUSE_WORDS = 5.0
CLAUSE_VALUE = 0.6
LONGEST_CHAIN = 4
HOOK_WORDS = (4.0, 38.0)
HOOK_SENTENCES = 6
SPEAKABLE_SHARE = 0.4

_CLAUSE = re.compile(r"[,;:](?=\s)|[，、；：،]|\s[–—-](?=\s)")
_WORD_BORDER = re.compile(r"\s")
_CHARS_PER_WORD_AT_MOST = 60
_SPACELESS_END = re.compile("[\u3041-\u9fff]\\Z")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the article that can be said."""

    text: str
    words: float
    starts_paragraph: bool
    leans: bool
    """Makes no sense without the sentence before it."""


class ExtractiveWriter:
    """Chooses whole sentences by TextRank, lead bias and MMR so that they fill the time."""

    def __init__(self) -> None:
        self._call_to_action = ""

    @property
    def version(self) -> str:
        """Its own, and what it says at the end."""
        return f"extractive/2{f'/{digest_of(self._call_to_action)}' if self._call_to_action else ''}"

    def prepare(self, wishes: Wishes, desk: Desk) -> None:
        """It needs nothing, and has only to know what to say at the end."""
        self._call_to_action = wishes.call_to_action

    def probe(self) -> Probe:
        """Write a script of a few words; what can be missing are the libraries beneath."""
        text = "A bridge has been closed. The engineers found rust in its cables. Nobody was hurt."
        article = Article(source="probe", title="", text=text, url=None, digest="")
        try:
            script = self.write(article, language="en", seconds=4.0, words_per_second=2.5)
        except ImportError as error:
            return Probe(False, f"cannot be imported: {error}", "install nvpipe's dependencies again")
        return Probe(True, f"wrote a script of {len(script.lines)} sentences")

    def write(self, article: Article, *, language: str, seconds: float, words_per_second: float) -> Script:
        """A script of the article's own sentences, in their order, that takes about `seconds` to say.

        The first line is the strongest of the first sentences that stands on its own. A sentence that opens
        with a pronoun or a connective is taken only together with the one before it. Sentences are said
        verbatim; only where no whole sentence fits is one cut at a clause.

        Raises:
            ArticleError: there is nothing in it that can be told.
        """
        sentences = told_sentences(article.text, language)
        if not sentences:
            raise ArticleError(
                f"there is no sentence that can be told in {article.source}", hint="pass a text with whole sentences"
            )
        call = self._call_to_action
        budget = max(1.0, seconds * words_per_second - spoken_words(call, language))
        if sum(sentence.words for sentence in sentences) <= WHOLE_ARTICLE_SLACK * budget:
            lines = [ScriptLine(sentence.text, (sentence.text,)) for sentence in sentences]
        else:
            lines = _chosen_lines(sentences, budget, language)
        texts = [sentence.text for sentence in sentences]
        end = [ScriptLine(call, ())] if call else []
        return Script(
            (*lines, *end),
            language,
            "extractive",
            digest_of([[*lines, *end], language]),
            default_title(article.title, texts),
            default_description(texts),
            default_hashtags(article.title, texts),
        )


def told_sentences(text: str, language: str) -> list[Sentence]:
    """The sentences of a text that can be said, without repetitions; of a text of fragments, all of them."""
    found: list[tuple[str, bool]] = []
    for paragraph in text.split("\n\n"):
        found += [(line, at == 0) for at, line in enumerate(split_sentences(paragraph, language))]
    speakable = [pair for pair in found if is_speakable(pair[0])]
    if sum(len(line) for line, _ in speakable) < SPEAKABLE_SHARE * sum(len(line) for line, _ in found):
        speakable = [pair for pair in found if is_sayable(pair[0])]
    seen: set[str] = set()
    sentences = []
    for line, starts in speakable:
        key = " ".join(re.findall(r"\w+", line.casefold()))
        if key not in seen:
            seen.add(key)
            words = spoken_words(line, language)
            sentences.append(Sentence(line, words, starts, leans_on_previous(line, language)))
    return sentences


def _chosen_lines(sentences: list[Sentence], budget: float, language: str) -> list[ScriptLine]:
    matrix = term_matrix([sentence.text for sentence in sentences])
    scores = sentence_scores(matrix, [sentence.starts_paragraph for sentence in sentences])
    quality = [float(score) * _ease(sentence) for score, sentence in zip(scores, sentences, strict=True)]
    chosen: list[Option] = []
    hook = _hook(sentences, quality, HIGHEST_OVERRUN * budget)
    if hook is not None:
        chains = _chains(sentences, _values(matrix, quality, hook), hook, budget)
        chosen = fill_budget(chains, budget, highest_share=HIGHEST_OVERRUN)
    if _words(chosen) < CLAUSE_FILL * budget:
        chosen = max(chosen, _with_clauses(sentences, matrix, quality, budget, language), key=_words)
    if not chosen:
        return [_cut_anywhere(sentences[0].text, budget, language)]
    lines = []
    for option in chosen:
        texts = [sentences[member].text for member in option.members]
        said = [*texts[:-1], option.cut_text or texts[-1]]
        lines += [ScriptLine(line, (source,)) for line, source in zip(said, texts, strict=True)]
    return lines


def _words(options: Sequence[Option]) -> float:
    return sum(option.words for option in options)


def _with_clauses(
    sentences: list[Sentence], matrix: TermMatrix, quality: list[float], budget: float, language: str
) -> list[Option]:
    """The best choice when sentences may also end with one of their clauses."""
    hook = _hook(sentences, quality, float("inf"))
    if hook is None:
        return []
    values = _values(matrix, quality, hook)
    chains = _chains(sentences, values, hook, budget, language)
    if not chains or chains[0][0].members[0] != hook:
        return []
    return fill_budget(chains, budget, highest_share=HIGHEST_OVERRUN)


def _ease(sentence: Sentence) -> float:
    """How well it is followed by ear: very long, very short and parenthetical sentences are not."""
    length = min(1.0, 0.4 + sentence.words / 17.0, max(0.5, 1.0 - (sentence.words - 36.0) / 24.0))
    return length * (0.85 if "(" in sentence.text or ";" in sentence.text else 1.0)


def _hook(sentences: list[Sentence], quality: list[float], longest: float) -> int | None:
    """The strongest of the first sentences that stands on its own and fits; None when none fits at all."""
    fits = [index for index, sentence in enumerate(sentences) if sentence.words <= longest]
    alone = [index for index in fits if not sentences[index].leans]
    early = [
        index
        for index in alone
        if index < HOOK_SENTENCES and HOOK_WORDS[0] <= sentences[index].words <= HOOK_WORDS[1]
    ]
    if early:
        return max(early, key=lambda index: (quality[index] / (1.0 + 0.12 * index), -index))
    return next(iter(alone or fits), None)


def _values(matrix: TermMatrix, quality: list[float], hook: int) -> dict[int, float]:
    import numpy as np

    after = sorted(range(hook, len(quality)), key=lambda index: (-quality[index], index))
    picked = sorted({hook, *after[:CANDIDATES]})
    return without_repetition(matrix, np.array(quality), picked, hook)


def _chains(
    sentences: list[Sentence], values: dict[int, float], hook: int, budget: float, cut_language: str = ""
) -> list[list[Option]]:
    """For every sentence that stands alone, itself and with those that lean on it; the hook's chain first.

    Args:
        cut_language: where it is given, the sentences' clauses are options too.
    """
    chains: list[list[Option]] = []
    lowest = min(values.values())
    index = hook
    while index < len(sentences):
        run = [index]
        while run[-1] + 1 < len(sentences) and sentences[run[-1] + 1].leans:
            run.append(run[-1] + 1)
        options = []
        for length in range(1, min(len(run), LONGEST_CHAIN) + 1):
            part = run[:length]
            words = sum(sentences[member].words for member in part)
            if part[-1] in values and words <= HIGHEST_OVERRUN * budget:
                value = sum(values.get(member, lowest) * sentences[member].words for member in part)
                options.append(Option(tuple(part), words, value))
        if cut_language and index in values:
            options += _clause_options(index, sentences[index].text, values[index], budget, cut_language)
        if options:
            chains.append(options)
        index = run[-1] + 1
    return chains


def _clause_options(index: int, sentence: str, value: float, budget: float, language: str) -> list[Option]:
    options = []
    for end in list(_CLAUSE.finditer(sentence))[:MOST_CLAUSES]:
        text = _ended(sentence[: end.start()])
        words = spoken_words(text, language)
        if words > HIGHEST_OVERRUN * budget:
            break
        if words >= SHORTEST_CLAUSE_WORDS and not _has_open_quote(text):
            options.append(Option((index,), words, CLAUSE_VALUE * value * words, text))
    return options


def _has_open_quote(text: str) -> bool:
    return text.count('"') % 2 == 1 or any(text.count(a) > text.count(b) for a, b in ("“”", "«»", "「」", "()"))


def _ended(text: str) -> str:
    text = text.rstrip(" ,;:，、；：،–—-")
    return f"{text}{'。' if _SPACELESS_END.search(text) else '.'}"


def _cut_anywhere(sentence: str, words: float, language: str) -> ScriptLine:
    """As much of a sentence as fits, up to the end of a clause, else of a word, else of a character."""
    head = sentence[: int(words * _CHARS_PER_WORD_AT_MOST) + 1]
    best = ""
    for border in (_CLAUSE, _WORD_BORDER):
        best = _longest_fitting(head, [match.start() for match in border.finditer(head)], words, language)
        if spoken_words(best, language) >= LOW_FILL * words:
            break
    best = best or _longest_fitting(head, list(range(1, len(head))), words, language)
    return ScriptLine(_ended(best), (sentence,))


def _longest_fitting(sentence: str, ends: list[int], words: float, language: str) -> str:
    low, high = 0, len(ends)
    while low < high:
        middle = (low + high) // 2
        if spoken_words(sentence[: ends[middle]], language) <= words:
            low = middle + 1
        else:
            high = middle
    return sentence[: ends[low - 1]] if low else ""
