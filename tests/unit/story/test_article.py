from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from pathlib import Path

import pytest

from nvpipe.errors import ArticleError
from nvpipe.story.article import MAX_ARTICLE_BYTES, read_article

BODY = "The bridge over the river is closed from today. Ferries will run until it opens again."
HOSTILE_CHARS = 40_000
PADDING = " Nobody knows for how long it will be so, and nobody asks."


def write(tmp_path: Path, name: str, content: str | bytes) -> str:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


MARKDOWN = """\
---
title: "The bridge: closed"
tags: [a, b]
---
# Another heading

![a picture](x.jpg)

The **bridge** over [the river](https://example.org/river) is *closed* from today.[^1]
The second line belongs to it.

## Ferries

- Ferries run every `ten` minutes.
- Buses are free.

> We cannot wait.

```python
print("code")
```

    indented code

| a | b |
|---|---|
| cell | cell |

<div>raw html</div>

{{< figure src="x" >}}

[^1]: A footnote with a text
    on two lines.
"""


def test_markdown(tmp_path: Path) -> None:
    article = read_article(write(tmp_path, "x.md", MARKDOWN))
    assert article.title == "The bridge: closed"
    assert article.text.split("\n\n") == [
        "The bridge over the river is closed from today. The second line belongs to it.",
        "Ferries run every ten minutes.",
        "Buses are free.",
        "We cannot wait.",
    ]


def test_markdown_title_is_the_first_heading(tmp_path: Path) -> None:
    assert read_article(write(tmp_path, "x.md", f"intro\n\n# The title\n\n{BODY}")).title == "The title"


def test_a_rule_at_the_top_is_no_front_matter(tmp_path: Path) -> None:
    article = read_article(write(tmp_path, "x.md", f"---\n\n{BODY}\n\n---\n\nAnd this is the end of it.\n"))
    assert BODY in article.text


HTML = f"""<!doctype html><html><head><title>Bridge closes | City News</title></head><body>
<nav><a href="/">Home</a></nav><article><h1>Bridge closes</h1><p>{BODY}</p><h2>Why</h2>
<p>Engineers found rust in 14 cables.<sup><a href="#1">[1]</a></sup> See <a href="x">the report</a>.</p>
<ul><li>Ferries run every ten minutes.</li></ul><pre>code</pre><table><tr><td>cell</td></tr></table>
<p>The repair takes a year and a half, and it costs more than anybody in the council had thought it would.</p>
</article><footer>Copyright</footer><script>var x;</script></body></html>"""


def test_html(tmp_path: Path) -> None:
    article = read_article(write(tmp_path, "x.html", HTML))
    assert article.title == "Bridge closes"
    for wanted in (BODY, "Engineers found rust in 14 cables. See the report.", "Ferries run every ten minutes."):
        assert wanted in article.text
    for unwanted in ("Home", "Why", "code", "cell", "Copyright", "var x", "[1]", "<"):
        assert unwanted not in article.text


def test_tiny_html_page(tmp_path: Path) -> None:
    article = read_article(
        write(tmp_path, "x.htm", "<title>T - Site</title><p>A short page &amp; no more than this.</p>")
    )
    assert (article.title, article.text) == ("T", "A short page & no more than this.")


def test_plain_text_joins_wrapped_lines(tmp_path: Path) -> None:
    text = "The Bridge\n\nThe bridge over the river\nis closed from today. Fer-\nries run.\n\nA second one.\n"
    article = read_article(write(tmp_path, "x.txt", text))
    assert article.title == "The Bridge"
    assert article.text == "The bridge over the river is closed from today. Fer-ries run.\n\nA second one."


def test_plain_text_of_long_lines_has_a_paragraph_a_line(tmp_path: Path) -> None:
    line = "This is a paragraph that was never wrapped because the editor does it on the screen alone. " * 2
    assert len(read_article(write(tmp_path, "x.txt", f"{line}\n{line}\n")).text.split("\n\n")) == 2


def test_title_is_the_files_name_at_last(tmp_path: Path) -> None:
    assert read_article(write(tmp_path, "my_old-bridge.txt", BODY)).title == "my old bridge"


def test_unsafe_characters_go(tmp_path: Path) -> None:
    text = "The bri\u200bdge \u202eis\u202c clo\u00adsed\ufeff now,\u00a0cafe\u0301  \t is open\x07." + PADDING
    expected = "The bridge is closed now, café is open." + PADDING
    assert read_article(write(tmp_path, "x.txt", text)).text == expected


def test_joiners_that_spelling_needs_stay(tmp_path: Path) -> None:
    text = "این پل از دیروز بسته است و می‌خواهم بروم."
    assert read_article(write(tmp_path, "x.txt", text)).text == text


@pytest.mark.parametrize(
    ("kind", "content"),
    [("html", f"<p>{BODY}</p>"), ("markdown", f"# T\n\n{BODY} **now**"), ("plain", BODY)],
)
def test_standard_input_is_judged_by_its_content(kind: str, content: str) -> None:
    article = read_article("-", stdin=io.BytesIO(content.encode()))
    assert article.source == "-"
    assert BODY in article.text
    assert not set("<>#*") & set(article.text), kind


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("utf-8-sig", "Die Brücke über den Fluss ist seit gestern gesperrt."),
        ("utf-16", "Die Brücke über den Fluss ist seit gestern gesperrt."),
        ("utf-16-le", "Die Brücke über den Fluss ist seit gestern gesperrt."),
        ("cp1252", "Le pont a été fermé à la circulation après la découverte de fissures très profondes."),
        ("cp1251", "Мост через реку закрыли вчера вечером. Инженеры нашли трещины."),
        ("koi8-r", "Мост через реку закрыли вчера вечером. Инженеры нашли трещины."),
        ("shift_jis", "橋は昨日閉鎖された。技術者がケーブルに腐食を発見したためである。"),
        ("gb18030", "大桥昨天关闭了。工程师发现缆索腐蚀严重。市民需要绕行。"),
    ],
)
def test_character_sets(tmp_path: Path, charset: str, text: str) -> None:
    assert read_article(write(tmp_path, "x.txt", text.encode(charset))).text == text


