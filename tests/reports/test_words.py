"""Words are found by an index, the same on both databases, in lists as in the Open311 server's `q`."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from streetmend.reports.models import Report
from streetmend.reports.queries import looking, mass
from streetmend.reports.queries.listing import Filters, places
from streetmend.reports.queries.search import Search
from streetmend.reports.queries.search_sql import page_sql
from streetmend.reports.services import Told, submit
from tests.support.town import WEST, make_town

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
TOLD = (
    ("Gatelyset er mørkt", "Lykta på hjørnet blinker", "Storgata 3"),
    ("ØDELAGT BENK", "Ligger i Åsveien", ""),
    ("Hull i 100% av veien", 'Skilt med "STOPP" og under_strek', "Ås 7"),
    ("Größe des Lochs: Straße", "naïve café", ""),
    ("日本語の看板", "壊れています", ""),
)


@pytest.fixture(autouse=True)
def reports(db: None) -> None:
    make_town()
    for title, detail, address in TOLD:
        submit(
            now=NOW, lat=WEST[0], long=WEST[1], title=title, detail=detail, address=address,
            category_name="Gatelys", told=Told("kari@example.org"), confirmed=True,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("gatelys", [0]),
        ("GATELYS", [0]),
        ("lyset mørkt", [0]),
        ("lyset benk", []),
        ("storgata", [0]),
        ("ødelagt", [1]),
        ("Ødelagt ÅSVEIEN", [1]),
        ("ås", [1, 2]),
        ("100%", [2]),
        ("0%", [2]),
        ("1_0", []),
        ('"stopp"', [2]),
        ("under_strek", [2]),
        ("underxstrek", []),
        ("STRASSE", [3]),
        ("größe", [3]),
        ("GRÖSSE", [3]),
        ("Café", [3]),
        ("cafe", []),
        ("日本語", [4]),
        ("日本", [4]),
        ("*", []),
        ("AND", []),
        ("OR NOT", []),
        ("'; --", []),
        ("gat* NEAR(", []),
        ("a" * 200, []),
    ],
)
def test_words_are_found_in_any_letter_case_and_inside_of_others(words, found):
    titles = [TOLD[at][0] for at in found]
    assert sorted(row.title for row in places(Filters(words=words), limit=9)) == sorted(titles)
    search = Search(words=tuple(words.split()))
    ids = set(Report.objects.filter(title__in=titles).values_list("pk", flat=True))
    assert set(mass.ids(search)) == ids
    assert mass.count(search, most=100) == len(ids)


def test_a_changed_word_is_found_and_the_old_one_is_not():
    Report.objects.filter(title="ØDELAGT BENK").update(words="noe helt annet")
    assert places(Filters(words="ødelagt"), limit=9) == []
    assert [row.title for row in places(Filters(words="annet"), limit=9)] == ["ØDELAGT BENK"]
    Report.objects.filter(title="ØDELAGT BENK").delete()
    assert places(Filters(words="annet"), limit=9) == []


def test_words_of_reports_that_are_not_public_find_nothing():
    Report.objects.update(visible=False)
    assert places(Filters(words="gatelys"), limit=9) == []
    assert mass.count(Search(words=("gatelys",)), most=9) == 0


def test_a_search_for_words_of_which_few_reports_have_any_goes_by_their_index():
    statement = _sql("gatelys", "er")
    assert "report_words MATCH" in statement or "OFFSET 0" in statement
    # two letters stand in no index
    assert "OFFSET 0" not in _sql("er")


def _sql(*words: str) -> str:
    search = Search(words=words)
    return page_sql(search, "r.id", looking.few(search)).text
