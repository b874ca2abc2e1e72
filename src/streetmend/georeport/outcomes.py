"""What the answer to a POST means for the thing that was posted: is it there, or not, or does nobody know?

``classify`` is total: whatever the status and the bytes, it gives an outcome and raises nothing. Only the
other side's words count as acceptance: a plausible id in a readable, complete answer with a status of success.
Everything that is neither that nor a clear no is UNKNOWN, and what is unknown must not simply be sent again.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Literal, TypeAlias

from msgspec import Struct

from streetmend.georeport.decoding import ANSWER_TO_POST, Limits, decode
from streetmend.georeport.errors import KeyRefused, Refused, TooLarge, Unclear, Unreachable, Unreadable
from streetmend.georeport.reading import read_accepted, read_errors, read_update_accepted
from streetmend.georeport.types import Accepted, Error, UpdateAccepted

Headers: TypeAlias = Mapping[str, str]
"""An answer's headers; the letter case of their names does not matter."""


class Kind(StrEnum):
    """What became of the posted thing."""

    ACCEPTED = "accepted"
    """It is there, under the remote id."""
    TOKEN = "token"  # noqa: S105 - the word of the standard, no secret
    """It is there; the id will be found by the token."""
    NOT_RECEIVED = "not_received"
    """Certainly not there, and nothing is wrong with it: send it again later (429)."""
    CREDENTIALS = "credentials"
    """Not there: the key or the rights are wrong, for this and for everything else (401, 403, 407)."""
    REFUSED = "refused"
    """Not there: the endpoint understood it and said no."""
    UNKNOWN = "unknown"
    """It may be there or not."""


class Outcome(Struct, frozen=True, kw_only=True):
    """What an answer to a POST says.

    ``why`` is one sentence for people; it may quote the endpoint, so it must be escaped wherever it is shown.
    ``by_pattern`` is true where the endpoint refused a repetition and named the first one's id.
    """

    kind: Kind
    status: int
    why: str
    remote_id: str | None = None
    token: str | None = None
    service_notice: str | None = None
    account_id: str | None = None
    errors: tuple[Error, ...] = ()
    warnings: tuple[str, ...] = ()
    retry_after: int | datetime | None = None
    moved_to: str | None = None
    by_pattern: bool = False

    def accepted(self) -> Accepted:
        """The id or the token. Raises KeyRefused, Refused, Unreachable or Unclear where there is neither."""
        if self.kind in (Kind.ACCEPTED, Kind.TOKEN):
            return Accepted(
                service_request_id=self.remote_id,
                token=self.token,
                service_notice=self.service_notice,
                account_id=self.account_id,
            )
        failure = {Kind.CREDENTIALS: KeyRefused, Kind.REFUSED: Refused, Kind.NOT_RECEIVED: Unreachable}
        raise failure.get(self.kind, Unclear)(
            self.why, status=self.status, errors=self.errors, retry_after=self.retry_after
        )


Posted: TypeAlias = Literal["request", "update"]

_REFUSALS = frozenset({400, 404, 405, 413, 415, 422})
_CREDENTIALS = frozenset({401, 403, 407})
_LONGEST_ID = 255
# A pattern with several gaps takes time by the cube of what it is searched in.
_SEARCHED = 2000
# What programs write where they have no id.
_NO_IDS = frozenset({"0", "-1", "null", "nil", "none", "nan", "undefined", "true", "false"})
_NOT_IN_IDS = re.compile(r"[\s<>\"&\ufffd]")


def plausible_id(text: str | None) -> bool:
    """Can this be somebody's id? At most 255 visible characters, a letter or digit among them, but no white
    space or markup.
    """
    return (
        text is not None
        and 0 < len(text) <= _LONGEST_ID
        and text.isprintable()
        and any(map(str.isalnum, text))
        and not _NOT_IN_IDS.search(text)
        and text.lower() not in _NO_IDS
    )


def header(headers: Headers, name: str) -> str | None:
    """The value of a header, by its name in lower case."""
    return next((value for key, value in headers.items() if key.lower() == name), None)


def is_cut_off(headers: Headers, body: bytes) -> bool:
    """Did fewer bytes arrive than the Content-Length promised?"""
    length = (header(headers, "content-length") or "").strip()
    plain = not header(headers, "content-encoding")
    return plain and length.isascii() and length.isdecimal() and len(length) < 16 and len(body) < int(length)


def retry_after(headers: Headers) -> int | datetime | None:
    """The Retry-After header: seconds, or an aware moment; None where it is absent or makes no sense."""
    text = (header(headers, "retry-after") or "").strip()
    if text.isascii() and text.isdecimal():
        return int(text) if len(text) < 10 else 10**9
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else None