def test_declared_character_set(tmp_path: Path) -> None:
    text = "Мост закрыт, и ещё год будет закрыт."
    page = f'<meta http-equiv="Content-Type" content="text/html; charset=windows-1251"><p>{text}</p>'
    assert read_article(write(tmp_path, "x.html", page.encode("cp1251"))).text == text


def test_few_control_characters_are_dropped_and_many_refused(tmp_path: Path) -> None:
    assert "\x01" not in read_article(write(tmp_path, "a.txt", "word " * 199 + "\x01" * 5)).text
    with pytest.raises(ArticleError, match="control characters"):
        read_article(write(tmp_path, "b.txt", "word " * 199 + "\x01" * 12))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"Hello", "one word"),
        (b"two words", "2 words"),
        ("橋".encode(), "one word"),
        (b"# \n\n```\ncode only, nothing else to tell here\n```\n", "no words"),
        (bytes(range(256)) * 20, "not text"),
        (b"%PDF-1.7 and so on and so forth", "PDF"),
        (b"PK\x03\x04 and so on and so forth", "archive"),
        (b"a " * (MAX_ARTICLE_BYTES // 2 + 1), "larger than 10 MB"),
    ],
)
def test_unusable_content(tmp_path: Path, content: bytes, reason: str) -> None:
    source = write(tmp_path, "bad.md", content)
    with pytest.raises(ArticleError, match=reason) as caught:
        read_article(source)
    assert "bad.md" in caught.value.line()
    assert caught.value.exit_code == 3
    assert caught.value.hint


def test_unusable_sources(tmp_path: Path) -> None:
    for source, reason in {
        str(tmp_path): "is a folder",
        str(tmp_path / "none.md"): "there is no article",
        "": "no name",
        "a\0b": "cannot read",
        "x" * 5000: "cannot read",
        "https://example.org/a": "not read from here",
    }.items():
        with pytest.raises(ArticleError, match=reason) as caught:
            read_article(source)
        assert "\n" not in caught.value.line()


def test_digest_follows_title_and_text(tmp_path: Path) -> None:
    first = read_article(write(tmp_path, "a.txt", f"Title\n\n{BODY}"))
    same = read_article(write(tmp_path, "b.md", f"# Title\n\n{BODY}"))
    other = read_article(write(tmp_path, "c.md", f"# Other\n\n{BODY}"))
    assert first.digest == same.digest != other.digest


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000 + " and then a few words follow",
        "word " * 100_000,
        "<div>" * 5000 + "<p>and then a few words follow</p>",
        "(" * 50_000 + " and then a few words follow",
        '"“„ ' * 10_000 + " and then a few words follow",
    ],
)
@pytest.mark.parametrize("suffix", ["md", "txt"])
def test_hostile_text_is_read_or_refused(tmp_path: Path, content: str, suffix: str) -> None:
    source = write(tmp_path, f"x.{suffix}", content)
    with contextlib.suppress(ArticleError):
        assert read_article(source).text


def test_reading_text_imports_nothing_heavy(tmp_path: Path) -> None:
    sources = [write(tmp_path, "x.md", MARKDOWN), write(tmp_path, "x.txt", BODY)]
    program = (
        "import sys; from nvpipe.story.article import read_article\n"
        f"for source in {sources!r}: read_article(source)\n"
        "print(sorted({'trafilatura', 'lxml', 'numpy', 'py3langid', 'charset_normalizer'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "piece",
    [
        "{% ",
        "{{< ",
        "{{% ",
        "{%%",
        "[^",
        "[^x",
        "](",
        "](x",
        "<!---->",
        "- ",
        "a@",
        "a-",
        "{% %",
        "title: ",
    ],
)
@pytest.mark.parametrize("name", ["a.md", "a.txt", "a"])
def test_hostile_repeats_are_read_in_linear_time(tmp_path: Path, piece: str, name: str) -> None:
    # A pattern that is quadratic in one of these takes many seconds, and one that is exponential does not end.
    lines = f"{piece * (HOSTILE_CHARS // len(piece))}\n\n{BODY}"
    assert "Ferries will run" in read_article(write(tmp_path, name, lines)).text


@pytest.mark.parametrize("line", [" " * HOSTILE_CHARS + "!", "a " * (HOSTILE_CHARS // 2), "x" * HOSTILE_CHARS])
def test_a_hostile_line_of_metadata_is_read_in_linear_time(tmp_path: Path, line: str) -> None:
    assert "Ferries will run" in read_article(write(tmp_path, "a.md", f"---\n{line}\n---\n\n{BODY}")).text


def test_a_number_or_a_dash_inside_a_line_is_no_bullet(tmp_path: Path) -> None:
    text = f"- The cat won in 1990. Then - at last - it left the town.\n\n{BODY}"
    body = read_article(write(tmp_path, "a.txt", text)).text
    assert body.startswith("The cat won in 1990. Then - at last - it left the town.")
