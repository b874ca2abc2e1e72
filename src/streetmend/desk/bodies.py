"""The set-up: the site, bodies, endpoints and categories, changed by the services of bodies; areas to look at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from streetmend.accounts.models import Role
from streetmend.bodies.errors import BodyError
from streetmend.bodies.models import Question
from streetmend.bodies.services import save_body, save_category, save_endpoint, save_site, set_active
from streetmend.bodies.specs import CATEGORY_RULES
from streetmend.clock import SystemClock
from streetmend.desk.forms import BodyForm, CategoryForm, EndpointForm, SiteForm
from streetmend.desk.rows import Shown, ShownBelow
from streetmend.desk.site import role_of


class SetUp(Shown):
    """Rows that administrators change, by a service that is given the form's spec."""

    may_add = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Administrators add."""
        return self.may_add and role_of(request) == Role.ADMIN

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Administrators change."""
        return role_of(request) == Role.ADMIN

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The form; a rule that only the database can judge is told on it as well."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except BodyError as error:
            self.message_user(request, error.message, messages.ERROR)
            answer: HttpResponseBase = redirect(request.get_full_path())
            return answer

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The service has written; the row in hand is the written one."""
        before = type(obj)._default_manager.get(pk=obj.pk) if change else None
        written = self.write(before, obj, form)
        obj.__dict__.update(written.__dict__)

    def write(self, before: Any, obj: Any, form: Any) -> Any:
        """Call the service; `before` is the row as it was, None for a new one. Returns the row as it is now."""
        raise NotImplementedError


class InUse(SetUp):
    """Set-up that can be put out of use, and back."""

    actions = ("use", "stop")

    @admin.action(description="Use the selected ones", permissions=["change"])
    def use(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """They are in use."""
        self.each(request, rows, set_active, done="In use.", what="thing", active=True)

    @admin.action(description="Put the selected ones out of use", permissions=["change"])
    def stop(self, request: HttpRequest, rows: QuerySet[Any]) -> None:
        """They are not in use; what was sent to them stays."""
        self.each(request, rows, set_active, done="Out of use.", what="thing", active=False)


class Sites(SetUp):
    """The one site."""

    may_add = False
    form = SiteForm
    list_display = ("name", "jurisdiction_id", "time_zone", "changeset")
    fields = (*SiteForm.Meta.fields, "languages", "more")
    readonly_fields = ("languages", "more")
    actions = None

    def write(self, before: Any, obj: Any, form: Any) -> Any:
        """The site is like the form."""
        save_site(spec=form.spec, now=SystemClock().now())
        before.refresh_from_db()
        return before


class Bodies(InUse):
    """Bodies."""

    form = BodyForm
    list_display = ("name", "mapit_id", "send", "email", "active")
    list_filter = ("send", "active")
    search_fields = ("name",)
    ordering = ("name",)
    fields = ("name", "mapit_id", "areas", "send", "email", "mail_updates", "url", "active")

    def write(self, before: Any, obj: Any, form: Any) -> Any:
        """The body is like the form."""
        return save_body(body=before, spec=form.spec, now=SystemClock().now())


class Endpoints(InUse):
    """Endpoints; what only the worker writes is to look at."""

    form = EndpointForm
    list_display = ("body", "name", "url", "active", "paused_at", "last_ok_at", "fail_streak", "last_error")
    list_display_links = ("body", "url")
    list_filter = ("active", "body")
    list_select_related = ("body",)
    ordering = ("body__name", "id")
    _health = (
        "paused_at", "paused_why", "fail_streak", "last_ok_at", "last_error", "skew_seconds",
        "can_update_list", "updates_cursor", "next_pull_at",
    )  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new one has no health yet."""
        return ("body", *EndpointForm.Meta.fields, "api_key", "other_habits", *(self._health if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """An endpoint stays with its body."""
        return ("body", *self._health) if obj else ()

    def write(self, before: Any, obj: Any, form: Any) -> Any:
        """The endpoint is like the form."""
        return save_endpoint(body=obj.body, endpoint=before, spec=form.spec, now=SystemClock().now())


class QuestionsBelow(ShownBelow):
    """What the category asks."""

    model = Question
    show_change_link = False
    fields = ("position", "code", "datatype", "required", "variable", "text", "hint", "values")
    ordering = ("position", "id")


class Categories(InUse):
    """Categories."""

    form = CategoryForm
    list_display = ("name", "body", "group", "code", "private", "active")
    list_filter = ("body", "active", "private")
    list_select_related = ("body", "name")
    search_fields = ("name__name", "code")
    ordering = ("body__name", "position", "id")
    inlines = (QuestionsBelow,)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Which endpoints there are is known when the body is."""
        mine = ("called", "code", "group", "words", "description", "stop", "private", "active")
        rules = CATEGORY_RULES
        return ("body", *mine, "endpoint", *rules, "texts") if obj else ("body", *mine, *rules)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A category stays with its body."""
        return ("body", "texts") if obj else ()

    def write(self, before: Any, obj: Any, form: Any) -> Any:
        """The category is like the form."""
        return save_category(body=obj.body, category=before, spec=form.spec, now=SystemClock().now())


class Areas(Shown):
    """Areas; `streetmend areas import` brings them in."""

    list_display = ("name", "mapit_id", "area_type", "generation")
    list_filter = ("area_type", "generation")
    list_select_related = ("generation",)
    search_fields = ("name", "=mapit_id")
    ordering = ("area_type", "name")
    fields = ("name", "mapit_id", "area_type", "generation")
