"""What happens to a picture between two uploads: the forty changes of the table, and crops and turns beside its grid.

Each takes the picture, a source of chance (where a sticker sits, which margin a screenshot has) and other photographs
(a collage needs three). Shares are of width and height.
"""

import io
import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from benchmarks.photographs.drawn import banner, bar, screenshot, sticker, watermark
from benchmarks.photographs.turned import perspective, turned, turned_and_cropped

COMPANIONS = 3  # photographs beside it in a collage

Photo = Image.Image
Transform = Callable[[Photo, random.Random, Sequence[Photo]], Photo]


def cropped(photo: Photo, left: float, top: float, right: float, bottom: float) -> Photo:
    width, height = photo.size
    return photo.crop(
        (round(width * left), round(height * top), round(width * (1 - right)), round(height * (1 - bottom)))
    )


def centre(photo: Photo, share: float) -> Photo:
    """`share` is cut away in total, half on each side."""
    return cropped(photo, *(share / 2,) * 4)


def jpeg(photo: Photo, quality: int) -> Photo:
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=quality)
    return Image.open(out).convert("RGB")


def scaled(photo: Photo, across: float, down: float | None = None) -> Photo:
    size = max(1, round(photo.width * across)), max(1, round(photo.height * (down or across)))
    return photo.resize(size, Image.Resampling.LANCZOS)


def border(photo: Photo, share: float) -> Photo:
    return ImageOps.expand(photo, round(share * max(photo.size)), (250, 250, 250))


