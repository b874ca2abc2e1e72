"""Times of the wire: the W3C profile of ISO 8601, as strict as a search needs and as lenient as answers are.

Nothing here reads a clock. Aware datetimes stay within ``EARLIEST`` and ``LATEST``, so that no later change
of zone can leave the years that Python knows.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

from streetmend.georeport.dialect import Dialect
from streetmend.georeport.types import When

EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
LATEST = datetime(9999, 12, 30, 23, 59, 59, tzinfo=UTC)

# A "+" that was not percent-encoded arrives as a space: hence the bare space before an offset.
_TIME = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
    r"(?:[Tt ](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,9}))?)?"
    r"(?P<zone> ?[Zz]|(?: ?(?P<sign>[+-])| )(?P<offset_hour>[0-9]{2}):?(?P<offset_minute>[0-9]{2})?)?)?"
)
_BASIC_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_LONGEST = 40


class NotATime(ValueError):
    """The text is no time of the W3C profile; the message says why, without repeating the text."""


def parse(text: str) -> datetime:
    """The moment that ``text`` names: aware where it has a zone, else naive.

    Accepted besides the profile: a space for ``T`` and for the ``+`` of the offset, ``24:00`` (the next
    midnight), a leap second ``:60`` (the second after), a date alone (its midnight), ``20110310``. Not
    accepted: week dates, unix seconds, digits of other scripts. Aware moments outside ``EARLIEST`` to
    ``LATEST`` become the nearer of the two. Raises NotATime.
    """
    text = text.strip()
    if len(text) > _LONGEST:
        raise NotATime("is too long for a date")
    basic = _BASIC_DATE.fullmatch(text)
    if basic:
        text = "-".join(basic.groups())
    found = _TIME.fullmatch(text)
    if found is None:
        raise NotATime("is not a date of the form YYYY-MM-DDThh:mm:ss+hh:mm")
    return _moment(found)


def _moment(found: re.Match[str]) -> datetime:
    hour, minute, second = (int(found[part] or 0) for part in ("hour", "minute", "second"))
    extra = timedelta()
    if (hour, minute, second) == (24, 0, 0):
        hour, extra = 0, timedelta(days=1)
    if second == 60:
        second, extra = 59, timedelta(seconds=1)
    micro = int((found["fraction"] or "0")[:6].ljust(6, "0")) if not extra else 0
    try:
        day = date(int(found["year"]), int(found["month"]), int(found["day"]))
        local = datetime.combine(day, time(hour, minute, second, micro))
    except ValueError as error:
        raise NotATime("does not exist in the calendar") from error
    zone = _zone(found)
    try:
        local += extra
    except OverflowError:
        return LATEST if zone else LATEST.replace(tzinfo=None)
    return within_years(local.replace(tzinfo=zone)) if zone else local


def _zone(found: re.Match[str]) -> tzinfo | None:
    if not found["zone"]:
        return None
    if found["offset_hour"] is None:
        return UTC
    minutes = int(found["offset_hour"]) * 60 + int(found["offset_minute"] or 0)
    if int(found["offset_minute"] or 0) > 59 or minutes >= 24 * 60:
        raise NotATime("has an offset that no zone has")
    return timezone(timedelta(minutes=-minutes if found["sign"] == "-" else minutes))


def within_years(moment: datetime) -> datetime:
    """The aware ``moment``, moved to ``EARLIEST`` or ``LATEST`` if it lies outside them."""
    if 1 < moment.year < 9999:
        return moment
    try:
        instant = moment.astimezone(UTC)
    except OverflowError:
        return EARLIEST if moment.year == 1 else LATEST
    if EARLIEST <= instant <= LATEST:
        return moment
    return EARLIEST if moment.year == 1 else LATEST


def parse_in(text: str, zone: tzinfo) -> datetime:
    """As ``parse``, but always aware: a time without a zone is meant in ``zone``."""
    moment = parse(text)
    return moment if moment.tzinfo else within_years(moment.replace(tzinfo=zone))


def read(value: object) -> When | None:
    """A time as an answer gives it: as ``parse`` where possible, else the text itself; None where there is
    none.
    """
    if value is None or isinstance(value, bool):
        return None
    text = str(value).strip()
    if not text:
        return None
    try:
        return parse(text)
    except NotATime:
        return text


def aware(value: When | None, zone: tzinfo) -> datetime | None:
    """The moment as an aware datetime, ``zone`` standing in for a missing one; None where it was no date at
    all.
    """
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else within_years(value.replace(tzinfo=zone))


def write(value: When) -> str:
    """The text of a moment in whole seconds, ``Z`` for UTC; a text goes out as it stands, a naive time
    without a zone.
    """
    return value if isinstance(value, str) else _iso(value, "seconds")


def write_exactly(value: datetime) -> str:
    """As ``write``, with the fraction of the second where there is one."""
    return _iso(value, "auto")


def _iso(value: datetime, precision: str) -> str:
    offset = value.utcoffset()
    if offset is None:
        return value.isoformat(timespec=precision)
    if (
        offset.microseconds or offset.seconds % 60
    ):  # local mean time of the 19th century: no text of the wire can say it
        value, offset = value.astimezone(UTC), timedelta()
    if not offset:
        return value.replace(tzinfo=None).isoformat(timespec=precision) + "Z"
    return value.isoformat(timespec=precision)


def print_for(moment: datetime, dialect: Dialect, *, up: bool = False) -> str:
    """The text of an aware moment as an endpoint of this dialect wants it.

    Where it takes no fractions, the moment is rounded down to a whole second, or ``up``.
    """
    if not dialect.fractions and moment.microsecond:
        moment = moment.replace(microsecond=0)
        moment = within_years(moment + timedelta(seconds=1)) if up else moment
    if dialect.time_style == "utc":
        moment = moment.astimezone(UTC)
    elif dialect.time_style == "naive":
        zone = ZoneInfo(dialect.time_zone) if dialect.time_zone else UTC
        moment = moment.astimezone(zone).replace(tzinfo=None)
    return _iso(moment, "auto")
