"""Pictures of what is wrong with things beside the road."""

from __future__ import annotations

import math

from streetmend.demo.pictures.canvas import HEIGHT, WIDTH, Canvas, Colour, Point


def lamp(canvas: Canvas) -> None:
    """A street lamp that is dark, in a street where the others burn."""
    canvas.slope(0, 360, (22, 30, 62), (112, 92, 112))
    canvas.houses(352, 130, night=True)
    canvas.asphalt(350, (34, 36, 46), (58, 58, 68))
    for x, height, lit in ((690, 150, True), (560, 205, True), (250, 30, False)):
        reach = (352 - height) / 322
        canvas.line([(x, 352 + reach * 130), (x, height)], (18, 20, 26), 5 + 8 * reach)
        canvas.line([(x, height), (x + 62 * reach, height - 8)], (18, 20, 26), 4 + 5 * reach)
        head = (x + 78 * reach, height - 4)
        if lit:
            canvas.glow(head, 190 * reach, (255, 206, 120), 190)
            canvas.glow((head[0], 352 + reach * 130), 250 * reach, (232, 176, 96), 90)
        canvas.ellipse(head, 34 * reach, 11 * reach, (255, 232, 176) if lit else (50, 54, 66))
        canvas.ellipse((head[0], head[1] - 5 * reach), 34 * reach, 8 * reach, (24, 26, 34))
    canvas.shade([(0, 420), (420, 410), (500, HEIGHT), (0, HEIGHT)], 120, 40)
    for _ in range(40):
        star = (canvas.random.uniform(0, WIDTH), canvas.random.uniform(0, 150))
        canvas.ellipse(star, 1, 1, (190, 196, 214))


def litter_bin(canvas: Canvas) -> None:
    """A litter bin that holds no more."""
    canvas.sky(230)
    canvas.slope(226, 300, (118, 158, 184), (86, 126, 154))
    canvas.slope(300, HEIGHT, (176, 170, 158), (146, 140, 130))
    for plank in range(10):
        y = 306 + plank * plank * 3.4
        canvas.line([(0, y), (WIDTH, y)], (120, 114, 104), 1.5 + plank * 0.3)
    canvas.shade([(300, 520), (560, 505), (680, 540), (420, 575)], 130, 14)
    canvas.polygon([(302, 262), (498, 262), (480, 540), (320, 540)], (42, 94, 74))
    canvas.polygon([(302, 262), (350, 262), (352, 540), (320, 540)], (58, 116, 92))
    for slat in range(5):
        x = 330 + slat * 34
        canvas.line([(x, 292), (x + (2 - slat) * 2, 528)], (30, 72, 56), 5)
    canvas.rounded((290, 246, 510, 276), 8, (30, 70, 56))
    rubbish: list[Colour] = [
        (236, 232, 222),
        (198, 62, 52),
        (226, 182, 64),
        (70, 118, 170),
        (54, 56, 60),
        (160, 122, 84),
    ]
    for piece in range(34):
        share = piece / 34
        spot = (
            400 + canvas.random.uniform(-96, 96) * (1 - share * 0.5),
            250 - share * 88 + canvas.random.uniform(-8, 8),
        )
        canvas.polygon(canvas.blob(spot, canvas.random.uniform(15, 38), canvas.random.uniform(12, 26), 0.35, 9),
                       canvas.random.choice(rubbish))  # fmt: skip
    for _ in range(24):
        spot = (canvas.random.uniform(160, 660), canvas.random.uniform(520, 588))
        canvas.polygon(canvas.blob(spot, canvas.random.uniform(8, 24), canvas.random.uniform(5, 12), 0.4, 8),
                       canvas.random.choice(rubbish))  # fmt: skip
    _cup(canvas, (224, 500))


def _cup(canvas: Canvas, at: Point) -> None:
    x, y = at
    canvas.polygon([(x, y), (x + 62, y + 14), (x + 58, y + 46), (x + 2, y + 40)], (238, 236, 230))
    canvas.polygon([(x + 20, y + 5), (x + 42, y + 10), (x + 40, y + 44), (x + 20, y + 42)], (178, 72, 58))
    canvas.ellipse((x + 1, y + 20), 8, 20, (96, 78, 62))


