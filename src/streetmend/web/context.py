"""What every template may use."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language, get_language_info

from streetmend.web.requests import site_of


def site(request: HttpRequest) -> dict[str, Any]:
    """The site in the page's language, the other languages with the addresses that choose them, and where we are."""
    here = site_of(request)
    now = get_language()
    languages = []
    for code in here.languages:
        if code in dict(settings.LANGUAGES):
            to = urlencode({"to": code, "next": request.get_full_path()})
            name = get_language_info(code)["name_local"]
            languages.append(
                {
                    "code": code,
                    "name": name[:1].upper() + name[1:],
                    "url": f"/language?{to}",
                    "here": code == now,
                }
            )
    return {
        "site": here,
        "site_languages": languages,
        "site_language": now,
        "here": request.path,
        "base_url": settings.BASE_URL,
    }
