"""The rules of specs that a type cannot say. What comes out is clean and complete, all defaults filled in."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
from django.conf import settings
from msgspec import Struct

from streetmend.bodies.colours import unreadable
from streetmend.bodies.errors import Path, Problem
from streetmend.bodies.habits import GAPS, IGNORE, OPERATIONS, REPORT_GAPS, STATES, Template
from streetmend.bodies.models import Datatype, Send
from streetmend.bodies.specs import (
    COLOURS,
    BodySpec,
    CategorySpec,
    EndpointSpec,
    QuestionSpec,
    SiteFile,
    SiteSpec,
    ValueSpec,
)
from streetmend.bodies.wording import gaps
from streetmend.text import TextError, clean_email, clean_text, is_blank, make_legal

S = TypeVar("S", bound=Struct)

_LISTS = (Datatype.SINGLEVALUELIST, Datatype.MULTIVALUELIST)
#: texts of several lines; all others are one line
_MULTILINE = frozenset({"description_template", "intro", "emergency", "description", "text", "hint", "stop"})
#: what is meant letter by letter
_EXACT = frozenset(
    {
        "code",
        "key",
        "duplicate_pattern",
        "parameters",
        "statuses_out",
        "paths",
        "attributes",
        "attribute_names",
        "attributes_kept",
    }
)


class Checker:
    """Collects what is wrong. `languages`: those of the site, the first one first, as far as the file does not say."""

    def __init__(self, languages: Sequence[str]) -> None:
        self.languages: Sequence[str] = languages
        self.problems: list[Problem] = []

    def file(self, spec: SiteFile) -> SiteFile:
        """The whole file."""
        site = None
        if spec.site is not None:
            site = self.site(spec.site, ("site",))
            self.languages = site.languages
        bodies = [self.body(body, ("bodies", at)) for at, body in enumerate(spec.bodies)]
        self._unique(bodies, ("bodies",), "name", lambda body: body.name)
        self._unique(bodies, ("bodies",), "mapit_id", lambda body: body.mapit_id)
        return SiteFile(site=site, bodies=bodies)

    def site(self, spec: SiteSpec, path: Path) -> SiteSpec:
        """The site as a whole."""
        spec = self._clean(spec, path)
        self._zone(spec.time_zone, (*path, "time_zone"))
        available = [code for code, _ in settings.LANGUAGES]
        for at, language in enumerate(spec.languages):
            if language not in available:
                self._wrong(
                    (*path, "languages", at), f'there is no "{language}"; there are {", ".join(available)}'
                )
        self._unique(spec.languages, (*path, "languages"), "", lambda language: language)
        for name in spec.colours:
            if name not in COLOURS:
                self._wrong(
                    (*path, "colours", name), f"there is no such colour; there are {', '.join(COLOURS)}"
                )
        if all(name in COLOURS for name in spec.colours):
            for name, why in unreadable(spec.colours):
                self._wrong((*path, "colours", name), why)
        self._texts(spec.texts, spec.languages, path)
        return msgspec.structs.replace(
            spec, contact_email=self._email(spec.contact_email, (*path, "contact_email"))
        )

    def body(self, spec: BodySpec, path: Path) -> BodySpec:
        """A body with everything below it; its endpoints all stand in `endpoints`."""
        spec = self._clean(spec, path)
        endpoints = [
            *([self.endpoint(spec.endpoint, (*path, "endpoint"))] if spec.endpoint else []),
            *(self.endpoint(found, (*path, "endpoints", at)) for at, found in enumerate(spec.endpoints)),
        ]
        self._unique(endpoints, (*path, "endpoints"), "name", lambda endpoint: endpoint.name)
        if spec.send == Send.EMAIL and not spec.email and not _all_have_addresses(spec.categories):
            self._wrong(path, 'send = "email" needs the key "email"')
        names = {endpoint.name for endpoint in endpoints}
        categories: list[CategorySpec] = []
        for at, category in enumerate(spec.categories):
            categories.append(self.category(category, (*path, "categories", at)))
            if category.endpoint and category.endpoint not in names:
                self._wrong(
                    (*path, "categories", at, "endpoint"), f'the body has no endpoint "{category.endpoint}"'
                )
            if category.send == Send.EMAIL and not category.email and not spec.email:
                self._wrong(
                    (*path, "categories", at), 'send = "email" needs the key "email", here or of the body'
                )
            if category.send == Send.OPEN311 and not names:
                self._wrong((*path, "categories", at, "send"), "the body has no endpoint")
        self._unique(categories, (*path, "categories"), "name", lambda category: category.name)
        self._unique(categories, (*path, "categories"), "code", lambda category: category.code)
        return msgspec.structs.replace(
            spec,
            areas=sorted(set(spec.areas)),
            email=self._email(spec.email, (*path, "email")),
            url=self._url(spec.url, (*path, "url"), below=False) if spec.url else "",
            endpoint=None,
            endpoints=endpoints,
            categories=categories,
        )

    def endpoint(self, spec: EndpointSpec, path: Path) -> EndpointSpec:
        """An endpoint; its address ends with a slash."""
        spec = self._clean(spec, path)
        if sum(map(bool, (spec.api_key, spec.api_key_file, spec.api_key_env))) > 1:
            self._wrong(path, "give one of api_key, api_key_file and api_key_env")
        if spec.time_zone:
            self._zone(spec.time_zone, (*path, "time_zone"))
        self._pattern(spec.duplicate_pattern, (*path, "duplicate_pattern"))
        self._report_gaps(spec, path)
        if spec.pulled_in_grid and not spec.grid:
            self._wrong((*path, "pulled_in_grid"), 'needs the key "grid", such as "EPSG:25832"')
        self._known(spec.paths, OPERATIONS, (*path, "paths"))
        self._known(spec.statuses_out, STATES, (*path, "statuses_out"))
        for word, state in spec.statuses_in.items():
            if state not in (*STATES, IGNORE):
                self._wrong(
                    (*path, "statuses_in", word),
                    f'there is no state "{state}"; there are {", ".join(STATES)}, {IGNORE}',
                )
        for at, template in enumerate(spec.templates):
            self._template(template, (*path, "templates", at))
        if "{n}" not in spec.upload_field:
            self._wrong((*path, "upload_field"), 'must contain "{n}", the number of the file')
        return msgspec.structs.replace(
            spec,
            url=self._url(spec.url, (*path, "url"), below=True),
            statuses_in={word.casefold(): state for word, state in spec.statuses_in.items()},
        )

    def _template(self, template: Template, path: Path) -> None:
        if template.state and template.state not in STATES:
            self._wrong(
                (*path, "state"), f'there is no state "{template.state}"; there are {", ".join(STATES)}'
            )
        if not template.text and not template.email:
            self._wrong((*path, "text"), "must not be empty where there is no email either")
        for name, text in (("text", template.text), ("email", template.email)):
            try:
                strange = [gap for gap in gaps(text) if gap not in GAPS]
            except ValueError as error:
                self._wrong((*path, name), str(error))
                continue
            for gap in strange:
                self._wrong((*path, name), f"{{{{{gap}}}}} stands for nothing; there are {', '.join(GAPS)}")

    def category(self, spec: CategorySpec, path: Path) -> CategorySpec:
        """A category with its questions."""
        spec = self._clean(spec, path)
        self._texts(spec.texts, self.languages, path)
        questions = [
            self.question(question, (*path, "questions", at), at)
            for at, question in enumerate(spec.questions)
        ]
        self._unique(questions, (*path, "questions"), "code", lambda question: question.code)
        codes = [question.code for question in questions]
        for at, question in enumerate(questions):
            self._known(question.only_if, codes, (*path, "questions", at, "only_if"))
        return msgspec.structs.replace(
            spec,
            code=spec.code or spec.name,
            email=self._email(spec.email, (*path, "email")),
            keywords=list(dict.fromkeys(word for word in spec.keywords if word)),
            questions=sorted(questions, key=lambda question: question.position or 0),
        )

    def question(self, spec: QuestionSpec, path: Path, at: int) -> QuestionSpec:
        """A question; `at` is its position where it names none."""
        spec = self._clean(spec, path)
        values = [
            ValueSpec(key=make_legal(value), name=clean_text(value, max_length=len(value) + 1))
            if isinstance(value, str)
            else value
            for value in spec.values
        ]
        if spec.datatype in _LISTS and not values and spec.variable:
            self._wrong(path, f'a {spec.datatype} needs the key "values"')
        if spec.datatype not in _LISTS and values:
            self._wrong((*path, "values"), f"a {spec.datatype} has no choices")
        self._unique(values, (*path, "values"), "key", lambda value: value.key)
        for at_value, value in enumerate(values):
            if is_blank(value.key) or is_blank(value.name):
                self._wrong((*path, "values", at_value), "a choice needs a key and a name")
        self._texts(spec.texts, self.languages, path)
        for language, texts in spec.texts.items():
            self._known(texts.values, [value.key for value in values], (*path, "texts", language, "values"))
        return msgspec.structs.replace(
            spec,
            text=spec.text or spec.code,
            position=at if spec.position is None else spec.position,
            values=[*values],
        )

    # --- the rules one by one

    def _wrong(self, path: Path, message: str) -> None:
        self.problems.append(Problem(path, message))

    def _clean(self, spec: S, path: Path) -> S:
        """The same with every text of its own (not of the tables below it) clean."""
        changes: dict[str, Any] = {}
        for name in spec.__struct_fields__:
            found = getattr(spec, name)
            if type(found) is str:
                changes[name] = self._text(found, name, (*path, name))
            elif name == "texts":
                changes[name] = {key: self._clean(value, (*path, name, key)) for key, value in found.items()}
            elif name == "values" and isinstance(found, list):
                changes[name] = [
                    self._clean(value, (*path, name, at)) if isinstance(value, Struct) else value
                    for at, value in enumerate(found)
                ]
            elif isinstance(found, list) and found and type(found[0]) is str:
                changes[name] = [self._text(value, name, (*path, name, at)) for at, value in enumerate(found)]
        spec = msgspec.structs.replace(spec, **changes)
        if is_blank(getattr(spec, "name", "x")) and "name" in changes and _is_named(spec):
            self._wrong((*path, "name"), "must say something")
        return spec

    def _text(self, value: str, name: str, path: Path) -> str:
        if name in _EXACT:
            return make_legal(value)
        try:
            return clean_text(value, field=name, max_length=max(len(value), 1), multiline=name in _MULTILINE)
        except TextError as error:
            self._wrong(path, error.message)
            return ""

    def _email(self, value: str, path: Path) -> str:
        if not value:
            return ""
        try:
            return clean_email(value, field=str(path[-1]))
        except TextError as error:
            self._wrong(path, error.message)
            return ""

    def _url(self, value: str, path: Path, *, below: bool) -> str:
        """The address; with `below`, one that names can be written behind."""
        try:
            parts = urlsplit(value)
            host, _ = parts.hostname, parts.port
        except ValueError:
            host, parts = None, urlsplit("")
        if parts.scheme not in ("http", "https") or not host:
            self._wrong(path, f'"{value}" is no address such as https://reports.example.org/open311/v2/')
        elif parts.username or parts.password:
            self._wrong(path, "must not contain a name or a password")
        elif below and (parts.query or parts.fragment):
            self._wrong(
                path,
                'must not contain "?" or "#"; what goes with every call are the keys "parameters" and "jurisdiction_id"',
            )
        elif re.search(r"\s", value):
            self._wrong(path, "must not contain a space")
        return f"{value}/" if below and not value.endswith("/") else value

    def _zone(self, value: str, path: Path) -> None:
        try:
            ZoneInfo(value)
        except (ValueError, OSError) as error:
            # ZoneInfoNotFoundError is a KeyError; names with ".." are a ValueError, folders an OSError
            self._wrong(path, f"{error}; zones are named like Europe/Oslo")
        except KeyError:
            self._wrong(path, f'there is no zone "{value}"; zones are named like Europe/Oslo')

    def _pattern(self, value: str, path: Path) -> None:
        if not value:
            return
        try:
            if "id" not in re.compile(value).groupindex:
                self._wrong(path, "must have a group (?P<id>...) that finds the number")
        except re.error as error:
            self._wrong(path, f"is no regular expression: {error}")

    def _report_gaps(self, spec: EndpointSpec, path: Path) -> None:
        """The texts with gaps that go out with reports; by its address a report is found again at the endpoint."""
        template = spec.description_template
        texts = {"description_template": template} | {
            f"attributes.{name}": text for name, text in spec.attributes.items()
        }
        for name, text in texts.items():
            try:
                self._known(gaps(text), REPORT_GAPS, (*path, *name.split(".", 1)))
            except ValueError as error:
                self._wrong((*path, *name.split(".", 1)), str(error))
        if template and "{{url}}" not in template.replace(" ", ""):
            self._wrong((*path, "description_template"), "must have {{url}}: by it the report is found again")

    def _known(self, found: Iterable[str], known: Sequence[str], path: Path) -> None:
        for name in found:
            if name not in known:
                self._wrong((*path, name), f"there is no such name; there are {', '.join(known) or 'none'}")

    def _texts(self, texts: Mapping[str, object], languages: Sequence[str], path: Path) -> None:
        for language in texts:
            if language == languages[0]:
                self._wrong(
                    (*path, "texts", language), "the words of the site's first language stand outside texts"
                )
            elif language not in languages:
                self._wrong(
                    (*path, "texts", language), f"is none of the site's languages ({', '.join(languages)})"
                )

    def _unique(
        self, items: Sequence[Any], path: Path, key: str, of: Callable[[Any], Hashable | None]
    ) -> None:
        seen: dict[Hashable, int] = {}
        for at, item in enumerate(items):
            value = of(item)
            if value is None:
                continue
            first = seen.setdefault(value, at)
            if first != at:
                where = (*path, at, key) if key else (*path, at)
                self._wrong(where, f'"{value}" stands there twice (the first time at number {first + 1})')


def _all_have_addresses(categories: Sequence[CategorySpec]) -> bool:
    """Whether the body needs no address of its own, because each of its categories has one."""
    return bool(categories) and all(category.email for category in categories)


def _is_named(spec: Struct) -> bool:
    """Whether the spec is of a kind that must have a name."""
    return isinstance(spec, (SiteSpec, BodySpec, CategorySpec))
