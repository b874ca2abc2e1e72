"""Every page leads somewhere, and somewhere leads to it."""

import pytest

from tests.docs.pages import ROOT, Link, anchors, links, pages

INNER = [
    link
    for page in pages()
    for link in links(page)
    if not link.target.startswith(("http://", "https://", "mailto:"))
]


@pytest.mark.parametrize("link", INNER, ids=lambda link: f"{link.page.relative_to(ROOT)} to {link.target}")
def test_a_link_leads_to_something_that_is_there(link: Link):
    path, _, anchor = link.target.partition("#")
    target = (link.page.parent / path).resolve() if path else link.page
    assert target.exists()
    assert target.is_relative_to(ROOT)
    if anchor:
        assert anchor in anchors(target)


def test_every_page_of_the_documentation_is_in_its_index():
    index = ROOT / "docs" / "README.md"
    listed = {(index.parent / link.target.partition("#")[0]).resolve() for link in links(index)}
    missing = {page for page in (ROOT / "docs").rglob("*.md") if page not in listed} - {index}
    assert missing == set(), "list them in docs/README.md"


def test_every_page_begins_with_its_title_and_has_only_one():
    for page in pages():
        lines = page.read_text(encoding="utf-8").splitlines()
        assert lines[0].startswith("# "), page
