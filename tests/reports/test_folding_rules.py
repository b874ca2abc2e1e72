"""The rules of the fold that the property leaves open: what exactly is said, by whom, and when it is news."""

from __future__ import annotations

from datetime import timedelta

import pytest

from streetmend.bodies.habits import Habits, Template
from streetmend.reports.models import Report, Update
from streetmend.reports.services.folding import Folded, Rules, fold, order, rules_of
from streetmend.reports.states import Actor, State
from tests.reports.test_folding import NOW, body_update, own_update


def folded(*updates: Update, rules: dict[int, Rules] | None = None, state: State = State.OPEN) -> Folded:
    report = Report(pk=3, title="Hull", state=state)
    return fold(report, list(updates), rules=rules or {}, category="Gatelys", references={7: "R-1"})


def said(second: int = 1, *, body: int = 7, **told: object) -> Update:
    """What a body said, with these of its fields."""
    update = body_update(second, "", "", "", body)
    update.told |= told
    return update


def test_an_endpoints_habits_are_its_rules():
    templates = (Template(state="fixed", text="Takk!"),)
    habits = Habits(templates=templates, may_reopen=False, blank_updates=True, publish_text=False)
    assert rules_of(habits) == Rules(
        templates=habits.templates, may_reopen=False, blank_updates=True, publish_text=False
    )
    assert rules_of(Habits()) == Rules(templates=Habits().templates)


def test_the_notes_are_the_latest_words_of_a_body_that_show():
    staff = own_update(600, Actor.STAFF, "")
    hidden = said(500, text="Uhøflig")
    hidden.hidden = True
    updates = (said(1, text="Vi ser på den."), said(2, text="Vi graver."), said(3, text=""), hidden, staff)
    assert folded(*updates).notes == "Vi graver."
    assert folded(staff, hidden).notes == ""
    assert folded().notes == ""


@pytest.mark.parametrize("state", [State.UNCONFIRMED, State.WITHDRAWN])
def test_a_report_that_was_never_confirmed_or_was_withdrawn_stays_where_it_is(state):
    assert folded(body_update(1, "fixed", "", "", 7), state=state).state == state


@pytest.mark.parametrize("state", [State.FIXED, State.PLANNED])
def test_a_report_whose_updates_claim_nothing_stays_where_it_is(state):
    assert folded(said(1, text="Hei"), own_update(2, Actor.STAFF, ""), state=state).state == state
    assert folded(state=state).state == state


def test_what_residents_say_is_no_word_of_a_bodys():
    resident = own_update(1, Actor.RESIDENT, "")
    resident.told = {"text": "not a body's"}
    folded(resident)
    assert resident.text == "Hei"


def test_a_body_that_has_no_number_for_it_leaves_the_gap_empty():
    rules = {
        8: Rules(templates=[Template(code="T1", text="[{{reference}}]")]),
        0: Rules(templates=[Template(code="T1", text="[{{reference}}]")]),
    }
    other, elsewhere = said(1, body=8, code="T1"), said(2, code="T1")
    del elsewhere.told["endpoint"]
    folded(other, elsewhere, rules=rules)
    assert (other.text, elsewhere.text) == ("[]", "[]")


def test_what_was_said_in_one_second_goes_by_the_bodys_number_then_by_its_words():
    def at_once(number: str, **told: object) -> Update:
        update = said(1, **told)
        update.remote_id = number
        return update

    assert order(at_once("UPD-17", text="b")) == (NOW + timedelta(seconds=1), 17, "UPD-17", "", "b", 0)
    assert order(at_once("", text="b"))[1:] == (0, "", "", "b", 0)
    kept = at_once("x")
    kept.pk, kept.told = 5, {}
    assert order(kept)[1:] == (0, "x", "", "", 5)
    rows = [
        at_once("u10"),
        at_once("u9"),
        at_once("u9", text="x"),
        at_once("", text="b"),
        at_once("", text="a"),
    ]
    wanted = [("", "a"), ("", "b"), ("u9", ""), ("u9", "x"), ("u10", "")]
    assert [(one.remote_id, one.told["text"]) for one in sorted(rows, key=order)] == wanted
    for number in ("12345678901x7", "7x", "1" * 19, "1-2", ""):
        assert order(at_once(number))[1] == 0


@pytest.mark.parametrize(
    ("before", "word", "after"),
    [
        ("investigating", "open", "investigating"),
        ("investigating", "closed", "closed"),
        ("fixed", "closed", "fixed"),
        ("fixed", "open", "open"),
    ],
)
def test_a_plain_list_that_knows_open_and_closed_moves_between_the_two_only(before, word, after):
    coarse = body_update(2, word, "", "", 7)
    coarse.told["coarse"] = True
    assert folded(body_update(1, before, "", "", 7), coarse).state == after


