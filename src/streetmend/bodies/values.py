"""Bodies, categories and questions as frozen values: what everybody reads, many times, without the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

Texts = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class MapView:
    """Where the map starts (WGS84 degrees and a zoom level; None: around everything) and the file of its ground."""

    lat: float | None = None
    long: float | None = None
    zoom: int = 12
    basemap: str = ""


@dataclass(frozen=True, slots=True)
class SiteInfo:
    """The site as the site file says. `name`, `intro`, `emergency` are in its first language; `in_language` gives the others."""

    name: str = "Streetmend"
    jurisdiction_id: str = ""
    time_zone: str = "UTC"
    languages: tuple[str, ...] = ("en",)
    contact_email: str = ""
    undo_minutes: int = 0
    ask_after_days: int = 28
    forget_after_months: int = 24
    open_posting: bool = False
    max_photos: int = 3
    intro: str = ""
    emergency: str = ""
    colours: Mapping[str, str] = field(default_factory=dict)
    map: MapView | None = None
    texts: Texts = field(default_factory=dict)
    #: another number at every change of anything in the directory
    epoch: int = 0
    #: when anything in the directory last changed (UTC); None: never
    changeset: datetime | None = None

    @property
    def zone(self) -> tzinfo:
        """The zone in which the site shows times and understands times without a zone."""
        return ZoneInfo(self.time_zone)

    @property
    def first_language(self) -> str:
        """The language of all names and texts that stand outside `texts`."""
        return self.languages[0]

    def in_language(self, language: str) -> SiteInfo:
        """The site with its name and texts in the language, or in the nearest there is."""
        chain = fallbacks(language, self.first_language)
        return replace(
            self,
            name=localised(self.name, self.texts, "name", chain),
            intro=localised(self.intro, self.texts, "intro", chain),
            emergency=localised(self.emergency, self.texts, "emergency", chain),
        )


@dataclass(frozen=True, slots=True)
class BodyInfo:
    """A body."""

    id: int
    name: str
    mapit_id: int | None
    send: str
    email: str
    mail_updates: bool
    url: str
    active: bool
    area_ids: frozenset[int]
    #: its first active endpoint
    endpoint_id: int | None = None


@dataclass(frozen=True, slots=True)
class QuestionInfo:
    """A question. `values`: {"key": .., "name": ..} of each choice, in order."""

    code: str
    datatype: str
    required: bool
    variable: bool
    position: int
    automated: str
    text: str
    hint: str
    values: tuple[Mapping[str, str], ...]
    only_if: Mapping[str, list[str]] = field(default_factory=dict, repr=False)
    texts: Texts = field(default_factory=dict, repr=False)

    def in_language(self, chain: Sequence[str]) -> QuestionInfo:
        """The question with its texts in the first language of the chain that has them."""
        if not self.texts:
            return self
        return replace(
            self,
            text=localised(self.text, self.texts, "text", chain),
            hint=localised(self.hint, self.texts, "hint", chain),
            values=tuple({**value, "name": self._choice(value, chain)} for value in self.values),
        )

    def _choice(self, value: Mapping[str, str], chain: Sequence[str]) -> str:
        for language in chain:
            name = self.texts.get(language, {}).get("values", {}).get(value["key"])
            if name:
                return str(name)
        return value["name"]


@dataclass(frozen=True, slots=True)
class CategoryInfo:
    """A category of one body; `name` is the name under which categories of several bodies are one choice."""

    id: int
    body_id: int
    name_id: int
    name: str
    code: str
    group: str
    description: str
    keywords: tuple[str, ...]
    private: bool
    active: bool
    endpoint_id: int | None
    position: int
    questions: tuple[QuestionInfo, ...]
    texts: Texts = field(default_factory=dict, repr=False)
    stop: str = ""
    #: how its reports go and where to, where that is not as the body's; ""
    send: str = ""
    email: str = ""
    photo_required: bool = False
    phone_required: bool = False
    updates_allowed: bool = True
    reopening_allowed: bool = True
    preferred: bool = False
    close_after_days: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """The categories of one name, of one or several bodies, as one choice for people and one service for programs.

    `name` is the name for programs, the same in all languages; `label`, `group`, `description` and the questions are in the
    language that was asked for. The questions are those of all bodies, united by code.
    """

    name_id: int
    name: str
    label: str
    group: str
    description: str
    keywords: tuple[str, ...]
    private: bool
    questions: tuple[QuestionInfo, ...]
    body_ids: tuple[int, ...]
    category_ids: tuple[int, ...]
    #: what people are told instead of making such a report; "" where it is taken
    stop: str = ""
    photo_required: bool = False
    phone_required: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Choices under one heading; "" for those without."""

    name: str
    choices: tuple[Choice, ...]


def fallbacks(language: str, first: str) -> tuple[str, ...]:
    """The languages to look for in `texts`, best first; after them, the text in the site's first language is the one.

    Nynorsk falls back to Bokmål, "no" means Bokmål, "pt-br" falls back to "pt". What comes after the site's first
    language in this order is not looked for.
    """
    tried = language.lower().replace("_", "-")
    chain = [tried]
    while "-" in tried:
        tried = tried.rpartition("-")[0]
        chain.append(tried)
    chain += {"nn": ["nb", "no"], "nb": ["no"], "no": ["nb", "nn"]}.get(tried, [])
    return tuple(chain[: chain.index(first)] if first in chain else chain)


def localised(text: str, texts: Texts, key: str, chain: Sequence[str]) -> str:
    """The text under `key` in the first language of the chain that has one, else `text`."""
    for language in chain:
        found = texts.get(language, {}).get(key)
        if found:
            return str(found)
    return text
