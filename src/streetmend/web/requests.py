"""What the middleware knows of a request before a view sees it."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.http import HttpRequest

from streetmend.accounts.limits import client_address
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


def address_of(request: HttpRequest) -> str:
    """By what callers are counted: their address, or the network that a household has; "" where nobody knows."""
    forwarded = [request.headers.get("X-Forwarded-For", "")]
    return client_address(request.META.get("REMOTE_ADDR", ""), forwarded, settings.TRUSTED_PROXIES)


def is_proven(request: HttpRequest, email: str) -> bool:
    """Whether who is signed in has shown that this address is theirs: no mail needs to ask them."""
    person = person_of(request)
    return person is not None and person.verified_at is not None and person.email == email.lower()
