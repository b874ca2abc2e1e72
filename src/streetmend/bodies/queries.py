"""Who is responsible for what, and what may be reported where. All of it comes from memory; see `directory` and `areas.index`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from streetmend.areas import queries as area_queries
from streetmend.areas.index import AreaInfo, Nearby
from streetmend.bodies.directory import Directory, chosen_among, directory
from streetmend.bodies.models import Body, Pull
from streetmend.bodies.values import BodyInfo, CategoryInfo, Choice, Group, SiteInfo


class Why(StrEnum):
    """Why bodies are responsible, or why none is."""

    COVERED = "covered"
    """The place lies in areas that they cover, or on their border."""
    NEARBY = "nearby"
    """The place lies beyond every area; theirs is the nearest, within 2 km."""
    NOBODY = "nobody"
    """No body covers the place, nor is one near it."""
    NO_SUCH_CATEGORY = "no_such_category"
    """Bodies cover the place, but none of them has the category."""


@dataclass(frozen=True, slots=True)
class NearestCovered:
    """The nearest place that a body covers: its areas and bodies, where it begins (degrees), how far away (metres)."""

    areas: tuple[AreaInfo, ...]
    bodies: tuple[BodyInfo, ...]
    lat: float
    long: float
    metres: float

    @property
    def name(self) -> str:
        """The name of the place."""
        return ", ".join(area.name for area in self.areas)


@dataclass(frozen=True, slots=True)
class Responsible:
    """Who is responsible at a place, for one category or for all."""

    lat: float
    long: float
    category_name: str | None
    why: Why
    areas: tuple[AreaInfo, ...]
    """The areas of the place; where none covers it, the nearest within 2 km."""
    bodies: tuple[BodyInfo, ...]
    """The bodies that cover the place (or are near it), by id, whatever the category."""
    categories: tuple[CategoryInfo, ...]
    """Their active categories of the name that was asked for, by body; all their active categories where none was."""
    nearest: NearestCovered | None
    """Where `why` is NEARBY or NOBODY: the nearest place that a body covers. None where there is none on the whole map."""

    @property
    def responsible_bodies(self) -> tuple[BodyInfo, ...]:
        """The bodies that a report at this place goes to: with a category, those that have it."""
        if self.category_name is None:
            return self.bodies
        having = {category.body_id for category in self.categories}
        return tuple(body for body in self.bodies if body.id in having)

    @property
    def private(self) -> bool:
        """Whether a report of the category is never public, because one of the bodies says so."""
        return self.category_name is not None and any(category.private for category in self.categories)


@dataclass(frozen=True, slots=True)
class ChoicesHere:
    """What may be reported at a place, in groups in the order of the site file, and who is responsible."""

    responsible: Responsible
    groups: tuple[Group, ...]

    @property
    def choices(self) -> tuple[Choice, ...]:
        """All choices, group by group."""
        return tuple(choice for group in self.groups for choice in group.choices)

    def choice(self, name: str) -> Choice | None:
        """The choice of this name (the one for programs), if it may be chosen here."""
        return next((choice for choice in self.choices if choice.name == name), None)


def site() -> SiteInfo:
    """The site as the site file says."""
    return directory().site


def responsible(lat: float, long: float, category_name: str | None = None) -> Responsible:
    """Who is responsible at the place (WGS84 degrees) for the category, given by its name for programs, or for anything.

    Several bodies can be. Nobody responsible is an answer too, with the nearest place that is covered. Raises PlaceInvalid.
    """
    known = directory()
    located = area_queries.locate(lat, long)
    bodies = known.bodies_in(area.mapit_id for area in located.areas)
    categories = known.categories_of(bodies)
    if category_name is not None:
        of_name = [category for category in categories if category.name == category_name]
        categories = tuple(chosen_among(of_name))
    if not bodies:
        why = Why.NOBODY
    elif category_name is not None and not categories:
        why = Why.NO_SUCH_CATEGORY
    else:
        why = Why.NEARBY if located.nearby else Why.COVERED
    return Responsible(
        lat=lat,
        long=long,
        category_name=category_name,
        why=why,
        areas=located.areas,
        bodies=bodies,
        categories=categories,
        nearest=_nearest(known, lat, long, located.nearby, bodies),
    )


def _nearest(
    known: Directory, lat: float, long: float, nearby: Nearby | None, bodies: tuple[BodyInfo, ...]
) -> NearestCovered | None:
    if bodies and nearby is None:
        return None
    found = nearby
    if not bodies:
        found = area_queries.nearest(lat, long, among=known.covered_areas())
        if found is None:
            return None
        bodies = known.bodies_in(area.mapit_id for area in found.areas)
    if found is None:
        return None
    return NearestCovered(found.areas, bodies, found.lat, found.long, found.metres)


def categories_at(lat: float, long: float, language: str = "") -> ChoicesHere:
    """What may be reported at the place (WGS84 degrees), with words in the language or the nearest there is.

    Raises PlaceInvalid.
    """
    here = responsible(lat, long)
    known = directory()
    groups: dict[str, list[Choice]] = {}
    for choice in known.choices(here.bodies, language or known.site.first_language):
        groups.setdefault(choice.group, []).append(choice)
    return ChoicesHere(here, tuple(Group(name, tuple(choices)) for name, choices in groups.items()))


def categories_in_use(language: str = "") -> tuple[Choice, ...]:
    """Every category name of an active body and category, with the questions of all bodies, by name."""
    known = directory()
    choices = known.choices(known.active_bodies(), language or known.site.first_language, at_one_place=False)
    return tuple(sorted(choices, key=lambda choice: (choice.name.casefold(), choice.name)))


def bodies() -> tuple[BodyInfo, ...]:
    """The active bodies, by id."""
    return directory().active_bodies()


def body_names() -> Mapping[int, str]:
    """The name of every body by id, of those that are no longer active too."""
    return {body.id: body.name for body in directory().bodies.values()}


def category_of(body_id: int, name_id: int) -> CategoryInfo | None:
    """The body's category of this name, in use or not; None where it has (or had) none."""
    return directory().category_of.get((body_id, name_id))


def mail_address(body: Body, name_id: int) -> str:
    """Where the body gets by e-mail what is of this category; "" where it has no address."""
    category = category_of(body.pk, name_id)
    return (category.email if category else "") or body.email


def category_names() -> Mapping[int, str]:
    """Every category name by id, of those that are no longer in use too."""
    return directory().category_names


def pulls_of(endpoint_id: int) -> list[Pull]:
    """What is fetched from the endpoint besides its updates, with what the last time came to."""
    return list(Pull.objects.filter(endpoint=endpoint_id).order_by("kind"))


def endpoints_with_pull_problems() -> frozenset[int]:
    """The ids of the endpoints of which staff should know something since the last time that something was fetched."""
    return frozenset(Pull.objects.exclude(problem="").values_list("endpoint", flat=True))
