"""One verdict for cases that are alike: each with the very notices that were on the screen, all of them or none."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from services.gateway.cases import known
from services.gateway.clusters.finding import MOST, alike
from services.gateway.deciding.proposing import propose
from services.gateway.domain import State
from services.gateway.notices.rows import CaseNotice
from services.gateway.parts import Parts
from services.gateway.problems import Problem
from services.gateway.sessions import Visitor
from services.gateway.store import Case
from services.gateway.verdict import Decision
from shared.database import Transaction
from shared.events import Verdict
from shared.notices import reference


@dataclass(frozen=True)
class Member:
    """A case of a cluster as the preview shows it. `digest`: of all its notices, which the confirmation names."""

    case: Case
    draft: Sequence[CaseNotice]
    kinds: Sequence[str]
    digest: str

    @property
    def lacks(self) -> bool:
        """It cannot be approved: no notice, or one that lacks what its law demands."""
        return not self.draft or any(row.content is None or row.content.missing for row in self.draft)


def digest_of(notices: Mapping[UUID, str]) -> str:
    """SHA-256 over the identifiers and digests of a case's notices."""
    lines = sorted(f"{notice_id}:{sha256}" for notice_id, sha256 in notices.items())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


async def preview(tx: Transaction, visitor: Visitor, case_id: UUID) -> tuple[list[Member], bool]:
    """What each of the cases that are alike would get, and whether there are more of them. The first draft of each: a
    further round has reasons of its own. Raises `Problem` 404."""
    found = await alike(tx, visitor, case_id)
    if case_id not in found:
        raise Problem(404, "no-cluster")
    members = []
    for member, kinds in list(found.items())[:MOST]:
        held = await known(tx, member)
        if held is not None and held.case.state == State.DRAFTED:
            draft = held.draft()
            members.append(Member(held.case, draft, kinds, digest_of(digests(draft))))
    return members, len(found) > MOST


def digests(draft: Sequence[CaseNotice]) -> dict[UUID, str]:
    return {row.notice_id: row.sha256 or "" for row in draft}


@dataclass(frozen=True)
class Together:
    """`shown`: each chosen case with the digest of the notices that its preview showed."""

    verdict: Verdict
    note: str
    shown: Mapping[UUID, str]


async def decide_together(parts: Parts, visitor: Visitor, asked: Together) -> UUID:
    """All of them or none, in one transaction; the batch by which they are undone together. Raises `Problem` 409 for
    the first case that is not any more as it was shown, 422 for none or too many."""
    if not asked.shown:
        raise Problem(422, "cluster-empty", field="case")
    if len(asked.shown) > MOST:
        raise Problem(422, "cluster-too-large", field="case", most=MOST)
    batch = uuid4()
    async with parts.database.transaction() as tx:
        for case_id in sorted(asked.shown):
            decision = await _decision(tx, case_id, asked)
            await propose(tx, parts.approvals, case_id, decision, visitor, window=parts.undo, batch=batch)
    return batch


async def _decision(tx: Transaction, case_id: UUID, asked: Together) -> Decision:
    held = await known(tx, case_id)
    if held is None:
        raise Problem(404, "no-case")
    present = digests(held.draft())
    if held.case.state != State.DRAFTED or digest_of(present) != asked.shown[case_id]:
        raise Problem(409, "cluster-changed", field="case", reference=reference(case_id))
    approved = present if asked.verdict is Verdict.APPROVED else {}
    return Decision(asked.verdict, approved, asked.note, shown=present)
