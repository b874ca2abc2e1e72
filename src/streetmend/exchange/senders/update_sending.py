"""What is sent of an update: frozen at the first attempt, as a report is."""

from __future__ import annotations

import hashlib
from typing import Any

from streetmend.bodies.habits import Photos, habits_of
from streetmend.bodies.models import Category
from streetmend.bodies.values import SiteInfo
from streetmend.exchange.addresses import photo_url, report_url
from streetmend.exchange.wire import Addresses, dialect_of
from streetmend.exchange.wire_updates import Standing, frozen_update, new_update
from streetmend.georeport import calls
from streetmend.reports.models import Delivery, Photo, Update
from streetmend.reports.models.outbox import DeliveryKind
from streetmend.reports.services.outbox import Prepared
from streetmend.reports.states import State


def prepare(delivery: Delivery, category: Category, update: Update, here: SiteInfo) -> Prepared:
    """The parameters of the POST as they stay for every repeat. Raises msgspec.ValidationError for habits that are none."""
    endpoint = delivery.endpoint
    if endpoint is None:
        raise ValueError("an update by e-mail has no parameters")
    if update.hidden or delivery.report.hidden:
        return Prepared({}, problem="It is hidden: it is not sent.")
    habits = habits_of(endpoint)
    dialect = dialect_of(endpoint, habits, here.time_zone)
    photos = Photo.objects.filter(update=update, hidden=False).order_by("position", "id")
    names = list(photos.values_list("name", flat=True))
    addresses = Addresses(
        report=report_url(delivery.report_id),
        photos=tuple(photo_url(name) for name in names),
        no_reply=here.contact_email,
    )
    posted = new_update(update, category, _standing(delivery, update), habits, dialect, addresses)
    params: dict[str, Any] = {"update": frozen_update(posted)}
    uploads = habits.update_photos is Photos.UPLOAD or (
        delivery.report.private and habits.upload_private_photos
    )
    if uploads and names:
        params["photos"] = names
    bare = calls.Endpoint(url=endpoint.url, dialect=dialect)
    return Prepared(params, hashlib.sha256(calls.post_update(bare, posted).body).hexdigest())


def _standing(delivery: Delivery, update: Update) -> Standing:
    """The report's number there (or its reference, where the endpoint goes by that), and where it stood after and before."""
    of_report = Delivery.objects.filter(
        report_id=delivery.report_id, body_id=delivery.body_id, kind=DeliveryKind.REPORT
    )
    number = next(
        (reference or remote for reference, remote in of_report.values_list("reference", "remote_id")), ""
    )
    moves = Update.objects.filter(report_id=delivery.report_id, id__lt=update.pk).exclude(state="")
    before = moves.order_by("-at", "-id").values_list("state", flat=True).first() or State.OPEN
    return Standing(number, update.state or before, before)
