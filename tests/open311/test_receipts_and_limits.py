"""Reports without a key wait under a token for their confirmation; and nobody may do anything too often."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from msgspec import structs

from streetmend.accounts.models import ApiKey, Scope
from streetmend.bodies.services import save_site
from streetmend.open311.callers import WITHOUT_KEY
from streetmend.reports.models import Delivery, Notice, Report
from streetmend.reports.models.outbox import NoticeKind
from streetmend.reports.services import confirm_report, show_report
from streetmend.reports.services.alike import AT_MOST
from streetmend.reports.services.notices import secret_of
from tests.open311.sending import Sender, new_key, report
from tests.open311.test_posting import errors
from tests.support.clock import SettableClock
from tests.support.town import BEGAN, make_town

pytestmark = pytest.mark.django_db(transaction=True)
KARI: dict[str, Any] = {"email": "kari@example.org"}


@pytest.fixture
def nobody(transactional_db, live_server) -> Sender:
    """A program without a key, at a site that takes reports from such."""
    make_town(open_posting=True)
    return Sender(live_server.url, None)


def token_of(answer: Any) -> str:
    assert answer.status == 200, answer.body
    row = answer.json[0]
    assert "service_request_id" not in row or row["service_request_id"] is None
    token: str = row["token"]
    return token


def test_a_report_without_a_key_waits_under_a_token_until_its_mail_is_answered(nobody, clock: SettableClock):
    token = token_of(nobody.post(report(**KARI)))
    waiting = nobody.call("GET", f"tokens/{token}.json")
    assert (waiting.status, waiting.json[0]["token"]) == (200, token)
    assert not waiting.json[0].get("service_request_id")
    assert nobody.call("GET", "requests.json").json == []
    assert Delivery.objects.get().next_at is None
    made = Report.objects.get()
    secret = secret_of(Notice.objects.get(kind=NoticeKind.CONFIRM_REPORT))
    confirm_report(secret=secret, now=made.created_at)
    found = nobody.call("GET", f"tokens/{token}.xml")
    assert found.xml.findtext("request/service_request_id") == str(made.pk)
    assert found.xml.findtext("request/token") == token
    for base in ("strict/v2", "fixmystreet/v2"):
        assert str(made.pk) in nobody.call("GET", f"/open311/{base}/tokens/{token}.json").body.decode()


def test_a_repeat_without_a_key_gets_the_same_token_and_no_second_mail(nobody):
    token = token_of(nobody.post(report(**KARI)))
    assert token_of(nobody.post(report(**KARI))) == token
    assert Notice.objects.count() == 1


@pytest.mark.parametrize("fmt", ["xml", "json"])
@pytest.mark.parametrize("token", ["unknown", "1", "x" * 5000, "%00", "%F0%9F%95%AF", "a/b"])
def test_B_18_an_unknown_token_is_a_404(nobody, token, fmt):
    token_of(nobody.post(report(**KARI)))
    answer = nobody.call("GET", f"tokens/{token}.{fmt}")
    assert (answer.status, errors(answer)) == (404, ["token: There is no such token here"])
    assert answer.headers["cache-control"] == "no-store"


def test_without_a_key_an_address_for_mails_is_needed(nobody):
    answer = nobody.post(report())
    assert (answer.status, errors(answer)[0].split(":")[0]) == (400, "email")


def test_a_wrong_key_is_refused_where_none_would_be_taken(nobody):
    nobody.key = "wrong"
    assert nobody.post(report(**KARI)).status == 403
    assert not Report.objects.exists()


def test_B_98_an_address_that_somebody_gave_is_not_proven_and_gets_one_mail_at_a_time(nobody):
    answers = [nobody.post(report(description=f"Lykt {number}", **KARI)) for number in range(3)]
    assert {answer.status for answer in answers} == {200}
    assert {made.reporter.verified_at for made in Report.objects.all() if made.reporter} == {None}
    assert set(Report.objects.values_list("state", flat=True)) == {"unconfirmed"}


def test_B_81_one_address_without_a_key_may_send_so_many_and_then_waits(nobody):
    answers = [
        nobody.post(report(description=f"Lykt {number}", email=f"kari{number}@example.org"))
        for number in range(WITHOUT_KEY.count + 2)
    ]
    assert Counter(answer.status for answer in answers) == {200: WITHOUT_KEY.count, 429: 2}
    assert 0 < int(answers[-1].headers["retry-after"]) <= WITHOUT_KEY.seconds / WITHOUT_KEY.count
    assert Report.objects.count() == WITHOUT_KEY.count


SPAM = "Cheap watches number {number}! Buy the best gold watches at our shop today, call {number} and pay nothing, really"


def test_B_81_many_alike_from_everywhere_wait_for_staff_and_are_not_sent(nobody, settings):
    """Each from an address of its own, with another number in it and here and there another word."""
    settings.TRUSTED_PROXIES = 1
    count = AT_MOST.count + 4
    for number in range(count):
        words = SPAM.format(number=number) + ("!" if number % 2 else " friends")
        fields = report(description=words, email=f"victim{number}@example.org")
        answer = nobody.post(fields, headers={"X-Forwarded-For": f"198.51.100.{number}"})
        assert token_of(answer), "the sender is not told"
    made = list(Report.objects.order_by("id"))
    held = [one.pk for one in made if one.hidden]
    assert held == [one.pk for one in made[AT_MOST.count :]]
    assert set(Delivery.objects.filter(report__in=held).values_list("state", "next_at")) == {
        ("cancelled", None)
    }
    assert Notice.objects.filter(kind=NoticeKind.STAFF).count() == 1, "staff are told once a day"

    secrets = {
        notice.report_id: secret_of(notice)
        for notice in Notice.objects.filter(kind=NoticeKind.CONFIRM_REPORT)
    }
    last, first = made[-1], made[0]
    for one in (first, last):
        confirm_report(secret=secrets[one.pk], now=one.created_at)
    assert nobody.call("GET", "requests.json").ids == [str(first.pk)]
    assert not Delivery.objects.filter(report=last).exclude(state="cancelled").exists()

    show_report(report=last, now=last.created_at)
    assert set(nobody.call("GET", "requests.json").ids) == {str(first.pk), str(last.pk)}
    assert Delivery.objects.get(report=last).next_at is not None, "what staff have shown is sent"


def test_B_81_other_words_and_whoever_has_a_key_are_not_held(nobody, settings):
    settings.TRUSTED_PROXIES = 1

    def sent(number: int, words: str) -> None:
        fields = report(description=words, email=f"kari{number}@example.org")
        assert nobody.post(fields, headers={"X-Forwarded-For": f"198.51.100.{number}"}).status == 200

    for number in range(AT_MOST.count + 2):
        sent(number, SPAM.format(number=number))
    assert Report.objects.filter(hidden=True).count() == 2
    sent(50, "Lykta over benken ved elva er mørk, og det er glatt på stien der om kvelden")
    sent(51, "The best hole in the road is at our shop: call somebody before a wheel breaks")
    assert Report.objects.filter(hidden=True).count() == 2
    nobody.key = new_key()[1]
    sent(52, SPAM.format(number=52))
    assert Report.objects.filter(hidden=True).count() == 2


def test_B_71_a_caller_cannot_be_somebody_else_by_saying_so(nobody, settings):
    def sent(number: int, forwarded: str) -> int:
        fields = report(description=f"Lykt {number}", email=f"kari{number}@example.org")
        return nobody.post(fields, headers={"X-Forwarded-For": forwarded}).status

    claimed = [sent(number, f"198.51.100.{number}") for number in range(WITHOUT_KEY.count + 1)]
    assert claimed[-1] == 429
    settings.TRUSTED_PROXIES = 1
    assert sent(90, "6.6.6.6, 203.0.113.7") == 200, "our own proxy says who it is"
    again = [sent(100 + number, f"6.6.6.{number}, 203.0.113.7") for number in range(WITHOUT_KEY.count)]
    assert again[-1] == 429


def test_B_81_a_key_with_a_rate_may_call_so_often_and_others_are_not_held_up(nobody):
    nobody.key = new_key(rate=3)[1]
    answers = [nobody.post(report(description=f"Lykt {number}")) for number in range(5)]
    assert [answer.status for answer in answers] == [200] * 3 + [429] * 2
    assert 0 < int(answers[-1].headers["retry-after"]) <= 20
    assert errors(answers[-1])[0].startswith("api_key: ")
    nobody.key = new_key()[1]
    others = [nobody.post(report(description=f"Lampe {number}")) for number in range(20)]
    assert {answer.status for answer in others} == {200}


def test_what_is_refused_counts_too(nobody):
    nobody.key = new_key(rate=2)[1]
    assert [nobody.post(report(lat="x")).status for _ in range(3)] == [400, 400, 429]


def test_the_use_of_a_key_is_noted(nobody):
    key, nobody.key = new_key()
    nobody.post(report())
    assert ApiKey.objects.get(pk=key.pk).last_used_at is not None


def test_a_key_that_may_only_read_or_update_sends_no_report(nobody):
    for scope in (Scope.READ, Scope.UPDATE):
        from streetmend.bodies.models import Body

        body = Body.objects.order_by("id").first()
        nobody.key = new_key(scope, body_id=body.pk if body else None)[1]
        assert nobody.post(report()).status == 403


def test_a_site_that_closes_its_door_takes_nothing_without_a_key(nobody):
    from streetmend.bodies.sitefile.present import present_file

    spec = present_file().site
    assert spec is not None
    save_site(spec=structs.replace(spec, open_posting=False), now=BEGAN)
    assert nobody.post(report(**KARI)).status == 403


def test_a_key_of_scope_read_holds_its_reader_to_its_rate_and_shows_nothing_more(nobody):
    made, secret = new_key(Scope.READ, rate=2)
    headers = {"Authorization": f"Bearer {secret}"}
    answers = [nobody.call("GET", "requests.json", headers=headers) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert "api_key" in errors(answers[-1])[0]
    assert answers[0].body == nobody.call("GET", "requests.json").body
    assert ApiKey.objects.get(pk=made.pk).last_used_at is not None


@pytest.mark.parametrize("shown", ["Bearer sm_unknown", "Basic a2FyaTpvbGE=", "Bearer "])
def test_whoever_shows_no_key_of_scope_read_reads_as_everybody_does(nobody, shown):
    reporting = new_key(rate=1)[1]
    for header in (shown, f"Bearer {reporting}"):
        statuses = {
            nobody.call("GET", "requests.xml", headers={"Authorization": header}).status for _ in range(3)
        }
        assert statuses == {200}