def letterbox(photo: Photo) -> Photo:
    """On a black square, or one half as wide again where it is square already."""
    width, height = photo.size
    side = max(width, height)
    canvas = Image.new("RGB", (side, side) if width != height else (side * 3 // 2, side))
    canvas.paste(photo, ((canvas.width - width) // 2, (canvas.height - height) // 2))
    return canvas


def hue(photo: Photo, degrees: int) -> Photo:
    tone, saturation, value = photo.convert("HSV").split()
    tone = tone.point(lambda level: (level + degrees * 256 // 360) % 256)
    return Image.merge("HSV", (tone, saturation, value)).convert("RGB")


def noise(photo: Photo, sigma: float, chance: random.Random) -> Photo:
    import numpy as np

    grains = np.random.default_rng(chance.getrandbits(32)).normal(0, sigma, (photo.height, photo.width, 3))
    return Image.fromarray(np.clip(np.asarray(photo) + grains, 0, 255).astype(np.uint8))


def social(photo: Photo) -> Photo:
    """As a social network stores it: 720 pixels, sharpened, compressed."""
    small = scaled(photo, min(1.0, 720 / max(photo.size)))
    return jpeg(small.filter(ImageFilter.UnsharpMask(2, 120, 2)), 60)


def collage(photo: Photo, chance: random.Random, others: Sequence[Photo]) -> Photo:
    """One of four, each shown whole in a cell of the photograph's shape."""
    width, height = photo.size
    cells = [photo, *(other.resize(photo.size) for other in others[:COMPANIONS])]
    chance.shuffle(cells)
    canvas = Image.new("RGB", (2 * width, 2 * height))
    for number, cell in enumerate(cells):
        canvas.paste(cell, (number % 2 * width, number // 2 * height))
    return canvas


def alone(change: Callable[[Photo], Photo]) -> Transform:
    return lambda photo, chance, others: change(photo)


def by_chance(change: Callable[[Photo, random.Random], Photo]) -> Transform:
    return lambda photo, chance, others: change(photo, chance)


LIGHT, DARK = ((250, 250, 250), (30, 30, 30)), ((18, 18, 18), (220, 220, 220))  # paper and ink

FORTY: Mapping[str, Transform] = {
    "identity": alone(lambda photo: photo),
    "jpeg_q30": alone(partial(jpeg, quality=30)),
    "jpeg_q10": alone(partial(jpeg, quality=10)),
    "resize_50": alone(partial(scaled, across=0.5)),
    "resize_25": alone(partial(scaled, across=0.25)),
    "aspect_1.2": alone(partial(scaled, across=1.2, down=1.0)),
    "crop_5": alone(partial(centre, share=0.05)),
    "crop_10": alone(partial(centre, share=0.10)),
    "crop_20": alone(partial(centre, share=0.20)),
    "crop_30": alone(partial(centre, share=0.30)),
    "tlcrop_10": alone(lambda photo: cropped(photo, 0.10, 0.10, 0, 0)),
    "tlcrop_20": alone(lambda photo: cropped(photo, 0.20, 0.20, 0, 0)),
    "sidecrop_20": alone(lambda photo: cropped(photo, 0.20, 0, 0, 0)),
    "watermark_small": alone(partial(watermark, share=0.05)),
    "watermark_big": alone(partial(watermark, share=0.16)),
    "overlay_bar_15": by_chance(partial(bar, share=0.15)),
    "banner_15": by_chance(partial(banner, share=0.15)),
    "sticker_10": by_chance(partial(sticker, share=0.10)),
    "border_2": alone(partial(border, share=0.02)),
    "border_10": alone(partial(border, share=0.10)),
    "letterbox": alone(letterbox),
    "rotate_1": alone(partial(turned, degrees=1)),
    "rotate_5": alone(partial(turned, degrees=5)),
    "rotcrop_5": alone(partial(turned_and_cropped, degrees=5)),
    "rotate_90": alone(lambda photo: photo.transpose(Image.Transpose.ROTATE_90)),
    "mirror": alone(ImageOps.mirror),
    "mirror_crop10": alone(lambda photo: ImageOps.mirror(centre(photo, 0.10))),
    "gray": alone(lambda photo: photo.convert("L").convert("RGB")),
    "hue_40": alone(partial(hue, degrees=40)),
    "bright_1.5": alone(lambda photo: ImageEnhance.Brightness(photo).enhance(1.5)),
    "gamma_2": alone(lambda photo: photo.point(lambda level: round(255 * (level / 255) ** 2))),
    "contrast_1.6": alone(lambda photo: ImageEnhance.Contrast(photo).enhance(1.6)),
    "invert": alone(ImageOps.invert),
    "blur_3": alone(lambda photo: photo.filter(ImageFilter.GaussianBlur(3))),
    "noise_20": by_chance(lambda photo, chance: noise(photo, 20, chance)),
    "persp_5": alone(partial(perspective, share=0.05)),
    "social": alone(social),
    "screenshot_light": by_chance(lambda photo, chance: screenshot(photo, chance, *LIGHT)),
    "screenshot_dark": by_chance(lambda photo, chance: screenshot(photo, chance, *DARK)),
    "collage_2x2": collage,
}


def _window(photo: Photo, chance: random.Random) -> Photo:
    """A part of the same shape anywhere in the picture, 60 to 95 % of its area."""
    cut = 1 - chance.uniform(0.60, 0.95) ** 0.5
    left, top = chance.uniform(0, cut), chance.uniform(0, cut)
    return cropped(photo, left, top, cut - left, cut - top)


def _corner(photo: Photo, chance: random.Random) -> Photo:
    share, right, low = chance.uniform(0.025, 0.3), chance.random() < 0.5, chance.random() < 0.5
    return cropped(photo, *(0 if right else share, 0 if low else share, share if right else 0, share if low else 0))


def _side(photo: Photo, chance: random.Random) -> Photo:
    cuts = [0.0] * 4
    cuts[chance.randrange(4)] = chance.uniform(0.025, 0.3)
    return cropped(photo, *cuts)


def _two_sides(photo: Photo, chance: random.Random) -> Photo:
    share = chance.uniform(0.025, 0.3) / 2
    return cropped(photo, *((share, 0, share, 0) if chance.random() < 0.5 else (0, share, 0, share)))


def _angle(chance: random.Random) -> float:
    return chance.uniform(1, 10) * chance.choice((1, -1))


def _any_centre(photo: Photo, chance: random.Random) -> Photo:
    return centre(photo, chance.uniform(0.025, 0.3))


# Measures drawn by chance: most lie between those of the variants that are listed.
OFF_GRID: Mapping[str, Transform] = {
    "centre 2.5-30 %": by_chance(_any_centre),
    "corner 2.5-30 %": by_chance(_corner),
    "one side 2.5-30 %": by_chance(_side),
    "two sides 2.5-30 %": by_chance(_two_sides),
    "any window, 60-95 % kept": by_chance(_window),
    "turned 1-10°": by_chance(lambda photo, chance: turned(photo, _angle(chance))),
    "turned 1-10°, on white": by_chance(lambda photo, chance: turned(photo, _angle(chance), (255, 255, 255))),
    "turned 1-10°, cropped": by_chance(lambda photo, chance: turned_and_cropped(photo, _angle(chance))),
    "mirrored, corner": by_chance(lambda photo, chance: ImageOps.mirror(_corner(photo, chance))),
    "crop, recompressed": by_chance(lambda photo, chance: jpeg(_corner(photo, chance), 30)),
    "crop in a screenshot": by_chance(lambda photo, chance: screenshot(_any_centre(photo, chance), chance, *LIGHT)),
    "turned in a border": by_chance(lambda photo, chance: border(turned(photo, _angle(chance) / 4), 0.05)),
}
