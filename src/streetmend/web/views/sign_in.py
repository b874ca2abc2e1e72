"""Signing in by a mailed link, and out again. Whether an address is known is told to nobody but its owner."""

from __future__ import annotations

from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from streetmend.accounts.services import (
    LinkExpired,
    LinkUsed,
    SignInRefused,
    use_sign_in_link,
)
from streetmend.clock import SystemClock
from streetmend.counting import count
from streetmend.reports.errors import ReportError
from streetmend.reports.services.dead_addresses import address_works
from streetmend.reports.services.signing import mail_sign_in_link
from streetmend.web.forms import Reader
from streetmend.web.requests import person_of
from streetmend.web.words import of_report

_BACKEND = "django.contrib.auth.backends.ModelBackend"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest) -> HttpResponse:
    """Somebody says their address, and a link is mailed to it."""
    if person_of(request) is not None:
        return redirect("me")
    if request.method != "POST":
        return render(request, "web/sign_in.html", {"errors": {}})
    form = Reader(request.POST)
    email = form.email("email")
    if not form.errors:
        try:
            mail_sign_in_link(email=email, language=get_language() or "en", now=SystemClock().now())
        except ReportError as error:
            form.errors["email"] = of_report(error)
    if form.errors:
        context = {"errors": form.errors, "error_list": list(form.errors.items()), "email": email}
        return render(request, "web/sign_in.html", context, status=422)
    return render(request, "web/mail_sent.html", {"email": email})


@never_cache
@sensitive_variables("secret")
@require_http_methods(["GET", "HEAD", "POST"])
def use(request: HttpRequest, secret: str) -> HttpResponse:
    """The link's page has a button; pressing it uses the link up and signs its person in."""
    if request.method != "POST":
        return render(request, "web/use_sign_in.html", {})
    try:
        person = use_sign_in_link(secret=secret[:200], now=SystemClock().now())
    except SignInRefused as refused:
        count("login_failures_total")
        return render(request, "web/link_gone.html", {"why": _why(refused)}, status=410)
    address_works(email=person.email)
    login(request, person, backend=_BACKEND)
    to = request.GET.get("next", "")
    if to and url_has_allowed_host_and_scheme(to, allowed_hosts=None):
        return redirect(to)
    return redirect("/admin/" if person.is_staff else "/me")


@require_http_methods(["POST"])
def sign_out(request: HttpRequest) -> HttpResponse:
    """Nobody is signed in any more."""
    logout(request)
    return redirect("home")


def _why(refused: SignInRefused) -> str:
    if isinstance(refused, LinkUsed):
        return _("This link has been used; each works once. Ask for a new one.")
    if isinstance(refused, LinkExpired):
        return _("This link is too old. Ask for a new one.")
    return _("We do not know this link. Copy the whole address from the e-mail.")
