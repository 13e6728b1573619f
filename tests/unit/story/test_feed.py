"""RSS, Atom and JSON Feed into entries, whole, odd, broken and hostile."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nvpipe.errors import ArticleError
from nvpipe.story.entry import carried_by, entry_article
from nvpipe.story.feed import MAX_TAGS_OF_ENTRIES, Entry, Feed, Text, parse_feed
from nvpipe.types import Article

URL = "https://news.example/feeds/all.xml?token=secret"
MONDAY_S, TUESDAY_S = 1_793_613_600.0, 1_793_700_000.0

RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>News &amp; more</title>
<item><title>Old &lt;i&gt;news&lt;/i&gt;</title><link>/old</link><guid isPermaLink="false">1</guid>
<pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate><description>Short.</description>
<content:encoded><![CDATA[<p>All of it, <b>long</b>.</p><p>And more.</p>]]></content:encoded></item>
<item><title>New</title><link>https://other.example/new</link>
<pubDate>Tue, 03 Nov 2026 11:00:00 +0100</pubDate></item>
</channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>News</title>
<entry><id>tag:news.example,2026:1</id><title type="html">Old &amp;amp; gold</title>
<link rel="alternate" href="../old"/><published>2026-11-02T10:00:00Z</published>
<updated>2026-11-09T10:00:00Z</updated>
<summary>Short.</summary>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>All of it.</p></div></content>
</entry></feed>"""
JSON = {
    "version": "https://jsonfeed.org/version/1.1",
    "title": "News",
    "items": [
        {
            "id": 7,
            "url": "/old",
            "title": "Old",
            "content_html": "<p>All.</p>",
            "date_published": "2026-11-02T10:00:00Z",
        },
        {"id": "8", "external_url": "https://x.example/", "content_text": "Text", "summary": "S"},
        {"id": "9"},
        "nonsense",
    ],
}


def parse(text: str | bytes, **options: Any) -> Feed:
    return parse_feed(text if isinstance(text, bytes) else text.encode(), URL, **options)


def test_rss() -> None:
    feed = parse(RSS)
    assert feed.title == "News & more"
    new, old = feed.entries
    assert (new.id, new.link, new.published_s) == ("https://other.example/new",) * 2 + (TUESDAY_S,)
    assert (old.id, old.title, old.link, old.published_s) == ("1", "Old news", "https://news.example/old", MONDAY_S)
    assert carried_by(old).paragraphs == ("All of it, long.", "And more.")


def test_atom() -> None:
    (entry,) = parse(ATOM).entries
    assert entry.id == "tag:news.example,2026:1"
    assert entry.title == "Old & gold"
    assert entry.link == "https://news.example/old"
    assert entry.published_s == MONDAY_S
    assert carried_by(entry).paragraphs == ("All of it.",)


def test_json_feed() -> None:
    first, second = parse(json.dumps(JSON)).entries
    assert (first.id, first.link, first.published_s) == ("7", "https://news.example/old", MONDAY_S)
    assert first.texts == (Text("<p>All.</p>", True),)
    assert (second.link, second.published_s) == ("https://x.example/", None)


@pytest.mark.parametrize(
    "content_type", ["text/html", "image/png", "application/json", "", "nonsense; charset=klingon"]
)
def test_the_content_tells_the_kind_whatever_the_server_says(content_type: str) -> None:
    assert len(parse(RSS, content_type=content_type).entries) == 2
    assert len(parse(json.dumps(JSON), content_type=content_type).entries) == 2


def test_the_character_set_is_found() -> None:
    text = '<?xml version="1.0" encoding="{}"?>' + rss(item(title="Žluťoučký", link="/x"))
    for charset in ("utf-8", "iso-8859-2", "utf-16"):
        assert parse(text.format(charset).encode(charset)).entries[0].title == "Žluťoučký"
    told = text.replace(' encoding="{}"', "").encode("cp1250")
    assert parse(told, content_type="application/xml; charset=windows-1250").entries[0].title == "Žluťoučký"


def item(**fields: str) -> str:
    return "<item>" + "".join(f"<{name}>{text}</{name}>" for name, text in fields.items()) + "</item>"


def rss(*items: str) -> str:
    return f'<rss version="2.0"><channel>{"".join(items)}</channel></rss>'


def test_ids_stand_once_and_are_made_where_there_are_none() -> None:
    same = (item(guid="1", link="/1"), item(guid="1", title="second", link="/2"))
    feed = parse(rss(*same, item(link="/1"), item(description="some text"), item(description="other text")))
    ids = [entry.id for entry in feed.entries]
    assert len(ids) == len(set(ids)) == 4
    assert parse(rss(item(guid="x" * 100_000, link="/1"))).entries[0].id != "x" * 100_000


def test_entries_without_a_date_stay_beside_their_neighbours() -> None:
    feed = parse(
        rss(
            item(link="/b", pubDate="Mon, 02 Nov 2026 10:00:00 GMT"),
            item(link="/c"),
            item(link="/a", pubDate="Tue, 03 Nov 2026 10:00:00 GMT"),
            item(link="/d", pubDate="the day after"),
        )
    )
    assert [entry.link[-1] for entry in feed.entries] == ["a", "d", "b", "c"]


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "file:///etc/hostname", "data:text/html,x", "http://", "http://[::1", "ftp://a/b",
     "mailto:a@b", "http://a:port/"],
)  # fmt: skip
def test_links_that_lead_nowhere_are_dropped(link: str) -> None:
    (entry,) = parse(rss(item(link=link, guid="1", description="text"))).entries
    assert entry.link == ""


