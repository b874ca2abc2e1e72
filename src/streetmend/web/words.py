"""What a broken rule is called on a page, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _

from streetmend.reports import errors
from streetmend.text import EmailInvalid, TextError, TextMissing, TextTooLong


def of_text(error: TextError) -> str:
    """What is wrong with a text."""
    if isinstance(error, TextMissing):
        return _("Please fill this in.")
    if isinstance(error, TextTooLong):
        return _("At most %(limit)d characters, please; this has %(length)d.") % {
            "limit": error.limit,
            "length": error.length,
        }
    if isinstance(error, EmailInvalid):
        return _("Write one e-mail address, such as name@example.org.")
    return _("This cannot be used.")


def of_report(error: errors.ReportError) -> str:
    """Which rule about reports was broken."""
    if isinstance(error, errors.CategoryStopped):
        return error.message
    said = {
        errors.NobodyResponsible: _("Nobody is responsible for this place."),
        errors.CategoryUnknown: _("Choose one of the kinds of problem of this place."),
        errors.DescriptionMissing: _("Write something, or choose a new state."),
        errors.TooManyPhotos: _("There are too many photos."),
        errors.PhotoMissing: _("This kind of problem needs a photo."),
        errors.PhoneMissing: _("This kind of problem needs your phone number."),
        errors.UpdatesNotAllowed: _("Reports of this kind take no updates of residents."),
        errors.ReopeningNotAllowed: _("A closed report of this kind is not opened again. Make a new one."),
        errors.TooManyLinks: _("At most three web addresses, please."),
        errors.TooManyMails: _(
            "We have asked this address to confirm very many things today. Confirm one of them, or try again tomorrow."
        ),
        errors.LinkUnknown: _("We do not know this link. Copy the whole address from the e-mail."),
        errors.LinkExpired: _("This link is too old."),
        errors.MoveRefused: _("The report's state has changed meanwhile. Look at it again."),
        errors.ReportClosedToUpdates: _("This report takes no more updates."),
    }
    return said.get(type(error), _("This cannot be used."))
