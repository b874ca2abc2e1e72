"""A posted request becomes a report's words, or everything that is wrong with it at once, by the names of its parameters."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from streetmend.accounts.services import NAME_LENGTH, PHONE_LENGTH
from streetmend.areas.places import PlaceInvalid
from streetmend.bodies.answers import check
from streetmend.bodies.directory import united_questions
from streetmend.bodies.queries import Responsible, Why, categories_in_use, responsible
from streetmend.bodies.values import QuestionInfo, SiteInfo
from streetmend.geocode import Geocoder, Nothing, coordinates
from streetmend.georeport.errors import Fault
from streetmend.georeport.form_reading import examine_new_request
from streetmend.georeport.types import NewRequest
from streetmend.open311.incoming import Incoming
from streetmend.open311.saying import CallRefused
from streetmend.reports.services import Told
from streetmend.reports.services.posting import Words
from streetmend.text import TextError, clean_email, clean_text, split_description

ADDRESS_LENGTH = 300


@dataclass(slots=True)
class _Judgement:
    """What is wrong so far; `unknown` where the service itself is not known at all."""

    faults: list[Fault] = field(default_factory=list)
    unknown: bool = False

    def wrong(self, parameter: str, message: str) -> None:
        self.faults.append(Fault(parameter, message))

    def clean(self, read: Callable[[], str], parameter: str) -> str:
        """What `read` gives; "" where it is wrong, which is noted."""
        try:
            return read()
        except TextError as error:
            self.wrong(parameter, error.message.removeprefix(f"{error.field} "))
            return ""


def judged(
    incoming: Incoming, here: SiteInfo, *, geocoder: Geocoder, language: str, needs_email: bool
) -> Words:
    """The report's words. Raises CallRefused with all that is wrong: 404 where only the service is unknown, else 400."""
    new, faults = examine_new_request(incoming.fields, incoming.uploads)
    judgement = _Judgement(list(faults))
    title, detail = _description(new, judgement)
    told = _told(new, judgement, language, needs_email=needs_email)
    address = judgement.clean(
        lambda: clean_text(new.address_string or "", field="address_string", max_length=ADDRESS_LENGTH),
        "address_string",
    )
    place = _place(new, judgement, geocoder, address)
    found, answers = None, dict[str, Sequence[str]]()
    if new.service_code:
        found = _responsible(new.service_code, place, judgement) if place else None
        if place is None:
            _check_service(new.service_code, judgement)
        answers = _answers(new, found, judgement, here)
        if found is not None:
            _required(found, judgement, phone=bool(new.phone), photo=bool(incoming.uploads or new.media_urls))
    if judgement.faults or found is None:
        alone = judgement.unknown and len(judgement.faults) == 1
        raise CallRefused(404 if alone else 400, judgement.faults)
    return Words(found=found, title=title, detail=detail, told=told, answers=answers, address=address)


def _required(found: Responsible, judgement: _Judgement, *, phone: bool, photo: bool) -> None:
    """What the categories insist on besides their questions is there."""
    if not phone and any(category.phone_required for category in found.categories):
        judgement.wrong("phone", "is required for this service")
    if not photo and any(category.photo_required for category in found.categories):
        judgement.wrong("media_url", "is required for this service: a photo, as an address or as a file")


def _description(new: NewRequest, judgement: _Judgement) -> tuple[str, str]:
    try:
        return split_description(new.description or "")
    except TextError as error:
        judgement.wrong("description", error.message.removeprefix("description "))
        return "", ""


def _told(new: NewRequest, judgement: _Judgement, language: str, *, needs_email: bool) -> Told:
    given = new.email or ""
    email = judgement.clean(lambda: clean_email(given), "email") if given else ""
    if needs_email and not given:
        judgement.wrong("email", "is required without an api_key: a mail asks to confirm the report")
    last = (new.last_name or "").strip()
    # FixMyStreet sends a dash for a name that it does not know
    name = " ".join(filter(None, ((new.first_name or "").strip(), "" if last == "-" else last)))
    return Told(
        email=email,
        name=judgement.clean(lambda: clean_text(name, field="name", max_length=NAME_LENGTH), "first_name"),
        phone=judgement.clean(
            lambda: clean_text(new.phone or "", field="phone", max_length=PHONE_LENGTH), "phone"
        ),
        language=language,
    )


