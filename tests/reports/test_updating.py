"""What becomes true when something is said about a report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streetmend.reports.errors import DescriptionMissing, MoveRefused, ReportClosedToUpdates
from streetmend.reports.models import Notice, Report, Update
from streetmend.reports.services import (
    Said,
    Told,
    add_update,
    confirm_alert,
    confirm_report,
    confirm_update,
    follow,
    hide_report,
    hide_update,
    notices,
    request_update,
    show_report,
    submit,
    write_body_update,
)
from streetmend.reports.states import BODY_STATES, Actor, State
from tests.support.town import WEST, Town, make_town

NOW = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)
KARI = Told(email="kari@example.org", name="Kari", language="nb")
OLA = Told(email="ola@example.org", name="Ola", language="nn")


def open_report(**changes: object) -> Report:
    """A confirmed report of Kari's."""
    sent = submit(
        now=NOW,
        lat=WEST[0],
        long=WEST[1],
        title="Mørkt",
        category_name=str(changes.get("category_name", "Gatelys")),
        told=KARI,
    )
    return confirm_report(secret=sent.secret, now=NOW)


def secret_of(kind: str) -> str:
    """The secret that the newest mail of this kind carries."""
    notice = Notice.objects.filter(kind=kind).order_by("-id").first()
    assert notice is not None
    return notices.secret_of(notice)


def told_of_updates() -> list[str]:
    """Who is told of updates, by address."""
    return sorted(Notice.objects.filter(kind="report_updated").values_list("email", flat=True))


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


class TestAResidentsUpdate:
    def test_it_shows_only_after_the_link_was_confirmed(self, town: Town) -> None:
        report = open_report()
        request_update(report=report, told=OLA, said=Said(text="Also here"), now=NOW, form_token="f1")
        report.refresh_from_db()
        assert (Update.objects.count(), report.comment_count) == (0, 0)
        confirm_update(secret=secret_of("confirm_update"), now=NOW)
        report.refresh_from_db()
        assert (Update.objects.get().actor, report.comment_count) == ("resident", 1)

    def test_a_link_pressed_twice_says_it_once(self, town: Town) -> None:
        report = open_report()
        request_update(report=report, told=OLA, said=Said(text="Also here"), now=NOW, form_token="f1")
        for _ in range(2):
            confirm_update(secret=secret_of("confirm_update"), now=NOW)
        assert Update.objects.count() == 1

    def test_a_form_sent_twice_asks_once(self, town: Town) -> None:
        report = open_report()
        for _ in range(2):
            request_update(report=report, told=OLA, said=Said(text="Also here"), now=NOW, form_token="f1")
        assert Notice.objects.filter(kind="confirm_update").count() == 1

    def test_the_reporter_who_says_it_is_fixed_closes_the_report_as_the_reporter(self, town: Town) -> None:
        report = open_report()
        request_update(report=report, told=KARI, said=Said(state=State.FIXED), now=NOW, form_token="f1")
        confirm_update(secret=secret_of("confirm_update"), now=NOW)
        report.refresh_from_db()
        assert (report.state, report.closed, Update.objects.get().actor) == ("fixed", True, "reporter")

    def test_a_resident_may_not_plan_the_work(self, town: Town) -> None:
        with pytest.raises(MoveRefused):
            add_update(report=open_report(), actor=Actor.RESIDENT, said=Said(state=State.PLANNED), now=NOW)
        assert not Update.objects.exists()

    def test_nothing_said_is_refused(self, town: Town) -> None:
        with pytest.raises(DescriptionMissing):
            add_update(report=open_report(), actor=Actor.RESIDENT, said=Said(), now=NOW)

    def test_a_hidden_report_takes_none(self, town: Town) -> None:
        report = hide_report(report=open_report(), now=NOW)
        with pytest.raises(ReportClosedToUpdates):
            add_update(report=report, actor=Actor.RESIDENT, said=Said(text="x"), now=NOW)