def tree(canvas: Canvas) -> None:
    """A tree that has fallen over a path."""
    canvas.sky(210, (134, 146, 160), (204, 210, 214))
    for _ in range(26):
        x = canvas.random.uniform(-20, WIDTH + 20)
        canvas.polygon(
            canvas.blob((x, 190), canvas.random.uniform(40, 80), canvas.random.uniform(40, 90), 0.14),
            (74, 104, 70),
        )
    canvas.grass(210, HEIGHT)
    canvas.polygon([(330, 210), (400, 210), (640, HEIGHT), (140, HEIGHT)], (176, 164, 142))
    canvas.speckle((170, 240, 620, HEIGHT), [(150, 138, 118), (196, 186, 166)], 900)
    canvas.shade([(60, 420), (700, 372), (730, 430), (70, 476)], 120, 16)
    canvas.polygon([(86, 352), (690, 318), (700, 350), (92, 420)], (96, 74, 54))
    canvas.polygon([(86, 352), (690, 318), (694, 330), (88, 376)], (128, 102, 76))
    for _ in range(60):
        x = canvas.random.uniform(100, 660)
        canvas.line([(x, 360 - (x - 90) * 0.02), (x + 34, 366 - (x - 90) * 0.03)], (74, 56, 40), 1.6)
    canvas.polygon(canvas.blob((82, 386), 62, 84, 0.3, 22), (84, 62, 44))
    for step in range(16):
        angle = math.pi * (0.5 + step / 15)
        root = (
            80 + math.cos(angle) * canvas.random.uniform(80, 130),
            386 + math.sin(angle) * canvas.random.uniform(80, 130),
        )
        canvas.line([(80, 386), root], (66, 48, 34), 5)
    for _ in range(150):
        spot = (canvas.random.gauss(640, 76), canvas.random.gauss(336, 60))
        green = canvas.random.choice([(68, 112, 52), (92, 140, 66), (50, 88, 42), (120, 160, 80)])
        canvas.polygon(
            canvas.blob(spot, canvas.random.uniform(12, 34), canvas.random.uniform(9, 24), 0.3, 10), green
        )


def sign(canvas: Canvas) -> None:
    """A traffic sign that was run into."""
    canvas.sky(330)
    canvas.houses(336, 96)
    canvas.grass(330, 470)
    canvas.asphalt(462)
    canvas.line([(0, 474), (WIDTH, 474)], (226, 222, 208), 8)
    canvas.shade([(330, 470), (470, 462), (720, 520), (560, 548)], 90, 14)
    canvas.line([(330, 470), (352, 360), (498, 196)], (142, 146, 150), 14)
    canvas.line([(326, 470), (348, 360), (494, 196)], (186, 190, 194), 4)
    middle = (520.0, 168.0)
    canvas.ellipse(middle, 110, 98, (120, 122, 126))
    canvas.ellipse((middle[0] - 4, middle[1] - 3), 108, 96, (202, 38, 40))
    canvas.ellipse((middle[0] - 4, middle[1] - 3), 80, 70, (246, 244, 238))
    for shift in (-34, 24):
        x, y = middle[0] + shift, middle[1] + shift * 0.5
        if shift < 0:
            canvas.line([(x + 18, y - 34), (x - 12, y - 40), (x - 16, y - 6), (x + 10, y - 2), (x + 8, y + 26), (x - 22, y + 18)],
                        (24, 24, 26), 11)  # fmt: skip
        else:
            canvas.ring((x, y - 6), 26, 34, (24, 24, 26), 11)
    canvas.line([(470, 240), (540, 256)], (150, 30, 32), 3)
    canvas.polygon(canvas.blob((330, 474), 40, 12, 0.3), (92, 78, 60))
    for _ in range(9):
        canvas.polygon(
            canvas.blob((canvas.random.uniform(250, 470), canvas.random.uniform(476, 520)), 9, 5, 0.5, 7),
            (210, 206, 196),
        )


def graffiti(canvas: Canvas) -> None:
    """Spray paint on a brick wall."""
    canvas.slope(0, 450, (160, 94, 76), (142, 80, 64))
    for row in range(19):
        y = row * 24
        for column in range(-1, 14):
            x = column * 64 + (32 if row % 2 else 0)
            shade = canvas.random.uniform(-14, 14)
            canvas.polygon([(x + 2, y + 2), (x + 62, y + 2), (x + 62, y + 22), (x + 2, y + 22)],
                           (round(164 + shade), round(92 + shade * 0.8), round(74 + shade * 0.7)))  # fmt: skip
    canvas.slope(450, HEIGHT, (150, 148, 144), (120, 118, 114))
    canvas.speckle((0, 450, WIDTH, HEIGHT), [(98, 96, 94), (170, 168, 164)], 1100)
    strokes = [
        [(130, 320), (150, 150), (232, 140), (240, 220), (162, 236), (250, 330)],
        [(300, 320), (346, 132), (402, 326), (322, 250), (392, 250)],
        [(452, 140), (446, 322), (540, 316)],
        [(660, 164), (590, 140), (574, 224), (664, 246), (650, 322), (570, 306)],
    ]
    for colour, width, shift in (((24, 24, 28), 40, 5), ((236, 70, 142), 28, 0), ((250, 176, 206), 8, -7)):
        for stroke in strokes:
            canvas.line([(x + shift, y + shift) for x, y in stroke], colour, width)
            for x, y in stroke:
                canvas.ellipse((x + shift, y + shift), width / 2, width / 2, colour)
    for _ in range(16):
        left, top = canvas.random.uniform(140, 660), canvas.random.uniform(300, 330)
        canvas.line([(left, top), (left, top + canvas.random.uniform(24, 96))], (226, 64, 134), 4)
    for spray in ((110, 130), (700, 300), (420, 96)):
        canvas.glow(spray, 120, (60, 190, 200), 120)
    canvas.shade([(0, 440), (WIDTH, 440), (WIDTH, 470), (0, 470)], 130, 10)


