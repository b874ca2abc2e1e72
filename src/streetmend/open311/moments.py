"""Texts of moments in UTC, as a database writes them, to texts in the site's zone, as the wire wants them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

_MOST_HOURS = 200_000
_HOUR = timedelta(hours=1)


class LocalTimes(dict[str, tuple[str, str] | None]):
    """An hour in UTC (`2011-04-23 07`) -> what stands before and behind minutes and seconds in the zone.

    `("2011-04-23T09", "+02:00")`; None for an hour whose minutes are not the same in the zone, or in which its offset changes.
    """

    def __init__(self, zone: tzinfo) -> None:
        super().__init__()
        self._zone = zone

    def __missing__(self, hour: str) -> tuple[str, str] | None:
        start = datetime.strptime(hour, "%Y-%m-%d %H").replace(tzinfo=UTC)
        first, last = (
            start.astimezone(self._zone),
            (start + _HOUR - timedelta(seconds=1)).astimezone(self._zone),
        )
        offset = first.utcoffset() or timedelta()
        found = None
        if offset == last.utcoffset() and not offset % _HOUR:
            text = first.isoformat()
            found = text[:13], text[19:] if offset else "Z"
        if len(self) >= _MOST_HOURS:
            self.clear()
        self[hour] = found
        return found

    def column(self, moments: Sequence[str | None]) -> list[str | None]:
        """Many of them, None where there is none: where the hour is known to be whole (nearly always) nothing is called."""
        return [
            at and (h[0] + at[13:19] + h[1] if (h := self[at[:13]]) is not None else self.local(at))
            for at in moments
        ]

    def local(self, moment: str) -> str:
        """The moment (`2011-04-23 07:32:36`, and whatever follows) in whole seconds, with the zone's offset; `Z` for UTC."""
        around = self[moment[:13]]
        if around is not None:
            return around[0] + moment[13:19] + around[1]
        exact = datetime.strptime(moment[:19], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        local = exact.astimezone(self._zone)
        offset = local.utcoffset() or timedelta()
        if offset % timedelta(minutes=1):  # local mean time: no text of the wire can say it
            return exact.isoformat()[:19] + "Z"
        return local.isoformat() if offset else exact.isoformat()[:19] + "Z"
