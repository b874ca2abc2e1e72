"""What makes the site an app on a device: its manifest, its pictures, and the service worker."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.templatetags.static import static
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from streetmend.bodies.colours import DEFAULTS, readable_on
from streetmend.bodies.queries import site
from streetmend.web.icons import png
from streetmend.web.maps.keeping import kept_files
from streetmend.web.requests import site_of
from streetmend.web.static import fingerprint

#: size in pixels, and whether the device cuts the shape itself
ICONS = {"180": (180, True), "192": (192, False), "512": (512, False), "cut-512": (512, True)}
#: what the pages need that work without network
_FILES = (
    "site.css",
    "img/mark.svg",
    "js/kept.js",
    "js/offline.js",
    "js/questions.js",
    "js/waiting.js",
    "js/photos.js",
    "fonts/overpass-5.3.0-latin.woff2",
)
_PAGES = ("/report/offline", "/report/waiting")
_TEMPLATES = (
    "web/base.html",
    "web/offline.html",
    "web/waiting.html",
    "web/_questions.html",
    "web/_question.html",
)
_LONGEST_SHORT_NAME = 12


@require_safe
@cache_control(public=True, max_age=3600)
def manifest(request: HttpRequest) -> HttpResponse:
    """The site as an app that can be installed (W3C, Web Application Manifest): its name and colours are the site file's."""
    here = site_of(request)
    colours = {**DEFAULTS, **here.colours}
    shapes = [(name, f"{size}x{size}", "maskable" if cut else "any") for name, (size, cut) in ICONS.items()]
    told = {
        "id": "/",
        "name": here.name,
        "short_name": _short(here.name),
        "lang": get_language(),
        "start_url": "/",
        "scope": "/",
        "display": "minimal-ui",
        "theme_color": colours["surface"],
        "background_color": colours["paper"],
        "icons": [
            {"src": f"/icon-{name}.png", "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes, purpose in shapes
            if name != "180"
        ],
        "shortcuts": [
            {"name": _("Report a problem"), "url": "/report/where"},
            {"name": _("Waiting reports"), "url": "/report/waiting"},
        ],
    }
    return JsonResponse(told, content_type="application/manifest+json")


def _short(name: str) -> str:
    """As many whole words of the name as stand below an icon; the first one at least."""
    first, *others = name.split() or [name]
    for word in others:
        if len(first) + 1 + len(word) > _LONGEST_SHORT_NAME:
            break
        first = f"{first} {word}"
    return first


@require_safe
@cache_control(public=True, max_age=3600)
def icon(request: HttpRequest, name: str) -> HttpResponse:
    """The site's mark as a picture."""
    if name not in ICONS:
        raise Http404
    size, cut = ICONS[name]
    ground = {**DEFAULTS, **site().colours}["signal"]
    picture = png(size, ground=ground, ink=readable_on(ground), masked=cut)
    return HttpResponse(picture, content_type="image/png")


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """The service worker, with the list of what it keeps; other bytes, and so a new one, whenever anything of that changes."""
    there = site_of(request)
    shell = {
        "version": _version(there.epoch, there.languages),
        "languages": list(there.languages),
        "pages": list(_PAGES),
        "files": [*(static(name) for name in _FILES), *kept_files(), "/colours.css", "/icon-192.png"],
    }
    etag = f'"{shell["version"]}"'
    headers = {"Cache-Control": "no-cache", "ETag": etag}
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified(headers=headers)
    body = f"self.SHELL = {json.dumps(shell)};\n{_source('js/sw.js')}"
    return HttpResponse(body, content_type="text/javascript; charset=utf-8", headers=headers)


def _version(epoch: int, languages: tuple[str, ...]) -> str:
    files = (fingerprint(name) for name in (*_FILES, "js/sw.js"))
    said = [str(epoch), *languages, *files, *kept_files(), _templates()]
    return hashlib.sha256(" ".join(said).encode()).hexdigest()[:16]


@cache
def _templates() -> str:
    """A digest that changes with the words and the shape of the pages."""
    files = [Path(settings.TEMPLATES[0]["DIRS"][0]) / name for name in _TEMPLATES]
    catalogs = [file for folder in settings.LOCALE_PATHS for file in sorted(Path(folder).rglob("*.mo"))]
    content = [file.read_bytes() for file in (*files, *catalogs)]
    return hashlib.sha256(b"".join(content)).hexdigest()


@cache
def _source(name: str) -> str:
    found = finders.find(name)
    if not isinstance(found, str):
        raise FileNotFoundError(name)
    return Path(found).read_text(encoding="utf-8")
