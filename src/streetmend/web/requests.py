"""What the middleware knows of a request before a view sees it."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from streetmend.accounts.models import Person
from streetmend.bodies.values import SiteInfo


class SiteRequest(HttpRequest):
    """A request with the site, in the language of the page."""

    site_info: SiteInfo


def site_of(request: HttpRequest) -> SiteInfo:
    """The site, in the language of the page; the plain default where the request never came to a page."""
    return cast(SiteInfo, getattr(request, "site_info", SiteInfo()))


def person_of(request: HttpRequest) -> Person | None:
    """Who is signed in, if anybody."""
    user = request.user
    return user if isinstance(user, Person) and user.is_authenticated else None


def is_proven(request: HttpRequest, email: str) -> bool:
    """Whether who is signed in has shown that this address is theirs: no mail needs to ask them."""
    person = person_of(request)
    return person is not None and person.verified_at is not None and person.email == email.lower()
