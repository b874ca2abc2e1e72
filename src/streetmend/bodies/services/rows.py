"""Rows made like their specs. Every function says whether something changed; whoever calls them gives the site its new epoch."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from django.db.models import Model

from streetmend.bodies import sealing
from streetmend.bodies.habits import HABIT_NAMES, without_defaults
from streetmend.bodies.models import (
    Body,
    BodyArea,
    Category,
    CategoryName,
    Endpoint,
    Question,
    Site,
)
from streetmend.bodies.specs import (
    CATEGORY_RULES,
    BodySpec,
    CategorySpec,
    EndpointSpec,
    QuestionSpec,
    SiteSpec,
    ValueSpec,
)

M = TypeVar("M", bound=Model)

#: how far an epoch goes up at most: the step is drawn, so that an epoch of a transaction that was rolled back never comes again
_STEP = 2**31
_MORE = ("ask_after_days", "forget_after_months", "intro", "emergency", "colours", "map", "texts")


def new_epoch(now: datetime) -> None:
    """Whoever keeps the directory in memory reads it anew; `now` (UTC) is the time of the change."""
    site = _site_row()
    site.epoch += 1 + secrets.randbelow(_STEP)
    site.changeset = now
    site.save(update_fields=["epoch", "changeset"])


def put_site(spec: SiteSpec) -> bool:
    """The site is like the spec."""
    columns = {name: getattr(spec, name) for name in spec.__struct_fields__ if name not in _MORE}
    columns["more"] = without_defaults(spec, _MORE) | (
        {"texts": plain_texts(spec.texts)} if spec.texts else {}
    )
    return _update(_site_row(), columns)


def put_body(row: Body | None, spec: BodySpec) -> tuple[Body, bool]:
    """The body and the areas that it covers are like the spec; without a row there is a new one."""
    names = ("name", "mapit_id", "send", "email", "mail_updates", "url", "active")
    columns = {name: getattr(spec, name) for name in names}
    body, changed = _put(Body, row, columns)
    before = set(BodyArea.objects.filter(body=body).values_list("area_mapit_id", flat=True))
    wanted = set(spec.areas)
    if before != wanted:
        BodyArea.objects.filter(body=body, area_mapit_id__in=before - wanted).delete()
        BodyArea.objects.bulk_create(
            BodyArea(body=body, area_mapit_id=area) for area in sorted(wanted - before)
        )
        changed = True
    return body, changed


def put_endpoint(body: Body, row: Endpoint | None, spec: EndpointSpec) -> tuple[Endpoint, bool]:
    """The body's endpoint is like the spec; its API key stays where the spec names none."""
    secret = ("api_key", "api_key_file", "api_key_env")
    names = set(spec.__struct_fields__) - set(HABIT_NAMES) - set(secret)
    columns = {name: getattr(spec, name) for name in names}
    columns["habits"] = without_defaults(spec, HABIT_NAMES)
    columns |= key_columns(row, api_key=spec.api_key, file=spec.api_key_file, env=spec.api_key_env)
    return _put(Endpoint, row, columns, body=body)


def key_columns(row: Endpoint | None, *, api_key: str = "", file: str = "", env: str = "") -> dict[str, Any]:
    """The columns that keep an API key so; none where none of the three is given or where it is kept so already."""
    if file or env:
        return {"api_key_sealed": "", "api_key_source": {"file": file} if file else {"env": env}}
    if not api_key or (row is not None and holds_key(row, api_key)):
        return {}
    return {"api_key_sealed": sealing.seal(api_key), "api_key_source": {}}


def holds_key(row: Endpoint, api_key: str) -> bool:
    """Whether this API key is the one that is kept for the endpoint."""
    try:
        return not row.api_key_source and secrets.compare_digest(
            sealing.unseal(row.api_key_sealed).encode(), api_key.encode()
        )
    except sealing.SealBroken:
        return False


def put_category(
    body: Body, row: Category | None, spec: CategorySpec, *, endpoint: Endpoint | None, position: int
) -> tuple[Category, bool]:
    """The body's category and its questions are like the spec."""
    columns: dict[str, Any] = {
        name: getattr(spec, name)
        for name in ("code", "group", "description", "keywords", "private", "active", "stop", *CATEGORY_RULES)
    }
    columns["texts"] = plain_texts(spec.texts)
    columns["position"] = position
    columns["endpoint_id"] = endpoint.pk if endpoint else None
    if row is None or row.name.name != spec.name:
        columns["name"] = CategoryName.objects.get_or_create(name=spec.name)[0]
    category, changed = _put(Category, row, columns, body=body)
    return category, _put_questions(category, spec.questions) or changed


def listing_columns(row: Category) -> dict[str, Any]:
    """What a category remembers of its body's list."""
    return {name: getattr(row, name) for name in ("listed", "missed", "missed_since", "retired_at")}


def remember_listed(row: Category) -> None:
    """What the body's list said of the category is kept, and since when it lacks it; nothing that people see changes."""
    Category.objects.filter(pk=row.pk).update(**listing_columns(row))


def park(row: Category) -> None:
    """The category has a name and a code that nobody wants, so that another one may take its own."""
    nobodys = f"\N{ZERO WIDTH SPACE}{row.pk}"
    row.code = nobodys
    row.name = CategoryName.objects.get_or_create(name=nobodys)[0]
    row.save(update_fields=["code", "name"])


def forget_parked() -> None:
    """The names that `park` made are gone."""
    CategoryName.objects.filter(name__startswith="\N{ZERO WIDTH SPACE}", categories=None).delete()


def _put_questions(category: Category, specs: Sequence[QuestionSpec]) -> bool:
    rows = {row.code: row for row in Question.objects.filter(category=category)}
    changed = False
    for spec in specs:
        columns = {
            name: getattr(spec, name)
            for name in ("code", "datatype", "required", "variable", "position", "text", "hint", "automated")
        }
        columns["only_if"] = spec.only_if
        columns["values"] = [
            {"key": value.key, "name": value.name} | ({"stop": value.stop} if value.stop else {})
            for value in spec.values
            if isinstance(value, ValueSpec)
        ]
        columns["texts"] = plain_texts(spec.texts)
        changed |= _put(Question, rows.pop(spec.code, None), columns, category=category)[1]
    if rows:
        Question.objects.filter(pk__in=[row.pk for row in rows.values()]).delete()
    return changed or bool(rows)


def plain_texts(texts: Mapping[str, msgspec.Struct]) -> dict[str, Any]:
    """Texts by language as plain values, without those that say nothing."""
    plain = {
        language: without_defaults(spec, spec.__struct_fields__) for language, spec in sorted(texts.items())
    }
    return {language: said for language, said in plain.items() if said}


def make_site_row() -> bool:
    """There is a row for the site; says whether it is new."""
    return Site.objects.get_or_create(pk=1, defaults={"languages": ["en"]})[1]


def _site_row() -> Site:
    make_site_row()
    return Site.objects.select_for_update().get(pk=1)


def _put(kind: type[M], row: M | None, columns: Mapping[str, Any], **of: Any) -> tuple[M, bool]:
    if row is not None:
        return row, _update(row, columns)
    return kind._default_manager.create(**of, **columns), True


def _update(row: Model, columns: Mapping[str, Any]) -> bool:
    changed = [name for name, value in columns.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, columns[name])
    if changed:
        row.save(
            update_fields=[name.removesuffix("_id") if name == "endpoint_id" else name for name in changed]
        )
    return bool(changed)
