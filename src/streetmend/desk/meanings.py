"""What an attempt means, for people who do not know protocols: what happened, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from streetmend.reports.models import Attempt
from streetmend.reports.services.outcomes import OutcomeClass


@dataclass(frozen=True, slots=True)
class Meaning:
    """`name` tells one meaning from another; `words` are for people, in the language of the moment."""

    name: str
    words: str


Rule = tuple[str, Callable[[Attempt], bool], object]


def _ended(outcome: OutcomeClass) -> Callable[[Attempt], bool]:
    return lambda attempt: attempt.outcome == outcome.value


def _is(*names: str) -> Callable[[Attempt], bool]:
    return lambda attempt: attempt.error_class in names


def _answered(*statuses: int) -> Callable[[Attempt], bool]:
    return lambda attempt: attempt.http_status in statuses


def _says(status: int, *words: str) -> Callable[[Attempt], bool]:
    return lambda attempt: (
        attempt.http_status == status and all(word in attempt.response_head.lower() for word in words)
    )


def _explains(name: str, word: str) -> Callable[[Attempt], bool]:
    return lambda attempt: attempt.error_class == name and word in attempt.explanation.lower()


def _is_web_page(attempt: Attempt) -> bool:
    begin = attempt.response_head.lstrip("\ufeff \r\n\t")[:200].lower()
    return _is_good(attempt) and begin.startswith(("<!doctype html", "<html"))


def _is_good(attempt: Attempt) -> bool:
    return attempt.http_status is not None and 200 <= attempt.http_status < 300


def _by_mail(outcome: OutcomeClass) -> Callable[[Attempt], bool]:
    return lambda attempt: attempt.outcome == outcome.value and attempt.endpoint_id is None


def _redirected(attempt: Attempt) -> bool:
    return attempt.error_class == "RedirectRefused" or (
        attempt.http_status is not None and 300 <= attempt.http_status < 400
    )


def _server_failed(attempt: Attempt) -> bool:
    return attempt.http_status is not None and attempt.http_status >= 500


#: the first rule that holds says what it means
RULES: tuple[Rule, ...] = (
    ("accepted", _ended(OutcomeClass.ACCEPTED),
     _("It arrived: the administration's system answered with its number.")),
    ("token", _ended(OutcomeClass.TOKEN),
     _("It arrived: the administration's system gave a receipt and will give the number later. We ask for it.")),
    ("mailed", _ended(OutcomeClass.MAILED), _("The mail server took the mail.")),
    ("mail_refused", _by_mail(OutcomeClass.REFUSED),
     _("The mail server refused the mail for good. Look whether the administration's address is right.")),
    ("mail_later", _by_mail(OutcomeClass.NOT_RECEIVED),
     _("The mail server did not take the mail now. It is tried again by itself.")),
    ("mail_unknown", _ended(OutcomeClass.MAIL_UNKNOWN),
     _("The connection to the mail server broke off. The mail is sent again with the same mark, which harms nobody.")),
    ("address_refused", _is("AddressRefused"),
     _("The address leads into an internal network, where this site does not call. If that is meant, an operator allows the "
       "network.")),
    ("no_name", _is("NameNotResolved"),
     _("There is no server of that name, or nobody could say where it is. Look whether the address is written right.")),
    ("refused_connection", _is("ConnectFailed"),
     _("Nobody listens at that address: the server is down or a firewall is closed. Nothing was sent.")),
    ("no_connection", _is("ConnectTimedOut"),
     _("The server did not answer the call in time. Often a firewall does not know this site yet. Nothing was sent.")),
    ("certificate_expired", _explains("TlsFailed", "expired"),
     _("The server's certificate has expired. The administration has to renew it. Nothing was sent.")),
    ("certificate", _is("TlsFailed"),
     _("The secure connection failed: the server's certificate is not one that we trust for this name. Nothing was sent.")),
    ("address_broken", _is("RequestInvalid"),
     _("The endpoint's address cannot be called as it is written. Mend it in the set-up.")),
    ("key_unusable", _is("KeyUnusable"),
     _("This site cannot read the key for this endpoint. Set it again. Nothing was sent.")),
    ("held_up", _is("HeldUp"),
     _("The worker was held up and let it be before anything was sent. It is tried again by itself.")),
    ("same_id", _is("SameIdTwice"),
     _("The administration's system answered with a number that it had given to another report. Ask them which is right.")),
    ("token_unknown", _is("TokenUnknown"),
     _("The administration's system does not know the receipt any more that it gave us. We ask whether it has the report.")),
    ("too_slow", _is("DeadlinePassed"),
     _("The server took longer than it may. It may have the report: we ask before we send it again.")),
    ("broken_off", _is("ConnectionBroken"),
     _("The connection broke off after something had been sent. It may have arrived: we ask before we send it again.")),
    ("too_large", _is("AnswerTooLarge"),
     _("The answer was far too large to be one. It may have arrived: we ask before we send it again.")),
    ("no_http", _is("AnswerUnreadable"),
     _("What came back was no answer of a web server. It may have arrived: we ask before we send it again.")),
    ("moved", _redirected,
     _("The server sent us to another address, which we do not follow with a report. Ask the administration for the right "
       "address.")),
    ("key_refused", _answered(401, 407),
     _("The administration's system does not accept our key. Nothing more is sent there until the key is right and the "
       "connection is resumed.")),
    ("forbidden", _answered(403),
     _("Our key may not send reports there. The administration has to allow it; then resume the connection.")),
    ("slow_down", _answered(429),
     _("We sent more than the administration's system wants to take at once. It goes on more slowly by itself.")),
    ("category_unknown", _says(400, "service", "code"),
     _("The administration's system does not know the category's code (any more). Compare its list with ours, mend the category, "
       "and send again.")),
    ("question_missing", _says(400, "attribute"),
     _("The category asks something there that our report does not answer. Fetch its questions anew, or send by e-mail.")),
    ("jurisdiction", _says(400, "jurisdiction"),
     _("The administration's system does not know the jurisdiction that we name. Mend it in the set-up, and send again.")),
    ("bad_place", _says(400, "lat"),
     _("The administration's system does not take this place. It may be outside of its area.")),
    ("bad_request", _answered(400, 422),
     _("The administration's system refused the report. Its own words are below; mend what they name, and send again.")),
    ("not_there", _answered(404),
     _("There is nothing at that address that takes reports. Look whether the endpoint's address is right.")),
    ("no_posts", _answered(405),
     _("The server takes no reports at that address; it may be for reading alone.")),
    ("photo_too_large", _answered(413),
     _("What we sent is too large for the administration's system. Photos may have to go as links.")),
    ("format", _answered(415),
     _("The administration's system does not understand the form in which we sent it. Ask an operator.")),
    ("gateway", _answered(502, 503, 504),
     _("The administration's system is being worked on or is overloaded. It may have arrived: we ask before we send it again.")),
    ("server_failed", _server_failed,
     _("An error in the administration's system. It may have arrived: we ask before we send it again.")),
    ("web_page", _is_web_page,
     _("A web page came back instead of an answer, such as a sign-in or a notice of maintenance. It may have arrived: we ask "
       "before we send it again.")),
    ("empty_answer", lambda attempt: _is_good(attempt) and not attempt.response_head.strip(),
     _("The answer was empty, without a number. It may have arrived: we ask before we send it again.")),
    ("no_number", _is_good,
     _("The answer holds no number for the report. It may have arrived: we ask before we send it again.")),
    ("unclear_refusal", lambda attempt: bool(attempt.http_status),
     _("The server answered with an error and gave no reason that can be read. It may have arrived: we ask before we send it "
       "again.")),
    ("refused_here", _ended(OutcomeClass.REFUSED),
     _("It could not be made ready to be sent. The reason is below; mend it in the set-up, and send again.")),
)  # fmt: skip
_RUNNING = _("It is being sent now.")
_VANISHED = _("The worker that sent it did not come back to say how it went. It may have arrived.")
_OURS = _("Something went wrong on our side. An operator finds more in the log.")


def meaning_of(attempt: Attempt, *, running: bool) -> Meaning:
    """What the attempt means; `running`: it is the one that is under way."""
    if attempt.ended_at is None:
        return Meaning("running", str(_RUNNING)) if running else Meaning("vanished", str(_VANISHED))
    for name, holds, words in RULES:
        if holds(attempt):
            return Meaning(name, str(words))
    return Meaning("ours", str(_OURS))
