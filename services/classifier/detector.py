"""What the classifier detects with, put together: texts, hash banks, pictures, what was seen before, rules."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import chain, islice

from services.classifier import spread
from services.classifier.domain import Judgement, assessment_of, places_of
from services.classifier.hashes.bank import HashBank
from services.classifier.hashes.matching import Matched
from services.classifier.pictures.looker import PictureLooker
from services.classifier.risk.book import RuleBook
from services.classifier.signals import PictureSigns, Signals, TextSigns
from services.classifier.store import Judged, remember
from services.classifier.text_thread import TextThread
from shared.clock import Clock
from shared.database import Database
from shared.events import Assessment, ContentFound
from shared.events.values import Picture, Video

NOT_CONFIGURED = "not configured"


class Detector:
    """Its readers are resources of the service, entered before it. `seen_for`: how long spread counts."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        texts: TextThread,
        bank: HashBank,
        pictures: PictureLooker,
        book: RuleBook,
        seen_for: timedelta,
    ) -> None:
        self._database, self._clock, self._seen_for = database, clock, seen_for
        self._texts, self._bank, self._pictures, self.book = texts, bank, pictures, book

    async def assess(self, found: Sequence[ContentFound]) -> Sequence[Assessment | None]:
        """In the same order: the assessment of what should be reviewed, None for what should not. All is remembered.

        Raises `Transient` when the database is away.
        """
        signals = await self._signals(found)
        decided_by = self.decided_by()
        # Beside the event loop: a batch with many rules takes a tenth of a second.
        judged = await asyncio.to_thread(self._judge, found, signals)
        await self._remember(found, signals, judged)
        return [
            assessment_of(judgement, one, decided_by) if judgement.flagged else None
            for judgement, one in zip(judged, signals, strict=True)
        ]

    def decided_by(self) -> dict[str, str]:
        return {
            **self.book.edition.decided_by,
            "text": self._texts.name,
            "pictures": self._pictures.name or NOT_CONFIGURED,
        }

    async def _signals(self, found: Sequence[ContentFound]) -> list[Signals]:
        """All readers at the same time."""
        parts = await asyncio.gather(self._read(found), self._bank.match(found), self._look(found), self._hosts(found))
        return [signals_of(*one) for one in zip(found, *parts, strict=True)]

    async def _read(self, found: Sequence[ContentFound]) -> Sequence[TextSigns]:
        return await self._texts.read(
            [f"{one.finding.title}\n{one.text}" for one in found],
            [one.finding.language for one in found],
        )

    async def _look(self, found: Sequence[ContentFound]) -> list[tuple[PictureSigns, ...]]:
        shown: list[tuple[Picture | Video, ...]] = [(*one.finding.pictures, *one.videos) for one in found]
        languages = [one.finding.language for one, parts in zip(found, shown, strict=True) for _ in parts]
        signs = iter(await self._pictures.look(list(chain.from_iterable(shown)), languages))
        return [tuple(islice(signs, len(parts))) for parts in shown]

    async def _hosts(self, found: Sequence[ContentFound]) -> list[int]:
        async with self._database.transaction() as tx:
            return await spread.hosts(tx, found, self._clock.now() - self._seen_for)

    def _judge(self, found: Sequence[ContentFound], signals: Sequence[Signals]) -> list[Judgement]:
        return [self.book.judge(one, places_of(event.finding)) for event, one in zip(found, signals, strict=True)]

    async def _remember(
        self, found: Sequence[ContentFound], signals: Sequence[Signals], judged: Sequence[Judgement]
    ) -> None:
        now = self._clock.now()
        rows = [Judged.of(*one, now) for one in zip(found, signals, judged, strict=True)]
        async with self._database.transaction() as tx:
            await remember(tx, rows)
            await spread.keep(tx, found)


def signals_of(
    found: ContentFound, text: TextSigns, matched: Matched, looked_at: tuple[PictureSigns, ...], seen_on: int
) -> Signals:
    finding = found.finding
    return Signals(
        host=found.host,
        site_kind=str(finding.site.kind),
        country=finding.site.country,
        language=finding.language,
        pictures=len(finding.pictures),
        videos=max(len(finding.videos), len(found.videos)),
        published_at=found.published_at,
        found_at=finding.found_at,
        seen_on=seen_on,
        matches=matched.matches,
        harmless=matched.harmless,
        text=text,
        looked_at=looked_at,
    )
