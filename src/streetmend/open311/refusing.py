"""What the spine and the database refuse, as answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import Error as DatabaseFailure

from streetmend.database.errors import is_temporary
from streetmend.georeport.errors import Fault
from streetmend.open311.saying import CallRefused
from streetmend.open311.turns import StillUnderWay
from streetmend.reports.errors import AnswersWrong, ReportError, TooManyMails
from streetmend.reports.services.posting import MarkUsedOtherwise
from streetmend.reports.services.pushing import NotReceived

#: how long a client that met its own request under way should wait
_AGAIN_SECONDS = "5"
#: PostgreSQL's code for a lock that did not become free in time
_LOCK_NOT_AVAILABLE = "55P03"
_NAMES = {"place": "lat", "category": "service_code", "photos": "media_url"}


@contextmanager
def refusals() -> Iterator[None]:
    """What the spine refuses becomes a status."""
    try:
        yield
    except MarkUsedOtherwise as error:
        raise CallRefused(422, [Fault(error.field, error.message)]) from error
    except StillUnderWay as error:
        raise under_way() from error
    except AnswersWrong as error:
        faults = [Fault(f"attribute[{code}]", why) for code, why in error.errors.items()]
        raise CallRefused(400, faults) from error
    except NotReceived as error:
        raise CallRefused(404, [Fault("service_request_id", error.message)]) from error
    except TooManyMails as error:
        raise CallRefused(429, [Fault("email", error.message)], {"Retry-After": "3600"}) from error
    except ReportError as error:
        raise CallRefused(400, [Fault(_NAMES.get(error.field, error.field), error.message)]) from error
    except DatabaseFailure as error:
        if not is_temporary(error):
            raise
        raise busy() from error


@contextmanager
def repeats() -> Iterator[None]:
    """What another process has at this moment, and is not done with, is still under way."""
    try:
        yield
    except DatabaseFailure as error:
        if getattr(error.__cause__, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise under_way() from error


def under_way() -> CallRefused:
    """The answer to a repeat while the first one is still being taken in."""
    fault = Fault("Idempotency-Key", "The same request is still under way. Send it again a little later")
    return CallRefused(409, [fault], {"Retry-After": _AGAIN_SECONDS})


def busy() -> CallRefused:
    """The answer where the database cannot take anything at this moment."""
    fault = Fault("server", "Nothing can be taken in at this moment. Send it again a little later")
    return CallRefused(503, [fault], {"Retry-After": _AGAIN_SECONDS})
