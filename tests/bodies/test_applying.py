"""The site is made like its file: all of it or nothing, and a second time nothing changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from streetmend.bodies.errors import NameTaken
from streetmend.bodies.models import Body, BodyArea, Category, CategoryName, Endpoint, Question, Site
from streetmend.bodies.queries import site
from streetmend.bodies.services import Applied, apply_site_file
from streetmend.bodies.sitefile.present import present_file
from streetmend.bodies.sitefile.reading import read_site_file
from streetmend.bodies.sitefile.writing import write_site_file
from tests.support.sitefiles import RICH, SMALL

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
TABLES = (Site, Body, BodyArea, CategoryName, Category, Endpoint, Question)


def apply(text: str, **options: Any) -> Applied:
    file = read_site_file(text, languages=site().languages)
    return apply_site_file(file=file, **{"now": NOW, **options})


def everything() -> dict[str, list[dict[str, Any]]]:
    return {table.__name__: list(table.objects.order_by("pk").values()) for table in TABLES}


def signs(applied: Applied) -> list[str]:
    return [f"{change.sign} {change.what} {change.key}".strip() for change in applied.changes]


@pytest.mark.django_db
class TestApplying:
    def test_what_was_not_there_is_there(self) -> None:
        assert signs(apply(SMALL)) == [
            "~ site name",
            "~ site time_zone",
            "~ site languages",
            '+ body "Vestby kommune"',
            '+ body "Vestby kommune", category "Hull i vei"',
        ]
        body = Body.objects.get()
        assert (body.name, body.mapit_id, body.send, body.email, body.active) == (
            "Vestby kommune",
            101,
            "email",
            "post@vestby.example",
            True,
        )
        assert [row.area_mapit_id for row in body.covers.all()] == [101]
        assert (site().name, site().time_zone, site().languages) == ("Testby", "Europe/Oslo", ("nb", "en"))

    def test_the_second_time_nothing_changes(self) -> None:
        for text in (SMALL, RICH):
            apply(text)
            before = everything()
            again = apply(text, now=NOW + timedelta(days=1))
            assert again.changes == () or all(change.kept for change in again.changes)
            assert everything() == before

    def test_a_dry_run_tells_the_same_changes_and_writes_nothing(self) -> None:
        apply(SMALL)
        before = everything()
        told = apply(RICH, dry_run=True)
        assert everything() == before
        assert signs(told) == signs(apply(RICH))

    def test_every_change_gives_the_site_a_new_epoch_and_time_and_nothing_else_does(self) -> None:
        apply(SMALL)
        first = site()
        assert first.changeset == NOW
        apply(SMALL, now=NOW + timedelta(days=1))
        assert site() == first
        apply(SMALL.replace("POT", "HOLE"), now=NOW + timedelta(days=2))
        assert site().epoch != first.epoch
        assert site().changeset == NOW + timedelta(days=2)

    def test_a_key_that_differs_is_told_with_its_old_and_new_value(self) -> None:
        apply(SMALL)
        [change] = apply(SMALL.replace("areas = [101]", "areas = [102, 101]")).changes
        assert (change.what, change.key, change.old, change.new) == (
            'body "Vestby kommune"',
            "areas",
            [101],
            [101, 102],
        )

    def test_a_key_that_is_left_out_goes_back_to_its_default(self) -> None:
        apply(RICH)
        applied = apply(RICH.replace("max_photos = 4\n", ""))
        assert [(change.key, change.old, change.new) for change in applied.changes] == [("max_photos", 4, 3)]

    def test_what_the_file_does_not_have_stays(self) -> None:
        apply(RICH)
        applied = apply(SMALL.replace("[site]", "[site]\nmax_photos = 4"))
        assert [change.what for change in applied.changes if change.kept] == [
            'body "Vestby kommune", endpoint',
            'body "Vestby kommune", category "Vold i hjemmet"',
            'body "Veietaten"',
        ]
        assert Body.objects.get(name="Veietaten").active

    def test_prune_makes_inactive_what_the_file_does_not_have_and_deletes_nothing(self) -> None:
        apply(RICH)
        apply(SMALL, prune=True)
        assert list(Body.objects.filter(active=True).values_list("name", flat=True)) == ["Vestby kommune"]
        assert Category.objects.get(name__name="Vold i hjemmet").active is False
        assert Endpoint.objects.filter(body__name="Vestby kommune", active=True).count() == 0
        assert (Body.objects.count(), Endpoint.objects.count()) == (3, 3)
        assert apply(SMALL, prune=True).effective == ()

    def test_a_question_that_the_file_does_not_have_is_gone(self) -> None:
        apply(RICH)
        applied = apply(
            RICH.replace('[[bodies.categories.questions]]\ncode = "who"\ndatatype = "string"', "")
        )
        assert signs(applied) == ['- body "Vestby kommune", category "Hull i vei", question "who"']
        assert not Question.objects.filter(code="who").exists()

    def test_a_body_with_a_new_name_and_its_old_number_is_the_same_body(self) -> None:
        apply(SMALL)
        before = Body.objects.get().pk
        applied = apply(SMALL.replace("Vestby kommune", "Nye Vestby"))
        assert signs(applied) == ['~ body "Nye Vestby" name']
        assert Body.objects.get().pk == before

    def test_a_category_with_a_new_name_and_its_old_code_is_the_same_category(self) -> None:
        apply(SMALL)
        before = Category.objects.get().pk
        apply(SMALL.replace("Hull i vei", "Hull i veien"))
        assert (Category.objects.get().pk, Category.objects.get().name.name) == (before, "Hull i veien")

    def test_two_bodies_may_exchange_their_numbers_and_two_categories_their_codes(self) -> None:
        two = SMALL + (
            '[[bodies.categories]]\nname = "Gatelys"\ncode = "LIGHT"\n'
            '[[bodies]]\nname = "Østby kommune"\nmapit_id = 102\n'
        )
        apply(two)
        west = Body.objects.get(name="Vestby kommune").pk
        exchanged = (
            two.replace("mapit_id = 101", "mapit_id = 7")
            .replace("mapit_id = 102", "mapit_id = 101")
            .replace("mapit_id = 7", "mapit_id = 102")
            .replace('"POT"', '"X"')
            .replace('"LIGHT"', '"POT"')
            .replace('"X"', '"LIGHT"')
        )
        apply(exchanged)
        assert Body.objects.get(mapit_id=102).pk == west
        assert dict(Category.objects.values_list("name__name", "code")) == {
            "Hull i vei": "LIGHT",
            "Gatelys": "POT",
        }
        assert apply(exchanged).changes == ()

    def test_the_order_of_categories_is_the_file_s(self) -> None:
        apply(SMALL + '[[bodies.categories]]\nname = "Gatelys"\n')
        head, _, category = SMALL.partition("[[bodies.categories]]")
        applied = apply(f'{head}[[bodies.categories]]\nname = "Gatelys"\n[[bodies.categories]]{category}')
        assert [(change.what, change.key) for change in applied.changes] == [
            ('body "Vestby kommune"', "order of categories")
        ]
        ordered = Category.objects.order_by("position").values_list("name__name", flat=True)
        assert list(ordered) == ["Gatelys", "Hull i vei"]

    def test_a_number_that_a_body_outside_the_file_has_is_refused_and_nothing_is_half_written(self) -> None:
        apply(SMALL)
        before = everything()
        other = '[site]\nname = "Ny"\n[[bodies]]\nname = "A"\n[[bodies]]\nname = "B"\nmapit_id = 101\n'
        both = other + '[[bodies]]\nname = "Vestby kommune"\nmapit_id = 5\n[[bodies]]\nname = "C"\n'
        apply(both, dry_run=True)
        assert everything() == before
        Body.objects.create(name="Utenfor", mapit_id=77)
        before = everything()
        # found by its name, so it is not the body of the number 77
        with pytest.raises(NameTaken):
            apply(SMALL.replace("mapit_id = 101", "mapit_id = 77"))
        assert everything() == before

    def test_a_file_of_bodies_alone_leaves_the_site_as_it_is(self) -> None:
        apply(RICH)
        apply('[[bodies]]\nname = "Sørby"\n')
        assert (site().name, site().max_photos) == ("Testby", 4)


@pytest.mark.django_db
class TestExport:
    def test_the_exported_file_of_a_site_changes_nothing_there(self) -> None:
        apply(RICH)
        exported = write_site_file(present_file())
        assert apply(exported).changes == ()

    def test_the_exported_file_makes_an_empty_site_like_the_first_one_but_for_its_secrets(self) -> None:
        apply(RICH)
        exported = write_site_file(present_file())
        for table in (Question, Category, CategoryName, Endpoint, BodyArea, Body, Site):
            table.objects.all().delete()
        apply(exported)
        assert write_site_file(present_file()) == exported.replace(_COMMENT + "\n", "")
        assert Endpoint.objects.get(body__name="Vestby kommune").api_key_sealed == ""

    def test_defaults_are_not_written(self) -> None:
        apply(SMALL)
        exported = write_site_file(present_file())
        assert "active" not in exported
        assert "timeout_seconds" not in exported


_COMMENT = '# The API key is not written; it stays as it is. To set one: api_key = "...", or api_key_file, or api_key_env.'


RULES = """
[[bodies]]
name = "Vestby kommune"
send = "email"
mail_updates = false

[[bodies.categories]]
name = "Hull i vei"
code = "POT"
send = "none"
email = "hull@vestby.example"
id_field = "ref"
photo_required = true
phone_required = true
updates_allowed = false
reopening_allowed = false
preferred = true
close_after_days = 90
"""


def test_what_a_category_insists_on_and_allows_comes_back_from_the_database_as_written(db):
    file = read_site_file(RULES, languages=["en"])
    assert apply_site_file(file=file, now=NOW).effective
    assert not apply_site_file(file=file, now=NOW).effective
    again = present_file().bodies[0]
    assert (again.mail_updates, again.categories[0]) == (False, file.bodies[0].categories[0])
