"""The only writers of the site, its bodies, endpoints, categories and questions.

Each gives the site a new epoch and changeset in its transaction when something has changed, and else does nothing at all.
"""

from streetmend.bodies.services.applying import Applied, apply_site_file
from streetmend.bodies.services.listing import Listed, Synced, sync_categories
from streetmend.bodies.services.saving import (
    make_site,
    save_body,
    save_category,
    save_endpoint,
    save_site,
    set_active,
    set_api_key,
)

__all__ = [
    "Applied",
    "Listed",
    "Synced",
    "apply_site_file",
    "make_site",
    "save_body",
    "save_category",
    "save_endpoint",
    "save_site",
    "set_active",
    "set_api_key",
    "sync_categories",
]
