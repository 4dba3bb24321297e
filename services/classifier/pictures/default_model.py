"""The default picture model: a thin ResNet-50, for the weights that `make models` converts.

Layers as in Yahoo's open_nsfw (BSD-2), with the batch norms folded into the convolutions; a
bottleneck strides in its first convolution, as the original ResNet did (He et al. 2015, figure 5).
"""

from pathlib import Path
from typing import Any, Final, Literal

from pydantic import PositiveInt
from safetensors.torch import load_file
from torch import Tensor, nn

from services.classifier.weights import WEIGHTS, OwnConfig, Said, filled

THIN_RESNET: Final = "haetae-thin-resnet"
EXPANSION = 4


class ThinResNetConfig(OwnConfig):
    """`widths`: channels within the bottlenecks of each stage; they go out four times as wide. `depths`: bottlenecks.
    `id2label`: by place in the logits; `categories`, `calibration`: as in any directory of ours (see `probability`)."""

    model_type: Literal["haetae-thin-resnet"] = THIN_RESNET
    stem: PositiveInt = 64
    widths: tuple[PositiveInt, ...] = (32, 64, 128, 256)
    depths: tuple[PositiveInt, ...] = (3, 4, 6, 3)
    id2label: dict[int, str]
    categories: dict[str, str] | None = None
    calibration: dict[str, dict[str, float]] | None = None
    problem_type: str | None = None

    @property
    def num_labels(self) -> int:
        return len(self.id2label)


class Bottleneck(nn.Module):
    def __init__(self, channels: int, width: int, stride: int, widens: bool) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(channels, width, 1, stride)
        self.middle = nn.Conv2d(width, width, 3, padding=1)
        self.wide = nn.Conv2d(width, EXPANSION * width, 1)
        self.shortcut = nn.Conv2d(channels, EXPANSION * width, 1, stride) if widens else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        deep = self.wide(self.middle(self.narrow(x).relu_()).relu_())
        return (deep + self.shortcut(x)).relu_()


class ThinResNet(nn.Module):
    def __init__(self, config: ThinResNetConfig) -> None:
        super().__init__()
        self.config = config
        self.stem = nn.Conv2d(3, config.stem, 7, stride=2, padding=3)
        self.pool = nn.MaxPool2d(3, 2, ceil_mode=True)  # the original pads at the end only
        blocks: list[nn.Module] = []
        channels = config.stem
        for stage, (width, depth) in enumerate(zip(config.widths, config.depths, strict=True)):
            for place in range(depth):
                stride = 2 if stage and not place else 1
                blocks.append(Bottleneck(channels, width, stride, widens=place == 0))
                channels = EXPANSION * width
        self.blocks = nn.Sequential(*blocks)
        self.head = nn.Linear(channels, config.num_labels)

    @classmethod
    def load(cls, directory: Path) -> Any:  # noqa: ANN401  # torch is untyped here
        """Raises `OSError`, `ValueError`, `RuntimeError`, `SafetensorError`."""
        return filled(cls(ThinResNetConfig.read(directory)), load_file(directory / WEIGHTS))

    def features(self, pixel_values: Tensor) -> Tensor:
        """What the head judges: n × channels."""
        pooled: Tensor = self.blocks(self.pool(self.stem(pixel_values).relu_())).mean((2, 3))
        return pooled

    def forward(self, pixel_values: Tensor) -> Said:
        """`pixel_values`: n × 3 × height × width, prepared as preprocessor_config.json says."""
        return Said(self.head(self.features(pixel_values)))


def flat_names(model: ThinResNet) -> list[str]:
    """Its convolutions in the order in which they are computed, shortcuts before their bottleneck, then the head."""
    names = ["stem"]
    for number, block in enumerate(model.blocks):
        parts = ("narrow", "middle", "wide")
        shortcut = () if isinstance(block.shortcut, nn.Identity) else ("shortcut",)
        names += [f"blocks.{number}.{part}" for part in (*shortcut, *parts)]
    return [*names, "head"]
