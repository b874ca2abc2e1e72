"""Where reports are made and who is responsible there: in the demo's town where the site has it, else in the site's areas."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import shapely
from shapely import Point

from streetmend.areas import queries as area_queries
from streetmend.areas.geojson import Fields, read_areas
from streetmend.bodies.models import Endpoint, Send
from streetmend.bodies.queries import bodies, responsible
from streetmend.bodies.values import CategoryInfo
from streetmend.demo.files import DATA
from streetmend.demo.sample.texts import Texts
from streetmend.demo.town import Town

#: so many different places are looked up; reports lie around them
MOST_PLACES = 3_000
#: reports lie within so many degrees of their place: a few steps
STEPS = 0.0002
_TRIES = 200
_USUAL_WEIGHT = 5


class NothingToReport(Exception):
    """No place of the site has anybody responsible for anything."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A body that gets a report; `endpoint_id` None: by e-mail."""

    body_id: int
    endpoint_id: int | None


@dataclass(frozen=True, slots=True)
class Offer:
    """A category that may be chosen, and who gets its reports."""

    name_id: int
    name: str
    private: bool
    recipients: tuple[Recipient, ...]


@dataclass(frozen=True, slots=True)
class Offers:
    """What may be chosen at a place, the usual more often than the rare."""

    offers: tuple[Offer, ...]
    weights: tuple[float, ...]

    def draw(self, rng: random.Random) -> Offer:
        """One of them."""
        return rng.choices(self.offers, cum_weights=self.weights)[0]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place (WGS84 degrees) with what may be reported there."""

    lat: float
    long: float
    address: str
    street: str
    offers: Offers
    #: MapIt ids of the areas that it lies in, in order
    area_ids: tuple[int, ...]


class Places:
    """Draws places of the site. Raises NothingToReport."""

    def __init__(self, rng: random.Random, texts: Texts, *, count: int) -> None:
        self._weights = {kind.category: max(kind.weight, 1) for kind in texts.kinds}
        self._endpoints: dict[int, int] = {}
        for endpoint in Endpoint.objects.filter(active=True, body__send=Send.OPEN311).order_by("-id"):
            self._endpoints[endpoint.body_id] = endpoint.pk
        self._sends = {body.id: body.send for body in bodies()}
        self._known: dict[tuple[int, ...], Offers] = {}
        self.spots = self._in_town(rng, count) or self._in_areas(rng, count)

    def _in_town(self, rng: random.Random, count: int) -> Sequence[Spot]:
        """Places on the streets of the demo's town, where the site has its areas."""
        town = Town()
        areas = read_areas((DATA / "areas.geojson").read_bytes(), Fields())
        if not {area.mapit_id for area in areas} <= {area.mapit_id for area in area_queries.areas()}:
            return ()
        spots = []
        for _ in range(count):
            place = town.place(rng)
            offers = self._offers(place.lat, place.long)
            if offers:
                spots.append(
                    Spot(
                        place.lat,
                        place.long,
                        place.address,
                        place.street,
                        offers,
                        _areas(place.lat, place.long),
                    )
                )
        return spots

    def _in_areas(self, rng: random.Random, count: int) -> Sequence[Spot]:
        """Places spread over the areas that bodies cover, as many in each as in any other."""
        covered = {number for body in bodies() for number in body.area_ids}
        index = area_queries.index()
        pairs = zip(index.areas, index.shapes, strict=True)
        outlines = [shape for area, shape in pairs if area.mapit_id in covered and not shape.is_empty]
        spots = []
        for at in range(count * 2 if outlines else 0):
            point = _inside(rng, outlines[at % len(outlines)])
            offers = self._offers(point.y, point.x)
            if offers:
                lat, long = round(point.y, 6), round(point.x, 6)
                spots.append(Spot(lat, long, "", "", offers, _areas(lat, long)))
            if len(spots) == count:
                break
        if not spots:
            raise NothingToReport("No place of this site has a body with a category that may be reported.")
        return spots

    def _offers(self, lat: float, long: float) -> Offers | None:
        here = responsible(lat, long)
        key = tuple(body.id for body in here.bodies)
        if key not in self._known:
            by_name: dict[int, list[CategoryInfo]] = {}
            for category in here.categories:
                by_name.setdefault(category.name_id, []).append(category)
            offers = tuple(self._offer(same) for same in by_name.values())
            weights = accumulate(self._weights.get(offer.name, _USUAL_WEIGHT) for offer in offers)
            self._known[key] = Offers(offers, tuple(weights))
        return self._known[key] if self._known[key].offers else None

    def _offer(self, same: Sequence[CategoryInfo]) -> Offer:
        first = same[0]
        recipients = tuple(
            Recipient(one.body_id, self._endpoint(one))
            for one in sorted(same, key=lambda one: one.body_id)
            if self._sends.get(one.body_id) != Send.NONE
        )
        return Offer(first.name_id, first.name, any(one.private for one in same), recipients)

    def _endpoint(self, category: CategoryInfo) -> int | None:
        first = self._endpoints.get(category.body_id)
        return first and (category.endpoint_id or first)


def _areas(lat: float, long: float) -> tuple[int, ...]:
    return tuple(sorted(area.mapit_id for area in area_queries.covering(lat, long)))


def _inside(rng: random.Random, shape: shapely.Geometry) -> Point:
    """A place in the shape; where chance finds none, the one that GEOS finds."""
    west, south, east, north = shapely.bounds(shape).tolist()
    for _ in range(_TRIES):
        point = Point(rng.uniform(west, east), rng.uniform(south, north))
        if shapely.contains(shape, point):
            return point
    found = shapely.get_coordinates(shapely.point_on_surface(shape))[0]
    return Point(float(found[0]), float(found[1]))
