"""A body's categories follow its endpoint's list, and nothing that was changed here is lost to it."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import pytest

from streetmend.bodies.models import Category, Endpoint, Site
from streetmend.bodies.queries import categories_at
from streetmend.bodies.services import Listed, Synced, save_category, save_endpoint, sync_categories
from streetmend.bodies.sitefile.present import present_categories
from streetmend.bodies.specs import CategorySpec, EndpointSpec, QuestionSpec, ValueSpec
from tests.support.town import WEST, Town, make_town

NOW = datetime.fromisoformat("2026-03-01T08:00:00+00:00")
ASKED = QuestionSpec(code="size", text="Hvor stort?", values=[], position=0)
LIST = (
    CategorySpec(name="Hull i vei", code="POT", group="Veg"),
    CategorySpec(name="Gatelys", code="LIGHT", group="Veg", keywords=["lampe"], questions=[ASKED]),
    CategorySpec(name="Forsøpling", code="LITTER", private=True),
    CategorySpec(name="Rotter", code="RAT"),
)


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


def sync(town: Town, *specs: CategorySpec, now: datetime = NOW, **more: bool) -> Synced:
    return sync_categories(endpoint=town.endpoint, listed=[Listed(spec) for spec in specs], now=now, **more)


def changed(spec: CategorySpec, **values: object) -> CategorySpec:
    return msgspec.structs.replace(spec, **values)


def spec_of(town: Town, code: str) -> CategorySpec:
    return next(spec for _, spec in present_categories(town.west) if spec.code == code)


def edit(town: Town, code: str, **values: object) -> None:
    """Somebody here changes the category."""
    category = Category.objects.get(body=town.west, code=code)
    save_category(body=town.west, category=category, spec=changed(spec_of(town, code), **values), now=NOW)


def test_the_same_list_again_changes_nothing_not_even_the_sites_epoch(town):
    assert sync(town, *LIST).changes
    before = list(Category.objects.order_by("id").values()), Site.objects.get().epoch
    assert sync(town, *LIST, now=NOW + timedelta(hours=1)) == Synced()
    assert (list(Category.objects.order_by("id").values()), Site.objects.get().epoch) == before


def test_a_preview_writes_nothing_and_says_what_the_list_then_changes(town):
    before = list(Category.objects.order_by("id").values()), Site.objects.get().epoch
    shown = sync(town, *LIST, dry_run=True)
    assert (list(Category.objects.order_by("id").values()), Site.objects.get().epoch) == before
    assert sync(town, *LIST).changes == shown.changes


def test_a_service_with_another_code_is_the_category_of_its_name_and_one_with_another_name_that_of_its_code(
    town,
):
    sync(town, *LIST)
    sync(town, changed(LIST[0], code="POT-2"), changed(LIST[1], name="Lys i gata"), *LIST[2:])
    assert Category.objects.filter(body=town.west).count() == len(LIST)
    assert spec_of(town, "POT-2").name == "Hull i vei"
    assert spec_of(town, "LIGHT").name == "Lys i gata"


def test_two_services_may_exchange_their_codes(town):
    sync(town, *LIST)
    sync(town, changed(LIST[0], name="Gatelys"), changed(LIST[1], name="Hull i vei"), *LIST[2:])
    assert (spec_of(town, "POT").name, spec_of(town, "LIGHT").name) == ("Gatelys", "Hull i vei")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "Lykter"),
        ("group", "Lys"),
        ("keywords", ["lykt"]),
        ("description", "Vårt"),
        ("active", False),
    ],
)
def test_what_was_changed_here_stays_whatever_the_list_says_later(town, key, value):
    sync(town, *LIST)
    edit(town, "LIGHT", **{key: value})
    theirs = changed(LIST[1], name="L", group="G", keywords=["k"], description="D", active=True)
    told = sync(town, LIST[0], theirs, *LIST[2:])
    assert getattr(spec_of(town, "LIGHT"), key) == value
    if key != "active":
        assert key in " ".join(told.notes)
    for other in {"name", "group", "keywords", "description"} - {key}:
        assert getattr(spec_of(town, "LIGHT"), other) == getattr(theirs, other)


def test_a_question_of_ours_stays_one_of_theirs_follows_the_list_and_one_removed_here_stays_away(town):
    other = QuestionSpec(code="pole", text="Mast?", position=1)
    sync(town, LIST[0], changed(LIST[1], questions=[ASKED, other]), *LIST[2:])
    ours = QuestionSpec(code="ours", text="Vårt?", position=2)
    edit(town, "LIGHT", questions=[ASKED, ours])
    third = QuestionSpec(code="third", text="Ny?", required=True, position=2)
    sync(town, LIST[0], changed(LIST[1], questions=[other, third]), *LIST[2:])
    assert {asked.code for asked in spec_of(town, "LIGHT").questions} == {"third", "ours"}


def test_questions_that_could_not_be_read_stay(town):
    sync(town, *LIST)
    bare = [Listed(changed(spec, questions=[]), questions_known=False) for spec in LIST]
    assert not sync_categories(endpoint=town.endpoint, listed=bare, now=NOW).changes
    assert spec_of(town, "LIGHT").questions == [ASKED]
    sync(town, LIST[0], changed(LIST[1], questions=[]), *LIST[2:])
    assert spec_of(town, "LIGHT").questions == []


def test_a_private_category_becomes_public_only_where_somebody_here_says_so(town):
    sync(town, *LIST[:3], changed(LIST[3], private=True))
    assert "private" in " ".join(sync(town, *LIST).notes)
    assert spec_of(town, "RAT").private


def test_B_86_a_service_that_vanishes_goes_out_of_use_after_three_lists_over_a_day_and_comes_back(town):
    sync(town, *LIST)
    moments = [NOW + timedelta(hours=hours) for hours in (1, 2, 3, 20, 25)]
    active = []
    for moment in moments:
        told = sync(town, *LIST[:3], now=moment)
        active.append(spec_of(town, "RAT").active)
        assert bool(told.notes) is active[-1]
    assert active == [True, True, True, True, False]
    assert "Rotter" not in [choice.name for choice in categories_at(*WEST).choices]
    assert sync(town, *LIST[:3], now=moments[-1]) == Synced()
    sync(town, *LIST, now=moments[-1])
    assert spec_of(town, "RAT").active


def test_one_list_that_has_the_service_again_begins_the_count_anew(town):
    sync(town, *LIST)
    for hours, specs in ((1, LIST[:3]), (13, LIST[:3]), (14, LIST), (26, LIST[:3]), (38, LIST[:3])):
        sync(town, *specs, now=NOW + timedelta(hours=hours))
    assert spec_of(town, "RAT").active


def test_a_category_that_was_never_in_a_list_is_never_missed(town):
    save_category(body=town.west, category=None, spec=CategorySpec(name="Vår egen"), now=NOW)
    for day in range(5):
        assert not sync(town, *LIST, now=NOW + timedelta(days=day)).notes
    assert spec_of(town, "Vår egen").active


@pytest.mark.parametrize("specs", [(), LIST[:1], LIST[:2]])
def test_B_86_a_list_that_lacks_much_changes_nothing_and_says_so(town, specs):
    sync(town, *LIST)
    before = list(Category.objects.order_by("id").values())
    told = sync(town, *(changed(spec, group="Annet") for spec in specs), now=NOW + timedelta(days=2))
    assert told.refused
    assert not told.changes
    assert list(Category.objects.order_by("id").values()) == before


def test_the_operator_may_say_that_a_short_list_is_right(town):
    sync(town, *LIST)
    sync(town, LIST[0], retire=True)
    assert [code for code in ("POT", "LIGHT", "RAT") if spec_of(town, code).active] == ["POT"]
    assert sync(town, LIST[0]) == Synced()


def test_nothing_is_missed_in_a_list_with_rows_that_could_not_be_read(town):
    sync(town, *LIST)
    for day in range(1, 5):
        sync(town, *LIST[:3], now=NOW + timedelta(days=day), whole=False)
    assert spec_of(town, "RAT").active


def test_B_86_services_of_one_name_each_have_a_category_and_keep_it_whatever_their_order(town):
    twins = (CategorySpec(name="Annet", code="A"), CategorySpec(name="Annet", code="B"))
    sync(town, *LIST, *twins)
    assert (spec_of(town, "A").name, spec_of(town, "B").name) == ("Annet", "Annet (B)")
    assert not sync(town, *LIST, *reversed(twins)).changes


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        (CategorySpec(name="Andre", code="POT"), "twice"),
        (CategorySpec(name="Lang", code="x" * 2000), "cannot be used"),
        (CategorySpec(name="", code="NONAME"), "cannot be used"),
    ],
)
def test_B_86_a_service_that_is_none_costs_only_itself(town, spec, why):
    told = sync(town, *LIST, spec)
    assert why in " ".join(told.problems)
    assert spec_of(town, "RAT").active
    assert not sync(town, *LIST, spec).changes


def test_a_code_may_have_slashes_underscores_and_blanks(town):
    sync(town, *LIST, CategorySpec(name="Odd", code="Echo-1/2 & a_b: c@d, e"))
    assert spec_of(town, "Echo-1/2 & a_b: c@d, e").name == "Odd"


def test_the_list_of_one_endpoint_leaves_the_categories_of_the_bodys_other_one_alone(town):
    second = save_endpoint(
        body=town.west, endpoint=None, spec=EndpointSpec(name="waste", url="http://127.0.0.1:9/w/"), now=NOW
    )
    sync(town, *LIST)
    told = sync_categories(
        endpoint=second,
        listed=[Listed(CategorySpec(name="Søppelbøtte", code="BIN")), Listed(LIST[0])],
        now=NOW,
    )
    assert Category.objects.get(code="BIN").endpoint == second
    assert Category.objects.get(body=town.west, code="POT").endpoint is None
    assert "another endpoint" in " ".join(told.problems)
    assert sync(town, *LIST) == Synced()


def test_a_choice_that_stops_the_report_is_kept_with_what_it_says(town):
    choice = ValueSpec(key="fire", name="Brann", stop="Ring 110.")
    asked = msgspec.structs.replace(ASKED, datatype="singlevaluelist", values=[choice])
    sync(town, *LIST[:3], changed(LIST[3], questions=[asked], stop="Ring oss."))
    assert spec_of(town, "RAT").questions[0].values == [choice]
    assert spec_of(town, "RAT").stop == "Ring oss."
    assert Endpoint.objects.filter(body=town.west).count() == 1
