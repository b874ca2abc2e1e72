"""What a POST says, as fields of a form: written by a client, read by a server.

Written are only parameters of the standard (strict servers answer 400 to any other) and what the endpoint's
dialect or the value itself adds.
"""

from collections.abc import Iterator, Sequence

import msgspec

from streetmend.georeport.dialect import Dialect
from streetmend.georeport.numbers import plain
from streetmend.georeport.rows import scalar
from streetmend.georeport.times import print_for
from streetmend.georeport.types import NewRequest, RequestUpdate, Upload, When

_AFTER_PLACE = ("email", "device_id", "account_id", "first_name", "last_name", "phone", "description")


def new_request(new: NewRequest, dialect: Dialect) -> Iterator[tuple[str, str]]:
    """The fields of POST requests (A4); coordinates have at most six decimals."""
    yield "service_code", new.service_code
    if new.lat is not None and new.long is not None:
        yield "lat", plain(new.lat, 6)
        yield "long", plain(new.long, 6)
    for name in ("address_string", "address_id", *_AFTER_PLACE):
        value = getattr(new, name)
        if value is not None:
            yield (dialect.device_field if name == "device_id" else name), value
    for url in new.media_urls:
        yield "media_url", url
    yield from _attributes(new.attributes, new.lists, dialect)
    yield from dialect.extra_parameters
    yield from new.others


def update(posted: RequestUpdate, dialect: Dialect) -> Iterator[tuple[str, str]]:
    """The fields of POST servicerequestupdates (A9)."""
    yield "update_id", posted.update_id
    if posted.service_request_id is not None:
        yield "service_request_id", posted.service_request_id
    if posted.status is not None:
        upper = dialect.update_status_case == "upper"
        yield "status", posted.status.upper() if upper else posted.status.lower()
    if posted.updated_datetime is not None:
        yield "updated_datetime", _time(posted.updated_datetime, dialect)
    yield "description", posted.description
    if posted.first_name is not None:
        yield "first_name", posted.first_name
        yield "last_name", posted.last_name or "-"  # servers that know this extension want one
    for name in ("email", "phone", "title", "account_id", "service_code"):
        value = getattr(posted, name)
        if value is not None:
            yield name, value
    for url in posted.media_urls:
        yield "media_url", url
    yield from _attributes(posted.attributes, (), dialect)
    for name, other in posted.others.items():
        text = scalar(other)
        if text is not None:
            yield name, text


def _time(value: When, dialect: Dialect) -> str:
    if isinstance(value, str):
        return value
    return print_for(value, dialect) if value.tzinfo else value.isoformat(timespec="seconds")


def _attributes(
    attributes: Sequence[tuple[str, tuple[str, ...]]], lists: Sequence[str], dialect: Dialect
) -> Iterator[tuple[str, str]]:
    for code, values in attributes:
        several = len(values) > 1 or code in lists
        name = f"attribute[{code}]" + ("[]" if several and dialect.multivalue == "brackets" else "")
        for value in values:
            yield name, value


def named_uploads(uploads: Sequence[Upload], dialect: Dialect) -> list[Upload]:
    """The files with the names that the dialect has for them, where they have none of their own."""
    return [
        upload if upload.field else msgspec.structs.replace(upload, field=dialect.upload_field.format(n=n))
        for n, upload in enumerate(uploads, 1)
    ]
