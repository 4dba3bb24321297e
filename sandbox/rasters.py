"""What procedural pictures are made of: random fields, palettes, and their way into a picture."""

import colorsys
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Field = NDArray[np.float64]
"""Height × width, values about 0 … 1."""
Palette = NDArray[np.float64]
"""Colours × 3, values 0 … 255, from the first (0.0) to the last (1.0)."""


def rng_of(name: str) -> np.random.Generator:
    """A random stream that depends on the name only."""
    return np.random.default_rng(int.from_bytes(sha256(name.encode()).digest()[:8], "big"))


def cosine_field(rng: np.random.Generator, size: tuple[int, int], waves: int) -> Field:
    """A smooth random field of the given (width, height): every cosine wave up to `waves` half periods a side."""
    width, height = size
    across = np.cos(np.pi * np.outer(np.arange(waves + 1), (np.arange(width) + 0.5) / width))
    down = np.cos(np.pi * np.outer(np.arange(waves + 1), (np.arange(height) + 0.5) / height))
    weights = rng.normal(size=(waves + 1, waves + 1))
    weights[0, 0] = 0.0
    field: Field = down.T @ weights @ across
    return field


def palette(rng: np.random.Generator, colours: int, hue: float | None = None, spread: float = 0.35) -> Palette:
    """Colours around a hue (0 … 1, random when None), dark to light."""
    centre = rng.random() if hue is None else hue
    rows = [
        colorsys.hsv_to_rgb((centre + spread * (rng.random() - 0.5)) % 1.0, 0.35 + 0.4 * rng.random(), light)
        for light in np.linspace(0.25, 0.95, colours)
    ]
    return np.array(rows) * 255.0


def painted(field: Field, colours: Palette) -> Image.Image:
    """The field as a picture: each value (clipped to 0 … 1) in its mixture of the two nearest colours."""
    places = np.clip(field, 0.0, 1.0) * (len(colours) - 1)
    knots = np.arange(len(colours))
    channels = [np.interp(places, knots, colours[:, channel]) for channel in range(3)]
    return Image.fromarray(np.stack(channels, axis=-1).astype(np.uint8), "RGB")
