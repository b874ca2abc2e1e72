"""The reference page of the addresses has every route of the site, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.urls import URLResolver, get_resolver

from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "reference" / "addresses.md"
#: what the page calls the parts of an address that differ
_WORDS = {"report_id": "NUMBER", "body_id": "NUMBER"}


def routes(resolver: URLResolver | None = None, before: str = "/") -> Iterator[str]:
    """Every address that is answered; those below a folder of another program's (Django's admin) by their beginning."""
    for pattern in (resolver or get_resolver()).url_patterns:
        part = str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver) and pattern.app_name != "admin":
            yield from routes(pattern, before + part)
        else:
            yield _written(before + part)


def _written(route: str) -> str:
    route = re.sub(r"\(\?P<path>.*", "", route)
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: _WORDS.get(match[1], match[1].upper()), route)


def test_every_address_has_its_heading_and_nothing_else_has_one():
    headings = re.findall(r"^### `(.+)`$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(headings) == sorted(routes()), "bring docs/reference/addresses.md up to date"


def test_no_heading_of_the_page_is_without_words():
    sections = re.split(r"^### .+$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert all(len(section.split()) >= 3 for section in sections)
