"""Hashes of approved cases that the classifier lists, stated where the installation shares them, and withdrawn when
the case is none any more.

Nobody judged each picture of a page: a peer has two persons look before it believes any of them.
"""

import sqlalchemy as sa
from pydantic import ValidationError

from services.gateway.agencies.scoping import HOME
from services.gateway.domain import Alarm
from services.gateway.federation.house import Federation
from services.gateway.federation.issuing import Why, issue, withdraw
from services.gateway.federation.store import Issued
from services.gateway.store import Case
from shared.database import Transaction
from shared.events import CaseListed, CasePicture, StatedHash, StatedHashes, StatementKind, Verdict
from shared.events.federation import MOST_HASHES
from shared.failures import Rejected, Transient
from shared.handling import Context
from shared.regularly import regularly

BY = "approval"
LOOK_S = 60.0
AT_ONCE = 200  # withdrawals of one transaction
# Of our own agency, contested or not approved any more. What its evidence was destroyed for in time stays true.
_FALLEN = sa.text(
    """
    SELECT statement_id, cases.alarm = :contested AS appealed
    FROM issued_statements
    JOIN cases ON cases.case_id = CAST(split_part(substr(subject, 6), '/', 1) AS uuid)
    WHERE subject LIKE 'case:%' AND issued_statements.withdrawn_at IS NULL
        AND (cases.verdict IS DISTINCT FROM :approved OR cases.alarm = :contested)
    ORDER BY position LIMIT :most
    """
)


async def state_case(event: CaseListed, tx: Transaction, *, house: Federation) -> None:
    """Twice is once, and what was withdrawn is not stated again. Raises `Transient` while the verdict is on its way,
    `Rejected` for a kind of case that no statement has."""
    if not house.on or StatementKind.KNOWN not in house.shares:
        return
    case = await tx.get(Case, event.case_id)
    if case is None or case.verdict is None:
        raise Transient(f"case {event.case_id} is listed, but its verdict is not here yet")
    if case.agency != HOME or case.verdict != Verdict.APPROVED or case.alarm == Alarm.COUNTER_NOTICE:
        return
    for picture in event.pictures:
        subject = subject_of(event, picture)
        if await tx.scalar(sa.select(Issued.position).where(Issued.subject == subject).limit(1)) is None:
            await issue(tx, house, StatementKind.KNOWN, _said(event, picture), subject=subject, by=BY)


def subject_of(event: CaseListed, picture: CasePicture) -> str:
    return f"case:{event.case_id}/{picture.number}"


def _said(event: CaseListed, picture: CasePicture) -> StatedHashes:
    """The digest and what it is found by, the picture as it is first."""
    variants = dict.fromkeys(one.pdq for one in picture.variants)
    try:
        pdqs = [StatedHash(algorithm="pdq", hash=one) for one in variants][: MOST_HASHES - 1]
        digest = StatedHash(algorithm="sha256", hash=picture.sha256)
        return StatedHashes(category=event.category, hashes=(digest, *pdqs))
    except ValidationError as error:
        raise Rejected(f"case {event.case_id}: {error.errors()[0]['msg']}") from error


class Fallen:
    """The task that withdraws what does not stand any more."""

    def __init__(self, house: Federation) -> None:
        self._house = house

    async def run(self, context: Context) -> None:
        await regularly(context, LOOK_S, self.withdraw)

    async def withdraw(self, tx: Transaction) -> int:
        """How many."""
        if not self._house.on:
            return 0
        given = {"contested": Alarm.COUNTER_NOTICE, "approved": Verdict.APPROVED, "most": AT_ONCE}
        rows = (await tx.execute(_FALLEN, given)).all()
        for row in rows:
            why: Why = "appeal" if row.appealed else "mistake"
            await withdraw(tx, self._house, row.statement_id, why, by="gateway")
        return len(rows)
