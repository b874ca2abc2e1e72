"""What only pages for people need, left out where programs ask: it costs a tenth of the way of a small answer.

The Open311 server's answers know no session, no signed-in person and no messages; their forms carry keys instead of cookies.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponseBase
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.utils.deprecation import MiddlewareMixin

#: below the base address of each of the server's dialects
_FOR_PROGRAMS = re.compile(r"/open311/(?:[a-z]+/)?v2/")


class _ForPeople(MiddlewareMixin):
    """Steps aside where a program asks."""

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """The answer."""
        if _FOR_PROGRAMS.match(request.path):
            return self.get_response(request)
        return super().__call__(request)


class Sessions(_ForPeople, SessionMiddleware):
    """Sessions."""


class Forgery(_ForPeople, CsrfViewMiddleware):
    """Forms that another site makes a browser send are refused."""


class SignedIn(_ForPeople, AuthenticationMiddleware):
    """Who is signed in."""


class Messages(_ForPeople, MessageMiddleware):
    """Words that the next page shows."""


class Frames(_ForPeople, XFrameOptionsMiddleware):
    """Pages stand in no frame of another site."""
