"""One thing of the directory is made like its spec. For a whole file at once see `applying`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import IntegrityError, transaction

from streetmend.bodies.checking import Checker
from streetmend.bodies.errors import NameTaken, Problem, SpecRefused
from streetmend.bodies.models import Body, Category, Endpoint, Send
from streetmend.bodies.queries import site
from streetmend.bodies.services import rows
from streetmend.bodies.specs import BodySpec, CategorySpec, EndpointSpec, SiteSpec


def make_site(*, now: datetime) -> None:
    """There is a site; one that is there already stays as it is. `now`: UTC."""
    with transaction.atomic():
        if rows.make_site_row():
            rows.new_epoch(now)


def save_site(*, spec: SiteSpec, now: datetime) -> None:
    """The site is like the spec. `now`: UTC. Raises SpecRefused."""
    checker = Checker(site().languages)
    spec = checker.site(spec, ())
    _refuse(checker)
    with transaction.atomic():
        if rows.put_site(spec):
            rows.new_epoch(now)


def save_body(*, body: Body | None, spec: BodySpec, now: datetime) -> Body:
    """The body and its areas are like the spec, a new one if `body` is None; endpoints and categories stay.

    Raises SpecRefused, NameTaken.
    """
    checker = Checker(site().languages)
    spec = checker.body(spec, ())
    _refuse(checker)
    with _written(f'The name "{spec.name}" or the number {spec.mapit_id} is another body\'s.'):
        row, changed = rows.put_body(body, spec)
        if changed:
            rows.new_epoch(now)
    return row


def save_endpoint(*, body: Body, endpoint: Endpoint | None, spec: EndpointSpec, now: datetime) -> Endpoint:
    """The body's endpoint is like the spec, a new one if `endpoint` is None; its API key stays where the spec has none.

    Raises SpecRefused, NameTaken.
    """
    checker = Checker(site().languages)
    spec = checker.endpoint(spec, ())
    _refuse(checker)
    with _written(f'The body has an endpoint named "{spec.name}" already.'):
        row, changed = rows.put_endpoint(body, endpoint, spec)
        if changed:
            rows.new_epoch(now)
    return row


def set_api_key(*, endpoint: Endpoint, api_key: str, now: datetime) -> None:
    """The endpoint's API key is this one, kept sealed; "" means that it has none."""
    with transaction.atomic():
        columns = rows.key_columns(endpoint, api_key=api_key)
        if not api_key:
            columns = {"api_key_sealed": "", "api_key_source": {}}
        if columns:
            Endpoint.objects.filter(pk=endpoint.pk).update(**columns)
            rows.new_epoch(now)


def save_category(*, body: Body, category: Category | None, spec: CategorySpec, now: datetime) -> Category:
    """The body's category and its questions are like the spec, a new one, the last, if `category` is None.

    Raises SpecRefused, NameTaken.
    """
    checker = Checker(site().languages)
    spec = checker.category(spec, ())
    endpoint = Endpoint.objects.filter(body=body, name=spec.endpoint).first() if spec.endpoint else None
    if spec.endpoint and endpoint is None:
        checker.problems.append(Problem(("endpoint",), f'the body has no endpoint "{spec.endpoint}"'))
    if spec.send == Send.EMAIL and not (spec.email or body.email):
        checker.problems.append(Problem(("email",), "neither the category nor the body has an address"))
    if spec.send == Send.OPEN311 and not Endpoint.objects.filter(body=body, active=True).exists():
        checker.problems.append(Problem(("send",), "the body has no endpoint"))
    _refuse(checker)
    position = category.position if category else Category.objects.filter(body=body).count()
    with _written(f'The body has a category named "{spec.name}" or with the code "{spec.code}" already.'):
        row, changed = rows.put_category(body, category, spec, endpoint=endpoint, position=position)
        if changed:
            rows.new_epoch(now)
    return row


def set_active(*, thing: Body | Endpoint | Category, active: bool, now: datetime) -> None:
    """The body, endpoint or category is in use, or no longer. Nothing is ever deleted that a report may have gone to."""
    with transaction.atomic():
        if type(thing).objects.filter(pk=thing.pk, active=not active).update(active=active):
            rows.new_epoch(now)
    thing.active = active


def _refuse(checker: Checker) -> None:
    if checker.problems:
        raise SpecRefused(checker.problems)


@contextmanager
def _written(taken: str) -> Iterator[None]:
    """One transaction; where a name or number is another's, NameTaken says `taken`."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise NameTaken(taken) from error
