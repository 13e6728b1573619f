"""What is wrong with a model's draft, and what of it can be told."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nvpipe.story.grounding.check import check_line
from nvpipe.story.llama.prompt import MAX_FAULTS, Order
from nvpipe.story.llama.reply import Draft
from nvpipe.story.rules import Fault, line_faults, script_faults
from nvpipe.story.upload import default_description, default_hashtags, default_title
from nvpipe.types import ScriptLine, UngroundedClaim

MAX_EXAMPLES = 3
"""Of what several lines have wrong, so many are quoted."""
_OF_A_LINE = re.compile(r"Line (?P<number>\d+) (?P<verb>is|has|repeats) ")
_QUOTED = re.compile(r"“.*”")
_PLURALS = {"is": "are", "has": "have"}


@dataclass(frozen=True, slots=True)
class Judged:
    """A draft and what speaks against it.

    Attributes:
        lines: with the sentences that they name.
        claims: what those sentences don't say, as it has to be dropped.
        faults: sentences for the model, of what is not true before what breaks a rule; as many as it is told.
        told: the claims that are among them.
    """

    draft: Draft
    lines: tuple[ScriptLine, ...]
    claims: tuple[UngroundedClaim, ...]
    faults: tuple[str, ...]
    told: tuple[UngroundedClaim, ...]


def judge(draft: Draft, order: Order) -> Judged:
    """Hold a draft against the rules and against the article."""
    lines = tuple(_cited(text, numbers, order) for text, numbers in draft.lines)
    claims = [(number, claim) for number, line in enumerate(lines, 1) for claim in _claims(line, order)]
    said = [f"Line {number}: {claim.reason}" for number, claim in claims]
    faults = tuple(dict.fromkeys([*said, *together(_script_faults(lines, order))]))[:MAX_FAULTS]
    told = tuple(claim for sentence, (_, claim) in zip(said, claims, strict=True) if sentence in faults)
    return Judged(draft, lines, tuple(claim for _, claim in claims), faults, told)


def together(faults: Sequence[Fault]) -> list[str]:
    """Faults as sentences, one for each rule: `Lines 2, 3, 5 are too long; ...`."""
    by_rule: dict[str, list[Fault]] = {}
    for fault in faults:
        by_rule.setdefault(fault.rule, []).append(fault)
    return [_sentence(alike) for alike in by_rule.values()]


def _sentence(alike: Sequence[Fault]) -> str:
    first = alike[0].sentence
    parts = [_OF_A_LINE.match(fault.sentence) for fault in alike]
    if len(alike) == 1 or not all(parts):
        return first
    numbers = ", ".join(part["number"] for part in parts if part)
    start = parts[0]
    assert start is not None
    what, _, advice = first[start.end() :].rpartition("; ")
    if start["verb"] == "repeats":
        return f"Lines {numbers} repeat earlier lines; {advice}"
    examples = dict.fromkeys(quote[0] for fault in alike if (quote := _QUOTED.search(fault.sentence)))
    quoted = ", ".join(list(examples)[:MAX_EXAMPLES])
    return f"Lines {numbers} {_PLURALS[start['verb']]} {_QUOTED.sub(lambda _: quoted, what)}; {advice}"


def salvage(judged: Judged, order: Order) -> tuple[Judged, str]:
    """A draft without the lines that are not grounded, and the first rule that the rest still breaks, if any."""
    dropped = {claim.line for claim in judged.claims}
    left = tuple(line for line in judged.lines if line.text not in dropped)
    if judged.lines and not left:
        return replace(judged, lines=left), "none of its lines rests on what the article says"
    faults = _script_faults(left, order)
    # What comes behind the semicolon is advice for the model.
    return replace(judged, lines=left), faults[0].sentence.partition(";")[0] if faults else ""


def upload_texts(judged: Judged, order: Order) -> tuple[str, str, tuple[str, ...], list[UngroundedClaim]]:
    """Title, description and hashtags: the model's where the article bears them out, else the article's own."""
    told = [line.text for line in judged.lines]
    texts = []
    claims: list[UngroundedClaim] = []
    for text, instead in (
        (judged.draft.title, default_title(order.title, told)),
        (judged.draft.description, default_description(order.sentences)),
    ):
        sentences = (order.title, *order.sentences)
        found = [
            UngroundedClaim(text, claim.kind, claim.text, claim.reason, "replaced")
            for claim in check_line(text, sentences, order.language, article=sentences)
        ]
        claims += found
        # A title is no sentence: of the rules only those hold that are about what can be read.
        unfit = {"empty", "markup", "emoji", "stage", "control", "address", "shouted"}
        broken = any(fault.rule in unfit for fault in line_faults(text, order.language))
        texts.append(instead if found or broken else text)
    hashtags = judged.draft.hashtags or default_hashtags(order.title, order.sentences)
    return texts[0], texts[1], hashtags, claims


def _cited(text: str, numbers: Sequence[int], order: Order) -> ScriptLine:
    cited = dict.fromkeys(number for number in numbers if 0 < number <= len(order.sentences))
    return ScriptLine(text, tuple(order.sentences[number - 1] for number in cited))


def _claims(line: ScriptLine, order: Order) -> list[UngroundedClaim]:
    if not line.sources:
        reason = f"It names no sentence of the article, which are numbered from 1 to {len(order.sentences)}."
        return [UngroundedClaim(line.text, "source", line.text, reason, "dropped")]
    article = (order.title, *order.sentences)
    return [
        UngroundedClaim(line.text, claim.kind, claim.text, claim.reason, "dropped")
        for claim in check_line(line.text, line.sources, order.language, article=article)
    ]


def _script_faults(lines: Sequence[ScriptLine], order: Order) -> tuple[Fault, ...]:
    return script_faults([line.text for line in lines], order.language, wanted_words=order.words)
