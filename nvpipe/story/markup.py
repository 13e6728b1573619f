"""Markdown and HTML into a title and plain paragraphs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

FEW_WORDS = 40
"""Below this the main-text extraction of a page is compared with all of its paragraphs."""

_YAML_FENCE = re.compile(r"---[ \t]*\n(.*?\n)??(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TOML_FENCE = re.compile(r"\+\+\+[ \t]*\n(.*?\n)??\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL)
_METADATA_LINE = re.compile(r"\s*+(?:$|#|-|[\]})]|[\w. \"'-]++[:=])|\s++\S")
_TITLE_LINE = re.compile(r"^title[ \t]*[:=][ \t]*(.*(?:\n[ \t]+\S.*)*)", re.MULTILINE | re.IGNORECASE)
_FOOTNOTE_TEXT = re.compile(r"^ {0,3}\[\^[^\]\n]+\]:.*(?:\n(?:[ \t]+\S.*|[ \t]*(?=\n[ \t]{2,}\S)))*", re.MULTILINE)
_FOOTNOTE_MARK = re.compile(r"\[\^[^\[\]\s]++\]")
_TEMPLATE_TAG = re.compile(r"\{\{[<%][^{}\n]{0,500}[%>]\}\}|\{%[^{}\n]{0,500}%\}")
_LONG_RUN = re.compile(r"([^\w\s])\1{20,}")
"""Runs of one sign say nothing and cost a Markdown parser time that grows with their square."""
_TASK_BOX = re.compile(r"\A\[[ xX]\]\s+")

_UNSPOKEN_TAGS = ("table", "pre", "figure", "figcaption", "script", "style", "noscript", "template", "svg", "math")
_AROUND_THE_STORY = ("nav", "header", "footer", "aside", "form", "button", "select", "iframe", "head")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_PARAGRAPH_TAGS = ("p", "li", "blockquote", "dd")
_BLOCKS = ("p", "div", "li", "ul", "ol", "dl", "dd", "dt", "blockquote", "section", "article", "main", "hr", "center")
_BLOCK, _LINE = "\ue000", "\ue001"
_BREAK = re.compile("\ue000+|\ue001[\\s\ue001]*\ue001")
"""Between paragraphs: the border of a block, or two line breaks. The marks are characters that stand in no text."""
_SITE_NAME = re.compile(r"\s+[|·–—»]\s+[^|·–—»]*\Z|\s+-\s+[^-]*\Z")


def split_front_matter(text: str) -> tuple[str, str]:
    """The title in the YAML or TOML block at the top of a Markdown text, and the text without the block."""
    match = _YAML_FENCE.match(text) or _TOML_FENCE.match(text)
    if match is None:
        return "", text
    block = match[1] or ""
    if not all(_METADATA_LINE.match(line) for line in block.splitlines()):
        return "", text
    found = _TITLE_LINE.search(block)
    title = re.sub(r"\A[|>][+-]?\d*\s", "", found[1]).strip() if found else ""
    if len(title) > 1 and title[0] == title[-1] and title[0] in "\"'":
        title = title[1:-1]
    return " ".join(title.split()), text[match.end() :]


def markdown_paragraphs(text: str) -> tuple[str, list[str]]:
    """Title and paragraphs of a CommonMark text (tables as in GitHub's).

    List items are paragraphs; headings, code blocks, images, HTML, tables, footnotes and the targets of
    links are dropped. The title is that of the front matter, else the first heading of level 1.
    """
    from markdown_it import MarkdownIt

    title, text = split_front_matter(text)
    text = _LONG_RUN.sub(r"\1\1\1", text)
    text = _FOOTNOTE_MARK.sub("", _FOOTNOTE_TEXT.sub("", _TEMPLATE_TAG.sub("", text)))
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    paragraphs: list[str] = []
    block, in_table = "", 0
    for token in parser.parse(text):
        if token.type in ("table_open", "table_close"):
            in_table += token.nesting
        elif token.type in ("heading_open", "paragraph_open"):
            block = token.tag
        elif token.type == "inline" and not in_table:
            spoken = _TASK_BOX.sub("", "".join(_inline_text(token.children or [])).strip())
            if block == "p":
                paragraphs.append(spoken)
            elif block == "h1":
                title = title or spoken
    return title, paragraphs


def _inline_text(children: list[Token]) -> Iterator[str]:
    for token in children:
        if token.type in ("text", "code_inline", "text_special"):
            yield token.content
        elif token.type in ("softbreak", "hardbreak"):
            yield "\n"
        elif token.type == "html_inline" and token.content.lower().startswith("<br"):
            yield " "


def html_paragraphs(text: str) -> tuple[str, list[str]]:
    """Title and paragraphs of an HTML page.

    The main text is found by trafilatura (Barbaresi 2021); where that yields next to nothing, as on very
    small pages, all paragraphs outside of navigation, headers and footers are taken.
    """
    import lxml.etree
    import lxml.html

    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        tree = lxml.html.document_fromstring(text.encode("utf-8"), parser=parser)
    except (lxml.etree.ParserError, lxml.etree.XMLSyntaxError):
        return "", []
    title = _html_title(tree)
    for element in list(tree.iter(*_UNSPOKEN_TAGS)) + tree.xpath(".//sup[a] | .//*[@hidden]"):
        _drop(element)
    main = _main_text(tree)
    if sum(len(paragraph.split()) for paragraph in main) >= FEW_WORDS:
        return title, main
    return title, max(main, _all_paragraphs(tree), key=lambda found: sum(map(len, found)))


def fragment_paragraphs(text: str) -> list[str]:
    """All paragraphs of HTML that holds nothing but a story, as the entries of feeds do."""
    import lxml.etree
    import lxml.html

    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        tree = lxml.html.document_fromstring(text.replace("\0", "").encode("utf-8", "replace"), parser=parser)
    except (lxml.etree.ParserError, lxml.etree.XMLSyntaxError):
        return []
    for element in [
        *tree.iter(*_UNSPOKEN_TAGS, *_AROUND_THE_STORY, *_HEADINGS),
        *tree.xpath(".//sup[a] | .//*[@hidden]"),
    ]:
        _drop(element)
    for element in tree.iter("br", *_BLOCKS):
        mark = _LINE if element.tag == "br" else _BLOCK
        element.text = f"{mark}{element.text or ''}"
        element.tail = f"{mark if element.tag != 'br' else ''}{element.tail or ''}"
    found = _BREAK.split("".join(tree.itertext()))
    return [paragraph.replace(_LINE, " ") for paragraph in found if paragraph.strip(f"{_LINE} \t\r\n")]


def _main_text(tree: Any) -> list[str]:
    import trafilatura

    document = trafilatura.bare_extraction(tree, include_comments=False, include_tables=False, with_metadata=False)
    if document is None or isinstance(document, dict):
        return []
    paragraphs = []
    for element in document.body.iter("p", "item", "quote"):
        if any(above.tag in ("p", "item", "quote") for above in element.iterancestors()):
            continue
        for line_break in element.iter("lb"):
            line_break.tail = f"\n{line_break.tail or ''}"
        inner = list(element.iterdescendants("p", "item"))
        paragraphs += ["".join(part.itertext()) for part in (inner or [element])]
    return [paragraph for paragraph in paragraphs if paragraph.strip()]


def _all_paragraphs(tree: Any) -> list[str]:
    for element in list(tree.iter(*_AROUND_THE_STORY)):
        _drop(element)
    for heading in list(tree.iter(*_HEADINGS)):
        _drop(heading)
    for line_break in tree.iter("br"):
        line_break.tail = f"\n{line_break.tail or ''}"
    found = [
        element
        for element in tree.iter(*_PARAGRAPH_TAGS)
        if next(element.iterdescendants(*_PARAGRAPH_TAGS), None) is None
    ]
    paragraphs = ["".join(element.itertext()) for element in found]
    if any(paragraph.strip() for paragraph in paragraphs):
        return [paragraph for paragraph in paragraphs if paragraph.strip()]
    body = tree.find("body")
    blocks = "\n\n".join((tree if body is None else body).itertext())
    return [block for block in blocks.split("\n\n") if block.strip()]


def _html_title(tree: Any) -> str:
    """The only h1, else what the page gives for sharing, else its title without the site's name."""
    headings = [" ".join("".join(h1.itertext()).split()) for h1 in tree.iter("h1")]
    headings = [heading for heading in headings if heading]
    if len(headings) == 1:
        return headings[0]
    shared = tree.xpath("string(//meta[@property='og:title']/@content)").strip()
    if shared:
        return str(shared)
    page = " ".join(tree.xpath("string(//title)").split())
    return _SITE_NAME.sub("", page) or next(iter(headings), "")


def _drop(element: Any) -> None:
    """Remove an element and keep the text that follows it."""
    if element.getparent() is not None:
        element.tail = f" {element.tail or ''}"
        element.drop_tree()
