"""Tables of cases and their history."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import sqlalchemy as sa
from pydantic import TypeAdapter
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.gateway.audit import Line
from services.gateway.domain import Facts
from shared.events import Assessment, CaseLink, PlannedStep, Value, Verdict
from shared.events.values import Finding, ProbeOutcome, Report, SealedObject


class Stored(sa.TypeDecorator[Any]):
    """A value of the catalogue as JSONB."""

    impl = JSONB
    cache_ok = True

    def __init__(self, kind: Any) -> None:  # noqa: ANN401  # any type that pydantic knows
        super().__init__(none_as_null=True)
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: object) -> Any:  # noqa: ANN401
        return None if value is None else TypeAdapter(self.kind).dump_python(value, mode="json")

    def process_result_value(self, value: Any, dialect: object) -> Any:  # noqa: ANN401
        return None if value is None else TypeAdapter(self.kind).validate_python(value)


class LastCheck(Value):
    """The newest removal check."""

    number: int
    outcome: ProbeOutcome
    checked_at: datetime
    why: tuple[str, ...]


class Plan(Value):
    """What happens next, as the notifier said last."""

    revision: int
    steps: tuple[PlannedStep, ...]
    planned_at: datetime


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: sa.BigInteger,  # as parameters too: whoever asks for a number beyond a column's finds nothing
        str: sa.Text,
        datetime: sa.DateTime(timezone=True),
        float: sa.Double,
        dict[str, Any]: JSONB,
        list[str]: sa.ARRAY(sa.Text),
    }


class Case(Base):
    """A case as far as events have told of it. `rank`: `queue.order`; `known`: a picture agrees with a hash bank.

    `mode`: how its evidence is kept, `full` or `hash-only`; `incomplete`: the steps of the capture that failed.
    `removed_at` is the first proof that the content is gone, `verified_at` the newest. `awaits`: the further round that
    is to be decided; `hand_over_at`: since when a notice waits to be handed in by a person. `attended`: alarms that
    somebody has seen to (`alarms.Raised.key`). `factors` of the order of review by name, see `queue.py`.
    `deciding_until`: when the undo window of a verdict ends; `undecided_at`: one was not given after all.
    """

    __tablename__ = "cases"

    case_id: Mapped[UUID] = mapped_column(primary_key=True)
    agency: Mapped[str]
    placed: Mapped[str | None]  # how it came to its agency: by a "report", a "rule" or a "transfer"
    state: Mapped[str]
    rank: Mapped[float]
    alarm: Mapped[str | None]
    url: Mapped[str | None]
    host: Mapped[str | None]
    title: Mapped[str | None]
    language: Mapped[str | None]
    country: Mapped[str | None]
    category: Mapped[str | None]
    risk: Mapped[float | None]
    known: Mapped[bool | None]
    finding: Mapped[Finding | None] = mapped_column(Stored(Finding))
    assessment: Mapped[Assessment | None] = mapped_column(Stored(Assessment))
    manifest_sha256: Mapped[str | None]
    objects: Mapped[tuple[SealedObject, ...] | None] = mapped_column(Stored(tuple[SealedObject, ...]))
    mode: Mapped[str | None]
    incomplete: Mapped[list[str] | None]
    failure: Mapped[str | None]
    report: Mapped[Report | None] = mapped_column(Stored(Report))
    found_at: Mapped[datetime | None]
    flagged_at: Mapped[datetime | None]
    sealed_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    drafted_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    reappeared_at: Mapped[datetime | None]
    first_gone_at: Mapped[datetime | None]
    destroyed_at: Mapped[datetime | None]  # the evidence
    verdict: Mapped[str | None]
    note: Mapped[str | None]
    reviewer: Mapped[str | None]
    scripted: Mapped[bool | None]
    last_check: Mapped[LastCheck | None] = mapped_column(Stored(LastCheck))
    links: Mapped[tuple[CaseLink, ...] | None] = mapped_column(Stored(tuple[CaseLink, ...]))
    plan: Mapped[Plan | None] = mapped_column(Stored(Plan))
    awaits: Mapped[int | None]
    hand_over_at: Mapped[datetime | None]
    attended: Mapped[list[str] | None]
    deciding_until: Mapped[datetime | None]
    undecided_at: Mapped[datetime | None]
    factors: Mapped[dict[str, Any] | None]
    waits_since: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    copies: Mapped[int | None]
    pictures: Mapped[int | None]
    reported_at: Mapped[datetime | None]  # by whom it concerns, or for them
    reports: Mapped[int] = mapped_column(server_default="0")  # that stand; `door/`
    withdrawn_at: Mapped[datetime | None]  # when the last of them was taken back
    updated_at: Mapped[datetime]

    @property
    def urgency(self) -> float:
        urgency = self.assessment.urgency if self.assessment else None
        return urgency.score if urgency else 0.0

    @property
    def facts(self) -> Facts:
        return Facts(
            found_at=self.found_at,
            flagged_at=self.flagged_at,
            sealed_at=self.sealed_at,
            failed_at=self.failed_at,
            drafted_at=self.drafted_at,
            decided_at=self.decided_at,
            verdict=Verdict(self.verdict) if self.verdict else None,
            sent_at=self.sent_at,
            removed_at=self.removed_at,
            verified_at=self.verified_at,
            reappeared_at=self.reappeared_at,
            deciding_until=self.deciding_until,
        )


class Chain(Base):
    """The end of each hash chain; its row is the lock under which a line is added."""

    __tablename__ = "chains"

    chain: Mapped[UUID] = mapped_column(primary_key=True)
    length: Mapped[int]
    head: Mapped[str]


class AuditLine(Base):
    """Append-only: the role may insert and read, a trigger refuses the rest to everybody. In partitions of a month."""

    __tablename__ = "audit"

    chain: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    details: Mapped[dict[str, Any]]
    prev_hash: Mapped[str]
    hash: Mapped[str]
    agency: Mapped[str]

    @property
    def line(self) -> Line:
        return Line(
            self.chain,
            self.seq,
            self.at,
            self.actor,
            self.action,
            self.details,
            self.prev_hash,
            self.hash,
            self.agency,
        )
