"""The pretend administration's own page: what it has received, and what it has said about it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from streetmend.demo.administration.offices import Office
from streetmend.demo.pages import linked, page
from streetmend.georeport.testing import Answer, Entry

_SHOWN = 60
_REFRESH_SECONDS = 3
_WORDS = {"open": "open", "in_progress": "in progress", "fixed": "fixed", "closed": "closed"}


def answer(offices: Sequence[Office], site: str) -> Answer:
    """The page, the newest report first."""
    rows = [(entry, office) for office in offices for entry in office.entries()]
    rows.sort(key=lambda row: row[0].received_at, reverse=True)
    servers = ", ".join(
        f'{escape(office.name)} at <a href="/{escape(office.office)}/services.xml?'
        f'jurisdiction_id={escape(office.endpoint.jurisdiction_id or "")}">/{escape(office.office)}/</a>'
        for office in offices
    )
    intro = (
        f'<p class="soft">A pretend administration with real Open311 servers: {servers}. It starts on each report after a few '
        "seconds and mends everything. The site knows of that only what it asks.</p>"
    )
    heads = "".join(
        f'<th scope="col">{head}</th>' for head in ("Number", "Office", "Received (UTC)", "Report", "Status")
    )
    shown = "".join(_row(entry, office) for entry, office in rows[:_SHOWN])
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{shown}</tbody></table>"
    return page(
        "The administration",
        intro + (table if rows else "<p>Nothing has been received yet.</p>"),
        site=site,
        refresh_seconds=_REFRESH_SECONDS,
    )


def _told(entry: Entry) -> str:
    return "\n".join([(entry.new.description or "").strip(), *entry.new.media_urls])


def _row(entry: Entry, office: Office) -> str:
    said = office.handled.get(entry.service_request_id)
    word = _WORDS.get(said[-1].word, said[-1].word) if said else entry.status
    short = (
        escape(entry.service_request_id),
        escape(office.name),
        f"{entry.received_at:%d %b %H:%M:%S}",
    )
    long = (
        f"<strong>{escape(entry.new.service_code)}</strong><pre>{linked(_told(entry))}</pre>",
        f"{escape(word)}<br><small>{escape(entry.status_notes or '')}</small>",
    )
    cells = [f'<td class="short">{cell}</td>' for cell in short] + [f"<td>{cell}</td>" for cell in long]
    return f"<tr>{''.join(cells)}</tr>"
