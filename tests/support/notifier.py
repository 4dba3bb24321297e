"""The notifier on a real database and a real mail server, driven step by step."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from pydantic import SecretStr

from services.notifier.channels.mail.channel import Mail
from services.notifier.channels.mail.letter import Origin
from services.notifier.channels.mail.smtp import Server
from services.notifier.channels.mail.submission import Submission
from services.notifier.delivery.sender import Sender
from services.notifier.handlers import enqueue
from services.notifier.orders import handed_over, stopped
from services.notifier.removal.following import follow_up, forget
from services.notifier.removal.watching import Rhythm
from services.notifier.store import Delivery
from shared.clock import ManualClock
from shared.database import Database
from shared.events import (
    CasePlanned,
    ContentChecked,
    CustodyNoted,
    Envelope,
    Event,
    HandedOver,
    NoticesStopped,
    ReviewDecided,
    Verdict,
)
from shared.events.base import REGISTRY
from shared.events.examples import FINDING, NOTICE
from shared.events.values import Notice, Probe, ProbeOutcome
from shared.identity import case_id, identity
from shared.notices import sealed
from shared.outbox import OUTBOX
from tests.support.approvals import APPROVALS, KEY

ORIGIN = Origin("Sample Centre", "notices@agency.test", "answers@agency.test", SecretStr(KEY))
RHYTHM = Rhythm((3.0, 5.0, 8.0), confirm_after=2.0, guard_s=600.0)
LEASE_S = 45.0


def mail(post: Any) -> dict[str, Mail]:
    return {"mail": Mail(post, ORIGIN)}


def notice(case: Any, email: str = "abuse@harbour-board.en.test") -> Notice:
    to = NOTICE.recipient.model_copy(update={"email": email})
    made = NOTICE.model_copy(
        update={
            "notice_id": identity("notice", case, email, "first"),
            "recipient": to,
        }
    )
    return sealed(made)


def approval(*emails: str, url: str = FINDING.url, verdict: Verdict = Verdict.APPROVED) -> ReviewDecided:
    case = case_id(url)
    return approving(case, *(notice(case, email) for email in emails), url=url, verdict=verdict)


def approving(
    case: Any, *approved: Notice, url: str = FINDING.url, verdict: Verdict = Verdict.APPROVED
) -> ReviewDecided:
    made = ReviewDecided(
        case_id=case,
        verdict=verdict,
        note="",
        approved=approved,
        finding=FINDING.model_copy(update={"url": url}),
        reviewer="reviewer-7",
        scripted=False,
        seal="0" * 64,
        decided_at=ManualClock().now(),
    )
    return APPROVALS.sealed(made)


class Notifier:
    def __init__(self, database: Database, clock: ManualClock, server: Server) -> None:
        self.database, self.clock, self.post = database, clock, Submission(server).post
        self.sender = Sender(channels=mail(self.post), rhythm=RHYTHM, instance="0", lease_s=LEASE_S, attempts=3)

    def with_post(self, post: Any, **more: Any) -> Sender:
        return replace(self.sender, channels=mail(post), **more)

    async def round(self) -> int:
        return await self.sender.round(self.database, self.clock)

    async def handle(self, event: Event) -> None:
        handler: Any = {
            ReviewDecided: partial(
                enqueue, channels=self.sender.channels, message_id=ORIGIN.message_id, approvals=APPROVALS
            ),
            ContentChecked: partial(follow_up, rhythm=self.sender.rhythm),
            CustodyNoted: forget,
            HandedOver: partial(handed_over, rhythm=self.sender.rhythm),
            NoticesStopped: stopped,
        }[type(event)]  # type: ignore[index]
        async with self.database.transaction(Envelope(event, uuid4(), "/test", self.clock.now())) as tx:
            await handler(event, tx)

    async def answer(self, case: Any, number: int, outcome: ProbeOutcome) -> None:
        probe = Probe(url=FINDING.url, vantage="honest", status=404, outcome=outcome, why="")
        await self.handle(
            ContentChecked(
                case_id=case,
                check_id=identity("check", case, number),
                number=number,
                outcome=outcome,
                probes=(probe,),
                checked_at=self.clock.now(),
            )
        )

    async def published(self, *types: type[Event]) -> list[Any]:
        async with self.database.transaction() as tx:
            rows = (await tx.execute(sa.select(OUTBOX.c.value, OUTBOX.c.headers).order_by(OUTBOX.c.position))).all()
        events = [REGISTRY[headers["ce_type"]].model_validate_json(value) for value, headers in rows]
        if types:
            return [event for event in events if isinstance(event, types)]
        return [event for event in events if not isinstance(event, CasePlanned)]  # plans follow everything

    async def states(self) -> list[tuple[str, int]]:
        async with self.database.transaction() as tx:
            rows = await tx.scalars(sa.select(Delivery).order_by(Delivery.address))
        return [(row.state, row.attempt) for row in rows]

    def seconds_until(self, moment: Any) -> float:
        return (moment - self.clock.now()) / timedelta(seconds=1)