def test_an_endpoint_that_may_not_reopen_may_do_everything_else():
    rules = {7: Rules(may_reopen=False)}
    moves = ("in_progress", "planned", "fixed", "closed")
    for number in range(1, len(moves) + 1):
        updates = [body_update(second, state, "", "", 7) for second, state in enumerate(moves[:number])]
        assert folded(*updates, rules=rules).state == moves[number - 1]
    assert (
        folded(body_update(1, "fixed", "", "", 7), body_update(2, "open", "", "", 7), rules=rules).state
        == "fixed"
    )
    elsewhere = body_update(2, "open", "", "", 7)
    del elsewhere.told["endpoint"]
    assert (
        folded(body_update(1, "fixed", "", "", 7), elsewhere, rules={1: Rules(may_reopen=False)}).state
        == "open"
    )


@pytest.mark.parametrize(
    ("first", "second", "hidden"),
    [
        ({"photos": ["a"]}, {"photos": ["a"]}, [False, True]),
        ({"photos": ["a"]}, {"photos": ["b"]}, [False, False]),
        ({"photos": ["a"]}, {}, [False, True]),
        ({}, {"photos": []}, [True, True]),
        ({"text": "Hei"}, {"text": "Hei"}, [False, True]),
        ({"text": "Hei"}, {"text": "Hallo"}, [False, False]),
        ({"code": "T1"}, {"code": "T1"}, [True, True]),
    ],
)
def test_words_and_photos_are_news_where_they_are_others_than_before(first, second, hidden):
    made = [said(1, **first), said(2, **second)]
    folded(*made)
    assert [one.hidden for one in made] == hidden
    assert [one.muted for one in made] == hidden


def test_photos_and_words_are_compared_with_the_last_ones_that_there_were():
    made = [
        said(1, photos=["a"], text="Hei"),
        said(2),
        said(3, photos=["a"], text="Hei"),
        said(4, photos=["b"]),
    ]
    folded(*made)
    assert [one.hidden for one in made] == [False, True, True, False]


def test_of_two_bodies_each_is_compared_with_itself():
    made = [said(1, text="Hei"), said(2, body=8, text="Hei"), said(3, text="Hei")]
    folded(*made)
    assert [one.hidden for one in made] == [False, False, True]


def test_a_word_for_a_state_that_we_do_not_know_is_news_until_the_next_one_is_the_same():
    made = [said(second) for second in range(1, 6)]
    for update, word in zip(made, ("Vurderes", "Vurderes", "", "Vurderes", "Avventer"), strict=True):
        update.foreign_state = word
    folded(*made)
    assert [one.hidden for one in made] == [False, True, True, False, False]


def test_a_template_for_a_code_speaks_again_only_after_another_code():
    rules = {7: Rules(templates=[Template(code="T1", text="Under arbeid")])}
    made = [said(second, code=code) for second, code in enumerate(("T1", "T1", "", "T1", "T2", "T1"), 1)]
    folded(*made, rules=rules)
    assert [one.text for one in made] == ["Under arbeid", "", "", "", "", "Under arbeid"]


@pytest.mark.parametrize(
    ("told", "template", "text", "mail"),
    [
        ({}, None, "", ""),
        ({"email_text": "Til deg"}, None, "", "Til deg"),
        ({"text": "Vi graver.", "email_text": "Til deg"}, Template(text="Fast", email="Fast mail"), "Vi graver.", "Til deg"),
        ({"text": "Vi graver."}, Template(text="Fast", email="{{title}}: {{description}}"), "Vi graver.", "Hull: Vi graver."),
        ({"text": "Vi graver."}, Template(text="Fast"), "Vi graver.", ""),
        ({"text": "Vi graver.", "prefer_template": True}, Template(text="Fast"), "Fast", ""),
        ({"text": "Vi graver.", "prefer_template": True}, Template(email="Bare mail"), "Vi graver.", "Bare mail"),
        ({}, Template(text="x" * 10_001, email="y" * 10_001), "x" * 10_000, "y" * 10_000),
    ],
)  # fmt: skip
def test_what_is_public_and_what_goes_by_mail(told, template, text, mail):
    update = said(1, code="T1", **told)
    folded(update, rules={7: Rules(templates=[template] if template else [])})
    assert (update.text, update.email_text) == (text, mail)


@pytest.mark.parametrize("better", [{"state": "fixed"}, {"category": "Gatelys"}, {"code": "T1"}])
def test_a_template_for_something_comes_before_the_one_for_everything(better):
    for templates in (
        [Template(text="all"), Template(text="some", **better)],
        [Template(text="some", **better), Template(text="all")],
    ):
        update = body_update(1, "fixed", "", "T1", 7)
        folded(update, rules={7: Rules(templates=templates)})
        assert update.text == "some"


def test_a_template_for_the_state_comes_before_the_first_one_of_a_code_alone():
    templates = [Template(code="T1", text="code"), Template(code="T1", state="fixed", text="both")]
    update = body_update(1, "fixed", "", "T1", 7)
    folded(update, rules={7: Rules(templates=templates)})
    assert update.text == "both"


def test_without_a_code_no_template_for_a_change_of_code_speaks():
    rules = {7: Rules(templates=[Template(text="Fast")])}
    first, second = said(1, code="T1"), said(2)
    folded(first, second, rules=rules)
    assert (first.text, second.text) == ("Fast", "")
