"""A benchmark's sheet as one HTML file that needs nothing else: no script, no font, no address."""

from __future__ import annotations

import os
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from nvpipe.bench.sheet import Bars, Table
from nvpipe.bench.svg import bars, figure
from nvpipe.errors import UsageError

if TYPE_CHECKING:
    from nvpipe.bench.sheet import Sheet

_STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1d2328;--soft:#5b646d;--rule:#dfe3e7;--band:#f5f7f8;
--s0:#0072b2;--s1:#d55e00;--s2:#008f68;--s3:#b4589a;--s4:#b07d00;--s5:#2a9bd6;--s6:#555}
@media(prefers-color-scheme:dark){:root{--paper:#14181c;--ink:#e6e9ec;--soft:#9ba5ae;--rule:#333a41;--band:#1c2126;
--s0:#5ab4ea;--s1:#f58b45;--s2:#35c99c;--s3:#e092c4;--s4:#e8b93c;--s5:#9fd8f5;--s6:#c0c6cc}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1rem;max-width:70rem;background:var(--paper);color:var(--ink);
font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.5rem;margin:.5rem 0}h2{font-size:1.15rem;margin:2rem 0 .5rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:1rem 0;font-size:.9rem}
dt{color:var(--soft)}dd{margin:0}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:1rem}
figure{margin:0;padding:.75rem;border:1px solid var(--rule);border-radius:.5rem}
figcaption{font-weight:600}
figure svg{display:block;width:100%;height:auto;max-width:40rem;font-size:13px;fill:var(--ink)}
.grid{stroke:var(--rule);fill:none}.line{fill:none;stroke:currentColor;stroke-width:2}
svg g[class],svg rect[class],svg.swatch{fill:currentColor}
.legend{display:flex;flex-wrap:wrap;gap:.1rem 1rem;list-style:none;margin:.5rem 0 0;padding:0;font-size:.9rem}
.legend li{display:flex;align-items:center;gap:.35rem}figure svg.swatch{width:1rem;height:1rem;flex:none}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:.25rem .7rem;border-bottom:1px solid var(--rule);text-align:right;white-space:nowrap}
th{color:var(--soft);font-weight:600}tbody tr:nth-child(odd){background:var(--band)}
.text{text-align:left;overflow-wrap:normal}td.long{white-space:normal;min-width:16rem}
p.note,figure p{color:var(--soft);font-size:.9rem;margin:.5rem 0}
""" + "".join(f".s{index}{{color:var(--s{index})}}" for index in range(7))
_LONG = 40
"""Characters from which a cell's text is broken into lines."""


def page(sheet: Sheet) -> str:
    """The whole page."""
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in sheet.facts)
    plots = "".join(
        bars(part) if isinstance(part, Bars) else figure(part) for part in sheet.parts if not isinstance(part, Table)
    )
    tables = "".join(_table(part.shown()) for part in sheet.parts if isinstance(part, Table))
    notes = "".join(f"<li>{escape(note)}</li>" for note in sheet.notes)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';style-src 'unsafe-inline'\">"
        f"<title>{escape(sheet.title)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>{escape(sheet.title)}</h1><p>{escape(sheet.lead)}</p><dl>{facts}</dl>"
        + (f'<div class="plots">{plots}</div>' if plots else "")
        + tables
        + (f"<h2>Notes</h2><ul>{notes}</ul>" if notes else "")
        + "</body></html>\n"
    )


def _table(table: Table) -> str:
    texts = table.texts()
    columns = range(len(table.head))
    wordy = [any(isinstance(row[column], str) and row[column] for row in table.rows) for column in columns]
    head = "".join(f"<th{_kind('text' * wordy[column])}>{escape(table.head[column])}</th>" for column in columns)
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{_kind(_cell(text, words))}>{escape(text)}</td>" for text, words in zip(row, wordy, strict=True)
        )
        + "</tr>"
        for row in texts
    )
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    return (
        f'<h2>{escape(table.title)}</h2><div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{note}"
    )


def _cell(text: str, wordy: bool) -> str:
    return " ".join(filter(None, ["text" * wordy, "long" * (len(text) > _LONG)]))


def _kind(name: str) -> str:
    return f' class="{name}"' if name else ""


def prove_place(path: Path) -> None:
    """See that a page can be written, before anything is measured for it.

    Raises:
        UsageError: there is no such folder, it is closed, or the name is that of a folder.
    """
    folder = path.parent
    if path.is_dir() or not folder.is_dir():
        what = "is a folder" if path.is_dir() else "is in a folder that does not exist"
        raise UsageError(f"--html {path} {what}", hint="name a file, as bench.html")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise UsageError(f"--html {path} cannot be written", hint="check its permissions, or name another file")


def write_page(sheet: Sheet, path: Path) -> None:
    """Write the page; an older one is replaced when this one is complete.

    Raises:
        OutputError: it cannot be written.
    """
    from nvpipe.cache.disk import replace_file

    text = page(sheet).encode()
    replace_file(path, lambda write: write(memoryview(text)))
