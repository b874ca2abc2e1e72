"""People: looked at; administrators make others members of staff, and end that."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from streetmend.accounts.models import Person, Role
from streetmend.accounts.services import end_staff, make_staff
from streetmend.clock import SystemClock
from streetmend.desk.rows import Shown
from streetmend.desk.site import role_of
from streetmend.text import TextError, clean_email


class NewStaff(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when the program runs
    """An address and a role."""

    email = forms.CharField(label="E-mail address", max_length=254)
    role = forms.ChoiceField(choices=Role.choices)

    class Meta:
        model = Person
        fields = ("name",)

    def clean_email(self) -> str:
        """The address, if it is one."""
        try:
            return clean_email(self.cleaned_data["email"])
        except TextError as error:
            raise forms.ValidationError(error.message) from error


class People(Shown):
    """People, by address."""

    list_display = ("email", "name", "role", "is_staff", "is_active", "verified_at", "last_login")
    list_filter = ("is_staff", "role", "is_active")
    search_fields = ("=id", "email", "name")
    ordering = ("email",)
    actions = ("end",)
    fields = (
        "email", "name", "phone", "language", "role", "is_staff", "is_active", "verified_at", "created_at", "last_login",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Administrators make members of staff."""
        return role_of(request) == Role.ADMIN

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """For a new member of staff an address and a role."""
        return super().get_form(request, obj, change, **(kwargs if change else {**kwargs, "form": NewStaff}))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What is asked of a new member of staff, or all that is known of a person."""
        return super().get_fields(request, obj) if obj else ("email", "name", "role")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The person is a member of staff; their sign-in link they ask for themselves."""
        told = form.cleaned_data
        person, _ = make_staff(
            email=told["email"], role=Role(told["role"]), name=told["name"], now=SystemClock().now()
        )
        obj.pk = person.pk
        obj.email = person.email

    @admin.action(description="The selected people are no longer staff", permissions=["view"])
    def end(self, request: HttpRequest, rows: QuerySet[Person]) -> None:
        """They are residents like all others; nobody can do that to themselves."""
        others = rows.exclude(email=request.user.get_username())
        if others.count() != rows.count():
            self.message_user(request, "Somebody else has to end your own role.", messages.WARNING)
        self.each(request, others.filter(is_staff=True), end_staff, done="No longer staff.", what="person")
