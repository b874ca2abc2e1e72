"""A canvas with what streets are made of: sky, asphalt, walls, grass, shadows, grain. Positions are in an 800 x 600 picture."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

WIDTH, HEIGHT = 800, 600
#: everything is drawn this many times larger and made smaller at the end, which smooths the edges
SCALE = 2

Colour = tuple[int, int, int]
Point = tuple[float, float]


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """The colour between the two; `share` 0 is the first, 1 the other."""
    return (
        round(one[0] + (other[0] - one[0]) * share),
        round(one[1] + (other[1] - one[1]) * share),
        round(one[2] + (other[2] - one[2]) * share),
    )


class Canvas:
    """A picture in the making. The same seed draws the same picture."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.image = Image.new("RGB", (WIDTH * SCALE, HEIGHT * SCALE))
        self.draw = ImageDraw.Draw(self.image)

    def _at(self, points: Sequence[Point]) -> list[Point]:
        return [(x * SCALE, y * SCALE) for x, y in points]

    def polygon(self, points: Sequence[Point], colour: Colour) -> None:
        """A filled shape."""
        self.draw.polygon(self._at(points), fill=colour)

    def line(self, points: Sequence[Point], colour: Colour, width: float) -> None:
        """A line of the given width."""
        self.draw.line(self._at(points), fill=colour, width=round(width * SCALE), joint="curve")

    def ellipse(self, middle: Point, across: float, down: float, colour: Colour) -> None:
        """A filled ellipse with these half axes."""
        x, y = middle
        self.draw.ellipse(self._at([(x - across, y - down), (x + across, y + down)]), fill=colour)

    def ring(self, middle: Point, across: float, down: float, colour: Colour, width: float) -> None:
        """The edge of an ellipse."""
        x, y = middle
        box = self._at([(x - across, y - down), (x + across, y + down)])
        self.draw.ellipse(box, outline=colour, width=round(width * SCALE))

    def rounded(self, box: tuple[float, float, float, float], radius: float, colour: Colour) -> None:
        """A filled box with round corners."""
        self.draw.rounded_rectangle([v * SCALE for v in box], radius=radius * SCALE, fill=colour)

    def slope(self, top: float, bottom: float, upper: Colour, lower: Colour) -> None:
        """A band over the whole width whose colour changes from top to bottom."""
        for y in range(round(top * SCALE), round(bottom * SCALE)):
            share = (y - top * SCALE) / ((bottom - top) * SCALE)
            self.draw.line([(0, y), (WIDTH * SCALE, y)], fill=mix(upper, lower, share))

    def speckle(self, box: tuple[float, float, float, float], colours: Sequence[Colour], count: int) -> None:
        """Small grains in a box, smaller towards its top, as on a surface that goes away from us."""
        left, top, right, bottom = box
        for _ in range(count):
            depth = self.random.random() ** 0.6
            x, y = self.random.uniform(left, right), top + (bottom - top) * depth
            size = 0.5 + 2.2 * depth * self.random.random()
            self.ellipse((x, y), size * 1.5, size * 0.7, self.random.choice(colours))

    def blob(self, middle: Point, across: float, down: float, rough: float, corners: int = 28) -> list[Point]:
        """The outline of an uneven spot."""
        points = []
        for step in range(corners):
            angle = 2 * math.pi * step / corners
            reach = 1 + self.random.uniform(-rough, rough)
            points.append(
                (middle[0] + math.cos(angle) * across * reach, middle[1] + math.sin(angle) * down * reach)
            )
        return points

    def shade(self, points: Sequence[Point], strength: int, soft: float) -> None:
        """The shape lies in a soft shadow; `strength` 0 to 255."""
        mask = Image.new("L", self.image.size, 0)
        ImageDraw.Draw(mask).polygon(self._at(points), fill=strength)
        mask = mask.filter(ImageFilter.GaussianBlur(soft * SCALE))
        self.image.paste(Image.new("RGB", self.image.size, (12, 16, 24)), mask=mask)

    def glow(self, middle: Point, radius: float, colour: Colour, strength: int) -> None:
        """Light around a point."""
        mask = Image.new("L", self.image.size, 0)
        x, y = middle[0] * SCALE, middle[1] * SCALE
        reach = radius * SCALE / 2
        ImageDraw.Draw(mask).ellipse([x - reach, y - reach, x + reach, y + reach], fill=strength)
        mask = mask.filter(ImageFilter.GaussianBlur(reach / 1.6))
        self.image.paste(Image.new("RGB", self.image.size, colour), mask=mask)

    def sky(self, horizon: float, upper: Colour = (112, 158, 205), lower: Colour = (214, 228, 238)) -> None:
        """Sky down to the horizon, with a few clouds."""
        self.slope(0, horizon, upper, lower)
        self.slope(horizon, horizon + 40, lower, lower)
        for _ in range(5):
            x, y = self.random.uniform(0, WIDTH), self.random.uniform(20, horizon * 0.6)
            for _ in range(6):
                middle = (x + self.random.uniform(-60, 60), y + self.random.uniform(-8, 8))
                self.glow(middle, self.random.uniform(50, 100), (250, 250, 252), 70)

    def houses(self, base: float, tallest: float, night: bool = False) -> None:
        """A row of wooden houses along the street."""
        walls: list[Colour] = [
            (178, 62, 52),
            (226, 214, 190),
            (206, 158, 74),
            (92, 120, 138),
            (236, 236, 230),
        ]
        x = -20.0
        while x < WIDTH:
            width, height = self.random.uniform(90, 150), self.random.uniform(0.6, 1) * tallest
            wall = self.random.choice(walls)
            wall = mix(wall, (24, 30, 48), 0.75) if night else mix(wall, (200, 210, 220), 0.15)
            top = base - height
            self.polygon([(x, base), (x, top), (x + width, top), (x + width, base)], wall)
            self.polygon(
                [(x - 6, top), (x + width / 2, top - height * 0.35), (x + width + 6, top)],
                mix((70, 66, 70), (18, 22, 36), 0.7 if night else 0),
            )
            self._windows(x, width, top, height, night)
            x += width + self.random.uniform(4, 16)

    def _windows(self, x: float, width: float, top: float, height: float, night: bool) -> None:
        for column in (0.2, 0.6):
            for row in (0.18, 0.58):
                left, upper = x + width * column, top + height * row
                lit = night and self.random.random() < 0.35
                glass: Colour = (238, 196, 108) if lit else ((30, 38, 58) if night else (96, 118, 136))
                self.rounded((left - 2, upper - 2, left + width * 0.2 + 2, upper + height * 0.24 + 2), 1,
                             (60, 64, 76) if night else (246, 246, 242))  # fmt: skip
                self.rounded((left, upper, left + width * 0.2, upper + height * 0.24), 1, glass)

    def asphalt(self, top: float, near: Colour = (92, 94, 98), far: Colour = (128, 130, 134)) -> None:
        """A road surface from `top` down to the lower edge."""
        self.slope(top, HEIGHT, far, near)
        grains = [mix(near, (0, 0, 0), 0.3), mix(near, (255, 255, 255), 0.2), mix(near, (0, 0, 0), 0.15)]
        self.speckle((0, top, WIDTH, HEIGHT), grains, 5200)

    def grass(self, top: float, bottom: float) -> None:
        """A lawn."""
        self.slope(top, bottom, (122, 158, 88), (84, 122, 58))
        for _ in range(2600):
            depth = self.random.random() ** 0.7
            x, y = self.random.uniform(0, WIDTH), top + (bottom - top) * depth
            tall = 2 + 8 * depth
            green = self.random.choice([(96, 136, 66), (70, 108, 48), (134, 168, 92)])
            self.line([(x, y), (x + self.random.uniform(-2, 2), y - tall)], green, 0.8)

    def finished(self) -> Image.Image:
        """The picture at its true size, with a little grain and darker corners, as from a telephone's camera."""
        image = self.image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        noise = Image.effect_noise((WIDTH, HEIGHT), 5).convert("RGB")
        image = ImageChops.add(image, noise, scale=1, offset=-128)
        corners = Image.radial_gradient("L").resize((WIDTH, HEIGHT))
        mask = corners.point([max(0, value - 110) // 2 for value in range(256)])
        image.paste(Image.new("RGB", image.size, (16, 18, 24)), mask=mask)
        return image.filter(ImageFilter.GaussianBlur(0.4))
