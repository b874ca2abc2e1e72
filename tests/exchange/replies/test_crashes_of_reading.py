"""A worker is killed between taking a letter and putting it away: the next one finds it there, and takes it no second time."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta

from streetmend.exchange.replies.addresses import address_for_delivery
from streetmend.reports.models import Delivery, Update
from streetmend.reports.models.mail import LetterBox
from streetmend.reports.services import submit
from streetmend.reports.states import DeliveryState
from tests.exchange.replies.conftest import ANSWERS, answer
from tests.exchange.reports import KARI
from tests.support.town import EAST, make_town


def test_a_letter_that_was_taken_when_its_reader_was_killed_is_taken_once(
    transactional_db, process_environment, letters, start_worker
):
    make_town(url="http://nobody.invalid/")
    process_environment |= {
        "STREETMEND_REPLY_ADDRESS": ANSWERS,
        "STREETMEND_REPLY_MAILBOX": f"maildir://{letters.root}",
    }
    submit(
        now=datetime.now(UTC), lat=EAST[0], long=EAST[1], title="Lykta er mørk", detail="", told=KARI,
        category_name="Gatelys", confirmed=True,
    )  # fmt: skip
    assert start_worker("--once").ended() == 0
    delivery = Delivery.objects.get(state=DeliveryState.BY_EMAIL)
    letters.put(answer(address_for_delivery(delivery, 0)))
    LetterBox.objects.update(next_at=datetime.now(UTC))
    assert start_worker("--once", crash_point="after_letter_taken").ended() == -signal.SIGKILL
    assert (Update.objects.count(), letters.waiting()) == (1, 1)
    LetterBox.objects.update(lease_until=datetime.now(UTC) - timedelta(hours=1), next_at=datetime.now(UTC))
    assert start_worker("--once").ended() == 0
    assert (Update.objects.count(), letters.waiting()) == (1, 0)
