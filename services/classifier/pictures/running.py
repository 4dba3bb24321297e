"""Runs a model on this machine: in the precision that is quicker here and says the same."""

import time
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor

from services.classifier.pictures.preparing import Scaling
from services.classifier.pictures.probability import Probabilities

ROUNDS = 2  # of each precision at start; the best counts
# How much quicker bf16 must be to be taken, and how far its probabilities may lie off. Processors that lack it are
# several times slower with it, those that have it (avx512_bf16, AMX) two to three times quicker.
QUICKER, APART = 1.15, 0.02


class Runner:
    def __init__(self, model: Any, scaling: Scaling, device: str) -> None:  # noqa: ANN401  # transformers is untyped
        torch.set_num_threads(1)  # processes are the unit of scaling: a second thread only disturbs the neighbour
        self._model = model.to(device, memory_format=torch.channels_last)
        self._scaling, self._device = scaling, device
        self.dtype = torch.float32

    def choose(self, noise: Tensor, probabilities: Probabilities) -> None:
        """Raises `RuntimeError` when what comes out is no number."""
        exact = self.logits(noise)
        if not bool(torch.isfinite(exact).all()):
            raise RuntimeError("what comes out is not a number")
        model, plain = self._model, self._quickest(noise)
        self._model, self.dtype = deepcopy(model).to(torch.bfloat16), torch.bfloat16
        rough = probabilities.of_logits(self.logits(noise))
        apart = float((probabilities.of_logits(exact) - rough).abs().max())
        if not (apart <= APART and self._quickest(noise) * QUICKER < plain):
            self._model, self.dtype = model, torch.float32

    @torch.inference_mode()  # type: ignore[untyped-decorator]  # torch is untyped here
    def logits(self, pixels: Tensor) -> Tensor:
        """`pixels`: n × height × width × 3, bytes. Pictures × labels, on the CPU, fp32."""
        inputs = self._scaling.apply(pixels.to(self._device), self.dtype)
        logits: Tensor = self._model(pixel_values=inputs).logits.float().cpu()
        return logits

    def _quickest(self, noise: Tensor) -> float:
        return min(self._timed(noise) for _ in range(ROUNDS))

    def _timed(self, noise: Tensor) -> float:
        begun = time.perf_counter()
        self.logits(noise)
        return time.perf_counter() - begun
