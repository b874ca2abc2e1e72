"""What there is, as the site file that would make it so."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
from django.db.models import QuerySet

from streetmend.bodies import sealing
from streetmend.bodies.models import Body, BodyArea, Category, Endpoint, Question, Site
from streetmend.bodies.specs import (
    CATEGORY_RULES,
    BodySpec,
    CategorySpec,
    EndpointSpec,
    QuestionSpec,
    SiteFile,
    SiteSpec,
    ValueSpec,
)


def present_file() -> SiteFile:
    """The site with all its bodies, complete as a checked file is; API keys are there as their fingerprints only."""
    covers: dict[int, list[int]] = defaultdict(list)
    for body_id, area_id in BodyArea.objects.order_by("area_mapit_id").values_list(
        "body_id", "area_mapit_id"
    ):
        covers[body_id].append(area_id)
    endpoints: dict[int, list[Endpoint]] = defaultdict(list)
    for endpoint in Endpoint.objects.order_by("body_id", "id"):
        endpoints[endpoint.body_id].append(endpoint)
    categories = _categories()
    return SiteFile(
        site=_site(),
        bodies=[
            BodySpec(
                name=body.name,
                mapit_id=body.mapit_id,
                areas=covers[body.id],
                send=_known(body.send, BodySpec, "send"),
                email=body.email,
                mail_updates=body.mail_updates,
                url=body.url,
                active=body.active,
                endpoints=[_endpoint(endpoint) for endpoint in endpoints[body.id]],
                categories=categories[body.id],
            )
            for body in Body.objects.order_by("id")
        ],
    )


def fingerprint(api_key: str) -> str:
    """What stands for an API key where the key itself must not be: it differs where the key differs."""
    return f"sha256:{hashlib.sha256(api_key.encode()).hexdigest()}" if api_key else ""


def _site() -> SiteSpec:
    row = Site.objects.filter(pk=1).first()
    if row is None:
        return SiteSpec()
    plain: dict[str, Any] = {
        name: getattr(row, name) for name in SiteSpec.__struct_fields__ if hasattr(row, name)
    }
    return msgspec.convert(plain | row.more, SiteSpec)


def _endpoint(row: Endpoint) -> EndpointSpec:
    plain: dict[str, Any] = {
        name: getattr(row, name) for name in EndpointSpec.__struct_fields__ if hasattr(row, name)
    }
    key = {f"api_key_{kind}": value for kind, value in row.api_key_source.items()}
    if not key:
        key = {"api_key": _fingerprint_of(row)}
    return msgspec.convert(plain | row.habits | key, EndpointSpec)


def _fingerprint_of(row: Endpoint) -> str:
    try:
        return fingerprint(sealing.unseal(row.api_key_sealed))
    except sealing.SealBroken:
        return "unreadable"


def present_categories(body: Body) -> list[tuple[Category, CategorySpec]]:
    """The body's categories in their order, each as the row and as its spec."""
    rows = list(
        Category.objects.filter(body=body).select_related("name", "endpoint").order_by("position", "id")
    )
    specs = _specs(rows, Question.objects.filter(category__body=body))
    return list(zip(rows, specs, strict=True))


def _categories() -> dict[int, list[CategorySpec]]:
    rows = list(Category.objects.select_related("name", "endpoint").order_by("body_id", "position", "id"))
    found: dict[int, list[CategorySpec]] = defaultdict(list)
    for row, spec in zip(rows, _specs(rows, Question.objects.all()), strict=True):
        found[row.body_id].append(spec)
    return found


def _specs(rows: Sequence[Category], asked_of_them: QuerySet[Question]) -> list[CategorySpec]:
    questions: dict[int, list[QuestionSpec]] = defaultdict(list)
    for asked in asked_of_them.order_by("category_id", "position", "id"):
        questions[asked.category_id].append(_question(asked))
    specs = []
    for row in rows:
        plain = {
            "name": row.name.name,
            "code": row.code,
            "group": row.group,
            "keywords": row.keywords,
            "description": row.description,
            "private": row.private,
            "endpoint": row.endpoint.name if row.endpoint else "",
            "active": row.active,
            "texts": row.texts,
            "stop": row.stop,
        } | {name: getattr(row, name) for name in CATEGORY_RULES}
        spec = msgspec.convert(plain, CategorySpec)
        specs.append(msgspec.structs.replace(spec, questions=questions[row.id]))
    return specs


def _question(row: Question) -> QuestionSpec:
    plain = {
        name: getattr(row, name) for name in QuestionSpec.__struct_fields__ if name not in ("values", "texts")
    }
    spec = msgspec.convert(plain | {"texts": row.texts}, QuestionSpec)
    return msgspec.structs.replace(spec, values=[msgspec.convert(value, ValueSpec) for value in row.values])


def _known(value: str, kind: type[msgspec.Struct], name: str) -> Any:
    """The value as the type of the spec's field."""
    wanted = next(info.type for info in msgspec.structs.fields(kind) if info.name == name)
    return msgspec.convert(value, wanted)
