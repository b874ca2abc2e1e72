"""Django's entry for this package."""

from django.apps import AppConfig


class BodiesConfig(AppConfig):
    """Who is responsible for what, and how they are reached."""

    name = "streetmend.bodies"
    label = "bodies"
