"""Tables of rules and policies: versions are only added, what they did is counted by day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
import structlog
from pydantic import ValidationError
from sqlalchemy.dialects.postgresql import JSONB, distinct_on, insert
from sqlalchemy.orm import Mapped, mapped_column

from services.classifier.risk.policy import Policy
from services.classifier.risk.rules import Rule, RulesInvalid
from services.classifier.store import Base
from shared.database import Transaction

log = structlog.get_logger(__name__)

READ_BACK = 10  # versions of the policy; further back it said what nobody wants any more


class RuleVersion(Base):
    __tablename__ = "rule_versions"

    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[str]
    rule: Mapped[dict[str, Any]] = mapped_column(JSONB)
    author: Mapped[str]
    why: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))

    def content(self) -> Rule:
        """Raises `RulesInvalid`: a program of another time may have written it."""
        try:
            return Rule.of(self.rule)
        except RulesInvalid as error:
            raise RulesInvalid(f"{self.name} version {self.version} cannot be read any more: {error}") from error


class PolicyVersion(Base):
    __tablename__ = "policy_versions"

    version: Mapped[int] = mapped_column(primary_key=True)
    policy: Mapped[dict[str, Any]] = mapped_column(JSONB)
    author: Mapped[str]
    why: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))

    def content(self) -> Policy:
        return Policy.model_validate(self.policy)


class RuleEffect(Base):
    """A day of a version: findings it held for; how many of these it alone would make cases, or take out; how many
    would be of another category; how often it failed."""

    __tablename__ = "rule_effects"

    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    held: Mapped[int] = mapped_column(sa.BigInteger)
    flags: Mapped[int] = mapped_column(sa.BigInteger)
    clears: Mapped[int] = mapped_column(sa.BigInteger)
    recategorises: Mapped[int] = mapped_column(sa.BigInteger)
    failed: Mapped[int] = mapped_column(sa.BigInteger)


COUNTS = ("held", "flags", "clears", "recategorises", "failed")


async def newest_rules(tx: Transaction) -> Sequence[RuleVersion]:
    """The newest version of each rule, by name."""
    newest = sa.select(RuleVersion).order_by(RuleVersion.name, RuleVersion.version.desc())
    return await tx.scalars(newest.ext(distinct_on(RuleVersion.name)))


async def newest_rule(tx: Transaction, name: str) -> RuleVersion | None:
    versions = await history(tx, name, 1)
    return versions[0] if versions else None


async def history(tx: Transaction, name: str, most: int) -> Sequence[RuleVersion]:
    """Newest first."""
    of_name = sa.select(RuleVersion).where(RuleVersion.name == name).order_by(RuleVersion.version.desc())
    return await tx.scalars(of_name.limit(most))


async def policy_history(tx: Transaction, most: int) -> Sequence[PolicyVersion]:
    """Newest first."""
    return await tx.scalars(sa.select(PolicyVersion).order_by(PolicyVersion.version.desc()).limit(most))


async def present_policy(tx: Transaction) -> tuple[int, Policy] | None:
    """The newest that can be read, with its version. What cannot is told and passed over."""
    for row in await policy_history(tx, READ_BACK):
        try:
            return row.version, row.content()
        except ValidationError as error:
            log.error("a policy cannot be used", alarm=True, version=row.version, error=str(error))
    return None


async def policy_at_work(tx: Transaction, built_in: Policy) -> Policy:
    present = await present_policy(tx)
    return present[1] if present else built_in


async def count(tx: Transaction, day: date, counted: Mapping[tuple[str, int], Mapping[str, int]]) -> None:
    """Add to what versions (name, number) did on a day."""
    rows = [
        {"name": name, "version": version, "day": day, **{count: counts.get(count, 0) for count in COUNTS}}
        for (name, version), counts in sorted(counted.items())
    ]
    statement = insert(RuleEffect).values(rows)
    added = {name: getattr(RuleEffect, name) + statement.excluded[name] for name in COUNTS}
    await tx.execute(statement.on_conflict_do_update(index_elements=["name", "version", "day"], set_=added))


@dataclass(frozen=True)
class Effects:
    held: int = 0
    flags: int = 0
    clears: int = 0
    recategorises: int = 0
    failed: int = 0


async def effects(tx: Transaction, name: str, version: int) -> Effects:
    sums = [sa.func.coalesce(sa.func.sum(getattr(RuleEffect, count)), 0) for count in COUNTS]
    of_version = sa.select(*sums).where(RuleEffect.name == name, RuleEffect.version == version)
    row = (await tx.execute(of_version)).one()
    return Effects(*map(int, row))
