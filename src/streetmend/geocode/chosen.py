"""The geocoder of this site, made once a process."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import get_language

from streetmend.clock import SystemClock
from streetmend.fetch import Fetcher
from streetmend.geocode.addresses import Addresses, AddressFileWrong
from streetmend.geocode.nominatim import Nominatim
from streetmend.geocode.places import Geocoder, Nothing

_log = logging.getLogger(__name__)


def geocoder() -> Geocoder:
    """What `STREETMEND_GEOCODER` names; one that knows nothing where it cannot be used (the log says why)."""
    return _made(settings.GEOCODER)


@cache
def _made(name: str) -> Geocoder:
    if name in ("", "none"):
        return Nothing()
    if name.startswith(("http://", "https://")):
        return Nominatim(name, make=_fetcher, clock=SystemClock(), language=lambda: get_language() or "en")
    try:
        return Addresses(settings.DATA / Path(name).expanduser())
    except (OSError, AddressFileWrong) as error:
        _log.warning("the file of addresses cannot be used: %s", error)
        return Nothing()


def _fetcher() -> Fetcher:
    return Fetcher(allow=settings.OUTBOUND_ALLOW)