class TestWhoIsTold:
    def test_the_reporter_and_the_followers_are_told_once_each_and_nobody_of_their_own_words(
        self, town: Town
    ) -> None:
        report = open_report()
        follow(report=report, email="ola@example.org", language="nn", now=NOW)
        confirm_alert(secret=secret_of("confirm_alert"), now=NOW)
        write_body_update(report=report, body=town.west, text="We look at it", at=NOW, now=NOW)
        assert told_of_updates() == ["kari@example.org", "ola@example.org"]
        request_update(report=report, told=OLA, said=Said(text="Thanks"), now=NOW, form_token="f")
        confirm_update(secret=secret_of("confirm_update"), now=NOW)
        assert told_of_updates() == ["kari@example.org", "kari@example.org", "ola@example.org"]

    def test_who_did_not_confirm_the_alert_hears_nothing(self, town: Town) -> None:
        report = open_report()
        follow(report=report, email="ola@example.org", language="nn", now=NOW)
        write_body_update(report=report, body=town.west, text="We look at it", at=NOW, now=NOW)
        assert told_of_updates() == ["kari@example.org"]

    def test_of_a_private_report_only_the_reporter_is_told(self, town: Town) -> None:
        report = open_report(category_name="Forsøpling")
        follow(report=report, email="ola@example.org", language="nn", now=NOW)
        confirm_alert(secret=secret_of("confirm_alert"), now=NOW)
        write_body_update(report=report, body=town.west, text="Done", at=NOW, now=NOW)
        assert told_of_updates() == ["kari@example.org"]


class TestABodysUpdate:
    def test_it_moves_the_state_and_bumps_the_version(self, town: Town) -> None:
        report = open_report()
        before = Report.objects.get(pk=report.pk)
        write_body_update(report=report, body=town.west, text="", at=NOW, now=NOW, state=State.FIXED)
        after = Report.objects.get(pk=report.pk)
        assert (after.state, after.closed, after.version) == ("fixed", True, before.version + 1)
        assert all(delivery.closed for delivery in after.deliveries.all())

    def test_it_never_shows_a_hidden_report_again(self, town: Town) -> None:
        report = hide_report(report=open_report(), now=NOW)
        write_body_update(report=report, body=town.west, text="Done", at=NOW, now=NOW, state=State.FIXED)
        report.refresh_from_db()
        assert (report.hidden, report.visible, report.state) == (True, False, "fixed")
        assert told_of_updates() == []

    def test_an_older_update_that_comes_later_does_not_move_the_state(self, town: Town) -> None:
        report = open_report()
        for minutes, state in ((20, State.FIXED), (10, State.IN_PROGRESS)):
            write_body_update(
                report=report,
                body=town.west,
                text=state.value,
                at=NOW + timedelta(minutes=minutes),
                now=NOW + timedelta(minutes=30),
                state=state,
            )
        report.refresh_from_db()
        assert (report.state, report.comment_count) == ("fixed", 2)

    def test_B_25_a_time_before_the_report_or_far_in_the_future_is_brought_into_bounds(
        self, town: Town
    ) -> None:
        report = open_report()
        for year in (1900, 2200):
            write_body_update(
                report=report, body=town.west, text=str(year), at=datetime(year, 1, 1, tzinfo=UTC), now=NOW
            )
        times = list(Update.objects.order_by("id").values_list("at", flat=True))
        assert times == [report.requested_at, NOW + timedelta(minutes=5)]


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    told=st.lists(
        st.tuples(st.integers(0, 10_000), st.sampled_from(sorted(BODY_STATES))),
        min_size=1,
        max_size=6,
        unique_by=lambda pair: pair[0],
    ),
    data=st.data(),
)
def test_the_newest_word_of_a_body_decides_whatever_the_order_of_arrival(
    town: Town, told: list[tuple[int, State]], data: st.DataObject
) -> None:
    report = open_report()
    for seconds, state in data.draw(st.permutations(told)):
        write_body_update(
            report=report,
            body=town.west,
            text="x",
            at=NOW + timedelta(seconds=seconds),
            now=NOW + timedelta(days=1),
            state=state,
        )
    report.refresh_from_db()
    assert report.state == max(told)[1]


class TestHiding:
    def test_a_report_hidden_before_it_was_sent_is_not_sent_and_shown_again_it_is(self, town: Town) -> None:
        report = hide_report(report=open_report(), now=NOW)
        assert {delivery.state for delivery in report.deliveries.all()} == {"cancelled"}
        assert not any(delivery.visible for delivery in report.deliveries.all())
        report = show_report(report=report, now=NOW)
        assert {(delivery.state, delivery.visible) for delivery in report.deliveries.all()} == {
            ("waiting", True)
        }
        assert report.visible

    def test_a_hidden_update_counts_no_more(self, town: Town) -> None:
        report = open_report()
        update = add_update(report=report, actor=Actor.RESIDENT, said=Said(text="Rude"), now=NOW)
        hide_update(update=update, now=NOW)
        report.refresh_from_db()
        assert report.comment_count == 0
