"""Django's entry for the accounts."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People, their sign-in links and their roles."""

    name = "streetmend.accounts"
    label = "accounts"
