"""The whole directory of bodies in memory, made anew when the site's epoch has changed."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from django.db import connection

from streetmend.bodies.models import Body, BodyArea, Category, CategoryName, Endpoint, Question, Site
from streetmend.bodies.values import (
    BodyInfo,
    CategoryInfo,
    Choice,
    MapView,
    QuestionInfo,
    SiteInfo,
    fallbacks,
    localised,
)

_KEPT_CHOICES = 200


class Directory:
    """Everything that the site file says, as it was at one epoch; immutable, for any number of threads."""

    def __init__(
        self,
        site: SiteInfo,
        bodies: Sequence[BodyInfo],
        categories: Sequence[CategoryInfo],
        category_names: Mapping[int, str],
    ) -> None:
        self.site = site
        #: by id, inactive ones too: old reports keep their names
        self.bodies: Mapping[int, BodyInfo] = MappingProxyType({body.id: body for body in bodies})
        #: by id, of all categories that ever were
        self.category_names: Mapping[int, str] = MappingProxyType(dict(category_names))
        #: by body and category name, inactive ones too
        self.category_of: Mapping[tuple[int, int], CategoryInfo] = MappingProxyType(
            {(category.body_id, category.name_id): category for category in categories}
        )
        of_body: dict[int, list[CategoryInfo]] = defaultdict(list)
        for category in categories:
            if category.active and category.body_id in self.bodies:
                of_body[category.body_id].append(category)
        self._of_body = {body_id: tuple(found) for body_id, found in of_body.items()}
        in_area: dict[int, list[BodyInfo]] = defaultdict(list)
        for body in bodies:
            for area_id in body.area_ids if body.active else ():
                in_area[area_id].append(body)
        self._in_area = dict(in_area)
        self._choices: dict[tuple[tuple[int, ...], str, bool], tuple[Choice, ...]] = {}

    def active_bodies(self) -> tuple[BodyInfo, ...]:
        """The bodies that take reports, by id."""
        return tuple(body for body in self.bodies.values() if body.active)

    def covered_areas(self) -> frozenset[int]:
        """The MapIt ids of the areas that an active body covers."""
        return frozenset(self._in_area)

    def bodies_in(self, area_ids: Iterable[int]) -> tuple[BodyInfo, ...]:
        """The active bodies that cover one of the areas, by id."""
        found = {body.id: body for area_id in area_ids for body in self._in_area.get(area_id, ())}
        return tuple(found[body_id] for body_id in sorted(found))

    def categories_of(self, bodies: Iterable[BodyInfo]) -> tuple[CategoryInfo, ...]:
        """The active categories of the bodies, body by body in the order of the site file."""
        return tuple(category for body in bodies for category in self._of_body.get(body.id, ()))

    def choices(
        self, bodies: Iterable[BodyInfo], language: str, *, at_one_place: bool = True
    ) -> tuple[Choice, ...]:
        """The active categories of the bodies, united by name, in the order of the site file.

        `at_one_place`: the bodies cover one place, so that a preferred category leaves the others of its name out.
        """
        bodies = tuple(bodies)
        key = (tuple(body.id for body in bodies), language, at_one_place)
        found = self._choices.get(key)
        if found is None:
            by_name: dict[int, list[CategoryInfo]] = {}
            for category in self.categories_of(bodies):
                by_name.setdefault(category.name_id, []).append(category)
            chain = fallbacks(language, self.site.first_language)
            found = tuple(
                united(chosen_among(same) if at_one_place else same, chain) for same in by_name.values()
            )
            # a language comes from a request: the memory must not grow with what strangers ask
            if len(self._choices) >= _KEPT_CHOICES:
                self._choices.clear()
            self._choices[key] = found
        return found


def chosen_among(categories: Sequence[CategoryInfo]) -> Sequence[CategoryInfo]:
    """Of categories of one name those that get the report: the preferred ones where there are such, else all."""
    return [category for category in categories if category.preferred] or categories


def united(categories: Sequence[CategoryInfo], chain: Sequence[str]) -> Choice:
    """Categories of one name as one choice: the first body's words, everybody's questions, private if one of them is."""
    first = categories[0]
    return Choice(
        name_id=first.name_id,
        name=first.name,
        label=localised(first.name, first.texts, "name", chain),
        group=localised(first.group, first.texts, "group", chain),
        description=localised(first.description, first.texts, "description", chain),
        keywords=tuple(dict.fromkeys(word for category in categories for word in category.keywords)),
        private=any(category.private for category in categories),
        questions=united_questions(
            question.in_language(chain) for category in categories for question in category.questions
        ),
        body_ids=tuple(category.body_id for category in categories),
        category_ids=tuple(category.id for category in categories),
        stop=next((category.stop for category in categories if category.stop), ""),
        photo_required=any(category.photo_required for category in categories),
        phone_required=any(category.phone_required for category in categories),
    )


def united_questions(questions: Iterable[QuestionInfo]) -> tuple[QuestionInfo, ...]:
    """The questions, those of one code as one: the first one's words, the choices of all, required if one of them is."""
    by_code: dict[str, QuestionInfo] = {}
    for question in questions:
        known = by_code.get(question.code)
        if known is None:
            by_code[question.code] = question
            continue
        keys = {value["key"] for value in known.values}
        by_code[question.code] = replace(
            known,
            required=known.required or question.required,
            values=(*known.values, *(value for value in question.values if value["key"] not in keys)),
        )
    return tuple(by_code.values())


