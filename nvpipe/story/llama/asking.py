"""A model is asked for a script, and again with what was wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nvpipe.errors import BackendFailedError, InputError, OutOfMemoryError
from nvpipe.story.llama import prompt
from nvpipe.story.llama.judging import Judged, judge
from nvpipe.story.llama.prompt import Message, Order
from nvpipe.story.llama.reply import ReplyError, grammar, parse_reply
from nvpipe.story.speech import spoken_words

if TYPE_CHECKING:
    from nvpipe.scheduler import Worker

ASKED_AGAIN = 2
_FAULTS_BYTES = 2400
_REPLY_SLACK = 1.5
_LINE_BYTES, _UPLOAD_BYTES = 40, 900
"""Of a reply besides what is said: the marks around a line; title, description and hashtags."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of asking.

    Attributes:
        drafts: the replies, in order; the last one has no fault unless the model may not be asked again.
        failure: why it was not asked as often as it might have been.
    """

    drafts: tuple[Judged | ReplyError, ...]
    failure: BackendFailedError | OutOfMemoryError | InputError | None = None


def ask(worker: Worker, order: Order, reply_tokens: int, seed: int, limit_s: float | None) -> Tried:
    """Every draft of the model's until one has no fault.

    Raises:
        BackendFailedError, OutOfMemoryError, InputError: it failed before it gave anything that could be told.
    """
    rules = grammar(prompt.most_lines(order.words))
    drafts: list[Judged | ReplyError] = []
    messages = prompt.first_messages(order)
    for number in range(1 + ASKED_AGAIN):
        try:
            text, finish = reply(worker, plain(messages), rules, reply_tokens, (seed + number) % (1 << 32), limit_s)
        except (BackendFailedError, OutOfMemoryError, InputError) as error:
            if any(isinstance(one, Judged) for one in drafts):
                return Tried(tuple(drafts), error)
            raise
        try:
            judged = judge(parse_reply(text, finish), order)
        except ReplyError as error:
            drafts.append(error)
            faults: Sequence[str] = (str(error),)
        else:
            drafts.append(judged)
            faults = judged.faults
        if not faults:
            break
        messages = prompt.again_messages(order, text, faults)
    return Tried(tuple(drafts))


def reply(
    worker: Worker, messages: list[tuple[str, str]], rules: str, most: int, seed: int, limit_s: float | None
) -> tuple[str, str]:
    """What a model says, and why it stopped."""
    found: tuple[str, str] = worker.call(
        "reply", messages, grammar=rules, max_tokens=most, seed=seed, limit_s=limit_s
    )
    return found


def plain(messages: Sequence[Message]) -> list[tuple[str, str]]:
    """Messages as a process is given them."""
    return [(one.role, one.content) for one in messages]


def tokens_for(order: Order, bytes_per_token: float) -> tuple[int, int]:
    """Room for a reply, and for all that follows the first messages when the model is asked again.

    A reply has as much as is to be said in the article's language, and the marks around it.
    """
    spoken = max(1.0, sum(spoken_words(text, order.language) for text in order.sentences))
    said = order.words * sum(len(text.encode()) for text in order.sentences) / spoken
    marks = _LINE_BYTES * prompt.most_lines(order.words) + _UPLOAD_BYTES
    each = max(bytes_per_token, 0.5)
    one = round((_REPLY_SLACK * said + marks) / each)
    return one, 2 * one + round(_FAULTS_BYTES / each)
