"""A report that was written without network arrives, once, however often the device sends it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from streetmend.bodies.answers import check as check_answers
from streetmend.clock import SystemClock
from streetmend.geocode import coordinates, geocoder
from streetmend.reports.errors import CategoryStopped, PhotoMissing, ReportError, TooManyMails
from streetmend.reports.models import Report
from streetmend.reports.queries.drafts import find_draft, report_of_form
from streetmend.reports.services.drafts import keep_draft
from streetmend.web.drafts import Content, Draft, draft_with
from streetmend.web.forms import Reader, number
from streetmend.web.requests import site_of
from streetmend.web.uploads import take
from streetmend.web.views.flow.check import NAME_LENGTH, PHONE_LENGTH
from streetmend.web.views.flow.details import LONGEST_ANSWER, described
from streetmend.web.views.flow.sending import send_draft
from streetmend.web.views.flow.steps import choice_of, first_missing
from streetmend.web.views.flow.what import DETAIL_LENGTH, TITLE_LENGTH
from streetmend.web.views.flow.where import HINT_LENGTH
from streetmend.web.words import of_report

#: as a device makes it: a secret by which nobody finds it by chance
_TOKEN = re.compile(r"[\w-]{32,100}", re.ASCII)


@never_cache
@require_safe
def key(request: HttpRequest) -> HttpResponse:
    """What a device asks before it sends: a fresh key against forgery, and what is known here of the report by `token`."""
    token = request.GET.get("token", "")
    known = _known(token) if _TOKEN.fullmatch(token) else None
    return JsonResponse({"key": get_token(request), **(known or {"state": "unknown", "url": ""})})


@never_cache
@require_http_methods(["POST"])
def send(request: HttpRequest) -> HttpResponse:
    """The report is submitted; or it is a draft that asks for what is missing; or, with something wrong, nothing is kept.

    The answer's `state` says which: `sent`, `asks`, `wrong` (422) or `later` (429); `url` leads on, `errors` are by field.
    """
    token = request.POST.get("token", "")
    if not _TOKEN.fullmatch(token):
        return _answer("wrong", errors={"token": _("This cannot be used.")}, status=422)
    known = _known(token)
    if known is not None and known["state"] == "sent":
        return JsonResponse({**known, "errors": {}})
    form = Reader(request.POST)
    told = _told(form)
    draft = draft_with(token) or Draft(token)
    arrived = _Arrived(request, form, draft.content)
    arrived.read()
    if form.errors:
        return _answer("wrong", errors=form.errors, status=422)
    draft = replace(draft, content=arrived.content)
    # whoever is asked for something by the draft does not tell again who they are
    draft = replace(draft, content=_answered(request, draft).changed(who=_who(told)))
    now = SystemClock().now()
    if not keep_draft(token=token, content=msgspec.to_builtins(draft.content), now=now):
        # the form was sent at the same moment
        return JsonResponse({**(_known(token) or {}), "errors": {}})
    missing = first_missing(draft)
    if missing is not None or not told["email"]:
        return _answer("asks", url=draft.url(missing or "check", **arrived.looked_for))
    return _submitted(request, draft, told)


def _known(token: str) -> dict[str, str] | None:
    """What became of the report of this token, as a device is told; None where it never came, or was forgotten."""
    draft = find_draft(token)
    report = draft.report if draft is not None else None
    if report is not None or (report := report_of_form(token)) is not None:
        return {"state": "sent", "url": _url(report, token, followed=draft is not None)}
    if draft is None:
        return None
    kept = draft_with(token) or Draft(token)
    return {"state": "asks", "url": kept.url(first_missing(kept) or "check")}


def _url(report: Report, token: str, *, followed: bool) -> str:
    if followed:
        return f"/report/sent/{token}"
    return f"/reports/{report.pk}" if report.visible else ""


def _answer(
    state: str, *, url: str = "", errors: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    return JsonResponse({"state": state, "url": url, "errors": errors or {}}, status=status)


def _told(form: Reader) -> dict[str, Any]:
    return {
        "email": form.email("email") if form.sent.get("email") else "",
        "name": form.text("name", NAME_LENGTH),
        "phone": form.text("phone", PHONE_LENGTH),
        "show_name": form.sent.get("show_name") == "yes",
    }


def _who(told: dict[str, Any]) -> dict[str, str]:
    who = {name: str(told[name]) for name in ("email", "name", "phone") if told[name]}
    return {**who, "show_name": "yes"} if told["show_name"] else who


@dataclass(slots=True)
class _Arrived:
    """What the device sent, laid over what the draft said: a field that is empty or missing leaves the draft's."""

    request: HttpRequest
    form: Reader
    content: Content
    #: what the page that asks for the place begins with
    looked_for: dict[str, str] = field(default_factory=dict)

    def read(self) -> None:
        """`content` has all of it, unless the form has errors."""
        texts = {
            "title": self.form.text("title", TITLE_LENGTH),
            "detail": self.form.text("detail", DETAIL_LENGTH, multiline=True),
            "hint": self.form.text("hint", HINT_LENGTH),
            "category": self.form.text("category", 200),
        }
        words = self.form.text("q", 200)
        if self.form.errors:
            return
        given: dict[str, Any] = {name: text for name, text in texts.items() if text}
        if "category" in given and given["category"] != self.content.category:
            given |= {"answers": {}, "details_done": False}
        self.content = self.content.changed(**given)
        self._find_place(words)
        self._add_photos()
        self._add_answers()

    def _find_place(self, words: str) -> None:
        sent = self.request.POST
        lat = number(sent.get("lat"), least=-90, most=90)
        long = number(sent.get("long"), least=-180, most=180)
        place = coordinates(sent.get("place", "")[:100]) or coordinates(words)
        if place is None and lat is not None and long is not None:
            place = (lat, long)
        if place is None and words:
            matches = geocoder().search(words)
            place = (matches[0].lat, matches[0].long) if len(matches) == 1 else None
        if place is None:
            self.looked_for = {"q": words} if words and not self.content.has_place else {}
            return
        place = (round(place[0], 6), round(place[1], 6))
        address = geocoder().reverse(*place)
        self.content = self.content.changed(
            lat=place[0], long=place[1], address=address.label if address else ""
        )

    def _add_photos(self) -> None:
        removed = set(self.request.POST.getlist("remove"))
        kept = [described(photo, self.request) for photo in self.content.photos if photo.name not in removed]
        most = site_of(self.request).max_photos
        taken = take(self.request, name="photos", room=most)
        # the same ones came before, where the answer of the first time got lost
        known = {photo.sha256 for photo in kept}
        photos = [*kept, *(photo for photo in taken.photos if photo.sha256 not in known)]
        if len(photos) > most:
            taken.error = _("There are too many photos.")
        if taken.error:
            self.form.errors["photos"] = taken.error
        self.content = self.content.changed(photos=photos)
        if taken.place is not None and not self.content.has_place and not self.looked_for:
            lat, long = f"{taken.place[0]:.6f}", f"{taken.place[1]:.6f}"
            at = {"lat": lat, "long": long, "pin_lat": lat, "pin_long": long, "zoom": "17"}
            self.looked_for = {**at, "from": "photo"}

    def _add_answers(self) -> None:
        given = {
            name.removeprefix("answer."): self.form.texts(name, LONGEST_ANSWER)
            for name in list(self.request.POST)[:200]
            if name.startswith("answer.")
        }
        self.content = self.content.changed(answers={**self.content.answers, **given})


def _answered(request: HttpRequest, draft: Draft) -> Content:
    """The draft's content with the answers that its category takes, and whether they are enough."""
    choice = choice_of(draft)
    if choice is None:
        return draft.content
    checked = check_answers(choice.questions, draft.content.answers, zone=site_of(request).zone)
    return draft.content.changed(answers=checked.answers, details_done=not checked.errors)


_STEPS: dict[type[ReportError], str] = {CategoryStopped: "what", PhotoMissing: "details"}


def _submitted(request: HttpRequest, draft: Draft, told: dict[str, Any]) -> HttpResponse:
    try:
        send_draft(request, draft, told, now=SystemClock().now())
    except TooManyMails as error:
        return _answer("later", errors={"email": of_report(error)}, status=429)
    except ReportError as error:
        step = _STEPS.get(type(error), "check")
        return _answer("asks", url=draft.url(step), errors={error.field: of_report(error)})
    return _answer("sent", url=f"/report/sent/{draft.token}")
