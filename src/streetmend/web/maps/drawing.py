"""A map as SVG: the ground, the streets with their names, the pins. Colours are the stylesheet's, so dark mode follows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path

from django.utils.safestring import SafeString, mark_safe

from streetmend.web.maps.ground import Ground
from streetmend.web.maps.names import Name, place_names
from streetmend.web.maps.pins import Pin, Placed, place_pins
from streetmend.web.maps.window import Window

_STYLESHEET = Path(__file__).parents[2] / "ui" / "static" / "site.css"
#: inside of the pin's head, which is a circle of radius 9 around 0, -18
_ICONS = {
    "received": '<circle class="pin-dot" cx="0" cy="-18" r="3.5"/>',
    "progress": '<path class="pin-dot" d="M0-22.500a4.500 4.500 0 0 1 0 9z"/>'
    '<circle class="pin-icon" cx="0" cy="-18" r="4.500"/>',
    "fixed": '<path class="pin-icon" d="M-4-18l3 3 5.500-6"/>',
    "closed": '<path class="pin-icon" d="M-4-18h8"/>',
    "chosen": '<circle class="pin-dot" cx="0" cy="-18" r="5"/>',
}
_BODIES = {
    "received": "M0 0c-1.200-3.500-11-9.500-11-18a11 11 0 0 1 22 0c0 8.500-9.800 14.500-11 18z",
    "progress": "M0 0l-6-8h-3a2 2 0 0 1-2-2v-17a2 2 0 0 1 2-2h18a2 2 0 0 1 2 2v17a2 2 0 0 1-2 2h-3z",
    "closed": "M0 0l-11-12.500v-11l5.500-5.500h11l5.500 5.500v11z",
}


def draw(
    ground: Ground,
    window: Window,
    pins: Sequence[Pin] = (),
    *,
    name: str = "map",
    links: bool = True,
    alone: bool = False,
    big: bool = False,
) -> SafeString:
    """The SVG of a window. `name` keeps the ids of several maps on a page apart; `alone`: a picture with its own styles.

    Pins with an address are links for the pointer only: what they lead to stands in a list beside the map, so the map itself
    is hidden from screen readers and from the tab order.
    """
    placed = place_pins(pins, window)
    view = ground.view(window)
    main, minor = _road_widths(window)
    parts = ['<g fill-rule="evenodd">']
    lines = dict(view.paths)
    for kind in ("land", "area", "park", "water"):
        if kind in lines:
            parts.append(f'<path class="m-{kind}" d="{lines[kind]}"/>')
    parts.append("</g>")
    for look, extra in (("m-case", 2.0), ("m-road", 0.0)):
        for kind, width in (("minor", minor), ("main", main)):
            if kind in lines:
                parts.append(f'<path class="{look}" stroke-width="{width + extra:g}" d="{lines[kind]}"/>')
    taken = [(pin.x, pin.y - 14) for pin in placed] + [(pin.x, pin.y) for pin in placed]
    size = min(13.0, max(9.0, 2.2 * main))
    names = place_names(view.roads, width=window.width, height=window.height, size=size, taken=taken)
    parts += [_name(text, f"{name}{i}") for i, text in enumerate(names)]
    parts += [_pin(pin, links=links, big=big) for pin in placed]
    return _svg(window, "".join(parts), alone=alone)


def _svg(window: Window, inside: str, *, alone: bool) -> SafeString:
    style = f"<style>{map_style()}</style>" if alone else ""
    hidden = "" if alone else ' aria-hidden="true" focusable="false"'
    return mark_safe(  # noqa: S308 - made of numbers, our own markup and text that `escape` went over
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {window.width} {window.height}"'
        f' width="{window.width}" height="{window.height}"{hidden}>{style}'
        f'<rect class="m-water" width="{window.width}" height="{window.height}"/>{inside}</svg>'
    )


def _road_widths(window: Window) -> tuple[float, float]:
    """How wide main and minor roads are drawn: about 14 and 9 metres, within what one can see."""
    per_pixel = window.metres_per_pixel
    return round(min(16.0, max(2.0, 16 / per_pixel)), 1), round(min(11.0, max(1.2, 10 / per_pixel)), 1)


def _name(name: Name, identity: str) -> str:
    points = " ".join(f"{x:.0f} {y:.0f}" for x, y in name.along)
    return (
        f'<path id="{identity}" fill="none" d="M{points}"/>'
        f'<text class="m-name" font-size="{name.size:.1f}"><textPath href="#{identity}" startOffset="50%">'
        f"{escape(name.text)}</textPath></text>"
    )


def _pin(pin: Placed, *, links: bool, big: bool) -> str:
    if pin.look == "group":
        text = short_count(pin.count)
        inside = f'<circle class="pin-body" r="{8 + 4 * len(text) if len(text) > 1 else 12}"/><text y="1">{text}</text>'
        return f'<g class="pin group" transform="translate({pin.x:.0f} {pin.y:.0f})">{inside}</g>'
    if pin.look == "found":
        scale = "scale(1.35)"
        drawn = f'<path class="pin-body" d="{_BODIES["received"]}"/><text y="-18">{escape(pin.label)}</text>'
        return f'<g class="pin found" transform="translate({pin.x:.0f} {pin.y:.0f}){scale}">{drawn}</g>'
    body = _BODIES.get(pin.look, _BODIES["received"])
    title = f"<title>{escape(pin.label)}</title>" if pin.label else ""
    scale = " scale(1.35)" if big or pin.look == "chosen" else ""
    drawn = (
        f'<g class="pin {pin.look}" transform="translate({pin.x:.0f} {pin.y:.0f}){scale}">{title}'
        f'<path class="pin-body" d="{body}"/>{_ICONS.get(pin.look, "")}</g>'
    )
    if links and pin.href:
        return f'<a href="{escape(pin.href)}" tabindex="-1">{drawn}</a>'
    return drawn


def short_count(count: int) -> str:
    """The number of a group in at most four characters: 1234 is 1.2k."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if count >= size:
            return f"{count / size:.1f}{unit}" if count < 10 * size else f"{count // size}{unit}"
    return str(count)


@cache
def pin_shapes() -> SafeString:
    """The pins by their looks, for the script that puts them on a map of its own."""
    looks = "".join(
        f'<g data-look="{look}"><path class="pin-body" d="{_BODIES.get(look, _BODIES["received"])}"/>{icon}</g>'
        for look, icon in _ICONS.items()
    )
    return mark_safe(f"<template data-pins><svg>{looks}</svg></template>")  # noqa: S308 - constants of this module


@cache
def map_style() -> str:
    """The part of the stylesheet that maps need, for maps that are pictures of their own."""
    text = _STYLESHEET.read_text(encoding="utf-8")
    part = text.partition("/* map:begin")[2].partition("*/")[2].partition("/* map:end")[0]
    return re.sub(r"\s+", " ", part).strip()
