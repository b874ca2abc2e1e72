"""Numbers in texts that people and programs send: ASCII digits only, bounded, and never NaN.

Python's own ``int`` and ``float`` read digits of every script, underscores, ``nan``, ``inf`` and texts of
any length; a public server must not.
"""

import math
import re
from decimal import Decimal

_WHOLE = re.compile(r"[0-9]+")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_WITH_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")

LONGEST_DECIMAL = 24
LONGEST_WHOLE = 18  # every such number fits a 64-bit integer


class NotANumber(ValueError):
    """The text is no number that we take; the message says what is wanted, without repeating the text."""


def whole(text: str) -> int:
    """The number 0, 1, 2... that ``text`` is, white space around it ignored. Raises NotANumber."""
    text = text.strip()
    if not _WHOLE.fullmatch(text):
        raise NotANumber("must be a whole number")
    if len(text) > LONGEST_WHOLE:
        raise NotANumber("is too large")
    return int(text)


def decimal(text: str) -> float:
    """The finite number that ``text`` is; ``-0`` is 0. Raises NotANumber."""
    text = text.strip()
    if len(text) > LONGEST_DECIMAL:
        raise NotANumber(f"must have at most {LONGEST_DECIMAL} characters")
    if _WITH_COMMA.fullmatch(text):
        raise NotANumber("must be written with a point, not a comma (60.5)")
    if not _DECIMAL.fullmatch(text):
        raise NotANumber("must be a decimal number")
    value = float(text)
    if not math.isfinite(value):
        raise NotANumber("is too large")
    return value + 0.0  # -0.0 + 0.0 is 0.0


def latitude(text: str) -> float:
    """Degrees north in WGS84, -90 to 90. Raises NotANumber."""
    return _within(text, 90)


def longitude(text: str) -> float:
    """Degrees east in WGS84, -180 to 180. Raises NotANumber."""
    return _within(text, 180)


def _within(text: str, most: int) -> float:
    value = decimal(text)
    if not -most <= value <= most:
        raise NotANumber(f"must lie between -{most} and {most}")
    return value


def plain(value: float, places: int | None = None) -> str:
    """``value`` without an exponent: exactly, or with at most ``places`` decimals and no trailing zeros."""
    if places is not None:
        text = f"{value:.{places}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return "0" if text == "-0" else text
    text = repr(float(value))
    if "e" in text:
        text = format(Decimal(text), "f")
    return text.removesuffix(".0")
