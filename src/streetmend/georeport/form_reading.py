"""What a client posted, as a server reads it: every wrong parameter is named, all of them at once.

The key and the jurisdiction are not looked at here; they decide whether the form is read at all.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from streetmend.georeport import numbers, times
from streetmend.georeport.decoding import usable
from streetmend.georeport.errors import Fault, InvalidParameters
from streetmend.georeport.types import Attribute, NewRequest, RequestUpdate, ServiceDefinition, Upload

T = TypeVar("T")
Attributes = Sequence[tuple[str, tuple[str, ...]]]

_ATTRIBUTE = re.compile(r"attribute\[([^\[\]]{1,255})\](\[\])?")
_NOT_THE_FORMS = frozenset({"api_key", "jurisdiction_id"})
_PLACES = ("address_string", "address_id")
_PERSON = ("email", "device_id", "account_id", "first_name", "last_name", "phone")
_UPDATE_TEXTS = ("first_name", "last_name", "email", "phone", "title", "account_id", "service_code")
_UPDATE_NEEDS = ("update_id", "service_request_id", "status", "updated_datetime")


class _Sorted(NamedTuple):
    """A form's fields: single ones, those that may be repeated, and the rest."""

    single: Mapping[str, list[str]]
    media_urls: tuple[str, ...]
    attributes: tuple[tuple[str, tuple[str, ...]], ...]
    lists: tuple[str, ...]
    others: tuple[tuple[str, str], ...]


def read_new_request(fields: Iterable[tuple[str, str]], uploads: Sequence[Upload] = ()) -> NewRequest:
    """The request that was posted (A4), with line breaks as ``\\n``; empty parameters are absent.

    Attributes are taken as ``attribute[code]`` and ``attribute[code][]``, each any number of times; other
    forms of the name are unknown parameters, and those go to ``others``.
    Raises InvalidParameters: no service_code, no place, half a place or one that is no coordinate, a single
    parameter given twice with different values.
    """
    new, faults = examine_new_request(fields, uploads)
    if faults:
        raise InvalidParameters(faults)
    return new


def examine_new_request(
    fields: Iterable[tuple[str, str]], uploads: Sequence[Upload] = ()
) -> tuple[NewRequest, tuple[Fault, ...]]:
    """What could be read of the posted request, and what is wrong with it: a server that knows more can go on and
    name all that is wrong at once.

    As ``read_new_request``; what is wrong or missing is None, a missing service_code the empty text.
    """
    singles = ("service_code", "lat", "long", "description", "deviceid", *_PLACES, *_PERSON)
    form = _sorted(fields, singles)
    faults: list[Fault] = []
    found = {name: _single(form, name, faults) for name in singles}
    device = found.pop("deviceid")
    if not found["service_code"]:
        faults.append(Fault("service_code", "is required"))
    lat = _coordinate(found.pop("lat"), "lat", numbers.latitude, faults)
    long = _coordinate(found.pop("long"), "long", numbers.longitude, faults)
    _check_place(form, faults)
    texts: dict[str, Any] = {
        **found,
        "device_id": found["device_id"] or device,
        "service_code": found["service_code"] or "",
    }
    new = NewRequest(
        lat=lat,
        long=long,
        attributes=form.attributes,
        lists=form.lists,
        media_urls=form.media_urls,
        uploads=tuple(uploads),
        others=form.others,
        **texts,
    )
    return new, tuple(faults)


def read_update(fields: Iterable[tuple[str, str]], uploads: Sequence[Upload] = ()) -> RequestUpdate:
    """The update that was posted (A9). ``updated_datetime`` is naive where it was sent without a zone.

    Raises InvalidParameters: a required parameter is missing, a time cannot be read.
    """
    singles = (*_UPDATE_NEEDS, "description", *_UPDATE_TEXTS)
    form = _sorted(fields, singles)
    faults: list[Fault] = []
    found = {name: _single(form, name, faults) for name in singles}
    faults += [Fault(name, "is required") for name in _UPDATE_NEEDS if not form.single.get(name)]
    moment = _time(found.pop("updated_datetime"), faults)
    if faults:
        raise InvalidParameters(tuple(faults))
    texts: dict[str, Any] = {**found, "description": found["description"] or ""}
    return RequestUpdate(
        updated_datetime=moment,
        media_urls=form.media_urls,
        attributes=form.attributes,
        uploads=tuple(uploads),
        others=_joined(form.others),
        **texts,
    )