def bench(canvas: Canvas) -> None:
    """A bench in a park with broken slats."""
    canvas.sky(170)
    for _ in range(22):
        x = canvas.random.uniform(-20, WIDTH + 20)
        canvas.polygon(
            canvas.blob((x, 140), canvas.random.uniform(46, 90), canvas.random.uniform(40, 90), 0.14),
            (82, 126, 72),
        )
    canvas.grass(180, 440)
    canvas.slope(436, HEIGHT, (192, 180, 156), (160, 148, 126))
    canvas.speckle((0, 440, WIDTH, HEIGHT), [(142, 130, 110), (208, 198, 176)], 1600)
    canvas.shade([(140, 500), (650, 490), (700, 530), (170, 546)], 120, 14)
    for x in (180, 600):
        canvas.line([(x, 270), (x + 6, 400), (x - 14, 520)], (44, 46, 50), 14)
        canvas.line([(x + 6, 402), (x + 62, 410), (x + 66, 526)], (44, 46, 50), 13)
    wood = (156, 104, 60)
    for y, broken in ((284, False), (318, True), (352, False), (404, True), (424, False)):
        if broken:
            canvas.line([(140, y), (372, y + 4)], wood, 22)
            canvas.polygon(
                [(370, y - 8), (400, y - 2), (378, y + 4), (398, y + 12), (368, y + 14)], (198, 150, 98)
            )
            canvas.line([(458, y + 18), (644, y)], wood, 22)
            canvas.polygon(
                [(460, y + 6), (436, y + 14), (452, y + 20), (434, y + 28), (462, y + 30)], (198, 150, 98)
            )
        else:
            canvas.line([(140, y), (644, y)], wood, 22)
            canvas.line([(140, y - 6), (644, y - 6)], (186, 134, 84), 4)
    canvas.polygon([(250, 540), (420, 560), (416, 578), (246, 558)], (146, 96, 56))


def bicycle(canvas: Canvas) -> None:
    """A bicycle without a saddle, chained to a railing."""
    canvas.sky(150)
    canvas.slope(140, 400, (196, 188, 172), (180, 170, 154))
    for row in range(9):
        canvas.line([(0, 160 + row * 28), (WIDTH, 160 + row * 28)], (158, 148, 132), 2)
    canvas.slope(400, HEIGHT, (158, 156, 152), (132, 130, 126))
    canvas.speckle((0, 400, WIDTH, HEIGHT), [(110, 108, 106), (174, 172, 168)], 1400)
    for post in range(60, 800, 120):
        canvas.line([(post, 190), (post, 440)], (52, 60, 66), 9)
    canvas.line([(0, 196), (WIDTH, 196)], (52, 60, 66), 12)
    canvas.shade([(150, 520), (640, 510), (700, 536), (190, 552)], 120, 12)
    rear, front = (250.0, 420.0), (560.0, 424.0)
    for wheel, down in ((rear, 104.0), (front, 88.0)):
        canvas.ring(wheel, 104, down, (30, 30, 32), 9)
        for step in range(16):
            angle = math.pi * step / 8
            canvas.line(
                [wheel, (wheel[0] + math.cos(angle) * 98, wheel[1] + math.sin(angle) * (down - 6))],
                (120, 120, 124),
                1.2,
            )
    crank, seat, head = (380.0, 428.0), (338.0, 262.0), (524.0, 270.0)
    for frame in ([rear, crank, seat, rear], [crank, head, seat], [head, front]):
        canvas.line(frame, (34, 98, 140), 12)
    canvas.line([seat, (332, 236)], (150, 152, 156), 8)
    canvas.line([head, (516, 226), (560, 206), (584, 226)], (40, 40, 44), 9)
    canvas.ellipse(crank, 30, 30, (70, 66, 62))
    canvas.line([(350, 420), (412, 440)], (60, 60, 64), 8)
    canvas.ring((302, 300), 66, 40, (214, 170, 52), 8)
    canvas.speckle((230, 260, 560, 440), [(150, 86, 50), (132, 74, 44)], 220)
