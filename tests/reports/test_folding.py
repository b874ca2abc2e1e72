"""Whatever order a body's updates come in, split and repeated however, they make the same report of it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from copy import copy
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streetmend.bodies.habits import Template
from streetmend.bodies.models import Endpoint
from streetmend.bodies.wording import filled, gaps
from streetmend.reports.models import Delivery, Report, Update
from streetmend.reports.services import Told, submit
from streetmend.reports.services.applying import apply_rows
from streetmend.reports.services.folding import Rules, fold
from streetmend.reports.services.inbox import due_rows, store_pushed
from streetmend.reports.states import BODY_STATES, Actor, State
from tests.support.town import WEST, make_town
from tests.support.updates import NOW, ROWS, WORDS, row

RULES = {
    7: Rules(
        templates=[
            Template(state="fixed", text="Ferdig, {{title}}. {{description}}"),
            Template(state="in_progress", text="Vi er i gang.", email="Hei! Vi er i gang."),
            Template(code="T1", text="Under arbeid"),
        ]
    ),
    8: Rules(may_reopen=False, publish_text=False, templates=[Template(state="closed", text="Lukket")]),
}


def body_update(second: int, state: str, text: str, code: str, endpoint: int) -> Update:
    told = {"endpoint": endpoint, "text": text, "code": code}
    return Update(
        actor=Actor.BODY, body_id=endpoint, told=told, told_state=state, at=NOW + timedelta(seconds=second),
        remote_id=f"u{second}",
    )  # fmt: skip


def own_update(second: int, actor: Actor, state: str) -> Update:
    return Update(
        actor=actor, told_state=state, state=state, text="Hei", at=NOW + timedelta(seconds=second), source="w"
    )


BODY_UPDATES = st.builds(
    body_update, st.integers(0, 500), st.sampled_from(["", *sorted(BODY_STATES)]), st.sampled_from(WORDS),
    st.sampled_from(["", "T1", "T2"]), st.sampled_from([7, 8]),
)  # fmt: skip
OWN_UPDATES = st.builds(
    own_update, st.integers(501, 1000), st.sampled_from([Actor.STAFF, Actor.REPORTER, Actor.RESIDENT]),
    st.sampled_from(["", "open", "fixed"]),
)  # fmt: skip


def outcome(updates: Sequence[Update]) -> tuple[object, ...]:
    """What a fold makes of these updates, beginning anew."""
    report = Report(pk=3, title="Hull", state=State.OPEN)
    mine = [copy(update) for update in updates]
    folded = fold(report, mine, rules=RULES, category="Hull i vei", references={7: "R-1"})
    shown = sorted((one.at, one.remote_id, one.state, one.text, one.email_text, one.hidden) for one in mine)
    again = fold(report, mine, rules=RULES, category="Hull i vei", references={7: "R-1"})
    assert again == folded, "a second fold changes nothing"
    return folded.state, folded.notes, shown


@settings(max_examples=10 * settings.default.max_examples)
@given(
    st.lists(st.one_of(BODY_UPDATES, OWN_UPDATES), max_size=12, unique_by=lambda one: one.at),
    st.integers(0, 2**32),
)
def test_F_77_any_order_of_any_updates_makes_the_same_of_a_report(updates, seed):
    """Ten orders each, of a thousand sets of updates."""
    expected, rng = outcome(updates), random.Random(seed)
    for _ in range(10):
        rng.shuffle(updates)
        assert outcome(updates) == expected


# --- through the inbox


@pytest.fixture
def town(db):
    return make_town()


def report_at(endpoint: Endpoint, remote_id: str = "R1") -> Report:
    """A report that has its number at the endpoint."""
    report = submit(
        now=NOW, lat=WEST[0], long=WEST[1], title="Mørkt", category_name="Gatelys", confirmed=True,
        told=Told(email="kari@example.org", name="Kari", language="nb"),
    ).report  # fmt: skip
    Delivery.objects.filter(report=report, endpoint=endpoint).update(remote_id=remote_id, state="accepted")
    return report


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(rows=st.lists(ROWS, min_size=1, max_size=7, unique_by=lambda one: one.at), data=st.data())
@pytest.mark.django_db
def test_F_77_revisions_repeats_and_any_portions_make_the_same_of_a_report(town, rows, data):
    """The same number with other words is a revision: the one of the latest time holds, whenever it comes."""
    # what is drawn may end an example anywhere: what it left behind is none of the next one's business
    town.endpoint.inbox.all().delete()
    reports = []
    for turn in range(2):
        Delivery.objects.update(remote_id="")
        report = report_at(town.endpoint)
        order = list(rows) if turn == 0 else data.draw(st.permutations([*rows, *rows[:2]]))
        for one in order:
            store_pushed(
                row=one, body_id=town.west.pk, endpoint_id=town.endpoint.pk, now=NOW + timedelta(days=1)
            )
            if turn == 0 or data.draw(st.booleans()):
                apply_rows(
                    inbox_ids=due_rows(now=NOW + timedelta(days=1), limit=100), now=NOW + timedelta(days=1)
                )
        apply_rows(inbox_ids=due_rows(now=NOW + timedelta(days=1), limit=100), now=NOW + timedelta(days=1))
        reports.append(report)
        town.endpoint.inbox.all().delete()
    first, second = (
        (
            Report.objects.values_list("state", "status_notes", "closed", "comment_count").get(pk=report.pk),
            list(
                Update.objects.filter(report=report)
                .order_by("at", "remote_id")
                .values_list("remote_id", "at", "state", "text", "hidden")
            ),
        )
        for report in reports
    )
    assert first == second


@pytest.mark.django_db
def test_words_that_a_body_has_taken_back_are_no_longer_what_it_says(town):
    report = report_at(town.endpoint)
    later = NOW + timedelta(days=1)
    for told in (row(0, "u2", "", "Ferdig.", ""), row(89, "u2", "", "", "")):
        store_pushed(row=told, body_id=town.west.pk, endpoint_id=town.endpoint.pk, now=later)
        apply_rows(inbox_ids=due_rows(now=later, limit=10), now=later)
    assert Report.objects.get(pk=report.pk).status_notes == ""


# --- the rules, one by one


def folded(*updates: Update, rules: dict[int, Rules] | None = None) -> tuple[State, list[Update]]:
    report = Report(pk=3, title="Hull", state=State.OPEN)
    made = list(updates)
    state = fold(report, made, rules=rules or {}, category="Gatelys", references={7: "R-1"}).state
    return state, made


def test_a_closed_report_that_its_body_opens_again_is_open_with_an_entry_that_shows():
    state, made = folded(body_update(1, "fixed", "", "", 7), body_update(2, "open", "", "", 7))
    assert state == State.OPEN
    assert [(one.state, one.hidden) for one in made] == [("fixed", False), ("open", False)]


def test_an_endpoint_that_may_not_reopen_moves_nothing_and_its_words_still_show():
    rules = {7: Rules(may_reopen=False)}
    state, made = folded(
        body_update(1, "fixed", "", "", 7), body_update(2, "open", "Vi ser igjen.", "", 7), rules=rules
    )
    assert state == State.FIXED
    assert (made[1].state, made[1].text, made[1].hidden) == ("", "Vi ser igjen.", False)


def test_what_staff_said_later_holds_against_an_older_word_of_the_body_whose_words_show():
    staff = own_update(600, Actor.STAFF, "closed")
    state, made = folded(staff, body_update(300, "in_progress", "Vi graver.", "", 7))
    assert state == State.CLOSED
    assert not made[1].hidden


def test_the_same_words_again_without_a_move_are_kept_and_do_not_show():
    _, made = folded(
        body_update(1, "in_progress", "Vi graver.", "", 7),
        body_update(2, "in_progress", "Vi graver.", "", 7),
        body_update(3, "in_progress", "", "", 7),
        body_update(4, "in_progress", "Snart ferdig.", "", 7),
    )
    assert [one.hidden for one in made] == [False, True, True, False]


def test_an_endpoint_whose_blank_updates_count_shows_them():
    blank = (body_update(1, "in_progress", "", "", 7), body_update(2, "in_progress", "", "", 7))
    _, made = folded(*blank, rules={7: Rules(blank_updates=True)})
    assert [one.hidden for one in made] == [False, False]


def test_what_a_moderator_hid_stays_hidden():
    hidden = body_update(1, "fixed", "Uhøflig", "", 7)
    hidden.hidden = True
    _, made = folded(hidden, body_update(2, "open", "Hei", "", 7))
    assert (made[0].hidden, made[0].muted, made[1].hidden) == (True, False, False)


@pytest.mark.parametrize(
    ("template", "state", "text", "public"),
    [
        (Template(state="fixed", text="Takk!"), "fixed", "", "Takk!"),
        (Template(state="fixed", text="Takk!"), "fixed", "Ny pære.", "Ny pære."),
        (Template(state="fixed", text="Takk! {{description}}"), "fixed", "Ny pære.", "Takk! Ny pære."),
        (Template(state="fixed", text="Takk!\n\n{{ description }}\n\nHilsen oss"), "fixed", "", "Takk!\n\nHilsen oss"),
        (Template(state="closed", text="Takk!"), "fixed", "", ""),
        (Template(code="T1", text="{{number}} {{reference}} {{title}}, {{category}}"), "", "", "3 R-1 Hull, Gatelys"),
        (Template(code="T1", category="Hull i vei", text="Hull"), "fixed", "", ""),
        (Template(text="{{description}} {{state}}"), "fixed", "{{title}}", "{{title}} fixed"),
    ],
)  # fmt: skip
def test_a_template_says_what_the_body_leaves_unsaid(template, state, text, public):
    _, made = folded(body_update(1, state, text, "T1", 7), rules={7: Rules(templates=[template])})
    assert made[0].text == public


def test_of_several_templates_the_one_for_the_code_counts_then_the_one_for_the_category():
    several = [
        Template(state="fixed", text="state"),
        Template(state="fixed", category="Gatelys", text="category"),
        Template(code="T1", text="code"),
    ]
    for some, expected in ((several, "code"), (several[:2], "category"), (several[:1], "state")):
        _, made = folded(body_update(1, "fixed", "", "T1", 7), rules={7: Rules(templates=some)})
        assert made[0].text == expected


def test_a_template_speaks_only_where_the_state_or_the_code_is_new():
    rules = {7: Rules(templates=[Template(text="Vi er i gang.")])}
    _, made = folded(
        body_update(1, "in_progress", "", "", 7), body_update(2, "in_progress", "", "", 7),
        body_update(3, "in_progress", "", "T9", 7), rules=rules,
    )  # fmt: skip
    assert [(one.text, one.hidden) for one in made] == [
        ("Vi er i gang.", False),
        ("", True),
        ("Vi er i gang.", True),
    ]


def test_words_that_are_not_for_the_public_show_nowhere_and_the_template_does():
    rules = {
        7: Rules(publish_text=False, templates=[Template(state="fixed", text="Utbedret. {{description}}")])
    }
    _, made = folded(body_update(1, "fixed", "Ring Kari på 12345678", "", 7), rules=rules)
    assert made[0].text == "Utbedret."
    private = body_update(1, "fixed", "Ring Kari på 12345678", "", 7)
    private.told["private"] = True
    state, made = folded(private)
    assert (state, made[0].text, made[0].hidden) == (State.FIXED, "", False)


@pytest.mark.parametrize("text", ["{{", "}}", "{{a", "a}}", "{{a{{b}}"])
def test_braces_that_do_not_close_are_an_error(text):
    with pytest.raises(ValueError, match="two braces"):
        gaps(text)


def test_a_filled_gap_is_never_read_as_a_text_with_gaps_itself():
    assert filled("{{x}} {{y}}", {"x": "{{y}}", "y": "ja"}) == "{{y}} ja"
