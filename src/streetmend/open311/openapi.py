"""OpenAPI 3.1 of the server, made from the table of its operations; and a page that shows it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from streetmend.bodies.queries import site
from streetmend.georeport import json as wire_json
from streetmend.georeport.parameters import Parameter
from streetmend.open311.finishing import finished, readable_everywhere
from streetmend.open311.openapi_schemas import SCHEMAS
from streetmend.open311.operations import OPERATIONS, Operation
from streetmend.open311.packing import Kept
from streetmend.open311.wire import BASES

ADDRESS: Final = "/open311/openapi.json"
_KINDS: Final = {
    "xml": "text/xml",
    "json": "application/json",
    "geojson": "application/geo+json",
    "csv": "text/csv",
    "rss": "application/rss+xml",
}
_HEADERS: Final = {
    "ETag": "Identifies what the answer shows; send it back as If-None-Match.",
    "Link": "Where the next and the previous page are.",
    "X-Next-Cursor": "Where a walk by cursor goes on.",
    "X-Total-Count": "How many requests there are, where pages were asked for and they are at most 10,000.",
}
_METHODS: Final = "GET, HEAD, OPTIONS"


@csrf_exempt
def document(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document."""
    if request.method == "OPTIONS":
        allowed = {
            "Allow": _METHODS,
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Max-Age": "86400",
        }
        return readable_everywhere(HttpResponse(status=204, headers=allowed))
    if request.method not in ("GET", "HEAD"):
        return readable_everywhere(HttpResponse(status=405, headers={"Allow": _METHODS}))
    body = msgspec.json.encode(describe(site().name))
    tag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    key = f"openapi|{tag}"
    return readable_everywhere(finished(request, Kept(body), "application/json; charset=utf-8", tag, key))


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Every operation with its parameters and answers, for people."""
    context = {
        "operations": [
            (one, f"{BASES['default']}{one.address}.{{{'|'.join(one.forms)}}}") for one in OPERATIONS
        ],
        "document": f"{settings.BASE_URL}{ADDRESS}",
    }
    return render(request, "open311/reference.html", context)


def describe(name: str) -> Mapping[str, Any]:
    """The OpenAPI document of the site of this name, in the default dialect."""
    paths: dict[str, dict[str, Any]] = {}
    for one in OPERATIONS:
        paths.setdefault(f"/{one.address}.{{format}}", {})[one.method] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Open311 of {name}",
            "version": "2",
            "summary": "GeoReport v2 with extensions",
            "description": "Reading needs no key. The same is served in two other dialects: "
            + ", ".join(
                f"{settings.BASE_URL}{base}" for dialect, base in BASES.items() if dialect != "default"
            ),
        },
        "servers": [{"url": f"{settings.BASE_URL}{BASES['default'].rstrip('/')}"}],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key."}},
        },
    }


@cache
def _schemas() -> Mapping[str, Any]:
    """The shapes of the answers: requests from the type that is written, the others as they are told in one place."""
    _, made = msgspec.json.schema_components([wire_json.Row], ref_template="#/components/schemas/{name}")
    found = dict(made)
    request = found.pop("Row")
    return {**SCHEMAS, **found, "Request": request}


def _operation(one: Operation) -> Mapping[str, Any]:
    described: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.words,
        "parameters": [*_in_path(one), *map(_parameter, one.parameters), *_in_header(one)],
        "responses": _responses(one),
    }
    if one.fields:
        described["requestBody"] = _form(one)
        described["security"] = [{}, {"key": []}]
    return described


def _in_path(one: Operation) -> list[Mapping[str, Any]]:
    names = [part.strip("{}") for part in one.address.split("/") if part.startswith("{")]
    own = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in names
    ]
    forms = {
        "name": "format",
        "in": "path",
        "required": True,
        "schema": {"type": "string", "enum": one.forms},
    }
    return [*own, forms]


def _in_header(one: Operation) -> list[Mapping[str, Any]]:
    return [
        {"name": name, "in": "header", "schema": {"type": "string"}, "description": words}
        for name, words in one.headers.items()
    ]


def _parameter(one: Parameter) -> Mapping[str, Any]:
    described = {"name": one.name, "in": "query", "schema": one.schema, "description": one.words}
    return described if one.example is None else {**described, "example": one.example}


def _responses(one: Operation) -> Mapping[str, Any]:
    responses: dict[str, Any] = {"200": _found(one)}
    if 302 in one.also:
        responses["302"] = {"description": "The page for people (.html)."}
    if one.method == "get":
        responses["304"] = {"description": "Nothing has changed since the answer with this ETag."}
    reading = {429: "A key of scope read was used too often."} if one.method == "get" else {}
    for status, words in sorted({**reading, **one.errors, 405: "Another method."}.items()):
        responses[str(status)] = {"description": words, "content": _content(_BOTH_ERRORS, "Errors")}
    return responses


_BOTH_ERRORS: Final = ("xml", "json", "csv")


def _found(one: Operation) -> Mapping[str, Any]:
    described: dict[str, Any] = {
        "description": one.words,
        "content": _content([form for form in one.forms if form in _KINDS], one.answer),
    }
    if one.method == "get":
        described["headers"] = {
            name: {"description": words, "schema": {"type": "string"}} for name, words in _HEADERS.items()
        }
    return described


def _content(forms: Any, answer: str) -> Mapping[str, Any]:
    json_schema = {"$ref": f"#/components/schemas/{answer}"}
    return {_KINDS[form]: {"schema": json_schema} if form == "json" else {} for form in forms}


def _form(one: Operation) -> Mapping[str, Any]:
    schema = {
        "type": "object",
        "properties": {
            name: {**one_field.schema, "description": one_field.words}
            for name, one_field in one.fields.items()
        },
        "required": [name for name, one_field in one.fields.items() if one_field.required],
        "additionalProperties": True,
    }
    kinds = ("application/x-www-form-urlencoded", "multipart/form-data")
    return {"required": True, "content": {kind: {"schema": schema} for kind in kinds}}
