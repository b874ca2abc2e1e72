"""What will be sent for each delivery, read in a fixed number of queries and frozen by the outbox at the first attempt."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence

import msgspec
from django.db import DatabaseError

from streetmend.bodies.models import Category, Question
from streetmend.bodies.queries import site
from streetmend.bodies.values import SiteInfo
from streetmend.exchange.senders import email, open311, update_mails, update_sending
from streetmend.reports.models import Delivery
from streetmend.reports.services.outbox import Prepared
from streetmend.reports.services.together import first_mails_of

logger = logging.getLogger("streetmend.worker")


def prepare(deliveries: Sequence[Delivery]) -> Mapping[int, Prepared]:
    """By the delivery's id: its parameters, or why it cannot be sent as things are set up."""
    if not deliveries:
        return {}
    categories = _categories(deliveries)
    questions: dict[int, list[Question]] = defaultdict(list)
    for question in Question.objects.filter(category__in=categories.values()).order_by("position", "id"):
        questions[question.category_id].append(question)
    ready, here = {}, site()
    mails = first_mails_of(deliveries)
    for delivery in deliveries:
        together = mails.get(delivery.pk, [delivery])
        kinds = [categories.get((one.body_id, one.report.category_name_id)) for one in together]
        asked = [question for kind in kinds if kind for question in questions[kind.pk]]
        category = categories.get((delivery.body_id, delivery.report.category_name_id))
        ready[delivery.pk] = _one_or_why_not(delivery, category, asked, together, here)
    return ready


def _one_or_why_not(
    delivery: Delivery,
    category: Category | None,
    questions: Sequence[Question],
    together: Sequence[Delivery],
    here: SiteInfo,
) -> Prepared:
    """One delivery that nothing can be made of must not hold up the others: staff see why."""
    try:
        return _one(delivery, category, questions, together, here)
    except (DatabaseError, MemoryError):  # no fault of the delivery
        raise
    except Exception as error:
        logger.exception("delivery=%d could not be prepared", delivery.pk)
        return Prepared({}, problem=f"It could not be made ready to be sent: {type(error).__name__}.")


def _categories(deliveries: Sequence[Delivery]) -> dict[tuple[int, int], Category]:
    found = Category.objects.select_related("name").filter(
        body__in={delivery.body_id for delivery in deliveries},
        name__in={delivery.report.category_name_id for delivery in deliveries},
    )
    return {(category.body_id, category.name_id): category for category in found}


def _one(
    delivery: Delivery,
    category: Category | None,
    questions: Sequence[Question],
    together: Sequence[Delivery],
    here: SiteInfo,
) -> Prepared:
    if delivery.endpoint is None and delivery.update is not None:
        return update_mails.prepare(delivery, delivery.update)
    if delivery.endpoint is None:
        return email.prepare(delivery, category, questions, together)
    if category is None:
        name = delivery.report.category_name.name
        return Prepared({}, problem=f"{delivery.body.name} has no category {name!r} any more.")
    try:
        if delivery.update is not None:
            return update_sending.prepare(delivery, category, delivery.update, here)
        return open311.prepare(delivery, category, questions, here)
    except msgspec.ValidationError as error:
        return Prepared({}, problem=f"The habits of the endpoint cannot be used: {error}")
    except ValueError as error:
        return Prepared({}, problem=f"The endpoint cannot be used as it is set up: {error}")
