"""A language model that retells articles in their own short sentences, as many as each request asks for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fakes.tiny_llama import Reply, reply_json, write_scripted

from nvpipe.story.extractive import told_sentences
from nvpipe.story.llama.prompt import Order, first_messages, tone_text
from nvpipe.story.rules import Limits, line_faults
from nvpipe.story.speech import spoken_words
from nvpipe.types import Article

Case = tuple[Article, str, float]
"""An article, the language that it is told in, and seconds."""
TRANSLATED = [
    "Sie wurde nun ganz gesperrt.",
    "Dort war einiges nicht gut.",
    "Nun fahren sie oft hin und her.",
]


def retelling_model(path: Path, cases: Sequence[Case], words_per_second: float) -> Path:
    """A model that knows the requests of these cases and no others."""
    replies = [_reply(order_of(*case, words_per_second), *case[:2]) for case in cases]
    return write_scripted(path, [*replies, Reply("{}")], name="retelling")


def order_of(article: Article, language: str, seconds: float, words_per_second: float) -> Order:
    """What the writer orders from its model for a case."""
    sentences = told_sentences(article.text, language)
    words = max(1.0, min(seconds * words_per_second, sum(sentence.words for sentence in sentences)))
    texts = tuple(sentence.text for sentence in sentences)
    return Order(article.title, texts, language, words, tone_text("news"), article.digest)


def _reply(order: Order, article: Article, language: str) -> Reply:
    system, user = first_messages(order)
    wanted, mark = user.content.splitlines()[0], user.content.splitlines()[2]
    rules = next(line for line in system.content.splitlines() if line.startswith("Write every line"))
    when = f"'{wanted}' in first and '{mark}' in first and '{rules}' in messages[0]['content']"
    if language == "de" and article.text.isascii():
        lines = [(text, [number]) for number, text in enumerate(TRANSLATED, 1)]
    else:
        lines = [(order.sentences[place], [place + 1]) for place in _chosen(order)]
    return Reply(reply_json(lines, article.title, lines[0][0], ["bridge"]), when)


def _chosen(order: Order) -> list[int]:
    """Sentences that keep to the rules and take as long as was asked for: subset sums of their words."""
    limits = Limits()
    sizes = {
        place: spoken_words(text, order.language)
        for place, text in enumerate(order.sentences)
        if not line_faults(text, order.language)
    }
    hook = next(place for place, size in sizes.items() if size <= limits.hook_words)
    sums: dict[int, tuple[int, ...]] = {round(10 * sizes[hook]): (hook,)}
    for place, size in sizes.items():
        if place > hook:
            grown = {total + round(10 * size): (*chosen, place) for total, chosen in sums.items()}
            sums = grown | sums
    best = min(sums, key=lambda total: (abs(total - 10 * order.words), total))
    return list(sums[best])
