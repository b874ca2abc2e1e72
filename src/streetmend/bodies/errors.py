"""The rules of bodies that can be broken, one class each."""

from __future__ import annotations


class BodyError(Exception):
    """A rule about the site or its bodies was broken; `field` names what is wrong, the text says why, for people."""

    field = ""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        if field:
            self.field = field


class ValueRefused(BodyError):
    """A value cannot be what its field says: too long, out of range, not an address, not a known word."""


class NameTaken(BodyError):
    """Another body, category, endpoint or question has this name, number or code already."""
