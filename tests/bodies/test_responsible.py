"""Who is responsible for what, and what may be reported where, in which words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from streetmend.areas.geojson import read_areas
from streetmend.areas.places import PlaceInvalid
from streetmend.areas.services import import_areas
from streetmend.bodies import queries
from streetmend.bodies.models import Body, Category, Endpoint
from streetmend.bodies.queries import Why
from streetmend.bodies.services import apply_site_file, set_active
from streetmend.bodies.sitefile.reading import read_site_file
from streetmend.bodies.ways import without_way
from tests.support.geojson import collection, feature, polygon, square
from tests.support.sitefiles import RICH

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
WEST, EAST, FJORD, FAR = (60.0, 4.0), (60.0, 4.2), (60.0, 3.895), (50.0, 0.0)


def apply(text: str) -> None:
    apply_site_file(file=read_site_file(text, languages=["nb"]), now=NOW)


@pytest.fixture
def town(db: None) -> None:
    import_areas(
        areas=read_areas(
            collection(
                feature(101, "Vestby", polygon(square(59.9, 3.9))),
                feature(102, "Østby", polygon(square(59.9, 4.1))),
                feature(109, "Ingenby", polygon(square(59.9, 5.1))),
            )
        ),
        now=NOW,
    )
    apply(RICH.replace("areas = [101, 102]\nsend", "areas = [101]\nsend", 1))


def names(found: queries.Responsible) -> list[str]:
    return [body.name for body in found.responsible_bodies]


@pytest.mark.usefixtures("town")
class TestWhoIsResponsible:
    def test_several_bodies_for_one_place_and_category(self) -> None:
        found = queries.responsible(*WEST, "Hull i vei")
        assert (found.why, names(found)) == (Why.COVERED, ["Vestby kommune", "Veietaten"])
        assert [category.code for category in found.categories] == ["POT", "R-POT"]

    def test_of_several_the_preferred_alone_gets_it_and_its_words_are_shown(self) -> None:
        apply(RICH.replace('code = "R-POT"', 'code = "R-POT"\npreferred = true', 1))
        assert names(queries.responsible(*WEST, "Hull i vei")) == ["Veietaten"]
        here = queries.categories_at(*WEST, "nb").choice("Hull i vei")
        assert here is not None
        assert len(here.body_ids) == 1
        everywhere = next(one for one in queries.categories_in_use() if one.name == "Hull i vei")
        assert len(everywhere.body_ids) == 2

    def test_only_those_that_cover_the_place(self) -> None:
        assert names(queries.responsible(*EAST, "Hull i vei")) == ["Veietaten"]

    def test_a_report_is_private_where_one_of_the_bodies_says_so(self) -> None:
        assert queries.responsible(*WEST, "Hull i vei").private
        assert not queries.responsible(*WEST, "Gatelys").private

    def test_a_category_that_nobody_has_there_is_told_as_such(self) -> None:
        found = queries.responsible(*EAST, "Vold i hjemmet")
        assert (found.why, names(found)) == (Why.NO_SUCH_CATEGORY, [])

    def test_in_the_fjord_the_nearest_is_and_says_how_far_away_it_begins(self) -> None:
        found = queries.responsible(*FJORD, "Hull i vei")
        assert (found.why, names(found)) == (Why.NEARBY, ["Vestby kommune", "Veietaten"])
        assert found.nearest is not None
        assert 250 < found.nearest.metres < 300

    def test_B_17_far_away_nobody_is_and_the_nearest_place_with_somebody_is_named(self) -> None:
        found = queries.responsible(*FAR)
        assert (found.why, found.bodies) == (Why.NOBODY, ())
        assert found.nearest is not None
        assert found.nearest.name == "Vestby"

    def test_in_an_area_that_no_body_covers_nobody_is(self) -> None:
        found = queries.responsible(60.0, 5.2)
        assert (found.why, [area.name for area in found.areas]) == (Why.NOBODY, ["Ingenby"])
        assert found.nearest is not None
        assert found.nearest.name == "Østby"

    def test_B_17_on_a_border_the_bodies_of_both_sides_are(self) -> None:
        apply(
            '[[bodies]]\nname = "Østby kommune"\nareas = [102]\n[[bodies.categories]]\nname = "Hull i vei"\n'
        )
        assert names(queries.responsible(60.0, 4.1, "Hull i vei")) == [
            "Vestby kommune",
            "Veietaten",
            "Østby kommune",
        ]

    def test_a_body_that_is_no_longer_active_is_not_and_old_reports_keep_its_name(self) -> None:
        body = Body.objects.get(name="Veietaten")
        set_active(thing=body, active=False, now=NOW)
        assert names(queries.responsible(*WEST, "Hull i vei")) == ["Vestby kommune"]
        assert queries.body_names()[body.pk] == "Veietaten"

    def test_new_boundaries_need_no_change_of_the_bodies(self) -> None:
        moved = feature(101, "Vestby", polygon(square(40, 20)))
        import_areas(areas=read_areas(collection(moved)), now=NOW, generation="2027")
        assert names(queries.responsible(40.1, 20.1, "Hull i vei")) == ["Vestby kommune", "Veietaten"]
        assert queries.responsible(*WEST).why is Why.NOBODY

    def test_B_14_a_place_that_is_none_is_refused(self) -> None:
        with pytest.raises(PlaceInvalid):
            queries.responsible(91, 0)


@pytest.mark.usefixtures("town")
class TestWhatMayBeReported:
    def test_choices_stand_in_groups_in_the_file_s_order(self) -> None:
        here = queries.categories_at(*WEST)
        assert [(group.name, [choice.name for choice in group.choices]) for group in here.groups] == [
            ("Vei", ["Hull i vei"]),
            ("", ["Vold i hjemmet", "Gatelys"]),
        ]

    def test_categories_of_one_name_are_one_choice_with_the_questions_of_all(self) -> None:
        choice = queries.categories_at(*WEST).choice("Hull i vei")
        assert choice is not None
        assert len(choice.category_ids) == 2
        [depth] = [asked for asked in choice.questions if asked.code == "depth"]
        assert depth.required
        assert [value["key"] for value in depth.values] == ["1", "Stort", "9"]
        assert choice.keywords == ("hull", "krater")

    @pytest.mark.parametrize(
        ("language", "label", "group", "question"),
        [
            ("nb", "Hull i vei", "Vei", "Hvor dypt?"),
            ("nn", "Hol i veg", "Vei", "Hvor dypt?"),
            ("en", "Pothole", "Road", "How deep?"),
            ("en-GB", "Pothole", "Road", "How deep?"),
            ("no", "Hull i vei", "Vei", "Hvor dypt?"),
            ("fr", "Hull i vei", "Vei", "Hvor dypt?"),
        ],
    )
    def test_words_are_in_the_language_or_the_nearest_there_is(
        self, language: str, label: str, group: str, question: str
    ) -> None:
        choice = queries.categories_at(*WEST, language).choice("Hull i vei")
        assert choice is not None
        assert (choice.label, choice.group, choice.questions[1].text) == (label, group, question)

    def test_B_99_a_language_that_is_none_gives_the_first_one(self) -> None:
        for language in ("../../etc", "sv-SE;DROP", "x" * 1000, "-", ""):
            choice = queries.categories_at(*WEST, language).choice("Hull i vei")
            assert choice is not None
            assert choice.label == "Hull i vei"

    def test_nothing_may_be_reported_where_nobody_is_responsible(self) -> None:
        assert queries.categories_at(*FAR).choices == ()


@pytest.mark.usefixtures("town")
class TestWaysOut:
    def test_categories_whose_reports_reach_nobody_are_told_with_the_reason(self) -> None:
        assert without_way() == ()
        Endpoint.objects.update(active=False)
        apply('[[bodies]]\nname = "Stille"\n[[bodies.categories]]\nname = "Ro"\n')
        found = {(one.body, one.categories, one.meant) for one in without_way()}
        # Vestby has an e-mail address to go on with
        assert found == {
            ("Veietaten", ("Hull i vei",), False),
            ("Veietaten", ("Gatelys",), False),
            ("Stille", ("Ro",), True),
        }
        assert Category.objects.filter(active=True).count() == 5
