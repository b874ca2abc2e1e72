"""The habits of an endpoint, as one frozen value: how it differs from GeoReport v2. The site file has a key for each."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from streetmend.bodies.models import Endpoint

Word = Annotated[str, Meta(max_length=200)]
Seconds = Annotated[int, Meta(ge=1, le=30 * 86_400)]
Text = Annotated[str, Meta(max_length=5000)]

#: the states that `statuses_in` and `statuses_out` know; `reports.states` owns them, and a test compares
STATES = (
    "open",
    "investigating",
    "planned",
    "in_progress",
    "fixed",
    "no_action",
    "not_responsible",
    "duplicate",
    "referred",
    "closed",
)

#: the gaps that a template may have
GAPS = ("description", "state", "reference", "number", "title", "category")


class Photos(StrEnum):
    """How photos go out."""

    FIRST_URL = "first_url"
    ALL_URLS = "all_urls"
    UPLOAD = "upload"
    NONE = "none"


class Description(StrEnum):
    """What the description holds."""

    FULL = "full"
    LABELLED = "labelled"
    DETAIL = "detail"


class Names(StrEnum):
    """How the reporter's name goes out."""

    SPLIT = "split"
    FIRST = "first"
    LAST = "last"


class Place(StrEnum):
    """How the place goes out."""

    DEGREES = "degrees"
    BOTH = "both"
    ADDRESS = "address"


class StatusCase(StrEnum):
    """Letter case of the status of a posted update."""

    UPPER = "upper"
    LOWER = "lower"


class Reporter(StrEnum):
    """What the body is told of the reporter."""

    ALL = "all"
    NAME = "name"
    NONE = "none"


class TimeStyle(StrEnum):
    """How times are sent."""

    OFFSET = "offset"
    UTC = "utc"
    NAIVE = "naive"


class Multivalue(StrEnum):
    """How several values of one attribute are sent."""

    REPEAT = "repeat"
    BRACKETS = "brackets"


class JurisdictionIn(StrEnum):
    """Where a POST carries jurisdiction_id."""

    BODY = "body"
    QUERY = "query"
    BOTH = "both"


class KeyIn(StrEnum):
    """Where a POST carries the API key."""

    BODY = "body"
    BEARER = "bearer"


