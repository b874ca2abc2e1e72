"""A category as its body's list has it, as it is here, and as the list had it the last time -> as it is to be.

What here differs from the last list was changed here, and stays. Where there was no last list, what says something here stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from streetmend.bodies.habits import default_of
from streetmend.bodies.specs import CategorySpec, QuestionSpec

#: what a list says of a category and of a question; all else is ours alone
CATEGORY_KEYS = ("name", "code", "group", "keywords", "description", "private", "active", "stop")
QUESTION_KEYS = (
    "datatype",
    "required",
    "variable",
    "position",
    "text",
    "hint",
    "values",
    "automated",
    "only_if",
)
#: what has to be as the list says where nothing was known of the list before
_THEIRS_AT_FIRST = frozenset({"code", "position"})


class Merged(NamedTuple):
    """What the category is to be like, and the keys that stay as they are here though the list says otherwise."""

    spec: CategorySpec
    kept: tuple[str, ...]


def as_listed(
    theirs: CategorySpec, before: Mapping[str, Any] | None, *, questions_known: bool
) -> dict[str, Any]:
    """What is kept of the list for the next time; questions that could not be read are those of the time before."""
    plain = _keys_of(theirs, CATEGORY_KEYS)
    if questions_known:
        plain["questions"] = {asked.code: _keys_of(asked, QUESTION_KEYS) for asked in theirs.questions}
    else:
        plain["questions"] = dict(before["questions"]) if before else {}
    return plain


def merge(base: Mapping[str, Any] | None, here: CategorySpec, theirs: Mapping[str, Any]) -> Merged:
    """The category after the list. `base`, `theirs`: the last list and this one, as `as_listed` keeps them."""
    kept: list[str] = []
    values = _merged(base, _keys_of(here, CATEGORY_KEYS), theirs, CategorySpec, CATEGORY_KEYS, kept)
    if here.private and not values["private"]:
        # what is private becomes public only where a person here says so
        values["private"] = True
        kept.append("private")
    questions = list(_questions(base, here.questions, theirs["questions"], kept))
    spec = msgspec.structs.replace(here, **values, questions=_in_order(questions))
    return Merged(spec, tuple(kept))


def _questions(
    base: Mapping[str, Any] | None,
    here: Sequence[QuestionSpec],
    theirs: Mapping[str, Mapping[str, Any]],
    kept: list[str],
) -> Iterator[QuestionSpec]:
    before: Mapping[str, Mapping[str, Any]] = base["questions"] if base else {}
    present = {asked.code: asked for asked in here}
    for code, said in theirs.items():
        asked = present.get(code)
        if asked is None and code in before:
            kept.append(f'question "{code}" is not asked')
            continue
        asked = asked or QuestionSpec(code=code)
        own: list[str] = []
        values = _merged(
            before.get(code), _keys_of(asked, QUESTION_KEYS), said, QuestionSpec, QUESTION_KEYS, own
        )
        kept += [f'question "{code}" {name}' for name in own]
        yield msgspec.convert(msgspec.to_builtins(asked) | values, QuestionSpec)
    # a question of the list that it no longer has would be refused there; one that was never in it is ours
    yield from (asked for asked in here if asked.code not in theirs and asked.code not in before)


def _in_order(questions: Sequence[QuestionSpec]) -> list[QuestionSpec]:
    ordered = sorted(questions, key=lambda asked: asked.position or 0)
    return [
        asked if asked.position == at else msgspec.structs.replace(asked, position=at)
        for at, asked in enumerate(ordered)
    ]


def _merged(
    base: Mapping[str, Any] | None,
    here: Mapping[str, Any],
    theirs: Mapping[str, Any],
    kind: type[Struct],
    names: Sequence[str],
    kept: list[str],
) -> dict[str, Any]:
    defaults = {info.name: default_of(info) for info in msgspec.structs.fields(kind)}
    values = {}
    for name in names:
        if here[name] == theirs[name]:
            values[name] = here[name]
            continue
        if base is not None and name in base:
            ours = here[name] != base[name]
        else:
            untouched = here[name] == msgspec.to_builtins(defaults[name])
            ours = not untouched and name not in _THEIRS_AT_FIRST
        values[name] = here[name] if ours else theirs[name]
        if ours:
            kept.append(name)
    return values


def _keys_of(spec: Struct, names: Sequence[str]) -> dict[str, Any]:
    return {name: msgspec.to_builtins(getattr(spec, name)) for name in names}
