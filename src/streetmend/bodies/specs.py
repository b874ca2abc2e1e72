"""What the site, a body, an endpoint, a category and a question are to be like: the site file's tables as typed values.

The names of the fields are the keys of the file; the docstring after a field is what the reference says of it. A missing key
means the default. `checking` knows the rules that a type cannot say.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from streetmend.bodies.habits import Habits, Seconds, Word
from streetmend.bodies.models import Datatype, OnUnknown, Send

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Line = Annotated[str, Meta(max_length=200)]
Code = Annotated[str, Meta(max_length=255)]
Email = Annotated[str, Meta(max_length=254)]
Url = Annotated[str, Meta(max_length=500)]
Text = Annotated[str, Meta(max_length=10_000)]
MapItId = Annotated[int, Meta(ge=1, le=2**31 - 1)]


class Spec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the site file."""


class MapSpec(Spec, frozen=True, kw_only=True):
    """The site's map: where it starts and what it is drawn from."""

    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    """Latitude of its middle, WGS84 degrees."""
    long: Annotated[float, Meta(ge=-180, le=180)] | None = None
    """Longitude of its middle, WGS84 degrees."""
    zoom: Annotated[int, Meta(ge=0, le=20)] = 12
    """Zoom level: 0 is the whole world, 20 a house."""
    basemap: Annotated[str, Meta(max_length=500)] = ""
    """GeoJSON file of the ground: land, water, parks and streets; a relative path starts in the data directory."""


class SiteTexts(Spec, frozen=True, kw_only=True):
    """The site's words in one more language."""

    name: Line = ""
    """The site's name in this language."""
    intro: Text = ""
    """The introduction in this language."""
    emergency: Text = ""
    """The words about emergencies in this language."""


class SiteSpec(Spec, frozen=True, kw_only=True):
    """The site as a whole. Without this table the site stays as it is."""

    name: Name = "Streetmend"
    """The site's name, in its first language."""
    jurisdiction_id: Line = ""
    """The site's own jurisdiction_id, for readers of its Open311 server."""
    time_zone: Name = "UTC"
    """IANA name of the zone in which times are shown, and in which times without a zone are meant."""
    languages: Annotated[list[str], Meta(min_length=1)] = field(default_factory=lambda: ["en"])
    """The site's languages; all names and texts outside `texts` are in the first one."""
    contact_email: Email = ""
    """Whom people and programs can ask."""
    undo_minutes: Annotated[int, Meta(ge=0, le=7 * 24 * 60)] = 0
    """How many minutes a confirmed report of the site waits before it is sent; never for reports that come through Open311."""
    ask_after_days: Annotated[int, Meta(ge=0, le=3650)] = 28
    """After how many days without news the reporter of an open report is asked, once, whether it is fixed; 0: never."""
    forget_after_months: Annotated[int, Meta(ge=0, le=1200)] = 24
    """How many months after its last news a closed report is kept with its reporter's name, address and telephone number; then
    only the report itself stays. 0: for ever."""
    open_posting: bool = False
    """Programs without a key may send reports, which are confirmed by e-mail."""
    max_photos: Annotated[int, Meta(ge=0, le=20)] = 3
    """How many photos may go with a report."""
    intro: Text = ""
    """What the home page says at its top."""
    emergency: Text = ""
    """What the form says about emergencies, such as whom to call."""
    colours: dict[str, Annotated[str, Meta(pattern=r"^#[0-9A-Fa-f]{6}$")]] = field(default_factory=dict)
    """Colours of the site by day (#rrggbb): paper, surface, ink, line, brand, link, signal. What could not be read is refused."""
    map: MapSpec | None = None
    """Where the map starts; without it, around all areas that a body covers."""
    texts: dict[str, SiteTexts] = field(default_factory=dict)
    """The same words in the site's other languages, by language."""


#: what `colours` may set
COLOURS = ("paper", "surface", "ink", "line", "brand", "link", "signal")


