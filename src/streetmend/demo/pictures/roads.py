"""Pictures of what is wrong with roads."""

from __future__ import annotations

import math

from streetmend.demo.pictures.canvas import HEIGHT, WIDTH, Canvas, Point


def _street(canvas: Canvas, horizon: float = 190) -> None:
    canvas.sky(horizon)
    canvas.houses(horizon + 14, 110)
    canvas.asphalt(horizon)
    canvas.polygon([(0, horizon), (250, horizon), (0, 400)], (168, 166, 160))
    canvas.line([(250, horizon), (0, 400)], (196, 194, 188), 7)
    canvas.polygon([(WIDTH, horizon), (620, horizon), (WIDTH, 330)], (168, 166, 160))
    canvas.line([(620, horizon), (WIDTH, 330)], (196, 194, 188), 7)


def pothole(canvas: Canvas) -> None:
    """A hole in the asphalt with loose stones around it."""
    _street(canvas)
    for start in range(5):
        upper, lower = 205 + start * 62, 232 + start * 74
        canvas.polygon([(436 + start * 8, upper), (446 + start * 9, upper), (462 + start * 14, lower), (446 + start * 13, lower)],
                       (222, 220, 210))  # fmt: skip
    middle = (330.0, 440.0)
    canvas.polygon(canvas.blob(middle, 210, 86, 0.10), (74, 75, 78))
    hole = canvas.blob(middle, 178, 68, 0.12)
    canvas.polygon(hole, (52, 50, 48))
    canvas.shade([(x, y - 14) for x, y in hole if y < 470], 150, 9)
    canvas.polygon(canvas.blob((336, 458), 132, 38, 0.14), (98, 90, 78))
    canvas.speckle((220, 425, 450, 492), [(132, 122, 106), (70, 64, 56), (156, 148, 134)], 320)
    canvas.ellipse((352, 462), 62, 15, (120, 140, 156))
    canvas.ellipse((346, 459), 40, 8, (168, 188, 202))
    for _ in range(70):
        angle, reach = canvas.random.uniform(0, 2 * math.pi), canvas.random.uniform(1.05, 1.5)
        x, y = middle[0] + math.cos(angle) * 190 * reach, middle[1] + math.sin(angle) * 74 * reach
        canvas.ellipse((x, y), canvas.random.uniform(2, 6), canvas.random.uniform(1.5, 4), (66, 66, 68))
    for _ in range(7):
        _crack(canvas, middle, canvas.random.uniform(0, 2 * math.pi))


def _crack(canvas: Canvas, middle: Point, angle: float) -> None:
    x, y = middle[0] + math.cos(angle) * 175, middle[1] + math.sin(angle) * 68
    points = [(x, y)]
    for _ in range(6):
        x += math.cos(angle) * 17 + canvas.random.uniform(-7, 7)
        y += math.sin(angle) * 8 + canvas.random.uniform(-5, 5)
        points.append((x, y))
    canvas.line(points, (48, 48, 50), 2.4)


def flood(canvas: Canvas) -> None:
    """A road under water, with the houses in it."""
    _street(canvas)
    water = [(0, 330), (170, 302), (420, 296), (690, 312), (WIDTH, 340), (WIDTH, HEIGHT), (0, HEIGHT)]
    canvas.polygon(water, (112, 130, 142))
    canvas.slope(345, HEIGHT, (120, 140, 152), (78, 96, 110))
    for _ in range(9):
        x, width = canvas.random.uniform(0, WIDTH), canvas.random.uniform(50, 110)
        colour = canvas.random.choice([(146, 96, 90), (176, 172, 164), (164, 140, 96)])
        canvas.glow((x, 372), width * 1.4, colour, 90)
    for _ in range(150):
        depth = canvas.random.random()
        x, y = canvas.random.uniform(-40, WIDTH), 330 + 265 * depth
        length = 16 + 70 * depth * canvas.random.random()
        shine = canvas.random.choice([(176, 194, 204), (148, 168, 180), (92, 112, 126)])
        canvas.line([(x, y), (x + length, y + canvas.random.uniform(-1, 1))], shine, 0.8 + 1.6 * depth)
    canvas.line([(600, 250), (600, 420)], (120, 122, 126), 7)
    canvas.polygon([(562, 270), (600, 204), (638, 270)], (206, 44, 40))
    canvas.polygon([(574, 263), (600, 220), (626, 263)], (246, 226, 120))
    canvas.shade([(594, 420), (608, 420), (614, 520), (588, 520)], 90, 5)


