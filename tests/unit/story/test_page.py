"""Stories, and what stands in their place."""

from __future__ import annotations

import json

import pytest

from nvpipe.story.page import page_story, wall_of, without_teaser

URL = "https://news.example/1"
STORY = [
    f"The tower number {number} was moved in one piece, and nobody believed that it could be done."
    for number in range(20)
]


def html(paragraphs: list[str], head: str = "") -> str:
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    top = f"<!doctype html><html><head><title>The tower</title>{head}</head>"
    return f"{top}<body><article>{body}</article></body></html>"


def story(paragraphs: list[str], head: str = "", content_type: str = "text/html") -> tuple[str, str]:
    article, why = page_story(html(paragraphs, head).encode(), URL, content_type)
    return ("" if article is None else article.text), why


def ld(**fields: object) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", **fields})}</script>'


def test_a_story_is_one() -> None:
    text, why = story(STORY)
    assert why == ""
    assert STORY[0] in text
    assert STORY[-1] in text


@pytest.mark.parametrize(
    "head",
    [
        ld(isAccessibleForFree=False),
        ld(isAccessibleForFree="False"),
        ld(isAccessibleForFree="https://schema.org/False"),
        ld(hasPart={"@type": "WebPageElement", "isAccessibleForFree": False, "cssSelector": ".paid"}),
        f'<script type="application/ld+json">{json.dumps({"@graph": [{"isAccessibleForFree": False}]})}</script>',
        '<meta itemprop="isAccessibleForFree" content="false">',
        "<script type='application/ld+json'>{broken</script>" + ld(isAccessibleForFree=False),
    ],
    ids=range(7),
)
def test_a_publishers_own_mark_counts(head: str) -> None:
    assert story(STORY, head)[1] == "is behind a paywall"


@pytest.mark.parametrize(
    "head",
    [
        ld(isAccessibleForFree=True),
        ld(isAccessibleForFree="true", isPartOf={"@type": "Product", "isAccessibleForFree": False}),
        ld(mentions=[{"isAccessibleForFree": False}]),
        '<meta itemprop="isAccessibleForFree" content="true">',
        "<script type='application/ld+json'>{broken isAccessibleForFree false</script>",
        "<script type='application/ld+json'>" + "[" * 5000 + '"isAccessibleForFree"' + "</script>",
        "<!-- isAccessibleForFree false -->",
    ],
    ids=range(7),
)
def test_a_free_page_is_free(head: str) -> None:
    assert story(STORY, head)[1] == ""


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("Subscribe to continue reading this story.", "paywall"),
        ("You\u2019ve reached your free article limit.", "paywall"),
        ("Dieser Artikel ist kostenpflichtig.", "paywall"),
        ("Article réservé à nos abonnés.", "paywall"),
        ("Suscríbete para seguir leyendo", "paywall"),
        ("Assine para continuar lendo", "paywall"),
        ("Abbonati per continuare a leggere", "paywall"),
        ("この記事は有料会員限定です", "paywall"),
        ("Please log in to see the page.", "login"),
        ("Connectez-vous pour lire.", "login"),
        ("We and our partners store cookies.", "consent"),
        ("Wir und unsere Partner speichern.", "consent"),
        ("Please enable JavaScript and reload.", "notice"),
        ("Página no encontrada", "notice"),
        ("Verifying you are human. This may take a few seconds.", "notice"),
    ],
)
def test_what_stands_in_place_of_a_story_is_known(line: str, why: str) -> None:
    assert why in story([line])[1]
    assert why in story([*STORY[:2], line])[1]
    assert why in wall_of(f"<html><body><div>{line}</div></body></html>", [])


def test_the_same_words_in_a_long_story_are_part_of_it() -> None:
    for line in (
        "Please log in to vote, said the page.",
        "We and our partners moved it.",
        "Access denied, said the sign.",
    ):
        assert story([*STORY[:10], line, *STORY[10:]])[1] == ""


def test_a_paywall_at_the_end_of_a_longer_beginning_is_one() -> None:
    assert story([*STORY[:12], "Already a subscriber? Sign in"])[1] == "is behind a paywall"
    assert story([*STORY, *STORY, *STORY, "Already a subscriber? Sign in"])[1] == ""


@pytest.mark.parametrize(
    "data",
    [b"", b" ", b"%PDF-1.7 not a page", b"\x1f\x8b\x08 packed", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n" + bytes(500),
     bytes(range(256)) * 100, b"<html></html>", b"<html><body><p>Two words</p>"],
    ids=range(9),
)  # fmt: skip
@pytest.mark.parametrize("content_type", ["text/html", "application/pdf", "text/html; charset=nonsense"])
def test_what_is_no_page_says_so(data: bytes, content_type: str) -> None:
    article, why = page_story(data, URL, content_type)
    assert article is None
    assert why
    assert URL not in why


def test_the_servers_character_set_counts() -> None:
    text = "Der Leuchtturm wurde über die Düne geschoben, und niemand hätte es für möglich gehalten. " * 5
    for charset in ("iso-8859-1", "windows-1252"):
        article, why = page_story(html([text]).encode(charset), URL, f"text/html; charset={charset}")
        assert why == ""
        assert article is not None
        assert "über die Düne" in article.text
    article, _ = page_story(html([text]).encode(), URL, "text/html; charset=iso-8859-1")
    assert article is not None
    assert "über die Düne" in article.text


def test_plain_text_and_markdown_are_read_as_such() -> None:
    plain, why = page_story("\n\n".join(STORY).encode(), URL, "text/plain")
    assert why == ""
    assert plain is not None
    assert plain.url == plain.source == URL
    marked, _ = page_story(("# The tower\n\n" + "\n\n".join(STORY)).encode(), URL, "text/markdown")
    assert marked is not None
    assert marked.title == "The tower"


def test_hostile_pages_take_little_time() -> None:
    for page in ("<script " * 200_000, "<script type='application/ld+json'>" * 30_000 + "isAccessibleForFree",
                 "<meta itemprop=isAccessibleForFree " * 30_000):  # fmt: skip
        assert wall_of(page, STORY) == ""


def test_invitations_to_read_on_are_dropped() -> None:
    assert without_teaser(["Story.", "The post Story appeared first on News."]) == (["Story."], True)
    assert without_teaser(["Story.", "Leia mais"]) == (["Story."], True)
    assert without_teaser(["A story that ends…"]) == (["A story that ends…"], True)
    assert without_teaser(["A story."]) == (["A story."], False)
    assert without_teaser([]) == ([], False)
    long = "They could not read more than a page of it, " * 10
    assert without_teaser([long]) == ([long], False)
