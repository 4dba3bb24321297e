"""How a model wants its pictures, from preprocessor_config.json: what the decoding child does (resize, crop) and what
is done beside the model (scale). Pure.

The library's own processors are not used: they would do it all in this process, and decoding is for a guarded child,
which must not need torch. What they do and this does not is refused by name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from services.classifier.pictures.shape import Shape

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, which nearly all are trained with
MOST_SIDE = 2048  # pixels: no classifier reads more, and a batch of these fits in memory
BILINEAR = 2  # Pillow's number, as preprocessor_config.json says it


@dataclass(frozen=True)
class Scaling:
    """value * factor + offset, for each of red, green, blue."""

    factor: tuple[float, ...]
    offset: tuple[float, ...]

    def apply(self, pixels: Tensor, dtype: torch.dtype) -> Tensor:
        """`pixels`: n × height × width × 3, bytes. Returns n × 3 × height × width, channels last in memory."""
        factor, offset = (torch.tensor(numbers, device=pixels.device) for numbers in (self.factor, self.offset))
        return torch.addcmul(offset, pixels.float(), factor).to(dtype).permute(0, 3, 1, 2)


def read_preparation(config: Mapping[str, Any]) -> tuple[Shape, Scaling]:
    """Raises `ValueError` naming the field."""
    return _shape(config), _scaling(config)


def _shape(config: Mapping[str, Any]) -> Shape:
    for field in ("do_pad", "do_thumbnail", "do_align_long_axis"):
        if config.get(field):
            raise ValueError(f"{field}: not supported, take a model that only resizes and crops")
    if not config.get("do_resize", True):
        raise ValueError("do_resize: false; pictures of the web have every size")
    size, crop = config.get("size", 224), config.get("crop_size") if config.get("do_center_crop") else None
    resample = config.get("resample", BILINEAR)
    if not isinstance(resample, int) or not 0 <= resample <= 5:
        raise ValueError(f"resample: {resample!r} is none of Pillow's filters, 0 to 5")
    if isinstance(size, Mapping) and "shortest_edge" in size:
        edge = _side(size["shortest_edge"], "size.shortest_edge")
        if "crop_pct" in config and edge < 384:  # as ConvNeXt's processor has it
            return Shape(None, round(edge / float(config["crop_pct"])), edge, edge, resample)
        if crop is None:
            raise ValueError("size.shortest_edge without crop: every picture would have another shape")
        width, height = _sides(crop, "crop_size")
        return _checked(Shape(None, edge, width, height, resample), edge, edge)
    whole = _sides(size, "size")
    width, height = _sides(crop, "crop_size") if crop is not None else whole
    return _checked(Shape(whole[0], whole[1], width, height, resample), *whole)


def _checked(shape: Shape, width: int, height: int) -> Shape:
    if shape.crop_width > width or shape.crop_height > height:
        raise ValueError("crop_size: larger than size")
    return shape


def _sides(given: object, field: str) -> tuple[int, int]:
    """Width and height."""
    if isinstance(given, Mapping) and {"height", "width"} <= set(given):
        return _side(given["width"], f"{field}.width"), _side(given["height"], f"{field}.height")
    if isinstance(given, int):
        return _side(given, field), _side(given, field)
    raise ValueError(f"{field}: {given!r} is neither a number nor height and width")


def _side(given: object, field: str) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or not 1 <= given <= MOST_SIDE:
        raise ValueError(f"{field}: {given!r} is no number of pixels from 1 to {MOST_SIDE}")
    return given


def _scaling(config: Mapping[str, Any]) -> Scaling:
    rescale = float(config.get("rescale_factor", 1 / 255)) if config.get("do_rescale", True) else 1.0
    if not config.get("do_normalize", True):
        return Scaling((rescale,) * 3, (0.0,) * 3)
    mean, std = _three(config.get("image_mean", MEAN), "image_mean"), _three(config.get("image_std", STD), "image_std")
    if not all(std):
        raise ValueError("image_std: zero")
    return Scaling(tuple(rescale / s for s in std), tuple(-m / s for m, s in zip(mean, std, strict=True)))


def _three(given: object, field: str) -> tuple[float, ...]:
    if not isinstance(given, list | tuple) or len(given) != 3 or not all(isinstance(one, int | float) for one in given):
        raise ValueError(f"{field}: {given!r} is not three numbers, of red, green and blue")
    return tuple(map(float, given))
