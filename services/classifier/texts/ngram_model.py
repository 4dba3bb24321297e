"""Our own text model: an embedding bag over hashed n-grams with a logistic head, as a `transformers` model.

Its directory is an ordinary one (config.json, model.safetensors) that the Auto classes load once this is imported.
"""

from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForSequenceClassification, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from services.classifier.texts.ngrams import Grams


class NgramConfig(PretrainedConfig):
    """Shape of the model and, as in any directory we write, its calibration (see `text_model.Calibration`)."""

    model_type = "haetae-ngram"

    # 2**18 buckets: a few hundred thousand distinct n-grams of short texts share them without noticeable loss, 1 MB.
    buckets_log2: int = 18
    longest: int = 4
    # Letters, about a sentence and a half. Twice as many dilute a phrase in Chinese: 7 of 5,000 harmless posts of the
    # sandbox were flagged with 120, none with 80.
    window: int = 80
    stride: int = 40
    num_labels: int = 1
    calibration_scale: float = 1.0
    calibration_shift: float = 0.0
    # Examples in each language that it was trained on; None: not told. n-grams say nothing of a language never read.
    labelled: dict[str, int] | None = None

    def grams(self) -> Grams:
        return Grams(self.buckets_log2, self.longest, self.window, self.stride)


class NgramModel(PreTrainedModel):
    """Logit of a passage: the sum of its n-grams' weights over the root of their number, plus a bias."""

    config_class = NgramConfig
    base_model_prefix = "ngrams"
    main_input_name = "input_ids"
    _no_split_modules: ClassVar[list[str]] = []

    def __init__(self, config: NgramConfig) -> None:
        super().__init__(config)
        self.bag = nn.EmbeddingBag(2**config.buckets_log2, 1, mode="sum")
        self.bias = nn.Parameter(torch.zeros(1))
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.EmbeddingBag):
            nn.init.zeros_(module.weight)

    def forward(self, input_ids: Tensor, offsets: Tensor, **_: Any) -> SequenceClassifierOutput:  # noqa: ANN401
        """`input_ids`: all passages' buckets in a row; `offsets`: where each passage begins. Logits: passages × 1."""
        counts = torch.diff(offsets, append=torch.tensor([len(input_ids)])).clamp(min=1)
        sums = self.bag(input_ids, offsets)
        return SequenceClassifierOutput(logits=sums * counts.rsqrt().unsqueeze(1) + self.bias)


AutoConfig.register(NgramConfig.model_type, NgramConfig)
AutoModelForSequenceClassification.register(NgramConfig, NgramModel)
