"""The colours that a site may have for its own, by daylight, and whether they can be read (WCAG 2.2, 1.4.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

#: what the colours are where the site file does not say
DEFAULTS: Mapping[str, str] = {
    "paper": "#f7f5ef",
    "surface": "#ffffff",
    "ink": "#17262b",
    "line": "#d9d4c8",
    "brand": "#0b5d57",
    "link": "#0b4f8a",
    "signal": "#ffb81c",
}
#: what is seen on what
_SEEN_ON = (
    ("ink", "paper"),
    ("ink", "surface"),
    ("link", "paper"),
    ("link", "surface"),
    ("brand", "paper"),
    ("brand", "surface"),
)
_MUTED, _DARK, _LIGHT, _BLACK = "#46565c", "#17262b", "#ffffff", "#000000"
#: of text to what it stands on
LEAST = 4.5


def contrast(one: str, other: str) -> float:
    """How much two colours (#rrggbb) differ in light: from 1, the same, to 21, black and white."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def readable_on(colour: str) -> str:
    """What is written on the colour: white or near black, whichever can be read better; black where neither is enough."""
    best = max((_LIGHT, _DARK), key=lambda ink: contrast(ink, colour))
    return best if contrast(best, colour) >= LEAST else _BLACK


def unreadable(colours: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The colours in which something could not be read, each with what it clashes with."""
    all_of_them = {**DEFAULTS, **colours}
    for front, back in _SEEN_ON:
        found = contrast(all_of_them[front], all_of_them[back])
        if found < LEAST and (front in colours or back in colours):
            name = front if front in colours else back
            yield name, f"{front} on {back} has a contrast of {found:.1f}; it must be at least {LEAST}"
    for back in ("paper", "surface"):
        if back in colours and contrast(_MUTED, colours[back]) < LEAST:
            yield (
                back,
                f"{back} is too dark for the grey of smaller text; it must leave a contrast of {LEAST}",
            )


def custom_properties(colours: Mapping[str, str]) -> dict[str, str]:
    """The stylesheet's properties for the colours, and for what is written on them."""
    found: dict[str, str] = {}
    for name, colour in colours.items():
        for prop in _PROPERTIES.get(name, (name,)):
            found[prop] = colour
        if name in _ON:
            found |= dict.fromkeys(_ON[name], readable_on(colour))
    return found


_PROPERTIES = {"signal": ("hi",), "brand": ("brand", "sign")}
_ON = {"signal": ("on-hi",), "brand": ("on-brand", "on-sign", "sign-2")}


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