def test_a_feed_that_is_cut_off_loses_its_last_entry_only() -> None:
    for cut in (RSS[:-30], RSS[:-60], RSS.encode()[:-100].decode()):
        feed = parse(cut)
        assert feed.is_cut_off
        assert len(feed.entries) == 1
    assert not parse(RSS + "<!-- made in 3 ms -->\n").is_cut_off
    assert not parse(rss(item(title="AT&T", link="/1"))).is_cut_off


@pytest.mark.parametrize(
    "data",
    [b"", b" ", b"hello", b"\0" * 1000, bytes(range(256)) * 40, b"{", b"[]", b'{"items": []}', b'{"version": 3}',
     b'{"version": "https://jsonfeed.org/version/1.1", "items": {}}', b"{" * 100_000, b"[" * 100_000,
     b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b"\x1f\x8b\x08", b"<" * 200_000,
     b"<!--" * 50_000, b"<!---->" * 290 + b"x", b"<rss " + b"a='" * 100_000],
    ids=range(19),
)  # fmt: skip
def test_what_is_no_feed_is_one_line(data: bytes) -> None:
    with pytest.raises(ArticleError) as caught:
        parse(data)
    assert "secret" not in caught.value.line()
    assert "news.example" in caught.value.line()


def test_a_web_page_tells_where_its_feed_is() -> None:
    page = (
        '<!doctype html><html><head><link rel="alternate" type="application/rss+xml" href="/rss?a=1"></head></html>'
    )
    with pytest.raises(ArticleError, match="web page") as caught:
        parse(page)
    assert "https://news.example/rss?a=1" in caught.value.hint
    with pytest.raises(ArticleError, match="web page"):
        parse("<html><body>no feed here")


def test_entities_are_not_expanded_from_files_or_into_bombs(tmp_path: Any) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    body = rss(item(title="a &x; b", link="/1"))
    (entry,) = parse(f'<!DOCTYPE r [<!ENTITY x SYSTEM "{secret.as_uri()}">]>{body}').entries
    assert "secret" not in entry.title
    nested = "".join(f'<!ENTITY x{n} "{f"&x{n - 1};" * 10}">' for n in range(1, 10))
    (entry,) = parse(f'<!DOCTYPE r [<!ENTITY x0 "lol">{nested}]>{body.replace("&x;", "&x9;")}').entries
    assert len(entry.title) < 100


def test_far_too_many_entries_are_refused() -> None:
    with pytest.raises(ArticleError, match="too many"):
        parse("<rss><channel>" + "<item>" * (MAX_TAGS_OF_ENTRIES + 1))


def entry(*texts: Text, title: str = "Title") -> Entry:
    return Entry("1", "https://news.example/1", title, None, texts)


def page(words: int) -> Article:
    return Article("https://news.example/1", "Page", "page " * words, "https://news.example/1", "")


def told(of: Entry, story: Article | None) -> str | None:
    article = entry_article(of, carried_by(of), story, "source")
    return None if article is None else article.text.split()[0]


def test_the_longer_text_is_told_and_of_about_equal_ones_the_feeds() -> None:
    long, short = Text("feed " * 90, False), Text("feed " * 20, False)
    assert told(entry(long), None) == "feed"
    assert told(entry(long, short), page(100)) == "feed"
    assert told(entry(short), page(100)) == "page"
    assert told(entry(long), page(200)) == "page"
    assert told(entry(short), None) is None
    assert told(entry(short), page(30)) is None
    assert told(entry(), None) is None


def test_a_feed_that_says_that_there_is_more_gives_way_to_the_page() -> None:
    for end in (
        "word word [...]",
        "word word…",
        "word.\n\nRead more",
        "word.\n\nLa suite ici: lire la suite",
        "word.\n\nWeiterlesen »",
    ):
        part = entry(Text("feed " * 250 + end, False))
        assert not carried_by(part).is_full
        assert told(part, page(300)) == "page"
        assert "Read more" not in carried_by(part).paragraphs
    assert carried_by(entry(Text("feed " * 250, False))).is_full


def test_markup_becomes_paragraphs() -> None:
    for body in (
        "One <b>two</b>\nthree.<br><br>Four.",
        "<p>One <b>two</b> three.</p><p>Four.",
        "One two three.<p>Four.</p>",
        "<h2>No</h2><div>One two<br>three.<ul><li>Four.</li></ul></div><pre>no</pre><script>no</script>",
        "One two three.<p><a href='x'>Four.</a></p><figure>no</figure>",
    ):
        assert carried_by(entry(Text(body, True))).paragraphs == ("One two three.", "Four.")


def test_the_entrys_own_title_counts() -> None:
    of = entry(Text("feed " * 90, False))
    found = entry_article(of, carried_by(of), None, "source")
    assert found is not None
    assert (found.title, found.source, found.url) == ("Title", "source", "https://news.example/1")
    untitled = entry(title="")
    found = entry_article(untitled, carried_by(untitled), page(90), "source")
    assert found is not None
    assert found.title == "Page"
