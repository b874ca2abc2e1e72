"""The site's mark as pictures of every size, for home screens, in the colours of the site file."""

from __future__ import annotations

import io
from functools import lru_cache
from math import cos, pi, sin

from PIL import Image, ImageColor, ImageDraw

#: of the drawing; the mark is drawn so much larger first and made smaller, so that its edges are smooth
_UNITS, _FINER = 32, 4
_MIDDLE, _HEAD, _RADIUS, _TIP = 16.0, 13.5, 7.5, 26.5
_CORNER = 6


@lru_cache(maxsize=16)
def png(size: int, *, ground: str, ink: str, masked: bool) -> bytes:
    """A PNG of `size` x `size` pixels: a pin on a tile of the colour `ground` (#rrggbb), drawn in `ink`.

    `masked`: the tile fills the square and the pin stays in its middle four fifths, since the device cuts the shape itself;
    otherwise the tile's corners are round and nothing is behind them.
    """
    scale = size * _FINER / _UNITS
    picture = Image.new(
        "RGBA", (size * _FINER, size * _FINER), ImageColor.getrgb(ground) if masked else (0, 0, 0, 0)
    )
    pen = ImageDraw.Draw(picture)
    if not masked:
        pen.rounded_rectangle((0, 0, size * _FINER - 1, size * _FINER - 1), _CORNER * scale, fill=ground)
    shrunk = 0.8 if masked else 1.0
    middle = (_HEAD - _RADIUS + _TIP) / 2
    outline = [
        (scale * (_MIDDLE + (x - _MIDDLE) * shrunk), scale * (_UNITS / 2 + (y - middle) * shrunk))
        for x, y in _pin()
    ]
    pen.polygon(outline, fill=ink)
    out = io.BytesIO()
    picture.resize((size, size), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()


def _pin() -> list[tuple[float, float]]:
    """The outline: half a circle above, and below it two curves that meet in the tip."""
    head = [
        (_MIDDLE + _RADIUS * cos(pi + pi * step / 60), _HEAD + _RADIUS * sin(pi + pi * step / 60))
        for step in range(61)
    ]
    right = [_curve(step / 40, _MIDDLE + _RADIUS) for step in range(1, 41)]
    left = [_curve(1 - step / 40, _MIDDLE - _RADIUS) for step in range(1, 40)]
    return [*head, *right, *left]


def _curve(along: float, side: float) -> tuple[float, float]:
    """A point of the cubic curve from the side of the head down to the tip."""
    points = ((side, _HEAD), (side, _HEAD + 5.3), ((side + 14 * _MIDDLE) / 15, _TIP - 1.7), (_MIDDLE, _TIP))
    rest = 1 - along
    weights = (rest**3, 3 * rest**2 * along, 3 * rest * along**2, along**3)
    x = sum(weight * point[0] for weight, point in zip(weights, points, strict=True))
    y = sum(weight * point[1] for weight, point in zip(weights, points, strict=True))
    return x, y
