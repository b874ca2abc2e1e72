"""How the reports of a category get to its body, and which categories have no way at all."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from streetmend.bodies.models import Body, Category, Endpoint, Send


@dataclass(frozen=True, slots=True)
class NoWay:
    """Categories of one body whose reports do not reach it, and why. `meant`: the site file says so (send = "none")."""

    body: str
    categories: tuple[str, ...]
    why: str
    meant: bool


def without_way() -> tuple[NoWay, ...]:
    """The active categories of active bodies whose reports reach nobody, body by body."""
    endpoints: dict[int, list[Endpoint]] = defaultdict(list)
    for endpoint in Endpoint.objects.order_by("id"):
        endpoints[endpoint.body_id].append(endpoint)
    found: dict[tuple[str, str, bool], list[str]] = defaultdict(list)
    rows = Category.objects.filter(active=True, body__active=True).select_related("body", "name", "endpoint")
    for row in rows.order_by("body_id", "position", "id"):
        why = _why_not(row.body, row, endpoints[row.body_id])
        if why:
            found[row.body.name, why, (row.send or row.body.send) == Send.NONE].append(row.name.name)
    return tuple(
        NoWay(body, tuple(categories), why, meant) for (body, why, meant), categories in found.items()
    )


def _why_not(body: Body, category: Category, endpoints: list[Endpoint]) -> str:
    """Why no report of the category reaches its body; empty where one does."""
    send, address = category.send or body.send, category.email or body.email
    if send == Send.NONE:
        return 'its send is "none"'
    if send == Send.EMAIL:
        return "" if address else "it has no e-mail address"
    if category.endpoint is not None:
        name = category.endpoint.name or category.endpoint.url
        return "" if category.endpoint.active else f'its endpoint "{name}" is not active'
    if any(endpoint.active for endpoint in endpoints):
        return ""
    # without an endpoint such reports go by e-mail
    return "" if address else "it has no active endpoint and no e-mail address"
