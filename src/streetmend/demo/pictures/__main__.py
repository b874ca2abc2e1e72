"""Draws all photos into the folder that is given."""

from __future__ import annotations

import sys
from pathlib import Path

from streetmend.demo.pictures import roads, things
from streetmend.demo.pictures.canvas import Canvas

PICTURES = {
    "pothole": roads.pothole,
    "flood": roads.flood,
    "crossing": roads.crossing,
    "manhole": roads.manhole,
    "snow": roads.snow,
    "lamp": things.lamp,
    "bin": things.litter_bin,
    "tree": things.tree,
    "sign": things.sign,
    "graffiti": things.graffiti,
    "bench": things.bench,
    "bicycle": things.bicycle,
}


def draw_all(folder: Path) -> None:
    """Every picture lies in the folder as a JPEG."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (name, paint) in enumerate(PICTURES.items()):
        canvas = Canvas(seed)
        paint(canvas)
        canvas.finished().save(folder / f"{name}.jpg", quality=72, optimize=True, progressive=True)


if __name__ == "__main__":
    draw_all(Path(sys.argv[1]))
