"""API keys: looked at and ended. They are made by `streetmend keys create`, which shows a key once."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from streetmend.accounts.keys import revoke_api_key
from streetmend.accounts.models import ApiKey
from streetmend.desk.rows import Shown


class ApiKeys(Shown):
    """API keys, the newest first; the keys themselves are known to nobody but their owners."""

    list_display = (
        "id", "beginning", "name", "body", "scopes", "rate_per_minute", "created_at", "last_used_at", "revoked_at",
    )  # fmt: skip
    list_filter = ("body",)
    list_select_related = ("body",)
    search_fields = ("=id", "name", "beginning")
    ordering = ("-id",)
    exclude = ("secret_hash",)
    actions = ("revoke",)

    @admin.action(description="The selected keys open nothing any more", permissions=["view"])
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiKey]) -> None:
        """The keys are revoked, from the next call on."""
        self.each(request, rows.filter(revoked_at=None), revoke_api_key, done="Revoked.", what="key")
