"""What every answer has: the language, the site's time zone, the headers that keep a browser safe."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from streetmend.bodies.queries import site
from streetmend.web.language import choose

GetResponse = Callable[[HttpRequest], HttpResponseBase]

#: doors for programs, which ask neither for a language nor for the site's zone
_FOR_PROGRAMS = ("/open311/", "/healthz", "/readyz", "/metrics")
#: but people read these
_FOR_PEOPLE = frozenset({"/open311/", "/open311/reference", "/open311/administrations"})


def _foreign_tiles(kind: str) -> str:
    """The origin of another server's tiles of this kind, for the policy: with a space before it, or nothing."""
    parts = urlsplit(settings.TILES["url"]) if settings.TILES["kind"] == kind else None
    return f" {parts.scheme}://{parts.netloc}" if parts is not None and parts.scheme else ""


POLICY = "; ".join(
    (
        "default-src 'self'",
        f"img-src 'self' data: blob:{_foreign_tiles('xyz')}",
        f"connect-src 'self'{_foreign_tiles('pmtiles')}",
        "script-src 'self'",
        "style-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
#: what nobody needs to see who has no page open: headers of every answer
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=(), payment=(), usb=(), interest-cohort=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def language(get_response: GetResponse) -> GetResponse:
    """Views run in the reader's language and in the site's time zone."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(_FOR_PROGRAMS) and request.path not in _FOR_PEOPLE:
            return get_response(request)
        here = site()
        chosen = choose(
            chosen=request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""),
            accepted=request.META.get("HTTP_ACCEPT_LANGUAGE", ""),
            languages=here.languages,
        )
        setattr(request, "site_info", here.in_language(chosen))  # noqa: B010 - HttpRequest has no such attribute
        with translation.override(chosen), timezone.override(here.zone):
            response = get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault("Content-Language", chosen)
            patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response

    return middleware


def headers(get_response: GetResponse) -> GetResponse:
    """Every answer has the headers above, unless its view said otherwise."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if request.COOKIES.get(settings.SESSION_COOKIE_NAME) and "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "private, no-store"
        return response

    return middleware


class CompressPages(GZipMiddleware):
    """Pages and maps leave compressed, with the random padding that hides secrets' lengths; other doors do it themselves."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """The answer, compressed where it is a page or a map and the browser can read that."""
        if response.get("Content-Type", "").startswith(("text/html", "image/svg+xml")):
            return super().process_response(request, response)
        return response
