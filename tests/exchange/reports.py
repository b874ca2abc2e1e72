"""Reports for the tests of the exchange, and what has to be true of every one of them at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from streetmend.georeport.testing import PretendEndpoint
from streetmend.photos.store import StoredPhoto
from streetmend.reports.models import Attempt, Delivery, Report
from streetmend.reports.services import Told, submit
from streetmend.reports.states import DeliveryState
from tests.support.clock import SettableClock
from tests.support.town import WEST

KARI = Told(email="kari@example.org", name="Kari Nordmann", phone="12345678", language="nb")


def make_report(
    clock: SettableClock,
    *,
    place: tuple[float, float] = WEST,
    category: str = "Gatelys",
    title: str = "Lykta er mørk",
    detail: str = "Den ved brua. 🕯",
    answers: Mapping[str, Sequence[str]] | None = None,
    photos: Sequence[StoredPhoto] = (),
    told: Told = KARI,
) -> Report:
    """A confirmed report, due at its bodies at the clock's time."""
    return submit(
        now=clock.now(),
        lat=place[0],
        long=place[1],
        title=title,
        detail=detail,
        category_name=category,
        answers=answers,
        photos=photos,
        told=told,
        confirmed=True,
    ).report


def posts(endpoint: PretendEndpoint) -> int:
    """How often a report was posted to the endpoint, whatever it did with it."""
    return len(endpoint.ledger.seen("create"))


def expire_leases() -> None:
    """Whatever is leased has been so for longer than it lasts: its worker is gone."""
    for delivery in Delivery.objects.filter(lease_until__isnull=False):
        assert delivery.lease_until is not None
        Delivery.objects.filter(pk=delivery.pk).update(lease_until=delivery.lease_until - timedelta(hours=1))


def is_parked(delivery: Delivery) -> bool:
    """Whether nobody knows if it arrived: it waits under its name, and has not been given up or taken as done."""
    delivery.refresh_from_db()
    return (
        delivery.state == DeliveryState.UNCERTAIN
        and delivery.next_at is not None
        and not delivery.remote_id
        and not delivery.lease_owner
        and delivery.why != ""
    )


def only_delivery() -> Delivery:
    """The one delivery that there is; each of its attempts has ended and says how."""
    delivery = Delivery.objects.get()
    for attempt in Attempt.objects.filter(delivery=delivery):
        assert attempt.ended_at is not None
        assert attempt.outcome
    return delivery