_lock = threading.Lock()
_held: Directory | None = None


def directory() -> Directory:
    """The directory as it is now; one small query sees whether memory still holds."""
    global _held
    epoch = _epoch()
    held = _held
    if held is not None and held.site.epoch == epoch:
        return held
    with _lock:
        if _held is None or _held.site.epoch != epoch:
            _held = _load()
        return _held


def _epoch() -> int:
    # asked at every request: making the query by the model costs ten times what the database does
    with connection.cursor() as cursor:
        cursor.execute("SELECT epoch FROM bodies_site WHERE id = 1")
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _load() -> Directory:
    """Everything, seen at one epoch even while somebody writes."""
    while True:
        site = _site()
        loaded = Directory(
            site, _bodies(), _categories(), dict(CategoryName.objects.values_list("id", "name"))
        )
        if _epoch() == site.epoch:
            return loaded


def _site() -> SiteInfo:
    row = Site.objects.filter(pk=1).first()
    if row is None:
        return SiteInfo()
    more = row.more
    return SiteInfo(
        name=row.name,
        jurisdiction_id=row.jurisdiction_id,
        time_zone=row.time_zone,
        languages=tuple(row.languages) or ("en",),
        contact_email=row.contact_email,
        undo_minutes=row.undo_minutes,
        open_posting=row.open_posting,
        max_photos=row.max_photos,
        ask_after_days=more.get("ask_after_days", 28),
        forget_after_months=more.get("forget_after_months", 24),
        intro=more.get("intro", ""),
        emergency=more.get("emergency", ""),
        colours=more.get("colours", {}),
        map=MapView(**more["map"]) if more.get("map") else None,
        texts=more.get("texts", {}),
        epoch=row.epoch,
        changeset=row.changeset,
    )


def _bodies() -> list[BodyInfo]:
    covers: dict[int, set[int]] = defaultdict(set)
    for body_id, area_id in BodyArea.objects.values_list("body_id", "area_mapit_id"):
        covers[body_id].add(area_id)
    endpoints: dict[int, int] = {}
    for body_id, endpoint_id in (
        Endpoint.objects.filter(active=True).order_by("id").values_list("body_id", "id")
    ):
        endpoints.setdefault(body_id, endpoint_id)
    return [
        BodyInfo(
            id=row.id,
            name=row.name,
            mapit_id=row.mapit_id,
            send=row.send,
            email=row.email,
            mail_updates=row.mail_updates,
            url=row.url,
            active=row.active,
            area_ids=frozenset(covers[row.id]),
            endpoint_id=endpoints.get(row.id),
        )
        for row in Body.objects.order_by("id")
    ]


def _categories() -> list[CategoryInfo]:
    questions: dict[int, list[QuestionInfo]] = defaultdict(list)
    for asked in Question.objects.order_by("category_id", "position", "id"):
        questions[asked.category_id].append(_question(asked))
    return [
        CategoryInfo(
            id=row.id,
            body_id=row.body_id,
            name_id=row.name_id,
            name=row.name.name,
            code=row.code,
            group=row.group,
            description=row.description,
            keywords=tuple(row.keywords),
            private=row.private,
            active=row.active,
            endpoint_id=row.endpoint_id,
            position=row.position,
            questions=tuple(questions[row.id]),
            texts=row.texts,
            stop=row.stop,
            send=row.send,
            email=row.email,
            photo_required=row.photo_required,
            phone_required=row.phone_required,
            updates_allowed=row.updates_allowed,
            reopening_allowed=row.reopening_allowed,
            preferred=row.preferred,
            close_after_days=row.close_after_days,
        )
        for row in Category.objects.select_related("name").order_by("body_id", "position", "id")
    ]


def _question(row: Question) -> QuestionInfo:
    return QuestionInfo(
        code=row.code,
        datatype=row.datatype,
        required=row.required,
        variable=row.variable,
        position=row.position,
        automated=row.automated,
        text=row.text,
        hint=row.hint,
        values=tuple(row.values),
        only_if=row.only_if,
        texts=row.texts,
    )
