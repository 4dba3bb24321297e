"""Whether what is read has changed, so that the model's figures no longer hold: the last day beside the days before.

Inputs are watched, and what reviewers say; scores are not: under a wave of obfuscation their distribution and ADWIN on
them stayed quiet while average precision fell. Unseen n-grams say nothing either: after 9,000 texts 96 % of the hashed
buckets have been seen.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Mapped, mapped_column

from services.classifier.learning.examples import ExampleRow
from services.classifier.store import Base, Seen
from shared.database import Transaction

log = structlog.get_logger(__name__)

NOW, BEFORE = timedelta(days=1), timedelta(days=28)
MOST_READ = 20_000  # texts of a window, the newest: more make no figure surer
DISGUISED_FROM = 0.05  # of a text's letters: fewer are a slip or a foreign name
# Each margin is three standard deviations or more at the fewest texts or verdicts, and small enough to matter.
FEWEST_TEXTS, DISGUISED_MOST, LANGUAGES_MOST = 1_000, 0.05, 0.15
FEWEST_VERDICTS, OVERTURNED_MOST = 100, 0.20


class DriftRow(Base):
    """An alarm. `before`, `now`: the share. For languages `now` is the distance between the mixes, and `before` 0."""

    __tablename__ = "drifts"

    position: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    what: Mapped[str]
    at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    before: Mapped[float]
    now: Mapped[float]
    most: Mapped[float]
    texts_before: Mapped[int]
    texts_now: Mapped[int]


@dataclass(frozen=True)
class Window:
    """What was read and decided in a time."""

    disguised: int
    languages: Counter[str]
    overturned: int
    decided: int

    @property
    def texts(self) -> int:
        return self.languages.total()


@dataclass(frozen=True)
class Drift:
    """`most`: how far `now` may be above `before`."""

    what: str
    before: float
    now: float
    most: float
    texts_before: int
    texts_now: int

    @property
    def alarms(self) -> bool:
        return self.now - self.before > self.most


def compare(before: Window, now: Window) -> Iterator[Drift]:
    """Of each thing that enough is known of."""
    texts, verdicts = (before.texts, now.texts), (before.decided, now.decided)
    if min(texts) >= FEWEST_TEXTS:
        yield Drift("disguised", before.disguised / texts[0], now.disguised / texts[1], DISGUISED_MOST, *texts)
        yield Drift("languages", 0.0, _distance(before.languages, now.languages), LANGUAGES_MOST, *texts)
    if min(verdicts) >= FEWEST_VERDICTS:
        shares = before.overturned / verdicts[0], now.overturned / verdicts[1]
        yield Drift("overturned", *shares, OVERTURNED_MOST, *verdicts)


def _distance(one: Counter[str], other: Counter[str]) -> float:
    """Total variation: the share of texts that would have to be in another language for the mixes to be the same."""
    names = one.keys() | other.keys()
    return sum(abs(one[name] / one.total() - other[name] / other.total()) for name in names) / 2


async def watch(tx: Transaction, *, scripted: bool) -> Sequence[Drift]:
    """Compare, and enter what alarms, each thing once a day."""
    now = tx.clock.now()
    windows = [await _window(tx, now - BEFORE, now - NOW, scripted), await _window(tx, now - NOW, now, scripted)]
    drifts = list(compare(*windows))
    for drift in drifts:
        if drift.alarms and not await _told(tx, drift.what, now - NOW):
            tx.add(DriftRow(at=now, **asdict(drift)))
            log.error("what is read has changed: look at the model's figures", **asdict(drift))
    return drifts


async def _told(tx: Transaction, what: str, since: datetime) -> bool:
    return bool(
        await tx.scalar(
            sa.select(sa.func.count()).select_from(DriftRow).where(DriftRow.what == what, DriftRow.at > since)
        )
    )


async def _window(tx: Transaction, begin: datetime, end: datetime, scripted: bool) -> Window:
    text = Seen.signals["text"]
    read = (
        sa.select(text["disguised"].as_float(), text["language"].as_string())
        .where(Seen.judged_at > begin, Seen.judged_at <= end)
        .order_by(Seen.judged_at.desc())
        .limit(MOST_READ)
    )
    rows: Sequence[tuple[Any, ...]] = (await tx.execute(read)).all()
    verdicts = sa.select(
        sa.func.count().filter(ExampleRow.label.is_(False)), sa.func.count().filter(ExampleRow.label.is_not(None))
    ).where(ExampleRow.decided_at > begin, ExampleRow.decided_at <= end)
    if not scripted:
        verdicts = verdicts.where(ExampleRow.scripted.is_(False))
    counted: tuple[Any, ...] = (await tx.execute(verdicts.where(ExampleRow.sampled.is_(None)))).one()
    return Window(
        sum((disguised or 0) >= DISGUISED_FROM for disguised, _ in rows),
        Counter(language or "" for _, language in rows),
        *counted,
    )
