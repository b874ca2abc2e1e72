"""People, by e-mail address: residents who report, and staff with roles."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models


class PersonManager(BaseUserManager["Person"]):
    """Finds a person by the address that they sign in with; only `accounts.services` makes one."""

    def get_by_natural_key(self, username: str | None) -> Person:
        """The person with this e-mail address."""
        return self.get(email=username)


class Role(models.TextChoices):
    """What a member of staff may do."""

    ADMIN = "admin", "administrator"
    MODERATOR = "moderator", "moderator"


class Person(AbstractBaseUser, PermissionsMixin):
    """Somebody with an e-mail address. Nobody has a password: links sent to the address sign in."""

    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    language = models.CharField(max_length=10, default="en")
    role = models.CharField(max_length=20, choices=Role, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    #: when the address was first shown to be theirs (a link was followed); null until then
    verified_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.email

    def get_short_name(self) -> str:
        """The name for a greeting."""
        return self.name or self.email


class SignInLink(models.Model):
    """A link that signs one person in once. Only the hash of its secret is kept."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="sign_in_links")
    secret_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"sign-in link of {self.person_id}"


class Scope(models.TextChoices):
    """What a program may do with an API key."""

    REPORT = "report", "send reports"
    UPDATE = "update", "send a body's updates of the reports that it received"
    READ = "read", "read with a limit of its own"


class ApiKey(models.Model):
    """A program's key to the site's server. Only the hash of its secret is kept."""

    #: whose it is
    name = models.CharField(max_length=200)
    #: for whom it speaks; null: for nobody but its owner
    body = models.ForeignKey(
        "bodies.Body", null=True, blank=True, on_delete=models.PROTECT, related_name="api_keys"
    )
    scopes: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    #: how many calls a minute; null: as many as it likes
    rate_per_minute = models.PositiveIntegerField(null=True, blank=True)
    #: SHA-256 of the secret, in hexadecimal digits
    secret_hash = models.CharField(max_length=64, unique=True)
    #: the secret's first characters, by which its owner knows which one it is
    beginning = models.CharField(max_length=12)
    created_at = models.DateTimeField()
    #: give or take a minute
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.beginning}... of {self.name}"


class Allowance(models.Model):
    """How much of what somebody may do within a time is used up; see `accounts.limits`."""

    #: what is limited, and whose it is
    name = models.CharField(max_length=150, unique=True)
    #: when (seconds since 1970) nothing is used up any more
    free_at = models.FloatField(db_index=True)

    def __str__(self) -> str:
        return self.name
