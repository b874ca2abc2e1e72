"""Values of every type of GeoReport, as Hypothesis makes them."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec
from hypothesis import strategies as st

from streetmend.georeport import types
from streetmend.georeport.search import Box, Circle, RequestSearch

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
"""Every code point that a Python text can hold: controls, lone surrogates and noncharacters included."""

_ILLEGAL = "".join(map(chr, (*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF)))


def _is_told_apart_from_layout(text: str) -> bool:
    """Neither blank nor with a line break in the white space at an end, which in XML is indentation."""
    ends = text[: len(text) - len(text.lstrip())] + text[len(text.rstrip()) :]
    return bool(text.strip()) and "\n" not in ends


TEXT = st.text(
    st.characters(exclude_categories=("Cs",), exclude_characters=_ILLEGAL), min_size=1, max_size=40
).filter(_is_told_apart_from_layout)
"""Texts as they are stored: legal in XML."""

WORD = TEXT.map(str.strip).filter(bool)
"""Texts that have no white space around them: ids, codes, addresses."""

LISTED = WORD.map(lambda text: text.replace(",", ".")).filter(lambda text: bool(text.strip()))
OFFSETS = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENT = st.datetimes(
    min_value=datetime(1900, 1, 1, tzinfo=UTC).replace(tzinfo=None),
    max_value=datetime(2200, 1, 1, tzinfo=UTC).replace(tzinfo=None),
    timezones=OFFSETS | st.just(UTC),
).map(lambda moment: moment.replace(microsecond=0))
NAIVE = MOMENT.map(lambda moment: moment.replace(tzinfo=None))
WHEN = MOMENT | NAIVE | st.just("as soon as possible")

LAT = st.floats(-90, 90)
LONG = st.floats(-180, 180)
STATUS = st.sampled_from(["open", "closed", "in_progress", "no_further_action", "Waiting for parts", "ÅPEN"])
OTHERS = st.dictionaries(st.sampled_from(["ward", "x-priority", "_id", "Zone.2"]), TEXT, max_size=3)
WHOLE = st.integers(0, 10**17)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def several(strategy: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[Any]:
    return st.lists(strategy, max_size=most, unique_by=repr).map(tuple)


SERVICES = st.builds(
    types.Service,
    service_code=WORD,
    service_name=TEXT,
    description=maybe(TEXT),
    metadata=st.booleans(),
    type=st.sampled_from(["realtime", "batch", "blackbox"]),
    keywords=several(LISTED.map(str.strip)),
    groups=several(TEXT),
    others=OTHERS,
)

CHOICES = st.builds(types.AttributeValue, key=WORD, name=TEXT)

ATTRIBUTES = st.builds(
    types.Attribute,
    code=WORD,
    description=TEXT,
    datatype=st.sampled_from(["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]),
    required=st.booleans(),
    variable=st.booleans(),
    order=maybe(st.integers(1, 10_000)),
    datatype_description=maybe(TEXT),
    values=several(CHOICES),
    automated=maybe(st.sampled_from(["server_set", "hidden_field"])),
    others=OTHERS,
)

DEFINITIONS = st.builds(
    types.ServiceDefinition, service_code=WORD, attributes=several(ATTRIBUTES), others=OTHERS
)

REQUESTS = st.builds(
    types.Request,
    service_request_id=WORD,
    status=maybe(STATUS),
    status_notes=maybe(TEXT),
    service_name=maybe(TEXT),
    service_code=maybe(WORD),
    description=maybe(TEXT),
    recipients=several(TEXT),
    service_notice=maybe(TEXT),
    requested_datetime=maybe(WHEN),
    updated_datetime=maybe(WHEN),
    expected_datetime=maybe(WHEN),
    address=maybe(TEXT),
    address_id=maybe(WORD),
    zipcode=maybe(WORD),
    lat=maybe(LAT),
    long=maybe(LONG),
    media_urls=several(WORD),
    title=maybe(TEXT),
    detail=maybe(TEXT),
    interface_used=maybe(TEXT),
    comment_count=maybe(WHOLE),
    requestor_name=maybe(TEXT),
    agency_sent_datetime=maybe(WHEN),
    extended_status=maybe(STATUS),
    others=OTHERS,
)

UPDATES = st.builds(
    types.RequestUpdate,
    update_id=WORD,
    service_request_id=maybe(WORD),
    status=maybe(STATUS),
    updated_datetime=maybe(WHEN),
    description=st.just("") | TEXT,
    media_urls=several(WORD),
    external_status_code=maybe(TEXT),
    customer_reference=maybe(TEXT),
    fixmystreet_id=maybe(TEXT),
    email_text=maybe(TEXT),
    title=maybe(TEXT),
    service_code=maybe(TEXT),
    others=OTHERS,
)

ACCEPTED = st.builds(
    types.Accepted,
    service_request_id=maybe(WORD),
    token=WORD,
    service_notice=maybe(TEXT),
    account_id=maybe(WORD),
    others=OTHERS,
)

UPDATES_ACCEPTED = st.builds(types.UpdateAccepted, update_id=maybe(WORD), token=WORD, others=OTHERS)

DISCOVERIES = st.builds(
    types.Discovery,
    changeset=WORD,
    contact=maybe(TEXT),
    key_service=maybe(TEXT),
    endpoints=several(
        st.builds(
            types.DiscoveryEndpoint,
            url=WORD,
            specification=WORD,
            changeset=maybe(WORD),
            type=st.sampled_from(["production", "test"]),
            formats=several(TEXT),
            others=OTHERS,
        )
    ),
    max_requests=maybe(WHOLE),
    others=OTHERS,
)

ERRORS = st.builds(types.Error, code=st.sampled_from(["400", "403", "404", "E17"]), description=WORD)

UPLOADS = st.builds(
    types.Upload,
    field=st.just("photo"),
    filename=st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20).filter(
        lambda name: "%" not in name
    ),
    content_type=st.sampled_from(["image/jpeg", "image/png"]),
    content=st.binary(max_size=200),
)

_CODE = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="[]" + _ILLEGAL),
    min_size=1,
    max_size=20,
)
_ANSWERS = st.lists(WORD, min_size=1, max_size=3).map(tuple)
_LINES = WORD.map(lambda text: text.replace("\r", "\n")).filter(bool)

NEW_REQUESTS = st.builds(
    types.NewRequest,
    service_code=_LINES,
    lat=LAT.map(lambda value: round(value, 6) + 0.0),
    long=LONG.map(lambda value: round(value, 6) + 0.0),
    address_string=maybe(_LINES),
    address_id=maybe(_LINES),
    attributes=st.dictionaries(
        _CODE, _ANSWERS.map(lambda values: tuple(_lf(v) for v in values)), max_size=3
    ).map(lambda found: tuple(found.items())),
    email=maybe(_LINES),
    device_id=maybe(_LINES),
    account_id=maybe(_LINES),
    first_name=maybe(_LINES),
    last_name=maybe(_LINES),
    phone=maybe(_LINES),
    description=maybe(_LINES),
    media_urls=several(_LINES),
)


def _lf(text: str) -> str:
    return text.replace("\r", "\n")


IDS = st.lists(st.integers(1, 10**17).map(str), min_size=1, max_size=4, unique=True).map(tuple)
PARAMETER = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn", "Co")), min_size=1, max_size=30
).filter(lambda text: text == text.strip() and bool(text))


def _box(corners: tuple[float, float, float, float]) -> Box:
    west, east = sorted(corners[:2])
    south, north = sorted(corners[2:])
    return Box(west + 0.0, south + 0.0, east + 0.0, north + 0.0)


_DEGREES = st.decimals(-90, 90, places=6).map(lambda value: float(value) + 0.0)
SEARCHES = st.builds(
    RequestSearch,
    service_code=maybe(PARAMETER),
    status=st.sampled_from([(), ("open",), ("closed",), ("open", "closed"), ("closed", "open")]),
    start_date=maybe(MOMENT),
    end_date=maybe(MOMENT),
    updated_after=maybe(MOMENT),
    updated_before=maybe(MOMENT),
    agency_responsible=several(WHOLE),
    interface_used=maybe(PARAMETER),
    has_photo=maybe(st.booleans()),
    q=maybe(PARAMETER),
    bbox=maybe(st.tuples(_DEGREES, _DEGREES, _DEGREES, _DEGREES).map(_box)),
    near=maybe(st.builds(Circle, lat=_DEGREES, long=_DEGREES, radius=st.integers(1, 10**6).map(float))),
    max_requests=maybe(st.integers(1, 1000)),
    page=maybe(st.integers(1, 10**6)),
    page_size=maybe(st.integers(1, 1000)),
    cursor=maybe(st.from_regex(r"[A-Za-z0-9_.~:-]{1,40}", fullmatch=True)),
    jurisdiction_id=maybe(PARAMETER),
    extensions=st.booleans(),
)


def shown_in_xml(value: msgspec.Struct) -> msgspec.Struct:
    """What XML can say of a request: the first photo only."""
    if isinstance(value, types.Request):
        return msgspec.structs.replace(value, media_urls=value.media_urls[:1])
    return value
