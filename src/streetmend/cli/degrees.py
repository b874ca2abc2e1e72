"""Latitude and longitude as arguments of a command."""

from __future__ import annotations

import click


class Degrees(click.ParamType[float]):
    """Degrees as written by people and programs: ASCII digits, a point, no exponent."""

    name = "degrees"

    def __init__(self, limit: int) -> None:
        self.limit = limit

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number. Fails, with a hint, for everything that is no number of degrees."""
        text = str(value).strip()
        digits = text.lstrip("+-")
        if "," in text:
            self.fail(f"{text!r}: write a point before the decimals, as in 59.91", param, ctx)
        if len(text) > 24 or not digits.isascii() or not digits.replace(".", "", 1).isdigit():
            self.fail(f"{text[:30]!r} is no number of degrees", param, ctx)
        degrees = float(text) + 0.0
        if abs(degrees) > self.limit:
            self.fail(f"{text} is beyond {self.limit} degrees; the latitude comes first", param, ctx)
        return degrees
