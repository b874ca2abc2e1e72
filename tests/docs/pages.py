"""The pages of the documentation, read as their readers read them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


class Link(NamedTuple):
    page: Path
    target: str


def pages() -> list[Path]:
    """Every page in Markdown that the repository has."""
    return sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))


def links(page: Path) -> Iterator[Link]:
    """The links of a page, images too, but none of its examples."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in _LINK.findall(text):
        yield Link(page, target)


def anchors(page: Path) -> set[str]:
    """What may stand after # in an address of the page."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in _HEADING.findall(text)
    }


def examples(page: Path, language: str | None = None) -> list[str]:
    """What stands in the page's fences: of one language, or all of it."""
    found = _FENCE.findall(page.read_text(encoding="utf-8"))
    return [content for kind, content in found if language is None or kind == language]
