"""Charts drawn on the server. The same figures stand in a table beside each; colours come from the stylesheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_WIDTH, _HEIGHT = 720, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 8, 12, 28
_LINES = 4


@dataclass(frozen=True, slots=True)
class Pair:
    """Two figures side by side under one label."""

    label: str
    first: int
    second: int


def bars(pairs: Sequence[Pair], *, title: str) -> SafeString:
    """A chart of bars in pairs, from left to right; `title` is what it is called for those who do not see it."""
    highest = _round_up(max((max(pair.first, pair.second) for pair in pairs), default=0))
    step = (_WIDTH - _LEFT - _RIGHT) / max(len(pairs), 1)
    every = max(1, math.ceil(len(pairs) / 12))
    drawn = [
        _pair(pair, left=_LEFT + step * place, step=step, highest=highest, label=_label(place, every))
        for place, pair in enumerate(pairs)
    ]
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>',
        _WIDTH,
        _HEIGHT,
        title,
        _scale(highest),
        format_html_join("", "{}", ((one,) for one in drawn)),
    )


def share(part: int, whole: int) -> SafeString:
    """A line as long as its share of the longest one; what it shows stands beside it as a number."""
    width = round(100 * part / whole, 1) if whole else 0
    return format_html(
        '<svg class="share" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="{}" height="6"/></svg>',
        width,
    )


def _round_up(number: int) -> int:
    """The next number that four lines divide into round ones."""
    step = 1
    for step in (mantissa * 10**power for power in range(9) for mantissa in (1, 2, 5)):
        if step * _LINES >= number:
            break
    return step * _LINES


def _y(number: float, highest: int) -> float:
    return round(_TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - number / highest), 1)


def _scale(highest: int) -> SafeString:
    lines = ((_y(n, highest), n) for n in range(0, highest + 1, highest // _LINES))
    return format_html_join(
        "",
        '<path class="c-line" d="M{0} {1}H{2}"/><text class="c-text c-y" x="{3}" y="{1}">{4}</text>',
        ((_LEFT, y, _WIDTH - _RIGHT, _LEFT - 6, number) for y, number in lines),
    )


def _pair(pair: Pair, *, left: float, step: float, highest: int, label: str) -> SafeString:
    wide = round(min(step * 0.4, 26), 1)
    middle = round(left + step / 2, 1)
    said = format_html(
        '<text class="c-text {}" x="{}" y="{}">{}</text>', label, middle, _HEIGHT - 8, pair.label
    )
    return format_html(
        '<rect class="c-1" x="{}" y="{}" width="{}" height="{}"/><rect class="c-2" x="{}" y="{}" width="{}" height="{}"/>{}',
        round(middle - wide, 1),
        _y(pair.first, highest),
        wide,
        round(_HEIGHT - _BOTTOM - _y(pair.first, highest), 1),
        middle,
        _y(pair.second, highest),
        wide,
        round(_HEIGHT - _BOTTOM - _y(pair.second, highest), 1),
        said if label else "",
    )


def _label(place: int, every: int) -> str:
    """The class of a label: every second one only where there is room; "" for none."""
    if place % every:
        return ""
    return "c-x" if place % (2 * every) == 0 else "c-x c-room"
