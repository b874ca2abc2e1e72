"""The translator for service lists: an endpoint's services and their definitions as our categories and questions."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.utils.html import strip_tags

from streetmend.bodies.models import Datatype
from streetmend.bodies.services import Listed
from streetmend.bodies.specs import CategorySpec, QuestionSpec, ValueSpec
from streetmend.georeport.types import Attribute, Service, ServiceDefinition
from streetmend.text import make_legal

#: keywords that mean something (mySociety): never public; not for everybody to choose
PRIVATE = frozenset({"private"})
NOT_CHOSEN = frozenset({"inactive", "staff", "waste_only"})
MOST_QUESTIONS = 200
MOST_CHOICES = 2000
_LISTS = (Datatype.SINGLEVALUELIST, Datatype.MULTIVALUELIST)
_LINE_END = re.compile(r"<\s*(br|/p|/li|/div|/h\d)\b[^>]*>", re.IGNORECASE)
_TRUE = frozenset({"true", "1", "yes"})


class Translated(NamedTuple):
    """A service in our words, and what of it cannot be used."""

    listed: Listed
    problems: tuple[str, ...]


def translated(service: Service, definition: ServiceDefinition | None) -> Translated:
    """The service as a category (GeoReport v2 A2, A3, with mySociety's keywords and groups).

    `definition` is None where it could not be read: the questions are then not known. Several groups: the first is the heading,
    the others help to find it.
    """
    problems: list[str] = []
    said = {word.casefold() for word in service.keywords}
    others = [word for word in service.keywords if word.casefold() not in PRIVATE | NOT_CHOSEN]
    asked = list(_questions(service.service_code, definition, problems)) if definition else []
    spec = CategorySpec(
        name=_line(service.service_name or service.service_code),
        code=service.service_code,
        group=_line(service.groups[0]) if service.groups else "",
        keywords=[_line(word) for word in (*others, *service.groups[1:])],
        description=plain_text(service.description or "")[:10_000],
        private=bool(said & PRIVATE),
        active=not said & NOT_CHOSEN,
        stop=_stop(definition),
        questions=asked,
    )
    return Translated(Listed(spec, questions_known=definition is not None), tuple(problems))


def plain_text(text: str) -> str:
    """The text without its markup; ends of lines and paragraphs stay."""
    legal = make_legal(text)
    if "<" in legal:
        legal = strip_tags(_LINE_END.sub("\n", legal))
    return html.unescape(legal).strip()


def _line(text: str) -> str:
    return " ".join(plain_text(text).split())[:200]


def _stop(definition: ServiceDefinition | None) -> str:
    """What is said instead of taking a report: a notice with which the endpoint switches the form off (mySociety)."""
    for attribute in definition.attributes if definition else ():
        if not attribute.variable and _is_true(attribute.others.get("disable_form")):
            return plain_text(attribute.description)[:10_000]
    return ""


def _questions(code: str, definition: ServiceDefinition, problems: list[str]) -> Iterator[QuestionSpec]:
    attributes = sorted(
        definition.attributes, key=lambda one: (one.order is None, one.order if one.order is not None else 0)
    )
    if len(attributes) > MOST_QUESTIONS:
        problems.append(f'"{code}" asks more than {MOST_QUESTIONS} questions; the others are left out.')
    seen: set[str] = set()
    for attribute in attributes[:MOST_QUESTIONS]:
        if not attribute.code.strip() or len(attribute.code) > 255 or attribute.code in seen:
            problems.append(f'"{code}" has a question without a usable code of its own; it is left out.')
            continue
        if not attribute.variable and _is_true(attribute.others.get("disable_form")):
            continue
        seen.add(attribute.code)
        yield _question(code, attribute, len(seen) - 1, problems)


def _question(code: str, attribute: Attribute, position: int, problems: list[str]) -> QuestionSpec:
    datatype = _datatype(attribute.datatype)
    values = _values(attribute, problems) if datatype in _LISTS else []
    required = attribute.required
    if datatype in _LISTS and not values and attribute.variable:
        problems.append(
            f'Question "{attribute.code}" of "{code}" has a list without choices: it is asked as a text.'
        )
        datatype, required = Datatype.STRING, False
    return QuestionSpec(
        code=attribute.code,
        datatype=datatype,
        required=required,
        variable=attribute.variable,
        position=position,
        text=plain_text(attribute.description).removesuffix(":").strip()[:10_000],
        hint=plain_text(attribute.datatype_description or "")[:10_000],
        values=list(values),
        automated=attribute.automated if attribute.automated in ("server_set", "hidden_field") else "",
    )


def _datatype(word: str) -> Datatype:
    """Ours for the endpoint's; what is none is asked as a text."""
    return Datatype(word) if word in Datatype.values else Datatype.TEXT


def _values(attribute: Attribute, problems: list[str]) -> Sequence[ValueSpec]:
    stops = _stops(attribute)
    found: dict[str, ValueSpec] = {}
    for value in attribute.values:
        name = _line(value.name) or value.key.strip()[:200]
        # the empty choice of a select box is none
        if not value.key.strip() or not name or value.key in found:
            continue
        if len(value.key) > 255:
            problems.append(
                f'A choice of question "{attribute.code}" has a key that is too long; it is left out.'
            )
            continue
        found[value.key] = ValueSpec(key=value.key, name=name, stop=stops.get(value.key, ""))
    if len(found) > MOST_CHOICES:
        problems.append(
            f'Question "{attribute.code}" has more than {MOST_CHOICES} choices; the others are left out.'
        )
    return list(found.values())[:MOST_CHOICES]


def _stops(attribute: Attribute) -> dict[str, str]:
    """Key of a choice -> what is said to whoever chooses it: mySociety's `disable` and `disable_message`."""
    raw: Any = attribute.others.get("values")
    if isinstance(raw, Mapping):
        raw = raw.get("value", [])
    rows = raw if isinstance(raw, Sequence) and not isinstance(raw, str) else [raw]
    return {
        str(row.get("key")): plain_text(str(row.get("disable_message") or attribute.description))[:2000]
        for row in rows
        if isinstance(row, Mapping) and _is_true(row.get("disable"))
    }


def _is_true(value: Any) -> bool:
    return value is True or str(value).strip().casefold() in _TRUE
