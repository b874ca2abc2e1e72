"""An address is not flooded: a burst leaves at once, more is spaced, and a day's worth is enough."""

from datetime import timedelta

import pytest

from streetmend.reports.errors import TooManyMails
from streetmend.reports.models import Alert, ConfirmLink, Notice, Report
from streetmend.reports.services import Said, Told, follow, request_update, submit
from streetmend.reports.services.limits import A_DAY, AT_ONCE
from tests.support.town import WEST, make_town


@pytest.mark.django_db
def test_B_84_mails_to_one_address_are_spaced_after_a_burst_and_end_for_the_day(clock):
    make_town()

    def report(email: str = "kari@example.org") -> None:
        told = Told(email=email)
        submit(now=clock.now(), lat=WEST[0], long=WEST[1], title="Hull", category_name="Gatelys", told=told)

    for _ in range(A_DAY):
        report()
    waits = [notice.next_at - clock.now() for notice in Notice.objects.order_by("id")]
    assert waits[:AT_ONCE] == [timedelta()] * AT_ONCE
    assert waits[AT_ONCE : AT_ONCE + 2] == [timedelta(minutes=1), timedelta(minutes=2)]
    with pytest.raises(TooManyMails) as caught:
        report("Kari@example.org")
    assert caught.value.field == "email"
    assert (Report.objects.count(), Notice.objects.count()) == (A_DAY, A_DAY)
    report("ola@example.org")
    clock.advance(days=1, seconds=1)
    report()


@pytest.mark.django_db
def test_B_84_following_and_adding_count_towards_the_same_limit_and_leave_nothing_half_written(clock):
    make_town()
    report = submit(
        now=clock.now(), lat=WEST[0], long=WEST[1], title="Hull", category_name="Gatelys",
        told=Told(email="ola@example.org"), confirmed=True,
    ).report  # fmt: skip
    told = Told(email="kari@example.org")
    for number in range(A_DAY):
        request_update(
            report=report, told=told, said=Said("Verre nå."), now=clock.now(), form_token=f"form {number}"
        )
    with pytest.raises(TooManyMails):
        request_update(
            report=report, told=told, said=Said("Verre nå."), now=clock.now(), form_token="one more"
        )
    with pytest.raises(TooManyMails):
        follow(report=report, email="kari@example.org", language="nb", now=clock.now())
    assert ConfirmLink.objects.count() == A_DAY
    assert Alert.objects.count() == 0
