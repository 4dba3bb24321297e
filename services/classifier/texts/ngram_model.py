"""Our own text model: an embedding bag over hashed n-grams with a logistic head."""

from typing import Final, Literal

import torch
from torch import Tensor, nn

from services.classifier.texts.ngrams import Grams
from services.classifier.weights import OwnConfig, Said

NGRAM: Final = "haetae-ngram"


class NgramConfig(OwnConfig):
    """Shape of the model and, as in any directory we write, its calibration (see `text_model.Calibration`)."""

    model_type: Literal["haetae-ngram"] = NGRAM
    # 2**18 buckets: a few hundred thousand distinct n-grams of short texts share them without noticeable loss, 1 MB.
    buckets_log2: int = 18
    longest: int = 4
    # Letters, about a sentence and a half. Twice as many dilute a phrase in Chinese: 7 of 5,000 harmless posts of the
    # sandbox were flagged with 120, none with 80.
    window: int = 80
    stride: int = 40
    num_labels: Literal[1] = 1
    label2id: dict[str, int] | None = None
    calibration_scale: float = 1.0
    calibration_shift: float = 0.0
    # Examples in each language that it was trained on; None: not told. n-grams say nothing of a language never read.
    labelled: dict[str, int] | None = None

    def grams(self) -> Grams:
        return Grams(self.buckets_log2, self.longest, self.window, self.stride)


class NgramModel(nn.Module):
    """Logit of a passage: the sum of its n-grams' weights over the root of their number, plus a bias."""

    def __init__(self, config: NgramConfig) -> None:
        super().__init__()
        self.config = config
        self.bag = nn.EmbeddingBag(2**config.buckets_log2, 1, mode="sum")
        nn.init.zeros_(self.bag.weight)
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, input_ids: Tensor, offsets: Tensor) -> Said:
        """`input_ids`: all passages' buckets in a row; `offsets`: where each passage begins. Logits: passages × 1."""
        counts = torch.diff(offsets, append=torch.tensor([len(input_ids)])).clamp(min=1)
        sums = self.bag(input_ids, offsets)
        return Said(sums * counts.rsqrt().unsqueeze(1) + self.bias)
