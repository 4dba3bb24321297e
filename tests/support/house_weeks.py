"""Five weeks of a house: what became of its cases, each event with its moment; and the clock that goes through them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from shared.clock import SystemClock
from shared.events import (
    AnswerKind,
    ContentChecked,
    ContentReappeared,
    Event,
    NoticeAnswered,
    NoticeSent,
    RemovalVerified,
    Verdict,
)
from shared.events.values import Probe, ProbeOutcome
from shared.identity import identity
from tests.support.house_cases import CATEGORIES, PLACES, Told, told

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)  # a Monday, half past ten in Seoul
WEEKS = 5


class HouseClock(SystemClock):
    """Stands at a moment while the house is furnished, and runs on from `NOW` once it is open."""

    def __init__(self) -> None:
        self._at = NOW - timedelta(weeks=WEEKS + 1)
        self._since: float | None = None

    def set(self, moment: datetime) -> None:
        self._at, self._since = moment, None

    def open(self) -> None:
        self._at, self._since = NOW, self.monotonic()

    def now(self) -> datetime:
        return self._at + timedelta(seconds=self.monotonic() - self._since if self._since is not None else 0)


@dataclass(frozen=True)
class Decided:
    """A person's verdict, at its moment."""

    story: Told
    verdict: Verdict


def weeks(cases: int, dice: Random) -> Iterator[tuple[datetime, Event | Decided]]:
    """What became of so many cases of the last weeks, up to `NOW`; not in the order of time."""
    earlier: Told | None = None
    for n in range(cases):
        found = NOW - timedelta(hours=dice.uniform(30, WEEKS * 7 * 24))
        place, kind = PLACES[n % len(PLACES)], dice.randrange(len(CATEGORIES))
        again = earlier if CATEGORIES[kind][0] == "reupload" else None
        story = told(n, found, place, kind, again=again)
        earlier = story if again is None else earlier
        yield from ((at, one) for at, one in (*story.events, *followed(story, dice)) if at < NOW)


def followed(story: Told, dice: Random) -> Iterator[tuple[datetime, Event | Decided]]:
    """Decided within a day; most approved, sent, confirmed and gone after some days, some back after that."""
    decided = story.drafted.drafted_at + timedelta(hours=dice.uniform(0.2, 20))
    if dice.random() < 0.15:
        yield decided, Decided(story, Verdict.REJECTED)
        return
    yield decided, Decided(story, Verdict.APPROVED)
    sent = decided + timedelta(seconds=dice.uniform(1, 4))
    yield sent, was_sent(story, sent)
    if dice.random() < 0.7:
        at = sent + timedelta(hours=dice.uniform(0.1, 8))
        yield at, answer(story, at, AnswerKind.RECEIPT, "We received your report.")
    if dice.random() < 0.8:
        gone = sent + timedelta(hours=dice.uniform(1, 90))
        yield from went(story, gone)
        if dice.random() < 0.15:
            yield back(story, gone, gone + timedelta(days=4))


def was_sent(story: Told, at: datetime) -> NoticeSent:
    notice, case = story.notices[0], story.flagged.case_id
    return NoticeSent(
        case_id=case, notice_id=notice.notice_id, recipient=notice.recipient,
        message_id=f"<{notice.notice_id}@haetae.test>", receipt="250 2.0.0 stored", attempt=1, sent_at=at,
    )  # fmt: skip


def answer(story: Told, at: datetime, kind: AnswerKind, words: str) -> NoticeAnswered:
    notice, case = story.notices[0], story.flagged.case_id
    return NoticeAnswered(
        case_id=case, notice_id=notice.notice_id, answer_id=identity("answer", notice.notice_id, kind),
        provider="", recipient=notice.recipient.email, kind=kind, ticket=f"2026-{notice.notice_id.int % 10_000:04}",
        words=words, channel="mail", answered_at=at,
    )  # fmt: skip


def went(story: Told, at: datetime) -> Iterator[tuple[datetime, Event]]:
    case, url = story.flagged.case_id, story.flagged.finding.url
    probes = tuple(
        Probe(url=url, vantage=vantage, status=410, outcome=ProbeOutcome.GONE, why="status 410")
        for vantage in ("honest", "browser")
    )
    check = identity("check", case, 1)
    yield at, ContentChecked(
        case_id=case, check_id=check, number=1, outcome=ProbeOutcome.GONE, probes=probes, checked_at=at
    )  # fmt: skip
    later = at + timedelta(minutes=30)
    yield later, RemovalVerified(case_id=case, url=url, first_gone_at=at, verified_at=later, checks=2)


def back(story: Told, removed: datetime, at: datetime) -> tuple[datetime, ContentReappeared]:
    case, url = story.flagged.case_id, story.flagged.finding.url
    return at, ContentReappeared(case_id=case, url=url, removed_at=removed, seen_at=at, number=2)
