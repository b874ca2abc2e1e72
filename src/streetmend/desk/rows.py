"""What all pages of the desk have in common: rows are shown, and only services write."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from streetmend.accounts.models import Role
from streetmend.clock import SystemClock
from streetmend.desk.site import role_of

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Any]
    _Inline = admin.TabularInline[Any, Any]
else:
    _Admin, _Inline = admin.ModelAdmin, admin.TabularInline

EVERYBODY = frozenset(Role)
ADMINISTRATORS = frozenset({Role.ADMIN})


class Shown(_Admin):
    """Rows to look at, for the roles that may. Nothing can be added, changed or deleted but where a class says so."""

    roles = ADMINISTRATORS
    #: what only administrators see
    for_administrators: tuple[str, ...] = ()
    show_full_result_count = False
    list_per_page = 50
    actions_selection_counter = True

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whether the person's role may see these rows."""
        return role_of(request) in self.roles

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the rows stand on the desk's first page."""
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes."""
        return False

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """The fields that this person may see."""
        fields = super().get_fields(request, obj)
        if role_of(request) == Role.ADMIN:
            return fields
        return [name for name in fields if name not in self.for_administrators]

    def each(
        self,
        request: HttpRequest,
        rows: QuerySet[Any],
        do: Callable[..., object],
        *,
        done: str,
        what: str,
        **more: Any,
    ) -> None:
        """The service was called for each row, and the log says who did it. `what` is the service's name for a row."""
        now = SystemClock().now()
        count = 0
        for row in rows.order_by("pk"):
            do(**{what: row}, now=now, **more)
            self.log_change(request, row, done)
            count += 1
        self.message_user(request, f"{done} ({count})", messages.SUCCESS)


class ShownBelow(_Inline):
    """Rows below the row that they belong to, to look at."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Whoever sees the row above sees these."""
        return role_of(request) is not None

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody changes."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Nobody deletes."""
        return False
