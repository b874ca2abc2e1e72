"""Django's entry for this package."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """The staff's door."""

    name = "streetmend.desk"
    label = "desk"
