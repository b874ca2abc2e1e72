"""The doctor looks at what leaves: the worker, the endpoints, and categories whose reports reach nobody."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from streetmend.cli.console import plural
from streetmend.cli.doctor.findings import Finding, fine, problem, shortened, warning
from streetmend.clock import Clock

if TYPE_CHECKING:
    from streetmend.bodies.models import Endpoint
    from streetmend.exchange.examine import Examined

#: how long an endpoint may take to list its categories
CALL_SECONDS = 15
#: how long something may be due, and a worker silent, before it is a problem
MOST_LATE = timedelta(minutes=5)
_SKEW_SECONDS = 60.0
_HERE = ("127.0.0.1", "localhost", "::1")
_SET_KEY = "set the key in the site file and apply it"


def worker(clock: Clock) -> Iterator[Finding]:
    """Whether somebody works on what is due."""
    from streetmend.reports.queries.outbox import last_beat, overdue

    now = clock.now()
    last = last_beat()
    late = overdue(before=now - MOST_LATE)
    alive = last is not None and now - last < MOST_LATE
    if late and not alive:
        yield problem(
            "worker",
            f"No worker runs, and {plural(late, 'thing')} should have left by now.",
            "streetmend work",
        )
    elif late:
        yield problem(
            "worker",
            f"A worker runs, but {plural(late, 'thing')} should have left more than 5 minutes ago.",
            "streetmend deliveries --state waiting",
        )
    elif alive:
        yield fine("worker", "A worker runs, and nothing is late.")
    else:
        yield fine("worker", "No worker runs; nothing is due.")


def waiting_for_people() -> Iterator[Finding]:
    """Whether deliveries stand where nothing goes on by itself."""
    from streetmend.reports.queries.outbox import stuck

    counts = stuck()
    if not counts:
        yield fine("deliveries", "None waits for a person.")
    for state, count in counts.items():
        yield warning(
            "deliveries",
            f"{plural(count, 'delivery', 'deliveries')} in the state {state}: nothing happens by itself.",
            f"streetmend deliveries --state {state}",
        )


def categories() -> Iterator[Finding]:
    """Whether the reports of every category reach somebody."""
    from streetmend.bodies.ways import without_way

    found = without_way()
    for no_way in found:
        names = shortened([f'"{name}"' for name in no_way.categories])
        text = f'Reports of {names} do not reach "{no_way.body}": {no_way.why}.'
        if no_way.meant:
            yield warning("categories", text)
        else:
            yield problem("categories", text, "mend the body in the site file and apply it")
    if not found:
        yield fine("categories", "Each has a way to its body.")


def endpoints(*, call: bool) -> Iterator[Finding]:
    """Whether each endpoint in use can be called, and (with `call`) answers with its list of categories."""
    from streetmend.bodies.models import Endpoint
    from streetmend.bodies.queries import site
    from streetmend.exchange.examine import examine

    in_use = Endpoint.objects.filter(active=True, body__active=True)
    rows = list(in_use.select_related("body").order_by("id"))
    if not rows:
        yield fine("endpoints", "There is none.")
    for row in rows:
        yield from _standing(row)
        if not call:
            yield from _key(row)
    if call:
        for examined in examine(rows, site_zone=site().time_zone, deadline_seconds=CALL_SECONDS):
            yield from _judged(examined)


def _name(row: Endpoint) -> str:
    return f'"{row.body.name}" at {row.url}'


def _standing(row: Endpoint) -> Iterator[Finding]:
    """What is known of the endpoint from before."""
    if row.paused_at:
        since = f"{row.paused_at:%Y-%m-%d %H:%M} UTC"
        yield problem(
            "endpoints",
            f"{_name(row)} is paused since {since}: {row.paused_why or row.last_error}",
            "mend what it names, then resume it",
        )
    elif row.fail_streak:
        times = f"the last {row.fail_streak} calls" if row.fail_streak > 1 else "the last call"
        yield warning("endpoints", f"{_name(row)}: {times} did not end well: {row.last_error}")
    if abs(row.skew_seconds) > _SKEW_SECONDS:
        way = "behind" if row.skew_seconds > 0 else "ahead of"
        skew = f"{abs(row.skew_seconds):,.0f} s"
        yield warning("endpoints", f"{_name(row)}: its clock is {skew} {way} ours; that is allowed for.")
    url = urlsplit(row.url)
    if url.scheme == "http" and url.hostname not in _HERE and (row.api_key_sealed or row.api_key_source):
        yield warning("endpoints", f"{_name(row)}: the API key goes there unencrypted.", "use https")


def _key(row: Endpoint) -> Iterator[Finding]:
    from streetmend.bodies.sealing import KeyMissing, SealBroken, api_key

    try:
        api_key(row)
    except (KeyMissing, SealBroken) as error:
        yield problem("endpoints", f"{_name(row)}: {error}", _SET_KEY)
    else:
        yield fine("endpoints", f"{_name(row)} was not called (--offline).")


def _judged(examined: Examined) -> Iterator[Finding]:
    """What the endpoint's answer says of it, and of the categories that we send there."""
    name = _name(examined.endpoint)
    if examined.address_refused:
        then = "let STREETMEND_OUTBOUND_ALLOW name its network, if it is meant"
        yield problem("endpoints", f"{name}: {examined.why}", then)
    elif examined.why:
        yield problem("endpoints", f"{name}: {examined.why}", f"curl -i {examined.endpoint.url}services.xml")
    else:
        yield fine(
            "endpoints", f"{name} answers and lists {plural(len(examined.codes), 'category', 'categories')}."
        )
        unknown = _codes(examined.endpoint) - examined.codes
        if unknown:
            yield warning(
                "endpoints", f"{name} does not list these codes of ours: {shortened(sorted(unknown))}"
            )


def _codes(row: Endpoint) -> set[str]:
    """The codes of the active categories that go to this endpoint."""
    from streetmend.bodies.models import Category, Endpoint

    first = Endpoint.objects.filter(body=row.body_id, active=True).order_by("id").first()
    found = Category.objects.filter(body=row.body_id, active=True)
    own = {None, row.pk} if first is not None and first.pk == row.pk else {row.pk}
    return {code for code, endpoint in found.values_list("code", "endpoint_id") if endpoint in own}
