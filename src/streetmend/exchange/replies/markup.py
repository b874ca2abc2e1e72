"""The words of a mail that is HTML only, without what its mail program marked as quoted or as a signature."""

from __future__ import annotations

import re

from lxml import etree, html

#: more markup than this is not read
MOST_CHARACTERS = 2_000_000
_GONE = frozenset(
    {"script", "style", "head", "title", "template", "svg", "math", "object", "iframe", "noscript"}
)
#: these, and all that comes after them in the mail, are the mail that is answered
_ENDS = ("divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container", "reply-intro")
#: these are quoted, or a signature, themselves
_QUOTED = (
    "gmail_quote", "gmail_signature", "gmail_attr", "yahoo_quoted", "moz-cite-prefix", "moz-signature", "protonmail_quote",
    "protonmail_signature_block", "ms-outlook-mobile-signature", "signature", "ymail_android_signature", "quoted-text",
)  # fmt: skip
_BLOCKS = frozenset(
    {"address", "article", "blockquote", "div", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p",
     "pre", "section", "table", "tr", "ul", "td", "th"}
)  # fmt: skip
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(px|pt|em|%)?\s*(;|$)", re.IGNORECASE
)
_SPACES = re.compile(r"[ \t\n\r\f\v\u00a0]+")
_GAPS = re.compile(r"\n{3,}")


def text_of(markup: str) -> str:
    """The text that a reader sees, with its lines; "" where there is none or it cannot be read."""
    parser = html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, encoding="utf-8")
    content = markup[:MOST_CHARACTERS].encode("utf-8", "replace")
    try:
        root = html.document_fromstring(content, parser=parser, ensure_head_body=True)
    except (etree.LxmlError, ValueError):
        return ""
    words: list[str] = []
    skipped: etree._Element | None = None
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if skipped is not None:
            if event == "end" and element is skipped:
                skipped = None
                words.append(element.tail or "")
            continue
        if event == "start":
            kind = _kind(element)
            if kind == "end":
                break
            if kind == "gone":
                skipped = element
                continue
        _say(event, element, words)
    lines = [_SPACES.sub(" ", line).strip() for line in "".join(words).split("\x00")]
    return _GAPS.sub("\n\n", "\n".join(lines)).strip()


def _kind(element: etree._Element) -> str:
    """ "end" where the answered mail begins, "gone" where nothing inside is the answer, else ""."""
    names = f"{element.get('id') or ''} {element.get('class') or ''}".lower()
    if any(name in names for name in _ENDS):
        return "end"
    if element.tag in _GONE or element.get("hidden") is not None:
        return "gone"
    if element.tag == "blockquote" and (element.get("type") == "cite" or element.get("cite")):
        return "gone"
    if any(name in names.split() for name in _QUOTED) or element.get("data-smartmail"):
        return "gone"
    return "gone" if _HIDDEN.search((element.get("style") or "")[:500]) else ""


def _say(event: str, element: etree._Element, words: list[str]) -> None:
    """What one tag adds to the words; NUL stands for the end of a line until white space has been folded."""
    if event == "start":
        if element.tag in _BLOCKS or element.tag == "br":
            words.append("\x00")
        words.append(element.text or "")
        return
    if element.tag in _BLOCKS:
        words.append("\x00")
    words.append(element.tail or "")