def _sorted(fields: Iterable[tuple[str, str]], singles: Sequence[str]) -> _Sorted:
    single: dict[str, list[str]] = {}
    media: list[str] = []
    attributes: dict[str, list[str]] = {}
    lists: dict[str, None] = {}
    others: list[tuple[str, str]] = []
    for name, raw in fields:
        value = _text(raw)
        attribute = _ATTRIBUTE.fullmatch(name)
        if name in _NOT_THE_FORMS or not value.strip():
            continue
        if attribute:
            attributes.setdefault(attribute[1], []).append(value)
            if attribute[2]:
                lists[attribute[1]] = None
        elif name in ("media_url", "media_url[]"):
            media.append(value.strip())
        elif name in singles:
            single.setdefault(name, []).append(value)
        else:
            others.append((usable(name), value))
    answers = tuple((usable(code), tuple(values)) for code, values in attributes.items())
    return _Sorted(single, tuple(dict.fromkeys(media)), answers, tuple(map(usable, lists)), tuple(others))


def _text(value: str) -> str:
    return usable(value.replace("\r\n", "\n").replace("\r", "\n"))


def _single(form: _Sorted, name: str, faults: list[Fault]) -> str | None:
    values = form.single.get(name, [])
    if len(set(values)) > 1:
        faults.append(Fault(name, "is given more than once"))
    if not values:
        return None
    return values[0] if name == "description" else values[0].strip()


def _coordinate(
    text: str | None, name: str, read: Callable[[str], float], faults: list[Fault]
) -> float | None:
    if text is None:
        return None
    try:
        return read(text)
    except numbers.NotANumber as error:
        faults.append(Fault(name, str(error)))
        return None


def _check_place(form: _Sorted, faults: list[Fault]) -> None:
    """A place is lat and long, or address_string, or address_id; half a point is none."""
    for name, other in (("lat", "long"), ("long", "lat")):
        if name in form.single and other not in form.single:
            faults.append(Fault(other, f"is required with {name}"))
    if not {"lat", "long", *_PLACES} & set(form.single):
        faults.append(Fault("lat", "is required with long, or address_string, or address_id"))


def _time(text: str | None, faults: list[Fault]) -> datetime | None:
    if text is None:
        return None
    try:
        return times.parse(text)
    except times.NotATime as error:
        faults.append(Fault("updated_datetime", str(error)))
        return None


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def attribute_faults(attributes: Attributes, definition: ServiceDefinition) -> Iterator[Fault]:
    """What is wrong with the answers to a service's questions (A4): all of it; unknown codes are no fault.

    Each Fault names its parameter as ``attribute[CODE]``.
    """
    given = dict(attributes)
    for question in definition.attributes:
        values = given.get(question.code, ())
        if not question.variable:
            continue
        if not values and question.required:
            yield Fault(f"attribute[{question.code}]", f"is required: {question.code} required")
        elif values:
            message = _wrong(question, values)
            if message:
                yield Fault(f"attribute[{question.code}]", message)


def _wrong(question: Attribute, values: tuple[str, ...]) -> str | None:
    if question.datatype != "multivaluelist" and len(values) > 1:
        return "takes one value only"
    if question.datatype.endswith("valuelist"):
        keys = {choice.key for choice in question.values}
        return None if keys.issuperset(values) else "has a value that is not in its list"
    try:
        if question.datatype == "number":
            numbers.decimal(values[0])
        elif question.datatype == "datetime":
            times.parse(values[0])
    except (numbers.NotANumber, times.NotATime) as error:
        return str(error)
    return None
