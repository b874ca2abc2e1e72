"""A clock that stands until it is moved."""

from datetime import UTC, datetime, timedelta


class SettableClock:
    """Stands at `start` (1 May 2024, 10:00 UTC); `advance` moves both its times, `set` only the calendar."""

    def __init__(self, start: datetime = datetime(2024, 5, 1, 10, 0, tzinfo=UTC)) -> None:
        self._now = start.astimezone(UTC)
        self._monotonic = 1000.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, by: timedelta | None = None, **parts: float) -> None:
        """Let time pass: `advance(hours=2)` or `advance(timedelta(...))`."""
        step = by if by is not None else timedelta(**parts)
        if step < timedelta(0):
            raise ValueError("time does not run backwards; use set() for a clock that was put wrong")
        self._now += step
        self._monotonic += step.total_seconds()

    def set(self, moment: datetime) -> None:
        """Put the calendar to another moment, forwards or backwards, as an operator or NTP would."""
        self._now = moment.astimezone(UTC)