def crossing(canvas: Canvas) -> None:
    """A zebra crossing of which not much is left."""
    _street(canvas, 170)
    for stripe in range(8):
        left = 40 + stripe * 96
        shape = [(left + 46, 320), (left + 96, 320), (left + 74, 470), (left, 470)]
        canvas.polygon(shape, (178, 178, 172))
        for _ in range(26):
            x, y = canvas.random.uniform(left, left + 96), canvas.random.uniform(318, 474)
            canvas.polygon(
                canvas.blob((x, y), canvas.random.uniform(8, 30), canvas.random.uniform(4, 13), 0.5, 12),
                (110, 112, 116),
            )
    canvas.speckle((0, 310, WIDTH, 480), [(98, 100, 104), (120, 122, 126)], 1500)
    canvas.line([(706, 120), (706, 330)], (126, 128, 132), 7)
    canvas.rounded((666, 84, 746, 164), 5, (28, 92, 168))
    canvas.polygon([(676, 156), (706, 92), (736, 156)], (246, 246, 246))
    canvas.ellipse((706, 116), 5, 5, (20, 20, 20))
    canvas.line([(706, 122), (704, 138), (694, 152)], (20, 20, 20), 4)
    canvas.line([(704, 138), (716, 152)], (20, 20, 20), 4)


def manhole(canvas: Canvas) -> None:
    """A manhole cover that lies askew."""
    canvas.asphalt(0, (88, 90, 94), (112, 114, 118))
    canvas.line([(0, 66), (WIDTH, 150)], (210, 206, 190), 20)
    canvas.ellipse((396, 338), 236, 166, (120, 118, 112))
    canvas.ellipse((396, 338), 208, 144, (22, 22, 24))
    canvas.shade(canvas.blob((430, 392), 216, 132, 0.02), 150, 12)
    cover = (424.0, 322.0)
    canvas.ellipse((cover[0], cover[1] + 13), 206, 138, (52, 48, 46))
    canvas.ellipse(cover, 206, 138, (104, 98, 92))
    for reach in (0.92, 0.70, 0.46):
        canvas.ring(cover, 206 * reach, 138 * reach, (76, 70, 66), 5)
    for step in range(20):
        angle = 2 * math.pi * step / 20
        inner, outer = (0.50, 0.68) if step % 2 else (0.73, 0.90)
        canvas.line(
            [(cover[0] + math.cos(angle) * 206 * inner, cover[1] + math.sin(angle) * 138 * inner),
             (cover[0] + math.cos(angle) * 206 * outer, cover[1] + math.sin(angle) * 138 * outer)],
            (138, 130, 122), 9)  # fmt: skip
    for side in (-1, 1):
        canvas.ellipse((cover[0] + side * 44, cover[1]), 15, 9, (28, 26, 26))
    canvas.speckle((230, 200, 620, 450), [(132, 92, 66), (118, 80, 58)], 260)


def snow(canvas: Canvas) -> None:
    """A bank of snow that the plough left before the pavement."""
    canvas.sky(200, (150, 166, 186), (216, 222, 228))
    canvas.houses(214, 120)
    canvas.slope(205, HEIGHT, (222, 228, 234), (188, 196, 206))
    canvas.polygon([(430, 205), (560, 205), (WIDTH, 520), (WIDTH, HEIGHT), (320, HEIGHT)], (150, 156, 164))
    canvas.speckle((350, 260, WIDTH, HEIGHT), [(120, 122, 126), (232, 236, 240)], 1300)
    for lump in range(130):
        share = lump / 130
        x = 440 - share * 190 + canvas.random.uniform(-26, 26) * (0.4 + share)
        y = 222 + share * 340 + canvas.random.uniform(-12, 12)
        size = 10 + share * 66 * canvas.random.uniform(0.6, 1)
        canvas.ellipse((x + 5, y + 7), size, size * 0.62, (150, 162, 178))
        canvas.ellipse(
            (x, y),
            size,
            size * 0.62,
            canvas.random.choice([(236, 240, 245), (222, 228, 236), (246, 248, 250)]),
        )
    canvas.speckle((190, 330, 460, 590), [(140, 138, 132), (180, 180, 178)], 420)
    canvas.line([(150, 90), (150, 430)], (206, 60, 44), 6)
    canvas.line([(150, 120), (150, 160)], (250, 250, 250), 6)
    for _ in range(260):
        canvas.ellipse(
            (canvas.random.uniform(0, WIDTH), canvas.random.uniform(0, HEIGHT)), 1.8, 1.8, (252, 252, 254)
        )
