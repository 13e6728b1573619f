"""Replies to an article of the tests (`fakes.cli.ARTICLE`) as a good, a careless and a lying model give them."""

from __future__ import annotations

from pathlib import Path

from fakes.cli import ARTICLE
from fakes.tiny_llama import Reply, reply_json, write_scripted

from nvpipe.story.article import read_article
from nvpipe.types import Article

TITLE = "The lighthouse that went for a walk"
DESCRIPTION = "How engineers pushed a lighthouse away from the sea."
GOOD = [
    ("Engineers moved a whole lighthouse without cracking a brick.", [1]),
    ("It weighs 4,830 tons.", [1]),
    ("The sea had come within forty metres of its door.", [2]),
    ("They lifted it onto steel rails for 11.8 million dollars.", [3]),
    ("The journey of 884 metres took 23 days.", [4]),
    ("Bricks are strong under weight but weak when they bend.", [8]),
    ("So sixty jacks held the tower level all the way.", [9]),
    ("The rails were greased with bars of soap.", [10]),
]
LIE = "The journey of 994 metres took 23 days."
LYING = [*GOOD[:4], (LIE, [4]), *GOOD[5:]]
CARELESS = [("Hi guys! #lighthouse \u2014 you won't believe this.", [1]), *GOOD]
SECONDS, PACE = 25.0, 2.96
AGAIN = "messages|length > 2"


def lighthouse(folder: Path) -> Article:
    path = folder / "lighthouse.md"
    path.write_text(ARTICLE, encoding="utf-8")
    return read_article(str(path))


def good_model(path: Path) -> Path:
    return write_scripted(path, [Reply(reply_json(GOOD, TITLE, DESCRIPTION, ["lighthouse", "Engineering"]))])


def lying_model(path: Path, *, forever: bool = False) -> Path:
    """Puts a wrong number into a line, the first time or always."""
    replies = [] if forever else [Reply(reply_json(GOOD, TITLE, DESCRIPTION), AGAIN)]
    return write_scripted(path, [*replies, Reply(reply_json(LYING, TITLE, DESCRIPTION))])
