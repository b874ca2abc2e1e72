"""What a site file would change, for people and programs to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct

from streetmend.bodies.habits import default_of
from streetmend.bodies.sitefile.matching import match
from streetmend.bodies.sitefile.present import fingerprint
from streetmend.bodies.specs import BodySpec, CategorySpec, EndpointSpec, QuestionSpec, SiteFile

_BELOW = frozenset({"endpoint", "endpoints", "categories", "questions"})
_SECRET = "(not shown)"  # noqa: S105 - what is shown in place of a secret


@dataclass(frozen=True, slots=True)
class Change:
    """One change: something new (+), something different (~), something that the file does not have (-).

    `what` names it from the body down; `key` is the key that differs, empty where it is the thing as a whole; `kept` is
    true where nothing is done about it.
    """

    sign: str
    what: str
    key: str = ""
    old: Any = None
    new: Any = None
    kept: bool = False


def differences(present: SiteFile, wanted: SiteFile, *, prune: bool) -> list[Change]:
    """All changes from `present` to `wanted` (both checked and complete), in the order of the file."""
    return list(_file(present, wanted, prune=prune))


def _file(present: SiteFile, wanted: SiteFile, *, prune: bool) -> Iterator[Change]:
    if wanted.site is not None and present.site is not None:
        yield from _keys("site", present.site, wanted.site)
    pairs, left = match(
        present.bodies,
        wanted.bodies,
        lambda body: (body.name, body.mapit_id),
        lambda body: (body.name, body.mapit_id),
    )
    for before, after in pairs:
        what = f'body "{after.name}"'
        if before is None:
            yield Change("+", what, new=_told(after))
            yield from _below(what, BodySpec(name=after.name), after, prune=prune)
        else:
            yield from _keys(what, before, after)
            yield from _below(what, before, after, prune=prune)
    for body in left:
        if body.active:
            yield Change("-", f'body "{body.name}"', kept=not prune)


def _below(what: str, before: BodySpec, after: BodySpec, *, prune: bool) -> Iterator[Change]:
    """The endpoints and categories of a body."""
    pairs, left = match(before.endpoints, after.endpoints, _name, _name)
    for known, wanted in pairs:
        yield from _thing(_endpoint_name(what, wanted), known, wanted)
    for endpoint in left:
        if endpoint.active:
            yield Change("-", _endpoint_name(what, endpoint), kept=not prune)
    yield from category_changes(what, before.categories, after.categories, prune=prune)


def category_changes(
    what: str, before: Sequence[CategorySpec], after: Sequence[CategorySpec], *, prune: bool
) -> Iterator[Change]:
    """All changes of a body's categories; `what` names the body."""
    pairs, left = match(before, after, category_keys, category_keys)
    for known, wanted in pairs:
        name = f'{what}, category "{wanted.name}"'
        yield from _thing(name, known, wanted)
        yield from _questions(name, known, wanted)
    for category in left:
        if category.active:
            yield Change("-", f'{what}, category "{category.name}"', kept=not prune)
    places = {id(category): at for at, category in enumerate(before)}
    order = [places[id(known)] for known, _ in pairs if known is not None]
    if order != sorted(order):
        yield Change("~", what, "order of categories")


def _questions(what: str, before: CategorySpec | None, after: CategorySpec) -> Iterator[Change]:
    pairs, left = match(before.questions if before else [], after.questions, _code, _code)
    for known, wanted in pairs:
        yield from _thing(f'{what}, question "{wanted.code}"', known, wanted)
    for question in left:
        yield Change("-", f'{what}, question "{question.code}"')


def _thing(what: str, before: Struct | None, after: Struct) -> Iterator[Change]:
    if before is None:
        yield Change("+", what, new=_told(after))
    else:
        yield from _keys(what, before, after)


def _keys(what: str, before: Struct, after: Struct) -> Iterator[Change]:
    """The keys that differ, without those of the tables below."""
    for name in after.__struct_fields__:
        if name in _BELOW and not isinstance(getattr(after, name), str):
            continue
        old, new = getattr(before, name), getattr(after, name)
        if name == "api_key":
            yield from _api_key(what, before, after)
        elif name in ("api_key_file", "api_key_env") and not _says_key(after):
            continue
        elif _plain(old) != _plain(new):
            yield Change("~", what, name, _plain(old), _plain(new))


def _api_key(what: str, before: Struct, after: Struct) -> Iterator[Change]:
    """A key that the file gives and that is not the one known; a file without a key leaves the one there is."""
    assert isinstance(before, EndpointSpec)
    assert isinstance(after, EndpointSpec)
    if after.api_key and fingerprint(after.api_key) != before.api_key:
        yield Change("~", what, "api_key", _SECRET if before.api_key else "", _SECRET)


def _says_key(spec: Struct) -> bool:
    return isinstance(spec, EndpointSpec) and bool(spec.api_key or spec.api_key_file or spec.api_key_env)


def _told(spec: Struct) -> dict[str, Any]:
    """What a new thing says of itself, without its defaults and without what lies below it."""
    return {
        info.name: _SECRET if info.name == "api_key" else _plain(value)
        for info in msgspec.structs.fields(spec)
        if (value := getattr(spec, info.name)) != default_of(info)
        and (info.name not in _BELOW or isinstance(value, str))
    }


def _plain(value: Any) -> Any:
    """The value as TOML and JSON know it; texts that say nothing are none."""
    plain = msgspec.to_builtins(value)
    return _without_blanks(plain) if isinstance(plain, dict) else plain


def _without_blanks(table: dict[str, Any]) -> dict[str, Any]:
    cleaned = {
        key: _without_blanks(value) if isinstance(value, dict) else value for key, value in table.items()
    }
    return {key: value for key, value in cleaned.items() if value not in ("", {})}


def _endpoint_name(what: str, endpoint: EndpointSpec) -> str:
    return f'{what}, endpoint "{endpoint.name}"' if endpoint.name else f"{what}, endpoint"


def _name(spec: EndpointSpec) -> tuple[str]:
    return (spec.name,)


def _code(spec: QuestionSpec) -> tuple[str]:
    return (spec.code,)


def category_keys(spec: CategorySpec) -> tuple[str, str]:
    """What identifies a category of a body: its code, then its name."""
    return spec.code, spec.name
