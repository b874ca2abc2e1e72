"""The rules of reports that can be broken, one class each. Doors turn them into a page or a status."""

from __future__ import annotations


class ReportError(Exception):
    """A rule about reports was broken; `field` names what is wrong, the text says why, for people."""

    field = ""

    def __init__(self, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        if field:
            self.field = field


class NobodyResponsible(ReportError):
    """No body covers this place, nor is one within reach of it."""

    field = "place"


class CategoryUnknown(ReportError):
    """No body of this place has a category of this name."""

    field = "category"


class CategoryStopped(ReportError):
    """No report of this category is taken; the text is what the body says instead, such as whom to call."""

    field = "category"


class DescriptionMissing(ReportError):
    """Neither a title nor a detail says what the problem is."""

    field = "description"


class TooManyPhotos(ReportError):
    """There are more photos than the site takes."""

    field = "photos"


class PhotoMissing(ReportError):
    """A category of the report takes none without a photo."""

    field = "photos"


class PhoneMissing(ReportError):
    """A category of the report takes none without the reporter's telephone number."""

    field = "phone"


class UpdatesNotAllowed(ReportError):
    """Residents may not add to reports of this category."""

    field = "text"


class ReopeningNotAllowed(ReportError):
    """Residents may not open a closed report of this category again."""

    field = "state"


class TooManyMails(ReportError):
    """The address has been sent as many mails as anybody may be sent in a day without having answered."""

    field = "email"


class AnswersWrong(ReportError):
    """Answers to the category's questions are missing or wrong: all of them at once, by the question's code."""

    field = "answers"

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(f"{code}: {why}" for code, why in errors.items()))
        self.errors = errors


class LinkUnknown(ReportError):
    """The link is not one of ours, or it was for something that is gone."""

    field = "link"


class LinkExpired(ReportError):
    """The link's time is over."""

    field = "link"


class MoveRefused(ReportError):
    """This actor may not move this report to that state."""

    field = "state"


class ReportClosedToUpdates(ReportError):
    """The report takes no updates: it is unconfirmed, hidden or withdrawn."""

    field = "report"


class TooManyLinks(ReportError):
    """What residents say has more web addresses than somebody needs who tells of a street."""
