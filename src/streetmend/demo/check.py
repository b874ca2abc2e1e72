"""One report's way out and back, walked by a visitor over real sockets: what `streetmend demo --check` prints."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from streetmend.demo.files import DATA
from streetmend.demo.visitor import Form, Page, VisitFailed, Visitor

_AGAIN_SECONDS = 0.2
_EMAIL = "kari.fjordheim@example.org"
_NAME = "Kari Fjordheim"
_ADDRESS = "Storgata 1"
_CATEGORY = "Gatelys"
_TITLE = "The street light is out"
_DETAIL = "It has been dark since yesterday. 🕯"
_FIXED = "Fixed"
_NUMBER = re.compile(r"\b[A-Z]{2}-\d+\b")
_REPORT = re.compile(r"/reports/\d+")


@dataclass(frozen=True, slots=True)
class Report:
    """Where the demo's servers are."""

    site: str
    mailbox: str
    administration: str


@dataclass(slots=True)
class Walk:
    """A walk under way: `until` (monotonic seconds) everything has to have come."""

    where: Report
    visitor: Visitor
    until: float
    stop: threading.Event
    old_links: set[str] = field(default_factory=set)
    link: str = ""
    number: str = ""
    report: str = ""

    def wait_for(self, what: str, look: Callable[[], str | None]) -> str:
        """What `look` finds as soon as it finds something. Raises VisitFailed where it does not in time."""
        while time.monotonic() < self.until and not self.stop.is_set():
            found = look()
            if found is not None:
                return found
            self.stop.wait(_AGAIN_SECONDS)
        raise VisitFailed(f"{what} did not come in time.")


def walk(
    where: Report, *, say: Callable[[str], None], began: float, until: float, stop: threading.Event
) -> int:
    """A report went out and came back fixed: 0; else 1, with the step that failed. Each step is said with its time."""
    trip = Walk(where, Visitor(timeout=5.0), until, stop)
    for name, step in STEPS:
        started = time.monotonic()
        try:
            found = step(trip)
        except VisitFailed as error:
            say(f"FAILED  {name}: {error}")
            return 1
        say(f"ok  {time.monotonic() - started:5.2f} s  {name}: {found}")
    say(f"out and back in {time.monotonic() - began:.1f} s, the start of the demo included")
    return 0


def _make(trip: Walk) -> str:
    """The visitor says where, what, the details with a photo, and who they are."""
    visitor = trip.visitor
    trip.old_links = set(visitor.open(trip.where.mailbox).links)
    page = visitor.open(f"{trip.where.site}report/where?{urlencode({'q': _ADDRESS})}")
    page = visitor.submit(page, page.form("csrfmiddlewaretoken", "hint"), {"hint": "Opposite the bakery"})
    what = {"title": _TITLE, "detail": _DETAIL, "category": _CATEGORY}
    page = visitor.submit(page, page.form(*what), what)
    page = _tell_details(visitor, page)
    who = {"email": _EMAIL, "name": _NAME, "show_name": "yes"}
    page = visitor.submit(page, page.form(*who), who)
    if _EMAIL not in page.text:
        raise VisitFailed(f"{page.url} does not say where the mail went. It says: {page.text[:300]}")
    return f"{_CATEGORY}, {_ADDRESS}, with a photo"


def _tell_details(visitor: Visitor, page: Page) -> Page:
    form = page.form("photos")
    photo = ("lamp.jpg", (DATA / "photos" / "lamp.jpg").read_bytes())
    return visitor.submit(page, form, _answers(form), files={"photos": photo})


def _answers(form: Form) -> dict[str, str]:
    """The first choice of every question that has choices."""
    asked = sorted(name for name in form.names() if name.startswith("answer.") and form.choices(name))
    return {name: form.choices(name)[0] for name in asked}


def _read_mail(trip: Walk) -> str:
    def look() -> str | None:
        links = trip.visitor.open(trip.where.mailbox).links
        new = (link for link in links if link not in trip.old_links)
        return next((link for link in new if urlsplit(link).path.startswith("/confirm/")), None)

    trip.link = trip.wait_for("The mail that asks to confirm", look)
    return f"{trip.link[: trip.link.rindex('/') + 5]}..."


def _confirm(trip: Walk) -> str:
    page = trip.visitor.open(trip.link)
    after = trip.visitor.submit(page, page.form("csrfmiddlewaretoken"), {})
    address = after.url.partition("?")[0]
    if not _REPORT.fullmatch(urlsplit(address).path):
        raise VisitFailed(f"{after.url} is not the report's page. It says: {after.text[:300]}")
    trip.report = address
    return address


def _received(trip: Walk) -> str:
    """The row of the administration's page that has the report's address begins with the number that it gave."""

    def look() -> str | None:
        before, found, _ = trip.visitor.open(trip.where.administration).text.partition(f"{trip.report} ")
        numbers = _NUMBER.findall(before) if found else []
        return str(numbers[-1]) if numbers else None

    trip.number = trip.wait_for("The report at the administration", look)
    return trip.number


def _sent(trip: Walk) -> str:
    said = trip.wait_for("The number on the report's page", lambda: _says(trip, trip.number))
    return f"the page says {said}"


def _fixed(trip: Walk) -> str:
    return f"the page says {trip.wait_for('The word that it is fixed', lambda: _says(trip, _FIXED))}"


def _told(trip: Walk) -> str:
    subject = f"{_FIXED}: {_TITLE}"

    def look() -> str | None:
        return subject if subject in trip.visitor.open(trip.where.mailbox).text else None

    return trip.wait_for("The mail that it is fixed", look)


def _says(trip: Walk, word: str) -> str | None:
    return word if word in trip.visitor.open(trip.report).text else None


STEPS: Sequence[tuple[str, Callable[[Walk], str]]] = (
    ("report made on the site", _make),
    ("mail in the mailbox", _read_mail),
    ("confirmed by the button", _confirm),
    ("received by the administration", _received),
    ("sent", _sent),
    ("fixed", _fixed),
    ("reporter told by mail", _told),
)
