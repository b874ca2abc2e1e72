"""Django's entry for this package."""

from django.apps import AppConfig


class AreasConfig(AppConfig):
    """Areas with their boundaries."""

    name = "streetmend.areas"
    label = "areas"
