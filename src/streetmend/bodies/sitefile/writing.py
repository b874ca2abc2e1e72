"""A site file as TOML, in the order in which people read it, without defaults and without secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import tomlkit
from msgspec import Struct
from tomlkit.items import AoT, Array, InlineTable, Item, Table

from streetmend.bodies.habits import default_of
from streetmend.bodies.specs import (
    BodySpec,
    CategorySpec,
    EndpointSpec,
    QuestionSpec,
    SiteFile,
    SiteSpec,
    ValueSpec,
)

_TOP = "Written by `streetmend export`; `streetmend apply FILE.toml` makes a site like it."
_KEY = 'The API key is not written; it stays as it is. To set one: api_key = "...", or api_key_file, or api_key_env.'
#: what the site says of itself even where it is the default
_ALWAYS = (
    "name",
    "jurisdiction_id",
    "time_zone",
    "languages",
    "contact_email",
    "undo_minutes",
    "open_posting",
    "max_photos",
)
_SECRETS = ("api_key",)
_WIDE = 100


def write_site_file(file: SiteFile) -> str:
    """The file as TOML; what it says of API keys is where they come from, never a key."""
    document = tomlkit.document()
    document.add(tomlkit.comment(_TOP))
    if file.site is not None:
        document.add(tomlkit.nl())
        document.add("site", _site(file.site))
    if file.bodies:
        bodies = tomlkit.aot()
        for body in file.bodies:
            bodies.append(_body(body))
        document.add("bodies", bodies)
    return tomlkit.dumps(document)


def _site(spec: SiteSpec) -> Table:
    table = tomlkit.table()
    _fill(table, spec, always=_ALWAYS, without=("map", "texts"))
    if spec.map:
        table.add("map", _fill(tomlkit.table(), spec.map, always=("zoom",)))
    _texts(table, spec.texts)
    return table


def _body(spec: BodySpec) -> Table:
    table = _fill(tomlkit.table(), spec, without=("endpoint", "endpoints", "categories"))
    if len(spec.endpoints) == 1 and not spec.endpoints[0].name:
        table.add("endpoint", _endpoint(spec.endpoints[0]))
    elif spec.endpoints:
        table.add("endpoints", _aot([_endpoint(endpoint) for endpoint in spec.endpoints]))
    if spec.categories:
        table.add("categories", _aot([_category(category) for category in spec.categories]))
    return table


def _endpoint(spec: EndpointSpec) -> Table:
    # name and address first, then what hangs on them
    order = ("name", "url", "jurisdiction_id", "api_key_file", "api_key_env")
    table = _fill(tomlkit.table(), spec, only=order)
    if spec.api_key:
        table.add(tomlkit.comment(_KEY))
    return _fill(table, spec, without=(*order, *_SECRETS))


def _category(spec: CategorySpec) -> Table:
    without = ("questions", "texts", *(["code"] if spec.code == spec.name else []))
    table = _fill(tomlkit.table(), spec, without=without)
    _texts(table, spec.texts)
    if spec.questions:
        table.add("questions", _aot([_question(asked, at) for at, asked in enumerate(spec.questions)]))
    return table


def _question(spec: QuestionSpec, at: int) -> Table:
    without = [
        "values",
        "texts",
        *(["text"] if spec.text == spec.code else []),
        *(["position"] if spec.position == at else []),
    ]
    table = _fill(tomlkit.table(), spec, without=without)
    if spec.values:
        table.add("values", _array([_choice(value) for value in spec.values]))
    _texts(table, spec.texts)
    return table


def _choice(value: str | ValueSpec) -> Any:
    if isinstance(value, str):
        return value
    if value.stop:
        return {"key": value.key, "name": value.name, "stop": value.stop}
    return value.key if value.key == value.name else {"key": value.key, "name": value.name}


def _fill(
    table: Table,
    spec: Struct,
    *,
    always: tuple[str, ...] = (),
    without: tuple[str, ...] | list[str] = (),
    only: tuple[str, ...] | None = None,
) -> Table:
    """The table with those keys of the spec that are not at their defaults."""
    for info in msgspec.structs.fields(spec):
        value = getattr(spec, info.name)
        wanted = info.name in only if only is not None else info.name not in without
        if wanted and (info.name in always or value != default_of(info)):
            table.add(info.name, _item(msgspec.to_builtins(value)))
    return table


def _texts(table: Table, texts: Mapping[str, Struct]) -> None:
    said = {language: _fill(tomlkit.table(), spec) for language, spec in texts.items()}
    said = {language: words for language, words in said.items() if words}
    if said:
        inner = tomlkit.table(is_super_table=True)
        for language, words in said.items():
            inner.add(language, words)
        table.add("texts", inner)


def _item(value: Any) -> Item:
    if isinstance(value, dict):
        inline: InlineTable = tomlkit.inline_table()
        for key, inner in value.items():
            inline.append(key, _item(inner))
        return inline
    if isinstance(value, list):
        return _array(value)
    if isinstance(value, str) and "\n" in value:
        return tomlkit.string(value, multiline=True, escape=True)
    item: Item = tomlkit.item(value)
    return item


def _array(values: list[Any]) -> Array:
    array = tomlkit.array()
    for value in values:
        array.append(_item(value))
    return array.multiline(len(array.as_string()) > _WIDE)


def _aot(tables: list[Table]) -> AoT:
    aot = tomlkit.aot()
    for table in tables:
        aot.append(table)
    return aot
