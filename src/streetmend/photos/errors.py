"""Why a photo cannot be taken. The text says what to do; `field` is the form's field."""

from __future__ import annotations

from django.utils.translation import gettext as _


class PhotoRefused(Exception):
    """The file is not taken as a photo."""

    field = "photos"
    #: in one word, for those who count
    kind = "unreadable"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class PhotoTooLarge(PhotoRefused):
    """The file has too many bytes, or the picture too many pixels."""

    kind = "too_large"


class PhotoUnreadable(PhotoRefused):
    """The file is no picture that we can read: another kind, damaged, or made to do harm."""


def too_many_bytes(limit: int) -> PhotoTooLarge:
    """The error for a file of more than `limit` bytes."""
    return PhotoTooLarge(
        _("The file is larger than %(limit)d MB. Send a smaller photo.") % {"limit": limit // (1024 * 1024)}
    )


def too_many_pixels(limit: int) -> PhotoTooLarge:
    """The error for a picture of more than `limit` pixels."""
    return PhotoTooLarge(
        _("The photo has more than %(limit)d million pixels. Send a smaller one.")
        % {"limit": limit // 1_000_000}
    )


def unreadable() -> PhotoUnreadable:
    """The error for what is no photo."""
    return PhotoUnreadable(_("We cannot read this file as a photo. Send a JPEG, PNG, WebP or HEIC picture."))
