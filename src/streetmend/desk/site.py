"""The desk as a whole: Django's admin behind our own sign-in, for people with a role only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth import logout
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver, path
from django.views.decorators.http import require_POST

from streetmend.accounts.models import Person, Role
from streetmend.desk.photos import photo


class Desk(admin.AdminSite):
    """Whoever has a role gets in; who may see what, each page says itself. There are no passwords here."""

    site_header = site_title = "Streetmend"
    index_title = "Administration"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the signed-in person is a member of staff at this moment."""
        return role_of(request) is not None

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """The view for staff; a NUL, which no database takes, is refused before any view sees it."""
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            told = (
                request.path,
                *request.GET.keys(),
                *(one for many in request.GET.lists() for one in many[1]),
            )
            if any("\0" in one for one in told):
                raise BadRequest("a NUL in the address")
            return inner(request, *args, **kwargs)

        return guarded

    def get_urls(self) -> list[Any]:
        """Django's pages without those about passwords, and the photos, the hidden ones too."""
        found: list[URLPattern | URLResolver] = [
            one
            for one in super().get_urls()
            if not str(getattr(one, "name", "")).startswith(("password_change", "logout"))
        ]
        mine = [
            path("photos/<str:name>", self.admin_view(photo), name="photo"),
            path("logout/", sign_out, name="logout"),
        ]
        return [*mine, *found]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The way to the sign-in of everybody; who is signed in and no member of staff stays outside."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect("sign-in")


def role_of(request: HttpRequest) -> Role | None:
    """The role of the signed-in member of staff, as the database has it now; None for everybody else."""
    person = request.user
    if not isinstance(person, Person) or not (person.is_active and person.is_staff):
        return None
    return Role(person.role) if person.role in Role.values else None


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Nobody is signed in any more."""
    logout(request)
    return redirect("home")


desk = Desk()