def _place(
    new: NewRequest, judgement: _Judgement, geocoder: Geocoder, address: str
) -> tuple[float, float] | None:
    """The place in WGS84 degrees, by its coordinates or else by its address."""
    if new.lat is not None and new.long is not None:
        return new.lat, new.long
    if any(fault.parameter in ("lat", "long") for fault in judgement.faults):
        return None
    if not address:
        if new.address_id:
            judgement.wrong("address_id", "is not known here; send lat and long")
        return None
    if (written := coordinates(address)) is not None:
        return written
    if isinstance(geocoder, Nothing):
        judgement.wrong("address_string", "cannot be looked up on this site; send lat and long")
        return None
    found = geocoder.search(address)
    if not found:
        judgement.wrong("address_string", "is no address that could be found; send lat and long")
        return None
    covered = (one for one in found if responsible(one.lat, one.long).why is not Why.NOBODY)
    best = next(covered, found[0])
    return best.lat, best.long


def _responsible(code: str, place: tuple[float, float], judgement: _Judgement) -> Responsible | None:
    """Who is responsible at the place for the service; None where nobody is, which is noted."""
    lat, long = place
    try:
        here = responsible(lat, long, code)
    except PlaceInvalid as error:
        judgement.wrong(error.field, error.message.removeprefix(f"{error.field} "))
        return None
    if here.why is Why.NOBODY:
        judgement.wrong("lat", f"and long are not in the area of this site{_swapped(lat, long)}")
        _check_service(code, judgement)
    elif here.why is Why.NO_SUCH_CATEGORY and _check_service(code, judgement):
        judgement.wrong("service_code", "is not offered at this place")
    return here if here.why in (Why.COVERED, Why.NEARBY) else None


def _check_service(code: str, judgement: _Judgement) -> bool:
    """Whether there is such a service anywhere; that there is none is noted."""
    known = any(choice.name == code for choice in categories_in_use())
    if not known:
        judgement.unknown = True
        judgement.wrong("service_code", "is not a service of this site")
    return known


def _swapped(lat: float, long: float) -> str:
    """A hint where the place makes sense the other way round."""
    if abs(long) > 90 or responsible(long, lat).why is Why.NOBODY:
        return ""
    return "; they would be if lat and long were swapped"


def _answers(
    new: NewRequest, here: Responsible | None, judgement: _Judgement, site: SiteInfo
) -> dict[str, Sequence[str]]:
    """The answers to what is asked there; where the place is wrong, to what is asked anywhere."""
    given = dict(new.attributes)
    questions = _questions(new.service_code, here)
    for code, why in check(questions, given, zone=site.zone).errors.items():
        missing = not any(value.strip() for value in given.get(code, ()))
        judgement.wrong(f"attribute[{code}]", f"is required ({code} required)" if missing else _lower(why))
    asked = {question.code for question in questions}
    return {code: values for code, values in given.items() if code in asked}


def _questions(code: str, here: Responsible | None) -> tuple[QuestionInfo, ...]:
    if here is not None:
        return united_questions(question for category in here.categories for question in category.questions)
    return next((choice.questions for choice in categories_in_use() if choice.name == code), ())


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:].removesuffix(".")


def alike(words: Words, photos: Sequence[str], media_urls: Sequence[str]) -> bytes:
    """What makes two reports of one client the same: service, place to a metre, words, answers, photos, and whose it is.

    Letter case and spaces in the words do not matter; their digits and signs do.
    """
    text = unicodedata.normalize("NFKC", f"{words.title}\n{words.detail}").casefold()
    return json.dumps(
        [
            words.found.category_name,
            f"{words.found.lat:.5f}",
            f"{words.found.long:.5f}",
            " ".join(text.split()),
            sorted((code, list(values)) for code, values in words.answers.items()),
            sorted(photos),
            list(media_urls),
            words.told.email,
        ]
    ).encode()
