"""The geocoder of this site, made once a process."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.utils.translation import get_language

from streetmend import fetch
from streetmend.clock import Clock, SystemClock
from streetmend.geocode.addresses import Addresses, AddressFileWrong
from streetmend.geocode.features import Pelias, Photon
from streetmend.geocode.national import Kartverket, OsNames
from streetmend.geocode.nominatim import Nominatim
from streetmend.geocode.places import Geocoder, Nothing
from streetmend.geocode.remote import Dialect, Remote

_log = logging.getLogger(__name__)

#: what stands before the address of a server and a plus sign -> its dialect, given its key
_DIALECTS: dict[str, Callable[[str], Dialect]] = {
    "nominatim": lambda key: Nominatim(),
    "photon": lambda key: Photon(),
    "pelias": Pelias,
    "kartverket": lambda key: Kartverket(),
    "osnames": OsNames,
}


def geocoder() -> Geocoder:
    """What `STREETMEND_GEOCODER` names; one that knows nothing where it cannot be used (the log says why)."""
    return _made(settings.GEOCODER)


@cache
def _made(name: str) -> Geocoder:
    if name in ("", "none"):
        return Nothing()
    made = remote(name, make=_fetcher, clock=SystemClock(), language=lambda: get_language() or "en")
    if made is not None:
        return made
    try:
        return Addresses(settings.DATA / Path(name).expanduser())
    except (OSError, AddressFileWrong) as error:
        _log.warning("the file of addresses cannot be used: %s", error)
        return Nothing()


def remote(
    name: str, *, make: Callable[[], fetch.Fetcher], clock: Clock, language: Callable[[], str]
) -> Remote | None:
    """The server that `name` means, such as `photon+https://photon.example/`; None where it is no server.

    Without a word before it an address is one of Nominatim. What follows a # is the key: `pelias+https://…#key=SECRET`.
    """
    kind, plus, url = name.partition("+")
    if not plus or kind not in _DIALECTS:
        kind, url = "nominatim", name
    if not url.startswith(("http://", "https://")):
        return None
    key = parse_qs(urlsplit(url).fragment).get("key", [""])[0]
    plain = url.partition("#")[0]
    return Remote(plain, _DIALECTS[kind](key), make=make, clock=clock, language=language)


def _fetcher() -> fetch.Fetcher:
    return fetch.Fetcher(allow=settings.OUTBOUND_ALLOW)
