"""Which stored photos belong to something."""

from __future__ import annotations

from collections.abc import Sequence

from streetmend.reports.models import Draft, Photo


def owned_photos(names: Sequence[str]) -> set[str]:
    """Those of the stored names that a report, an update or a draft has."""
    wanted = set(names)
    # drafts first: one that is sent meanwhile has its photos' rows when these are looked for
    owned = {
        photo["name"]
        for content in Draft.objects.filter(report=None).values_list("content", flat=True).iterator()
        for photo in content.get("photos", ())
    } & wanted
    owned.update(Photo.objects.filter(name__in=wanted - owned).values_list("name", flat=True))
    return owned


def every_photo() -> set[str]:
    """The stored names of all photos that a report, an update or a draft has, for a copy of the whole site."""
    drafts = Draft.objects.filter(report=None).values_list("content", flat=True).iterator()
    names = {photo["name"] for content in drafts for photo in content.get("photos", ())}
    names.update(Photo.objects.values_list("name", flat=True).iterator())
    return names
