"""The default picture model: a thin ResNet-50 as a `transformers` model, for the weights that `make models` converts.

Its directory is an ordinary one (config.json, preprocessor_config.json, model.safetensors) that the Auto classes load
once it is registered. Layers as in Yahoo's open_nsfw (BSD-2), with the batch norms folded into the convolutions; a
bottleneck strides in its first convolution, as the original ResNet did (He et al. 2015, figure 5).
"""

from typing import Any, ClassVar

from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForImageClassification, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import ImageClassifierOutput


class ThinResNetConfig(PretrainedConfig):
    """`widths`: channels within the bottlenecks of each stage; they go out four times as wide. `depths`: bottlenecks.
    `categories`, `calibration`: as in any directory of ours (see `probability`)."""

    model_type = "haetae-thin-resnet"

    stem: int = 64
    widths: tuple[int, ...] = (32, 64, 128, 256)
    depths: tuple[int, ...] = (3, 4, 6, 3)


EXPANSION = 4


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


class ThinResNet(PreTrainedModel):
    """`pixel_values`: n × 3 × height × width, prepared as preprocessor_config.json says. Logits: n × labels."""

    config_class = ThinResNetConfig
    base_model_prefix = "resnet"
    main_input_name = "pixel_values"
    _no_split_modules: ClassVar[list[str]] = ["Bottleneck"]

    def __init__(self, config: ThinResNetConfig) -> None:
        super().__init__(config)
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
        self.post_init()

    def features(self, pixel_values: Tensor) -> Tensor:
        """What the head judges: n × channels."""
        pooled: Tensor = self.blocks(self.pool(self.stem(pixel_values).relu_())).mean((2, 3))
        return pooled

    def forward(self, pixel_values: Tensor, **_: Any) -> ImageClassifierOutput:  # noqa: ANN401  # as transformers calls
        return ImageClassifierOutput(logits=self.head(self.features(pixel_values)))

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def flat_names(model: ThinResNet) -> list[str]:
    """Its convolutions in the order in which they are computed, shortcuts before their bottleneck, then the head."""
    names = ["stem"]
    for number, block in enumerate(model.blocks):
        parts = ("narrow", "middle", "wide")
        shortcut = () if isinstance(block.shortcut, nn.Identity) else ("shortcut",)
        names += [f"blocks.{number}.{part}" for part in (*shortcut, *parts)]
    return [*names, "head"]


def register() -> None:
    """Let the Auto classes know it."""
    AutoConfig.register(ThinResNetConfig.model_type, ThinResNetConfig, exist_ok=True)
    AutoModelForImageClassification.register(ThinResNetConfig, ThinResNet, exist_ok=True)