class EndpointSpec(Habits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body's Open311 server and its habits."""

    name: Annotated[str, Meta(max_length=100)] = ""
    """By which the body's categories name it; needed only where a body has several."""
    url: Url
    """The address below which services, requests and so on lie."""
    jurisdiction_id: Line = ""
    """The jurisdiction_id that goes with every call."""
    api_key: Annotated[str, Meta(max_length=2000)] = ""
    """The key for writing; kept sealed. Without this and the next two keys the one that is known stays."""
    api_key_file: Url = ""
    """Instead: the file that holds the key, read at each call."""
    api_key_env: Line = ""
    """Instead: the environment variable that holds the key."""
    format: Annotated[str, Meta(pattern="^(xml|json)$")] = "xml"
    """"xml" or "json": how we ask."""
    timeout_seconds: Annotated[int, Meta(ge=1, le=600)] = 60
    """How long one call may take, by the wall clock."""
    settle_seconds: Seconds = 600
    """How long an unknown outcome rests before the endpoint is asked about it."""
    pull_updates: bool = True
    """Fetch the endpoint's updates."""
    pull_seconds: Seconds = 300
    """How often."""
    send_updates: bool = False
    """Send what people say about a report later."""
    on_unknown: OnUnknown = OnUnknown.RESEND_MARKED
    """What to do where an unknown outcome cannot be asked about: "resend_marked", "hold" or "email"."""
    max_in_flight: Annotated[int, Meta(ge=1, le=100)] = 2
    """How many calls may run at once."""
    active: bool = True
    """Whether it is used at all."""

    def __repr__(self) -> str:
        """Names the endpoint; its key must not get into a log or a traceback."""
        return f"EndpointSpec(name={self.name!r}, url={self.url!r})"


class ValueSpec(Spec, frozen=True, kw_only=True):
    """One choice of a question with a list; a plain text stands for a choice whose key is its name."""

    key: Code
    """What is sent."""
    name: Line
    """What people see."""
    stop: Annotated[str, Meta(max_length=2000)] = ""
    """What whoever chooses it is told instead of going on with the report, such as whom to call."""


class QuestionTexts(Spec, frozen=True, kw_only=True):
    """A question's words in one more language."""

    text: Text = ""
    """The question in this language."""
    hint: Text = ""
    """The hint in this language."""
    values: dict[str, Line] = field(default_factory=dict)
    """Key of a choice -> its name in this language."""


class QuestionSpec(Spec, frozen=True, kw_only=True):
    """What a category asks besides place, words and photos."""

    code: Annotated[str, Meta(min_length=1, max_length=255)]
    """The attribute's code."""
    datatype: Datatype = Datatype.STRING
    """"string", "text", "number", "datetime", "singlevaluelist" or "multivaluelist"."""
    required: bool = False
    """Whether it must be answered."""
    variable: bool = True
    """false: words to read, with nothing to answer."""
    position: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    """Where it stands among the questions; by default in the file's order."""
    text: Text = ""
    """The question; by default its code."""
    hint: Text = ""
    """How to answer it."""
    values: list[str | ValueSpec] = field(default_factory=list)
    """The choices of a list."""
    automated: Annotated[str, Meta(pattern="^(server_set|hidden_field)?$")] = ""
    """"server_set": filled in when the report is sent; "hidden_field": filled in by the page; empty: a person answers."""
    only_if: dict[str, list[str]] = field(default_factory=dict)
    """Asked only where another question has one of these answers: { kind = ["stop", "yield"] }; of several, all must hold."""
    texts: dict[str, QuestionTexts] = field(default_factory=dict)
    """The same words in the site's other languages, by language."""


class CategoryTexts(Spec, frozen=True, kw_only=True):
    """A category's words in one more language."""

    name: Line = ""
    """The category's name in this language."""
    group: Line = ""
    """The group's name in this language."""
    description: Text = ""
    """The description in this language."""


class CategorySpec(Spec, frozen=True, kw_only=True):
    """A kind of problem that the body handles."""

    name: Name
    """Its name; categories of one name of several bodies are one choice."""
    code: Code = ""
    """The body's own code for it; by default the name."""
    group: Line = ""
    """The heading under which it stands."""
    keywords: list[Word] = field(default_factory=list)
    """Words by which people look for it."""
    description: Text = ""
    """What belongs here."""
    private: bool = False
    """Reports of it are never public."""
    endpoint: Annotated[str, Meta(max_length=100)] = ""
    """The name of the body's endpoint that takes it; by default the first."""
    active: bool = True
    """Whether it can be chosen."""
    stop: Text = ""
    """What people are told instead of making such a report, such as whom to call."""
    send: Annotated[str, Meta(pattern="^(open311|email|none)?$")] = ""
    """How its reports go, where that is not the body's way: "open311", "email" or "none"."""
    email: Email = ""
    """Where its reports go by e-mail; by default to the body's address."""
    id_field: Line = ""
    """The attribute in which its endpoint wants our report's id; by default the endpoint's `id_field`."""
    photo_required: bool = False
    """No report of it is taken without a photo."""
    phone_required: bool = False
    """No report of it is taken without the reporter's telephone number."""
    updates_allowed: bool = True
    """Residents may add to its reports; the body and staff always may."""
    reopening_allowed: bool = True
    """Residents may open a closed report of it again."""
    preferred: bool = False
    """Where several bodies have a category of this name at a place, only the preferred ones get the report."""
    close_after_days: Annotated[int, Meta(ge=0, le=3650)] = 0
    """An open report of it is closed after so many days without news; 0: never."""
    texts: dict[str, CategoryTexts] = field(default_factory=dict)
    """The same words in the site's other languages, by language."""
    questions: list[QuestionSpec] = field(default_factory=list)
    """What it asks."""


#: what a category has that no list of services says: how its reports are taken and where they go
CATEGORY_RULES = (
    "send",
    "email",
    "id_field",
    "photo_required",
    "phone_required",
    "updates_allowed",
    "reopening_allowed",
    "preferred",
    "close_after_days",
)


class BodySpec(Spec, frozen=True, kw_only=True):
    """An organisation that fixes things."""

    name: Name
    """Its name."""
    mapit_id: MapItId | None = None
    """The number by which agency_responsible finds it."""
    areas: list[MapItId] = field(default_factory=list)
    """The ids of the areas that it covers."""
    send: Send = Send.NONE
    """How it gets its reports: "open311", "email" or "none"."""
    email: Email = ""
    """The address for reports by e-mail."""
    mail_updates: bool = True
    """What residents and staff say later goes to it by e-mail too, for reports that went so."""
    url: Url = ""
    """Its own site, for people."""
    active: bool = True
    """Whether it takes reports."""
    endpoint: EndpointSpec | None = None
    """Its Open311 server."""
    endpoints: list[EndpointSpec] = field(default_factory=list)
    """Its Open311 servers, where it has several; each needs a name."""
    categories: list[CategorySpec] = field(default_factory=list)
    """What it handles, in the order in which people see it."""


class SiteFile(Spec, frozen=True, kw_only=True):
    """The whole file."""

    site: SiteSpec | None = None
    """The site as a whole."""
    bodies: list[BodySpec] = field(default_factory=list)
    """The bodies."""
