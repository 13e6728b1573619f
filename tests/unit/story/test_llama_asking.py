"""How a model is asked, asked again, and what is kept when it fails in between."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes.desk_models import ScriptedScheduler
from fakes.lighthouse import CARELESS, GOOD, LIE, LYING, PACE, SECONDS, lighthouse
from fakes.tiny_llama import reply_json, write_random

from nvpipe.errors import BackendFailedError, OutOfMemoryError, WriterFailedError
from nvpipe.story import Desk, Wishes
from nvpipe.story.llama.judging import judge, together
from nvpipe.story.llama.prompt import MAX_FAULTS, Order
from nvpipe.story.llama.reply import parse_reply
from nvpipe.story.llama.writer import LlamaWriter
from nvpipe.story.rules import line_faults, script_faults
from nvpipe.types import Script

UNTRUE = "The journey of {} metres took 23 days."


def wishes(folder: Path) -> Wishes:
    model = folder / "model.gguf"
    if not model.exists():
        write_random(model, n_ctx=32_768)
    return Wishes(folder / "storage", str(model), threads=1)


def write(folder: Path, scheduler: ScriptedScheduler, **changes: Any) -> Script:
    writer = LlamaWriter()
    writer.prepare(wishes(folder), Desk(lambda: scheduler, lambda _: None))  # type: ignore[arg-type, return-value]
    article = replace(lighthouse(folder), **changes)
    return writer.write(article, language="en", seconds=SECONDS, words_per_second=PACE)


def order() -> Order:
    sentences = ("It weighs 4,830 tons.", "The journey of 884 metres took 23 days.")
    return Order("The lighthouse", sentences, "en", 60.0, "news", "mark")


def test_many_broken_rules_hide_nothing_that_is_not_true(tmp_path: Path) -> None:
    lines = [(f"It weighs 4,830 tons here in place number {name} #tag{name}!", [1]) for name in "abcdefghijklmnop"]
    draft = parse_reply(reply_json([*lines, (UNTRUE.format(994), [2])]), "stop")
    judged = judge(draft, order())
    assert judged.faults[0].startswith("Line 17: ")
    assert "994 metres" in judged.faults[0]
    assert judged.told == judged.claims
    assert len([fault for fault in judged.faults if "hashtag" in fault]) == 1


def test_only_as_many_claims_are_told_as_are_put_into_the_prompt() -> None:
    draft = parse_reply(reply_json([(UNTRUE.format(number), [2]) for number in range(901, 921)]), "stop")
    judged = judge(draft, order())
    assert len(judged.claims) == 20
    assert len(judged.faults) == MAX_FAULTS
    assert judged.told == judged.claims[:MAX_FAULTS]


def test_faults_of_a_rule_are_one_sentence() -> None:
    long = "word " * 40
    lines = ["Short.", long, long, "Fine #one.", "Fine too #two.", "So is this @three; yes."]
    faults = [fault for at, line in enumerate(lines) for fault in line_faults(line, "en", at=at)]
    assert together([fault for fault in faults if fault.rule in ("length", "hashtag")]) == [
        "Lines 2, 3 are too long; say one idea in at most 20 words.",
        "Lines 4, 5, 6 have a hashtag or a handle (“#o”, “#t”, “@th”); hashtags don't belong in what is spoken.",
    ]
    repeated = script_faults(["The keeper went home again."] * 3, "en", wanted_words=15.0)
    assert together([fault for fault in repeated if fault.rule == "repeated"]) == [
        "Lines 2, 3 repeat earlier lines; say something new or leave it out."
    ]
    (single,) = line_faults("Fine #one.", "en", at=6)
    assert together([single]) == [single.sentence]


def test_a_claim_of_which_the_model_was_not_told_was_not_asked_again(tmp_path: Path) -> None:
    untold = [(UNTRUE.format(number), [4]) for number in range(901, 921)]
    scheduler = ScriptedScheduler(reply_json([*GOOD, *untold]), reply_json(GOOD))
    made = write(tmp_path, scheduler)
    outcomes = [claim.outcome for claim in made.ungrounded]
    assert (outcomes.count("asked again"), outcomes.count("dropped")) == (MAX_FAULTS, 20 - MAX_FAULTS)
    again = scheduler.asked[1][-1][1]
    told = [claim.text in again for claim in made.ungrounded]
    assert told == [outcome == "asked again" for outcome in outcomes]


def test_nobody_was_asked_about_the_last_reply(tmp_path: Path) -> None:
    lies = reply_json([*CARELESS, (LIE, [4])])
    made = write(tmp_path, ScriptedScheduler(reply_json(LYING), lies, lies))
    assert [line.text for line in made.lines] == [text for text, sources in GOOD if sources != [4]]
    assert {(claim.line, claim.outcome) for claim in made.ungrounded} == {(LIE, "dropped")}


@pytest.mark.parametrize("failure", [BackendFailedError("was killed"), OutOfMemoryError("no memory is left")])
@pytest.mark.parametrize("earlier", [1, 2])
def test_a_failure_does_not_take_an_earlier_draft_away(tmp_path: Path, failure: Exception, earlier: int) -> None:
    made = write(tmp_path, ScriptedScheduler(*[reply_json(LYING)] * earlier, failure))
    assert [line.text for line in made.lines] == [text for text, sources in GOOD if sources != [4]]
    assert [(claim.line, claim.outcome) for claim in made.ungrounded] == [(LIE, "dropped")]


@pytest.mark.parametrize("earlier", [[], ["no JSON"], [reply_json(CARELESS)]])
def test_a_failure_without_a_draft_that_can_be_told_is_the_failure(tmp_path: Path, earlier: list[str]) -> None:
    with pytest.raises(WriterFailedError, match="was killed") as caught:
        write(tmp_path, ScriptedScheduler(*earlier, BackendFailedError("was killed")))
    # Another time it may not be killed.
    assert not caught.value.lasting


@pytest.mark.parametrize("filler", range(0, 4000, 500))
def test_the_context_has_room_for_being_asked_again(tmp_path: Path, filler: int) -> None:
    """Where every letter is a token, faults take many of them."""
    text = lighthouse(tmp_path).text
    more = "The keeper said that it was slow. " * (filler // 34)
    lines = [*CARELESS, *((UNTRUE.format(number), [4]) for number in range(901, 906))]
    scheduler = ScriptedScheduler(reply_json(lines), reply_json(lines), reply_json(GOOD))
    made = write(tmp_path, scheduler, text=f"{text}\n\n{more}")
    assert [line.text for line in made.lines] == [text for text, _ in GOOD]


def test_a_model_that_was_proven_is_not_opened_to_be_proven_again(tmp_path: Path) -> None:
    scheduler = ScriptedScheduler("")
    probes = []
    for _ in range(2):
        writer = LlamaWriter()
        writer.prepare(wishes(tmp_path), Desk(lambda: scheduler, print))  # type: ignore[arg-type, return-value]
        probes.append(writer.probe())
    assert probes[0].usable
    assert probes[0] == probes[1]
    assert len(scheduler.leased) == 1
    write_random(tmp_path / "model.gguf", seed=1, n_ctx=32_768)
    writer = LlamaWriter()
    writer.prepare(wishes(tmp_path), Desk(lambda: scheduler, print))  # type: ignore[arg-type, return-value]
    assert writer.probe().usable
    assert len(scheduler.leased) == 2
