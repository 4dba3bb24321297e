"""Contacts of providers that other agencies stated, and two persons accepted here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.drafter.contacts.mailboxes import domain_of
from services.drafter.store import Base
from services.drafter.untrusted import host_of
from shared.database import Transaction
from shared.events import EvidenceSealed, Place, StatedContact, StatementDropped, StatementTaken, Surroundings
from shared.failures import Rejected

MOST = 200  # that a draft looks at: a case has eight hosts at most


class StatedContactRow(Base):
    """`domain` is null once it was dropped: the id stays, so that nothing that comes late brings it back."""

    __tablename__ = "stated_contacts"

    statement_id: Mapped[UUID] = mapped_column(primary_key=True)
    issuer: Mapped[str]
    domain: Mapped[str | None]
    role: Mapped[str]
    email: Mapped[str]
    form: Mapped[str]
    language: Mapped[str | None]
    country: Mapped[str | None]
    known_at: Mapped[datetime]


@dataclass(frozen=True)
class Stated:
    """`domain`: of the provider. One of `email` and `form`."""

    issuer: str
    domain: str
    role: str
    email: str
    form: str
    language: str | None
    country: str | None
    known_at: datetime

    @classmethod
    def of(cls, row: StatedContactRow) -> Self:
        return cls(**{name: getattr(row, name) for name in cls.__dataclass_fields__})


async def take(event: StatementTaken, tx: Transaction) -> None:
    """Twice is once; what was dropped stays so. Nobody has seen it work in the future."""
    if event.kind != "contact":
        return
    if (said := event.contact) is None:
        raise Rejected(f"statement {event.statement_id} of {event.issuer}: it is a contact and has none")
    if await tx.get(StatedContactRow, event.statement_id) is None:
        tx.add(_row(event, said, min(said.known_at, event.taken_at)))


async def drop(event: StatementDropped, tx: Transaction) -> None:
    if event.kind != "contact":
        return
    row = await tx.get(StatedContactRow, event.statement_id, lock=True)
    if row is None:
        nothing = {"role": "", "email": "", "form": "", "known_at": event.dropped_at}
        tx.add(StatedContactRow(statement_id=event.statement_id, issuer=event.issuer, **nothing))
    else:
        row.domain = row.language = row.country = None
        row.role = row.email = row.form = ""


async def stated(event: EvidenceSealed, tx: Transaction) -> Sequence[Stated]:
    """Of whoever may be behind what the case shows, what was seen to work last first."""
    newest = (StatedContactRow.known_at.desc(), StatedContactRow.issuer, StatedContactRow.statement_id)
    query = sa.select(StatedContactRow).where(StatedContactRow.domain.in_(domains(event))).order_by(*newest).limit(MOST)
    return [Stated.of(row) for row in await tx.scalars(query)]


def domains(event: EvidenceSealed) -> frozenset[str]:
    """Hosts of the page and its media, and those whose mailboxes the registries name."""
    finding, around = event.finding, event.surroundings
    shown = {one.url for one in finding.pictures} | {one.url for one in finding.videos}
    hosts = {host_of(one) for one in {finding.url, *shown}}
    told: list[Surroundings | Place] = [around, *around.elsewhere] if around else []
    named = {domain_of(contact.email) for place in told for contact in place.contacts}
    return frozenset(hosts | {domain_of(host) for host in hosts} | named)


def _row(event: StatementTaken, said: StatedContact, known_at: datetime) -> StatedContactRow:
    return StatedContactRow(
        statement_id=event.statement_id,
        issuer=event.issuer,
        domain=said.domain,
        role=said.role,
        email=said.email,
        form=said.form,
        language=said.language,
        country=said.country,
        known_at=known_at,
    )
