"""What people and apps put over and around pictures: words, bars, stickers, the frame of a telephone."""

import random

from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]
WORDS = "The lantern parcel waits at gate seven until the evening bell"


def watermark(photo: Image.Image, share: float) -> Image.Image:
    """Half-transparent words: low in a corner when small, three times across the picture when big."""
    layer = Image.new("RGBA", photo.size)
    draw, size = ImageDraw.Draw(layer), max(8, round(photo.height * share))
    big = share > 0.1
    places = [(0.05, 0.08), (0.1, 0.42), (0.05, 0.75)] if big else [(0.55, 0.92)]
    for x, y in places:
        draw.text((photo.width * x, photo.height * y), "posted here", (255, 255, 255, 140), _font(size))
    return Image.alpha_composite(photo.convert("RGBA"), layer).convert("RGB")


def bar(photo: Image.Image, chance: random.Random, share: float) -> Image.Image:
    """A bar with words over the top or the bottom."""
    marked, height = photo.copy(), round(photo.height * share)
    top = 0 if chance.random() < 0.5 else photo.height - height
    _words(marked, (0, top, photo.width, top + height), (0, 0, 0), (255, 255, 255))
    return marked


def banner(photo: Image.Image, chance: random.Random, share: float) -> Image.Image:
    """A strip with words joined on above or below."""
    height = round(photo.height * share)
    above = chance.random() < 0.5
    canvas = Image.new("RGB", (photo.width, photo.height + height))
    canvas.paste(photo, (0, height if above else 0))
    top = 0 if above else photo.height
    paper: Colour = chance.choice(((255, 255, 255), (0, 0, 0), (200, 30, 40), (250, 220, 60)))
    _words(canvas, (0, top, photo.width, top + height), paper, (0, 0, 0) if sum(paper) > 380 else (255, 255, 255))
    return canvas


def sticker(photo: Image.Image, chance: random.Random, share: float) -> Image.Image:
    """A laughing face of `share` of the area, anywhere in the picture."""
    marked = photo.copy()
    side = min(round((photo.width * photo.height * share * 4 / 3.1416) ** 0.5), *photo.size)
    left, top = chance.randint(0, photo.width - side), chance.randint(0, photo.height - side)
    draw = ImageDraw.Draw(marked)
    draw.ellipse((left, top, left + side, top + side), (255, 205, 40))
    for x in (0.3, 0.6):
        draw.ellipse((left + side * x, top + side * 0.28, left + side * (x + 0.1), top + side * 0.42), (60, 40, 10))
    draw.chord((left + side * 0.22, top + side * 0.35, left + side * 0.78, top + side * 0.85), 0, 180, (120, 40, 20))
    return marked


def screenshot(photo: Image.Image, chance: random.Random, paper: Colour, ink: Colour) -> Image.Image:
    """As a telephone shows a post: a line of signs, a name with a round picture, words, the photograph, buttons."""
    width, height = 720, 1440
    page = Image.new("RGB", (width, height), paper)
    draw = ImageDraw.Draw(page)
    draw.text((24, 12), "11:42", ink, _font(22))
    draw.text((width - 120, 12), "4G 81%", ink, _font(22))
    draw.ellipse((24, 70, 88, 134), (90, 120, 200))
    draw.text((104, 76), "Garden Post", ink, _font(26))
    y = 150
    for _ in range(chance.randint(1, 4)):
        draw.text((24, y), WORDS[: chance.randint(20, len(WORDS))], ink, _font(24))
        y += 36
    margin = chance.choice((0, 12, 24, 48))
    factor = (width - 2 * margin) / photo.width
    shown = photo.resize((width - 2 * margin, min(round(photo.height * factor), height - y - 120)))
    page.paste(shown, (margin, y + 16))
    y += 32 + shown.height
    for place in range(4):
        draw.ellipse((40 + place * 170, y, 72 + place * 170, y + 32), outline=ink, width=3)
        draw.text((80 + place * 170, y), str(chance.randint(1, 999)), ink, _font(22))
    while (y := y + 56) < height - 140:
        draw.text((24, y), WORDS[: chance.randint(10, len(WORDS))], ink, _font(22))
    return page


def _words(canvas: Image.Image, box: tuple[int, int, int, int], paper: Colour, ink: Colour) -> None:
    draw, (left, top, right, bottom) = ImageDraw.Draw(canvas), box
    draw.rectangle((left, top, right - 1, bottom - 1), paper)
    size = max(8, (bottom - top) // 3)
    draw.text((left + (right - left) * 0.05, top + (bottom - top) * 0.3), WORDS[:30], ink, _font(size))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
