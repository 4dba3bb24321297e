"""Which findings that are not flagged reviewers are asked about, because their verdict teaches most.

Half of the day's looks go to the highest risks, three tenths to the least certain texts, a fifth to chance: measured, a
third of the labels then teaches what all of them do, and only the part of chance says honestly how many are missed.
Never a finding with pictures or videos: the text model learns from words alone, so nobody has to look at more.
"""

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from random import Random

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from services.classifier.store import Base
from shared.database import Transaction

REASON = "to-learn"  # code of the reason that such a finding is flagged with
REMEMBERED, FEWEST = 2_000, 200  # findings that the next one is compared with; of fewer nobody knows what is high
BEST = 0.01  # "highest" and "least certain" are the first hundredth of them; and so rare is chance
DAY_S = 24 * 3600


class Slot(StrEnum):
    TOP = "top"
    UNCERTAIN = "uncertain"
    RANDOM = "random"


SHARES = {Slot.TOP: 0.5, Slot.UNCERTAIN: 0.3, Slot.RANDOM: 0.2}


class LooksRow(Base):
    __tablename__ = "looks_asked"

    day: Mapped[datetime] = mapped_column(sa.Date, primary_key=True)
    slot: Mapped[str] = mapped_column(primary_key=True)
    granted: Mapped[int]


@dataclass(frozen=True)
class Candidate:
    """A finding that is not flagged. `ngrams`, `embedding`: as in `TextSigns`. `exposing`: with pictures or videos."""

    risk: float
    ngrams: float | None
    embedding: float | None
    exposing: bool

    @property
    def certainty(self) -> float:
        """0 for the least certain: a score of one half, or two models that contradict each other."""
        scores = [score for score in (self.ngrams, self.embedding) if score is not None]
        apart = max(scores) - min(scores) if scores else 0.0
        nearest = min((abs(score - 0.5) for score in scores), default=0.5)
        return min(nearest, (1 - apart) / 2)


class Sampler:
    """Proposes; `grant` keeps to the budget. Remembers the last findings, so that it knows what is high among them."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._risks: deque[float] = deque(maxlen=REMEMBERED)
        self._certainties: deque[float] = deque(maxlen=REMEMBERED)

    def propose(self, candidates: Sequence[Candidate | None]) -> list[Slot | None]:
        """In the same order: what each would be asked for. None stays None: a finding that is flagged anyway."""
        risks, certainties = sorted(self._risks), sorted(self._certainties)
        proposed = [self._slot(one, risks, certainties) if one and not one.exposing else None for one in candidates]
        for one in candidates:
            if one and not one.exposing:
                self._risks.append(one.risk)
                self._certainties.append(one.certainty)
        return proposed

    def _slot(self, one: Candidate, risks: Sequence[float], certainties: Sequence[float]) -> Slot | None:
        if len(risks) < FEWEST:
            return None
        if bisect_left(risks, one.risk) >= (1 - BEST) * len(risks):
            return Slot.TOP
        if bisect_right(certainties, one.certainty) <= BEST * len(certainties):
            return Slot.UNCERTAIN
        return Slot.RANDOM if self._rng.random() < BEST else None


async def grant(tx: Transaction, slots: Sequence[Slot | None], per_day: int) -> list[bool]:
    """Which of them are asked for, in all processes together `per_day` at most, and no more of each slot at any hour of
    the day (UTC) than its share so far and one: a busy night must not use up the day."""
    now = tx.clock.now().astimezone(UTC)
    passed = (now - now.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds() / DAY_S
    granted = []
    for slot in slots:
        most = min(round(per_day * SHARES[slot]), int(per_day * SHARES[slot] * passed) + 1) if slot else 0
        granted.append(slot is not None and most > 0 and await _take(tx, now, slot, most))
    return granted


async def _take(tx: Transaction, now: datetime, slot: Slot, most: int) -> bool:
    statement = insert(LooksRow).values(day=now.date(), slot=slot, granted=1)
    one_more = statement.on_conflict_do_update(
        index_elements=[LooksRow.day, LooksRow.slot],
        set_={"granted": LooksRow.granted + 1},
        where=LooksRow.granted < most,
    )
    return (await tx.execute(one_more.returning(LooksRow.granted))).first() is not None
