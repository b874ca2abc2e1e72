"""Staff see what came to the mailbox of answers and found no report, and what pulls from an endpoint ran into."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from streetmend.bodies.models import Certificate, Pull, PullKind
from streetmend.reports.models import Letter, LetterBox
from streetmend.reports.models.mail import LetterState

NOW = datetime.now(UTC)


@pytest.fixture
def box(settings):
    settings.REPLY_ADDRESS, settings.REPLY_MAILBOX = "svar@test.example", "maildir:///nowhere"
    return LetterBox.objects.create(pk=1, last_ok_at=NOW)


def page(sign_in) -> str:
    return sign_in("moderator").get("/desk/connections/mail").content.decode()


def test_without_a_mailbox_the_page_says_that_nothing_is_read(town, sign_in):
    assert "no mailbox is set up" in page(sign_in)


def test_what_lies_aside_is_shown_with_the_reason_and_what_was_taken_is_not(town, box, sign_in):
    Letter.objects.create(
        key="a", received_at=NOW, state=LetterState.ASIDE, why="It cannot be read: LookupError",
        sender="ola@example.org", subject="Re: <b>Hull</b>",
    )  # fmt: skip
    Letter.objects.create(key="b", received_at=NOW, state=LetterState.TAKEN, why="taken well")
    shown = page(sign_in)
    assert "It cannot be read: LookupError" in shown
    assert "Re: &lt;b&gt;Hull&lt;/b&gt;" in shown
    assert "ola@example.org" in shown
    assert "taken well" not in shown


def test_a_mailbox_that_cannot_be_read_is_told(town, box, sign_in):
    LetterBox.objects.update(problem="The mail server said: login failed")
    assert "The mailbox cannot be read: The mail server said: login failed" in page(sign_in)


def test_what_a_pull_ran_into_stands_on_the_connections_page_and_in_the_list(town, sign_in):
    Pull.objects.create(
        endpoint=town.endpoint,
        kind=PullKind.SERVICES,
        problem="3 of 9 categories are gone; nothing was changed.",
    )
    Pull.objects.create(endpoint=town.roads_endpoint, kind=PullKind.REPORTS, last_ok_at=NOW)
    client = sign_in("moderator")
    one = client.get(f"/desk/connections/{town.endpoint.pk}").content.decode()
    assert "List of categories" in one
    assert "3 of 9 categories are gone; nothing was changed." in one
    everything = client.get("/desk/connections").content.decode()
    assert everything.count("needs you: look at its page") == 1


def test_the_end_of_a_certificate_stands_on_the_connections_page(town, sign_in):
    client = sign_in("moderator")
    assert "Its certificate" not in client.get(f"/desk/connections/{town.endpoint.pk}").content.decode()
    Certificate.objects.create(
        endpoint=town.endpoint, ends_at=NOW, looked_at=NOW, problem="It cannot be reached."
    )
    one = client.get(f"/desk/connections/{town.endpoint.pk}").content.decode()
    assert "Its certificate" in one
    assert "It cannot be reached." in one
