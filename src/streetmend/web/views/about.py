"""What the site is, what it does with what people tell, how it can be used; and its language and colours."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from streetmend.bodies.colours import custom_properties
from streetmend.bodies.queries import bodies, site
from streetmend.web.requests import site_of

_A_YEAR = 365 * 24 * 3600


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """What the site is and who gets the reports."""
    context = {
        "bodies": [body for body in bodies() if body.send != "none"],
        "now": request.GET.get("now", ""),
    }
    return render(request, "web/about.html", context)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What becomes of what people tell."""
    return render(request, "web/privacy.html", {})


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    """How the site can be used."""
    return render(request, "web/accessibility.html", {})


@require_safe
def language(request: HttpRequest) -> HttpResponse:
    """The reader's language is remembered, and the page they came from is shown in it."""
    to, after = request.GET.get("to", ""), request.GET.get("next", "/")
    safe = url_has_allowed_host_and_scheme(after, allowed_hosts=None) and after.startswith("/")
    answer = redirect(after if safe else "/")
    if to in site_of(request).languages:
        answer.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            to,
            max_age=_A_YEAR,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return answer


@require_safe
@cache_control(public=True, max_age=300)
def colours(request: HttpRequest) -> HttpResponse:
    """The colours of the site file as custom properties; in the dark the product's own stay."""
    properties = custom_properties(site().colours)
    lines = "".join(f"--{name}:{value};" for name, value in sorted(properties.items()))
    css = f"@media (prefers-color-scheme:light){{:root{{{lines}}}}}\n" if lines else ""
    return HttpResponse(css, content_type="text/css; charset=utf-8")
