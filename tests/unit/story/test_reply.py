"""The grammar of replies, and what is made of them."""

from __future__ import annotations

import json

import pytest
from fakes.tiny_llama import reply_json

from nvpipe.story.llama.reply import ReplyError, grammar, hashtags_of, parse_reply


def test_every_length_in_the_grammar_is_bounded() -> None:
    text = grammar(12)
    assert "$" not in text
    assert "line){0,11}" in text.replace(" ", "")
    assert "*" not in text
    assert "+" not in text


def test_a_reply_is_read() -> None:
    draft = parse_reply(
        reply_json([(" One  line. ", [1]), ("Two.", [2, 3])], "A title", "More.", ["#a b", "Cd"]), "stop"
    )
    assert draft.lines == (("One line.", (1,)), ("Two.", (2, 3)))
    assert (draft.title, draft.description, draft.hashtags) == ("A title", "More.", ("ab", "Cd"))


def test_a_reply_that_was_cut_off_says_so() -> None:
    with pytest.raises(ReplyError, match="cut off"):
        parse_reply(reply_json([("One line.", [1])]), "length")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Sure! Here is",
        "[]",
        "null",
        "[" * 100_000,
        '{"lines": []}',
        json.dumps({"lines": [{"say": 1, "from": [1]}], "title": "", "description": "", "hashtags": []}),
        json.dumps({"lines": [{"say": "x", "from": [True]}], "title": "", "description": "", "hashtags": []}),
        json.dumps({"lines": [{"say": "x", "from": 1}], "title": "", "description": "", "hashtags": []}),
        json.dumps({"lines": [{"say": "x\ufffd", "from": [1]}], "title": "", "description": "", "hashtags": []}),
        json.dumps({"lines": [{"say": "x", "from": [1]}], "title": "", "description": "", "hashtags": 3}),
    ],
)
def test_what_is_no_reply_says_so(text: str) -> None:
    with pytest.raises(ReplyError, match="not the JSON object"):
        parse_reply(text, "stop")


@pytest.mark.parametrize(
    ("words", "tags"),
    [
        (["#Port Ellery", "port-ellery", "2024", "x", "Brücke"], ("PortEllery", "Brücke")),
        (["हिन्दी"], ("हिन्दी",)),
        (["a" * 60], ("a" * 28,)),
        (list("abcdefgh"), ()),
        (["one", "two", "three", "four", "five", "six"], ("one", "two", "three", "four", "five")),
    ],
)
def test_hashtags_are_words(words: list[str], tags: tuple[str, ...]) -> None:
    assert hashtags_of(words) == tags
