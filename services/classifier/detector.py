"""What the classifier detects with, put together: texts, hash banks, pictures, what was seen before, rules."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import chain, islice

from services.classifier import spread
from services.classifier.domain import Judgement, assessment_of, places_of
from services.classifier.hashes.bank import HashBank
from services.classifier.hashes.matching import Matched
from services.classifier.lessons import Lessons, text_of
from services.classifier.pictures.looker import PictureLooker
from services.classifier.risk.book import RuleBook
from services.classifier.signals import PictureSigns, Signals, TextSigns
from services.classifier.store import Judged, remember
from services.classifier.text_thread import TextThread
from shared.clock import Clock
from shared.database import Database
from shared.events import Assessment, ContentFound
from shared.events.values import Picture, Video
from shared.observing import part

NOT_CONFIGURED = "not configured"


class Detector:
    """Its readers are resources of the service, entered before it. `seen_for`: how long spread counts.
    `absent`: optional detectors that are not configured; every case says so."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        texts: TextThread,
        bank: HashBank,
        pictures: PictureLooker,
        book: RuleBook,
        lessons: Lessons,
        seen_for: timedelta,
        absent: Sequence[str] = (),
    ) -> None:
        self._database, self._clock, self._seen_for = database, clock, seen_for
        self._lessons, self._absent = lessons, dict.fromkeys(absent, NOT_CONFIGURED)
        self._texts, self._bank, self._pictures, self.book = texts, bank, pictures, book

    async def assess(self, found: Sequence[ContentFound]) -> Sequence[Assessment | None]:
        """In the same order: the assessment of what should be reviewed, None for what should not. All is remembered.

        Raises `Transient` when the database is away.
        """
        signals = await self._signals(found)
        # Beside the event loop: a batch with many rules takes a tenth of a second.
        before_lessons = await asyncio.to_thread(self._judge, found, signals)
        judged = await self._remember(found, signals, before_lessons)
        return [
            self.assessment(judgement, one) if judgement.flagged else None
            for judgement, one in zip(judged, signals, strict=True)
        ]

    def assessment(self, judgement: Judgement, signals: Signals) -> Assessment:
        """With the versions of what judged, and what could not because it is not configured."""
        judges = {"text": signals.text.model, "pictures": self._pictures.name}
        named = {**self.book.edition.decided_by, **{name: model for name, model in judges.items() if model}}
        return assessment_of(judgement, signals, {**named, **self._absent})

    async def _signals(self, found: Sequence[ContentFound]) -> list[Signals]:
        """All readers at the same time."""
        parts = await asyncio.gather(self._read(found), self._match(found), self._look(found), self._hosts(found))
        return [signals_of(*one) for one in zip(found, *parts, strict=True)]

    async def _read(self, found: Sequence[ContentFound]) -> Sequence[TextSigns]:
        with part("read texts"):
            return await self._texts.read(
                [text_of(one) for one in found],
                [one.finding.language for one in found],
                [one.host for one in found],
            )

    async def _match(self, found: Sequence[ContentFound]) -> Sequence[Matched]:
        with part("match hashes"):
            return await self._bank.match(found)

    async def _look(self, found: Sequence[ContentFound]) -> list[tuple[PictureSigns, ...]]:
        shown: list[tuple[Picture | Video, ...]] = [(*one.finding.pictures, *one.videos) for one in found]
        languages = [one.finding.language for one, parts in zip(found, shown, strict=True) for _ in parts]
        with part("look at pictures"):
            signs = iter(await self._pictures.look(list(chain.from_iterable(shown)), languages))
        return [tuple(islice(signs, len(parts))) for parts in shown]

    async def _hosts(self, found: Sequence[ContentFound]) -> list[int]:
        async with self._database.transaction() as tx:
            return await spread.hosts(tx, found, self._clock.now() - self._seen_for)

    def _judge(self, found: Sequence[ContentFound], signals: Sequence[Signals]) -> list[Judgement]:
        return [self.book.judge(one, places_of(event.finding)) for event, one in zip(found, signals, strict=True)]

    async def _remember(
        self, found: Sequence[ContentFound], signals: Sequence[Signals], judged: Sequence[Judgement]
    ) -> Sequence[Judgement]:
        """With what is flagged to learn from."""
        slots = self._lessons.propose(signals, judged)
        features = await self._lessons.features(found, judged, slots)
        async with self._database.transaction() as tx:
            judged = await self._lessons.ask(tx, judged, slots)
            now = self._clock.now()
            await remember(tx, [Judged.of(*one, now) for one in zip(found, signals, judged, strict=True)])
            await spread.keep(tx, found)
            await self._lessons.keep(tx, found, signals, judged, slots, features)
        return judged


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
        reports=len(found.reports),
        reported_as=found.reported_as,
    )
