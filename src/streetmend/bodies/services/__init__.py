"""The only writers of the site, its bodies, endpoints, categories and questions.

Each gives the site a new epoch and changeset in its transaction when something has changed, and else does nothing at all.
"""

from streetmend.bodies.services.applying import Applied, apply_site_file
from streetmend.bodies.services.saving import (
    save_body,
    save_category,
    save_endpoint,
    save_site,
    set_active,
    set_api_key,
)

__all__ = [
    "Applied",
    "apply_site_file",
    "save_body",
    "save_category",
    "save_endpoint",
    "save_site",
    "set_active",
    "set_api_key",
]
