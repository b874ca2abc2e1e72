"""One report's way out and back, walked by a visitor over real sockets: what `streetmend demo --check` prints."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from streetmend.demo.visitor import Form, Page, VisitFailed, Visitor

_AGAIN_SECONDS = 0.3
_EMAIL = "kari.fjordheim@example.org"
_NAME = "Kari Fjordheim"
_ADDRESS = "Storgata 1"
_CATEGORY = "Gatelys"
_WORDS = "Lampen er mørk"
_MORE = "Den har vært slukket siden i går. 🕯"
_ANSWERS = {
    "title": _WORDS,
    "detail": _MORE,
    "category": _CATEGORY,
    "name": _NAME,
    "email": _EMAIL,
}
#: a form of more pages does not end
_MOST_PAGES = 8
#: the word of the state in the languages that the visitor may have got
_FIXED = ("Ordnet", "Fixed", "Fikset", "Utbedret")


@dataclass(frozen=True, slots=True)
class Report:
    """Where the demo's servers are."""

    site: str
    mailbox: str
    administration: str


@dataclass(slots=True)
class _Walk:
    """A walk under way."""

    where: Report
    visitor: Visitor
    until: float
    stop: threading.Event
    link: str = ""
    number: str = ""
    report: str = ""
    seen: list[str] = field(default_factory=list)

    def wait_for(self, what: str, look: Callable[[], str | None]) -> str:
        """What `look` finds as soon as it finds something. Raises VisitFailed where it does not in time."""
        while time.monotonic() < self.until and not self.stop.is_set():
            found = look()
            if found is not None:
                return found
            self.stop.wait(_AGAIN_SECONDS)
        raise VisitFailed(f"{what} did not come in time.")


def _make(trip: _Walk) -> str:
    """A visitor says where, what, the details, and who they are."""
    visitor = trip.visitor
    page = visitor.open(f"{trip.where.site}report/where?{urlencode({'q': _ADDRESS})}")
    for _ in range(_MOST_PAGES):
        form = next((one for one in page.forms if one.method == "post" and _wants(one)), None)
        if form is None:
            break
        trip.seen.append(page.url)
        page = _fill_in(visitor, page, form)
    if _EMAIL not in page.text and "/report/sent" not in page.url:
        raise VisitFailed(f"The form ended at {page.url}. It says: {page.text[:300]}")
    return f"{len(trip.seen)} pages of the form, the last of them {urlsplit(page.url).path}"


def _wants(form: Form) -> bool:
    """Whether it is a form of the report, and not the language's or a search."""
    return bool(form.names() - {"csrfmiddlewaretoken", "language", "next"})


def _fill_in(visitor: Visitor, page: Page, form: Form) -> Page:
    values: dict[str, str] = {name: text for name, text in _ANSWERS.items() if name in form.names()}
    for name in form.names():
        choices = form.choices(name)
        if not choices or name in values:
            continue
        chosen = any(one.chosen for one in form.controls if one.name == name)
        if not chosen:
            values[name] = choices[0]
    button = next((one for one in form.controls if one.kind == "submit"), None)
    return visitor.submit(page, form, values, button=(button.name, button.value) if button else None)


def _read_mail(trip: _Walk) -> str:
    """The link of the mail that asks to confirm."""

    def look() -> str | None:
        links = trip.visitor.open(trip.where.mailbox).links
        return next((link for link in links if urlsplit(link).path.startswith("/confirm/")), None)

    trip.link = trip.wait_for("The mail that asks to confirm", look)
    return f"the link {urlsplit(trip.link).path[:16]}..."


def _confirm(trip: _Walk) -> str:
    page = trip.visitor.open(trip.link)
    form = next((one for one in page.forms if one.method == "post" and not _wants(one)), None)
    if form is None:
        raise VisitFailed(f"{page.url} has no button. It says: {page.text[:300]}")
    after = trip.visitor.submit(page, form, {})
    trip.report = next(
        (url for url in (after.url, *after.links) if re.fullmatch(r"/reports/\d+", urlsplit(url).path)), ""
    )
    if not trip.report:
        raise VisitFailed(f"{after.url} does not lead to the report. It says: {after.text[:300]}")
    return trip.report


def _received(trip: _Walk) -> str:
    """The administration's page has the report's address, with the number that it gave."""
    number = re.compile(r"\b[A-Z]{2}-\d+\b")

    def look() -> str | None:
        text = trip.visitor.open(trip.where.administration).text
        before, found, _ = text.partition(f"{trip.report} ")
        numbers = number.findall(before) if found else []
        return numbers[-1] if numbers else None

    trip.number = trip.wait_for("The report at the administration", look)
    return trip.number


def _number_shown(trip: _Walk) -> str:
    return trip.wait_for("The administration's number on the report's page", lambda: _says(trip, trip.number))


def _fixed(trip: _Walk) -> str:
    return trip.wait_for("The word that it is fixed", lambda: _says(trip, *_FIXED))


def _told(trip: _Walk) -> str:
    """A mail says that it is fixed."""

    def look() -> str | None:
        text = trip.visitor.open(trip.where.mailbox).text
        return next((word for word in _FIXED if f"{word}: {_WORDS}" in text), None)

    return trip.wait_for("The mail that it is fixed", look)


def _says(trip: _Walk, *words: str) -> str | None:
    text = trip.visitor.open(trip.report).text
    return next((word for word in words if word in text), None)


def walk(
    where: Report, *, say: Callable[[str], None], began: float, until: float, stop: threading.Event
) -> int:
    """A report went out and came back fixed: 0; else 1, with the step that failed. Each step is said with its time."""
    trip = _Walk(where, Visitor(), until, stop)
    steps: Sequence[tuple[str, Callable[[_Walk], str]]] = (
        ("report made on the site", _make),
        ("mail in the mailbox", _read_mail),
        ("confirmed by the button", _confirm),
        ("received by the administration", _received),
        ("number shown on the report's page", _number_shown),
        ("fixed", _fixed),
        ("reporter told by mail", _told),
    )
    say(f"started after {time.monotonic() - began:.1f} s")
    for name, step in steps:
        started = time.monotonic()
        try:
            found = step(trip)
        except VisitFailed as error:
            say(f"FAILED  {name}: {error}")
            return 1
        say(f"ok {time.monotonic() - started:6.2f} s  {name}: {found}")
    say(f"The report went out and came back in {time.monotonic() - began:.1f} s, the start included.")
    return 0