class Template(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The words for an update of a body that moves a report or brings a new code of its own."""

    state: Word = ""
    """Our state that the update moves to; empty: any."""
    code: Word = ""
    """The body's external_status_code; empty: any."""
    category: Word = ""
    """The name of the report's category; empty: any."""
    text: Text = ""
    """The public words. {{description}} stands for the body's own; without it they are used where the body says nothing."""
    email: Text = ""
    """What the mail to the reporter says instead; empty: the public words."""


class Habits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything about an endpoint that is not GeoReport v2 as written; the defaults are the standard."""

    # --- a report as it is sent
    description: Description = Description.FULL
    """"full": title, detail and the report's address; "labelled": each with its label; "detail": without the title."""
    description_template: Annotated[str, Meta(max_length=5000)] = ""
    """Instead of `description`: a text with {{title}}, {{detail}}, {{url}}, {{id}}, {{category}}, {{address}}, {{place_hint}}."""
    reporter: Reporter = Reporter.ALL
    """What is sent of the reporter: "all" (name, e-mail, phone), "name", or "none"."""
    names: Names = Names.SPLIT
    """"split": first and last name, at the first white space; "first", "last": the whole name as one of them."""
    no_last_name: Word = ""
    """What goes out as the last name of a reporter who told one name only, such as "-"; empty: nothing."""
    place: Place = Place.DEGREES
    """"degrees": lat and long; "both": the address too, as address_string; "address": only that, where the report has one."""
    account_id: Word = ""
    """The account_id that goes out with every report; empty: none."""
    always_email: bool = False
    """Send the site's no-reply address where the reporter gave none, for servers that insist on an e-mail address."""
    photos: Photos = Photos.FIRST_URL
    """"first_url": the first photo as media_url; "all_urls": media_url repeated; "upload": the files themselves; "none"."""
    upload_private_photos: bool = False
    """Photos of private reports go as files, because their addresses are not public."""
    upload_field: Word = "photo{n}"
    """Name of the n-th uploaded file's part."""
    id_field: Word = ""
    """The attribute in which the endpoint wants our report's id, where the category asks for it; empty: the usual one."""
    attributes: dict[Word, Annotated[str, Meta(max_length=2000)]] = field(default_factory=dict)
    """Attributes that every report carries though nobody asks, with the gaps of the template: { title = "{{title}}" }."""
    attribute_names: dict[Word, Word] = field(default_factory=dict)
    """The code of a question -> the name under which its answer goes out; also of what we fill in: { easting = "east" }."""
    attributes_kept: list[Word] = field(default_factory=list)
    """Codes of questions whose answers stay here and are not sent."""
    always_send_id: bool = False
    """Send the id's attribute though the category does not ask for it."""
    grid: Word = ""
    """The grid of easting and northing where a category asks for them, such as "EPSG:25832"; empty: the place's UTM zone."""
    device_field: Word = ""
    """The parameter that tells how the report came in ("device_id", some say "deviceid"); empty: it is not sent."""
    multivalue: Multivalue = Multivalue.REPEAT
    """"repeat": attribute[x]=a&attribute[x]=b; "brackets": attribute[x][]=a&attribute[x][]=b."""
    parameters: dict[Word, Word] = field(default_factory=dict)
    """Parameters that go out with every POST of a report."""

    # --- how calls are made
    time_style: TimeStyle = TimeStyle.OFFSET
    """How times are sent: with their "offset", in "utc" with Z, or "naive", local to `time_zone`."""
    time_zone: Word = ""
    """The zone in which the endpoint means times without a zone; empty: the site's zone."""
    jurisdiction_in: JurisdictionIn = JurisdictionIn.BODY
    """Where a POST carries jurisdiction_id: "body", "query" or "both"."""
    key_in: KeyIn = KeyIn.BODY
    """Where a POST carries the API key: in the "body", or as a "bearer" in the Authorization header."""
    key_on_get: bool = False
    """Send the API key with every GET, not only with that of updates."""
    paths: dict[Word, Word] = field(default_factory=dict)
    """Other file names below the endpoint's address, by the standard's: { services = "Services", requests = "Requests" }."""

    # --- what its answers mean
    duplicate_pattern: Word = ""
    """A regular expression that finds, in a refusal's first 2000 characters, that it means "I have it already"; its group "id" is
    the number."""
    customer_reference: bool = False
    """People see, and updates carry, the endpoint's customer_reference instead of its number."""
    ask_by: Word = ""
    """The parameter of GET requests that finds a report by our id; empty: there is none."""
    idempotent: bool = False
    """The endpoint honours Idempotency-Key: the same bytes may be sent again."""
    fallback_email_hours: Annotated[int, Meta(ge=0, le=24 * 30)] = 0
    """After so many hours without the endpoint its reports go by e-mail; 0: never."""
    breaker_failures: Annotated[int, Meta(ge=1, le=1000)] = 10
    """So many failures in a row, and the endpoint is left alone for a while."""
    breaker_window: Annotated[int, Meta(ge=2, le=1000)] = 50
    """So many of the last calls are looked at for `breaker_percent`."""
    breaker_percent: Annotated[int, Meta(ge=1, le=100)] = 80
    """More than this share of them failed, and the endpoint is left alone for a while too."""
    breaker_first_seconds: Seconds = 5
    """How long it is left alone the first time; each time after that twice as long."""
    breaker_max_seconds: Seconds = 300
    """How long it is left alone at most before it is tried again."""
    recovery_rate: Annotated[float, Meta(gt=0, le=1000)] = 1.0
    """So many POSTs a second after it was left alone or asked us to slow down; doubled with each good second."""
    unknown_after_hours: Annotated[float, Meta(ge=0, le=24 * 30)] = 4.0
    """How long we wait, where it cannot be asked whether it has a report, before `on_unknown` is carried out."""
    find_margin_seconds: Annotated[int, Meta(ge=1, le=86_400)] = 300
    """How long before and after the time in question a report is looked for there."""
    find_metres: Annotated[float, Meta(ge=0, le=1000)] = 15.0
    """How far from where we said a report may stand there, to be found by its content."""
    max_rate: Annotated[float, Meta(ge=0, le=1000)] = 0.0
    """So many POSTs a second at most; 0: as many as there are."""

    # --- updates, sent and fetched
    extended_statuses: bool = False
    """Send the fine states (INVESTIGATING, IN_PROGRESS ...) with updates, not only OPEN and CLOSED."""
    statuses_out: dict[Word, Word] = field(default_factory=dict)
    """Our state -> the endpoint's word for it."""
    statuses_in: dict[Word, Word] = field(default_factory=dict)
    """The endpoint's word, in lower case -> our state, or "ignore"."""
    mark_reopen: bool = False
    """Say REOPEN where an update opens a closed report again."""
    may_reopen: bool = True
    """An update of the endpoint may open a closed report again."""
    code_on_updates: bool = False
    """Updates carry the category's code, for endpoints with several systems behind them."""
    always_email_updates: bool = False
    """As `always_email`, for updates."""
    update_photos: Photos = Photos.FIRST_URL
    """As `photos`, for updates."""
    resident_mark: Annotated[str, Meta(max_length=500)] = "(Not from the person who made the report.)"
    """What is added to a sent update of somebody else than the reporter; empty: nothing."""
    blank_updates: bool = False
    """Updates without words are kept and shown."""
    publish_text: bool = True
    """What the endpoint writes is public; if not, it is kept for staff, and `templates` have the public words."""
    templates: list[Template] = field(default_factory=list)
    """Words for updates, by state, code and category: { state = "fixed", text = "Done. {{description}}" }."""
    tell_reporter: bool = True
    """Reporters are told of this endpoint's updates."""
    latest_data_only: bool = False
    """The endpoint repeats its latest data under new times: an update that says nothing new is dropped."""
    pull_overlap_seconds: Annotated[int, Meta(ge=0, le=30 * 86_400)] = 7200
    """How far each fetch reaches back before the last one."""
    full_page: Annotated[int, Meta(ge=1, le=50_000)] = 1000
    """An answer with so many updates may have been cut there: its window is asked for again in halves."""
    pull_without_window: bool = False
    """Fetch updates without start_date and end_date."""
    pull_services: bool = False
    """Fetch the endpoint's list of services, and make the body's categories and questions like it."""
    services_seconds: Annotated[int, Meta(ge=60, le=30 * 86_400)] = 3600
    """How often."""
    services_shrink_percent: Annotated[int, Meta(ge=0, le=100)] = 30
    """A list that lacks more of the known services than this is taken for cut off and changes nothing."""
    status_case: StatusCase = StatusCase.UPPER
    """Letter case of the status of an update that is sent: "upper" or "lower"."""
    pull_reports: bool = False
    """Fetch the endpoint's own reports too."""
    pull_all_reports: bool = False
    """... whenever they were made, not only the new ones: asked for without start_date and end_date."""
    fallback_category: Word = ""
    """The name of the category that a fetched report gets whose service nobody here has; empty: such reports are left out."""
    pulled_in_grid: bool = False
    """lat and long of fetched reports are northing and easting, in metres of `grid`."""
    hide_contacts: bool = False
    """Phone numbers and e-mail addresses in the texts of fetched reports are taken out."""
    page_size: Annotated[int, Meta(ge=0, le=10_000)] = 0
    """Fetch reports page by page, so many on each; 0: the endpoint has no pages, and long windows are halved."""
    page_field: Annotated[str, Meta(min_length=1, max_length=200)] = "page"
    """The parameter that says which page."""
    page_size_field: Annotated[str, Meta(min_length=1, max_length=200)] = "page_size"
    """The parameter that says how many reports a page has."""
    first_page: Annotated[int, Meta(ge=0, le=1)] = 1
    """The number of the first page: 1 or 0."""


#: what may stand in the gaps of `description_template` and `attributes`
REPORT_GAPS = ("title", "detail", "url", "id", "category", "address", "place_hint")

#: every file name of the standard that `paths` may replace
OPERATIONS = ("discovery", "services", "requests", "tokens", "servicerequestupdates")
IGNORE = "ignore"

#: the name of every habit, for the checks and the reference
HABIT_NAMES: tuple[str, ...] = Habits.__struct_fields__


def habits_of(endpoint: Endpoint) -> Habits:
    """The endpoint's habits. Raises msgspec.ValidationError where somebody wrote wrong ones past the services."""
    return msgspec.convert(endpoint.habits, Habits)


def kept(habits: Habits) -> dict[str, Any]:
    """What is kept in the row: the habits that are not the standard's."""
    return without_defaults(habits, HABIT_NAMES)


def without_defaults(value: Struct, names: Iterable[str]) -> dict[str, Any]:
    """Those of the named fields that differ from their defaults, as plain values."""
    wanted = set(names)
    return {
        info.name: msgspec.to_builtins(found)
        for info in msgspec.structs.fields(value)
        if info.name in wanted and (found := getattr(value, info.name)) != default_of(info)
    }


def default_of(info: msgspec.structs.FieldInfo) -> Any:
    """The field's value where none is given; NODEFAULT where one must be."""
    return info.default_factory() if callable(info.default_factory) else info.default
