"""Ordinary pictures: landscapes, still lifes, streets, gardens, fabrics. Each source name gives another one."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from sandbox.rasters import Field, Palette, cosine_field, painted, palette, rng_of

SIZES = ((640, 480), (600, 450), (480, 600), (560, 560))
Random = np.random.Generator


def scene(source: str) -> Image.Image:
    """The ordinary picture of that name, RGB."""
    rng = rng_of(f"scene/{source}")
    size = SIZES[rng.integers(len(SIZES))]
    picture = _SUBJECTS[rng.integers(len(_SUBJECTS))](rng, size)
    return _grained(rng, picture)


def _grained(rng: Random, picture: Image.Image) -> Image.Image:
    """Sensor noise, so that no two files and no flat areas are alike."""
    pixels = np.asarray(picture).astype(np.float64) + rng.normal(0.0, 5.0, (picture.height, picture.width, 1))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8), "RGB")


def _colour(colours: Palette, place: float) -> tuple[int, int, int]:
    row = colours[round(place * (len(colours) - 1))]
    return (int(row[0]), int(row[1]), int(row[2]))


def _sky(rng: Random, size: tuple[int, int], hue: float) -> Image.Image:
    width, height = size
    fall: Field = np.repeat(np.linspace(0.35, 1.0, height)[:, None], width, axis=1)
    clouds = cosine_field(rng, size, 7)
    return painted(fall + 0.25 * clouds / np.abs(clouds).max(), palette(rng, 4, hue, 0.1))


def _landscape(rng: Random, size: tuple[int, int]) -> Image.Image:
    """Sky, sun and rows of hills, the nearer the darker."""
    width, height = size
    picture = _sky(rng, size, 0.5 + 0.15 * rng.random())
    draw = ImageDraw.Draw(picture)
    x, y, r = rng.uniform(0.1, 0.9) * width, rng.uniform(0.1, 0.4) * height, rng.uniform(0.04, 0.1) * width
    draw.ellipse((x - r, y - r, x + r, y + r), fill=(255, 240, 205))
    hills = palette(rng, 6, 0.2 + 0.25 * rng.random())
    rows = int(rng.integers(3, 6))
    for row in range(rows):
        base = height * (0.4 + 0.5 * row / rows)
        xs = np.linspace(0, 1, 80)
        ridge = sum(rng.uniform(0.01, 0.07) * np.sin(2 * np.pi * (k * xs + rng.random())) for k in range(1, 7))
        points = [(px * width, base + ry * height) for px, ry in zip(xs, np.asarray(ridge), strict=True)]
        draw.polygon([(0, height), *points, (width, height)], fill=_colour(hills, 1 - row / rows))
    return picture


def _still_life(rng: Random, size: tuple[int, int]) -> Image.Image:
    """Bowls, fruit and bottles on a table before a wall."""
    width, height = size
    wall = cosine_field(rng, size, 5)
    picture = painted(0.5 + 0.2 * wall / np.abs(wall).max(), palette(rng, 4))
    draw = ImageDraw.Draw(picture)
    table = rng.uniform(0.55, 0.75) * height
    draw.rectangle((0, table, width, height), fill=_colour(palette(rng, 4, 0.08), 0.4))
    for x in np.sort(rng.uniform(0.05, 0.95, int(rng.integers(4, 8)))) * width:
        colours, r = palette(rng, 5), rng.uniform(0.05, 0.13) * width
        y = table + rng.uniform(-0.02, 0.15) * height
        if rng.random() < 0.4:
            top = y - r * rng.uniform(2.5, 4.0)
            draw.rounded_rectangle((x - r / 2, top, x + r / 2, y), radius=r / 4, fill=_colour(colours, 0.3))
            draw.rectangle((x - r / 6, top - r, x + r / 6, top), fill=_colour(colours, 0.6))
        else:
            draw.ellipse((x - r, y - 2 * r, x + r, y), fill=_colour(colours, 0.5))
            draw.ellipse((x - r / 2, y - 1.7 * r, x, y - 1.2 * r), fill=_colour(colours, 1.0))
    return picture.filter(ImageFilter.GaussianBlur(1.2))


def _street(rng: Random, size: tuple[int, int]) -> Image.Image:
    """Houses with lit windows under an evening sky."""
    width, height = size
    picture = _sky(rng, size, rng.random())
    draw = ImageDraw.Draw(picture)
    x = -20.0
    while x < width:
        wide, top = rng.uniform(0.09, 0.2) * width, rng.uniform(0.15, 0.65) * height
        colours = palette(rng, 5)
        draw.rectangle((x, top, x + wide, height), fill=_colour(colours, 0.25))
        if rng.random() < 0.5:
            draw.polygon([(x, top), (x + wide / 2, top - 0.1 * height), (x + wide, top)], fill=_colour(colours, 0.0))
        step = wide / rng.integers(3, 6)
        for wx in np.arange(x + step * 0.4, x + wide - step * 0.5, step):
            for wy in np.arange(top + step * 0.6, height - step, step * 1.4):
                lit = rng.random() < 0.55
                draw.rectangle((wx, wy, wx + step * 0.5, wy + step * 0.7), fill=_colour(colours, 1.0 if lit else 0.1))
        x += wide * rng.uniform(0.95, 1.15)
    return picture


def _garden(rng: Random, size: tuple[int, int]) -> Image.Image:
    """Flowers on a meadow."""
    width, height = size
    ground = cosine_field(rng, size, 8)
    picture = painted(0.45 + 0.4 * ground / np.abs(ground).max(), palette(rng, 5, 0.3, 0.15))
    draw = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(14, 34))):
        x, y, r = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.02, 0.07) * width
        colours, petals, turn = palette(rng, 4), int(rng.integers(5, 9)), rng.random()
        for angle in 2 * np.pi * (np.arange(petals) / petals + turn):
            px, py = x + r * np.cos(angle), y + r * np.sin(angle)
            draw.ellipse((px - r * 0.6, py - r * 0.6, px + r * 0.6, py + r * 0.6), fill=_colour(colours, 0.7))
        draw.ellipse((x - r / 2, y - r / 2, x + r / 2, y + r / 2), fill=(240, 200, 80))
    return picture


def _fabric(rng: Random, size: tuple[int, int]) -> Image.Image:
    """A patchwork: a few large cloths, each striped or checked in its own direction."""
    width, height = size
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float64)
    seams = cosine_field(rng, size, 4)
    cloths = np.digitize(seams, np.quantile(seams, (0.25, 0.5, 0.75)))
    field: Field = np.zeros((height, width))
    for cloth in range(4):
        angle, period = rng.uniform(0, np.pi), rng.uniform(25, 90)
        weave = np.sin(2 * np.pi * (xs * np.cos(angle) + ys * np.sin(angle)) / period)
        if rng.random() < 0.5:
            weave = (weave + np.sin(2 * np.pi * (ys * np.cos(angle) - xs * np.sin(angle)) / period)) / 2
        field = np.where(cloths == cloth, 0.25 * weave + rng.uniform(0.25, 0.75), field)
    return painted(field, palette(rng, 7, spread=0.8))


_SUBJECTS: tuple[Callable[[Random, tuple[int, int]], Image.Image], ...] = (
    _landscape,
    _still_life,
    _street,
    _garden,
    _fabric,
)
