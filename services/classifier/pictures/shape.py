"""The pixels that a model wants of a picture. Pure, and without torch: the decoding child reads it too."""

from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True)
class Shape:
    """Resize to `width` × `height` (`width` None: the shorter side to `height`, the other in proportion), then crop the
    middle `crop_width` × `crop_height`. `resample`: Pillow's number of the filter."""

    width: int | None
    height: int
    crop_width: int
    crop_height: int
    resample: int

    @property
    def bytes(self) -> int:
        return self.crop_width * self.crop_height * 3

    def of(self, image: Image.Image) -> Image.Image:
        """Crops first and resizes what is left, which shows the same: a picture of 10,000 × 20 would be resized to a
        hundred million pixels otherwise."""
        across, down = self._scales(image.width, image.height)
        wide, high = self.crop_width / across, self.crop_height / down
        left, top = (image.width - wide) / 2, (image.height - high) / 2
        box = (max(left, 0.0), max(top, 0.0), min(left + wide, image.width), min(top + high, image.height))
        size = (self.crop_width, self.crop_height)
        return image.resize(size, Image.Resampling(self.resample), box=box, reducing_gap=2.0)

    def least(self, width: int, height: int) -> tuple[int, int]:
        """The size below which a picture of this size loses detail that the model would see: a decoder that can give
        less than all may give that. (Averaging by the decoder moves the log-odds of the default model by 0.1.)"""
        across, down = self._scales(width, height)
        return max(1, round(width * across)), max(1, round(height * down))

    def _scales(self, width: int, height: int) -> tuple[float, float]:
        if self.width is not None:
            return self.width / width, self.height / height
        scale = self.height / min(width, height)
        return scale, scale
