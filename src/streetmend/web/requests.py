"""What the middleware knows of a request before a view sees it."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from streetmend.bodies.values import SiteInfo


class SiteRequest(HttpRequest):
    """A request with the site, in the language of the page."""

    site_info: SiteInfo


def site_of(request: HttpRequest) -> SiteInfo:
    """The site, in the language of the page; the plain default where the request never came to a page."""
    return cast(SiteInfo, getattr(request, "site_info", SiteInfo()))
