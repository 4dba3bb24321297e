"""Champion and challenger at work on the same texts: in shadow the challenger is only counted, as a canary it judges
the texts of a share of the hosts."""

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from services.classifier.learning.metrics import FLAG_FROM
from services.classifier.texts.normalise import Forms
from services.classifier.texts.text_model import TextModel


@dataclass(frozen=True)
class Seat:
    """A version that scores. `share`: of the hosts that it judges; the champion has the rest."""

    version: int
    model: TextModel
    share: float = 0.0


@dataclass(frozen=True)
class Counts:
    """Of texts that both scored. `canary`: judged by the challenger. `raised`: at `FLAG_FROM` and above."""

    texts: int = 0
    canary: int = 0
    raised: int = 0
    challenger_raised: int = 0
    differing: int = 0

    def __add__(self, more: "Counts") -> "Counts":
        return Counts(*(mine + theirs for mine, theirs in zip(vars(self).values(), vars(more).values(), strict=True)))


class Panel:
    """A `Scorer`. Scores in the reader's thread; `take_counts` may be called from another."""

    def __init__(self, champion: Seat, challenger: Seat | None = None) -> None:
        self.champion, self.challenger = champion, challenger
        self._counts, self._lock = Counts(), threading.Lock()

    def score(self, texts: Sequence[Forms], hosts: Sequence[str]) -> list[float]:
        if self.challenger is None:
            return self.champion.model.score_each(texts)[0]
        champion, challenger = self.champion.model.score_each(texts, [self.challenger.model])
        canary = [self._is_canary(host) for host in hosts]
        raised = [(one >= FLAG_FROM, other >= FLAG_FROM) for one, other in zip(champion, challenger, strict=True)]
        with self._lock:
            self._counts += Counts(
                texts=len(texts),
                canary=sum(canary),
                raised=sum(one for one, _ in raised),
                challenger_raised=sum(other for _, other in raised),
                differing=sum(one != other for one, other in raised),
            )
        return [other if judged else one for one, other, judged in zip(champion, challenger, canary, strict=True)]

    def version(self, host: str) -> str:
        """Of the model that judges this host's texts."""
        return str(self.challenger.version if self.challenger and self._is_canary(host) else self.champion.version)

    def take_counts(self) -> Counts:
        """What was counted since it was asked last."""
        with self._lock:
            taken, self._counts = self._counts, Counts()
        return taken

    def _is_canary(self, host: str) -> bool:
        return self.challenger is not None and drawn(host, self.challenger.version) < self.challenger.share


def drawn(host: str, version: int) -> float:
    """A host's number, 0 to 1: the same in every process, another for another version."""
    digest = hashlib.sha256(f"{version}/{host}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32