def classify(
    status: int,
    headers: Headers,
    body: bytes,
    *,
    posted: Posted = "request",
    duplicate: re.Pattern[str] | None = None,
    limits: Limits = ANSWER_TO_POST,
) -> Outcome:
    """What the answer to a POST of a request or an update means.

    ``duplicate`` finds, in the first 2000 characters of a refusal, that the endpoint has the thing already; its
    group ``id`` is the id.
    """
    if 200 <= status < 300:
        return _success(status, headers, body, posted, limits)
    if 300 <= status < 400:
        target = header(headers, "location")
        where = f" to {target[:200]!r}" if target else ""
        why = f"The endpoint answered {status} and sent us elsewhere{where}; it may have stored what we sent."
        return Outcome(kind=Kind.UNKNOWN, status=status, why=why, moved_to=target)
    if 400 <= status < 500 and status != 429:
        return _refusal(status, headers, body, duplicate, limits)
    errors = errors_of(headers, body, limits)
    if status == 429:
        kind, meaning = Kind.NOT_RECEIVED, "the endpoint asks us to slow down"
    else:
        kind, meaning = Kind.UNKNOWN, "it may have stored what we sent"
    return _told(kind, meaning, status, headers, errors)


def _success(status: int, headers: Headers, body: bytes, posted: Posted, limits: Limits) -> Outcome:
    if is_cut_off(headers, body):
        return _unknown(status, "broke off in the middle")
    read = read_accepted if posted == "request" else read_update_accepted
    try:
        page = read(body, header(headers, "content-type"), limits)
    except Unreadable as error:
        return _unknown(status, str(error))
    if len(page) != 1 or page.problems:
        return _unknown(status, f"has {len(page)} rows instead of one", page.warnings)
    return _row(status, page.rows[0], page.warnings)


def _row(status: int, row: Accepted | UpdateAccepted, warnings: tuple[str, ...]) -> Outcome:
    if isinstance(row, Accepted):
        field, remote_id = "service_request_id", row.service_request_id
        notice, account = row.service_notice, row.account_id
    else:
        field, remote_id, notice, account = "update_id", row.update_id, None, None
    if plausible_id(remote_id):
        kind, why, token = Kind.ACCEPTED, f"The endpoint accepted it as {remote_id}.", None
    elif remote_id in (None, "0") and field not in row.others and plausible_id(row.token):
        kind, why, token = Kind.TOKEN, "The endpoint accepted it and gave a token.", row.token
        remote_id = None
    else:
        return _unknown(status, f"has no {field} that could be one", warnings)
    return Outcome(
        kind=kind,
        status=status,
        why=why,
        remote_id=remote_id,
        token=token,
        service_notice=notice,
        account_id=account,
        warnings=warnings,
    )


def _unknown(status: int, what: str, warnings: tuple[str, ...] = ()) -> Outcome:
    why = f"The endpoint answered {status}, but its answer {what}; it may have stored what we sent."
    return Outcome(kind=Kind.UNKNOWN, status=status, why=why, warnings=warnings)


def _refusal(
    status: int, headers: Headers, body: bytes, duplicate: re.Pattern[str] | None, limits: Limits
) -> Outcome:
    errors = errors_of(headers, body, limits)
    known = _known_id(headers, body, duplicate, limits)
    if known is not None:
        return Outcome(
            kind=Kind.ACCEPTED,
            status=status,
            why=f"The endpoint has it already, as {known}.",
            remote_id=known,
            errors=errors,
            by_pattern=True,
        )
    if status in _CREDENTIALS:
        kind, meaning = Kind.CREDENTIALS, "it does not accept our key"
    elif status in _REFUSALS and errors:
        kind, meaning = Kind.REFUSED, "it refused what we sent"
    else:
        kind, meaning = Kind.UNKNOWN, "it gives no reason that we can read"
    return _told(kind, meaning, status, headers, errors)


def _told(kind: Kind, meaning: str, status: int, headers: Headers, errors: tuple[Error, ...]) -> Outcome:
    return Outcome(
        kind=kind,
        status=status,
        why=f"The endpoint answered {status}{_quoted(errors)}; {meaning}.",
        errors=errors,
        retry_after=retry_after(headers),
    )


def _known_id(headers: Headers, body: bytes, duplicate: re.Pattern[str] | None, limits: Limits) -> str | None:
    if duplicate is None:
        return None
    try:
        text = decode(body, header(headers, "content-type"), limits).text
    except TooLarge:
        return None
    found = duplicate.search(text[:_SEARCHED])
    known = (found.groupdict().get("id") or "").strip() if found else None
    return known if plausible_id(known) else None


def errors_of(headers: Headers, body: bytes, limits: Limits = ANSWER_TO_POST) -> tuple[Error, ...]:
    """The reasons in an answer's body; a plain text (by its Content-Type) is one too. Raises nothing."""
    kind = header(headers, "content-type")
    try:
        return read_errors(body, kind, limits)
    except Unreadable:
        pass
    if not (kind or "").strip().lower().startswith("text/plain"):
        return ()
    try:
        text = decode(body, kind, limits).text.strip()
    except TooLarge:
        return ()
    return (Error(code="", description=text[:2000]),) if text and not text.startswith("<") else ()


def _quoted(errors: tuple[Error, ...]) -> str:
    said = "; ".join(error.description for error in errors)
    return f' ("{said[:500]}")' if said else ""
