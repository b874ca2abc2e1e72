"""Django's entry for this package."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Reports, their updates and what is owed because of them."""

    name = "streetmend.reports"
    label = "reports"
