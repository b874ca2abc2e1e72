"""The demo's own small pages: plain HTML, everything in it escaped, no script."""

from __future__ import annotations

import re
from html import escape

from streetmend.georeport.testing import Answer

_STYLE = """
:root{color-scheme:light dark;--ink:#17262b;--paper:#f7f5ef;--line:#d9d4c8;--link:#0b4f8a;--soft:#46565c}
@media(prefers-color-scheme:dark){:root{--ink:#edf1ef;--paper:#10191c;--line:#2f4146;--link:#8fc4f5;--soft:#b3c1c4}}
body{font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);margin:0 auto;padding:1rem;max-width:60rem}
a{color:var(--link)}h1{font-size:1.5rem}nav{border-bottom:1px solid var(--line);padding-bottom:.5rem}nav a{margin-right:1.5rem}
article,tr{border-bottom:1px solid var(--line)}article{padding:1rem 0}h2{font-size:1.1rem;margin:0}
pre{font:inherit;white-space:pre-wrap;overflow-wrap:anywhere}p.soft,dl,small{color:var(--soft)}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.4rem 1rem .4rem 0}
td.short,th{white-space:nowrap}
"""
_SAFE = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")


def page(title: str, content: str, *, site: str, refresh_seconds: int = 0) -> Answer:
    """A whole page; `content` is HTML already, `title` is not. `site` is the address of the site that the demo is about."""
    again = f'<meta http-equiv="refresh" content="{refresh_seconds}">' if refresh_seconds else ""
    html = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width">{again}'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        f'<nav><a href="{escape(site)}">The site</a><a href="/mailbox/">The mailbox</a>'
        f'<a href="/">The administration</a></nav><h1>{escape(title)}</h1>{content}</body></html>'
    )
    headers = (
        ("Content-Security-Policy", _SAFE),
        ("Referrer-Policy", "no-referrer"),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", "no-store"),
    )
    return Answer(200, html.encode("utf-8", "replace"), "text/html; charset=utf-8", headers)


def refused(status: int, why: str) -> Answer:
    """A short answer that something cannot be had."""
    return Answer(status, f"{why}\n".encode(), "text/plain; charset=utf-8")


def linked(text: str) -> str:
    """The text as HTML: escaped, its addresses of pages made links."""
    parts, end = [], 0
    for match in _LINK.finditer(text):
        address = escape(match[0])
        parts += [escape(text[end : match.start()]), f'<a href="{address}">{address}</a>']
        end = match.end()
    return "".join(parts) + escape(text[end:])
