"""Changing rules and the policy: every change is a new version with who and why, told to every classifier."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from services.classifier.risk import store
from services.classifier.risk.expression import Expression
from services.classifier.risk.policy import Policy
from services.classifier.risk.rule_tests import failing
from services.classifier.risk.rules import POLICY, Mode, Rule, RulesInvalid
from services.classifier.risk.store import PolicyVersion, RuleVersion
from shared.database import Transaction
from shared.events import RulesChanged
from shared.identity import identity

_LOCK = 0x72756C6573  # "rules": one change at a time, so that versions follow one another


async def save(tx: Transaction, rule: Rule, author: str, why: str) -> RuleVersion:
    """A new rule is off; a rule that worked goes on in shadow with its new content. Raises `RulesInvalid`,
    `RuleInvalid`."""
    Expression(rule.when)
    await _alone(tx)
    before = await store.newest_rule(tx, rule.name)
    mode = Mode.OFF if before is None or before.mode == Mode.OFF else Mode.SHADOW
    return _write(tx, rule.name, rule.model_dump(mode="json"), mode, before, author, why)


async def set_mode(tx: Transaction, name: str, mode: Mode, author: str, why: str) -> RuleVersion:
    """Any rule can be switched off, be it unreadable. Raises `RulesInvalid` for one that is not there, is in that mode
    already, or may not go into it."""
    await _alone(tx)
    before = await _named(tx, name)
    if before.mode == mode:
        raise RulesInvalid(f"{name} is {mode} already")
    if mode is not Mode.OFF:
        _check(before.content(), mode)
    return _write(tx, name, before.rule, mode, before, author, why)


async def roll_back(tx: Transaction, name: str, to: int | None, author: str, why: str) -> RuleVersion:
    """The content and mode of an earlier version (the one before this one unless told), as a new version."""
    await _alone(tx)
    before = await _named(tx, name)
    wanted = before.version - 1 if to is None else to
    old = await tx.get(RuleVersion, (name, wanted))
    if old is None or old.version == before.version:
        raise RulesInvalid(f"{name} has no earlier version {wanted}; `haetae rules history {name}` lists them")
    mode = Mode(old.mode)
    _check(old.content(), mode)
    return _write(tx, name, old.rule, mode, before, author, why or f"back to version {old.version}")


def _check(rule: Rule, mode: Mode) -> None:
    Expression(rule.when)
    if mode is Mode.LIVE:
        check_for_live(rule)


def check_for_live(rule: Rule) -> None:
    """Raises `RulesInvalid` unless the tests pass and one of them shows the rule at work."""
    if not any(test.applies for test in rule.tests):
        raise RulesInvalid(f"{rule.name} has no test to which it applies: add [[tests]] with applies = true")
    if failed := failing(Expression(rule.when), rule.tests):
        raise RulesInvalid(f"{rule.name} fails its tests: {'; '.join(failed)}")


async def set_policy(tx: Transaction, policy: Policy, author: str, why: str) -> PolicyVersion:
    await _alone(tx)
    before: Sequence[PolicyVersion] = await store.policy_history(tx, 1)
    row = PolicyVersion(
        version=before[0].version + 1 if before else 1,
        policy=policy.model_dump(mode="json"),
        author=author,
        why=why,
        changed_at=tx.clock.now(),
    )
    tx.add(row)
    _tell(tx, POLICY, row.version)
    return row


async def demote(tx: Transaction, name: str, version: int, author: str, why: str) -> bool:
    """Into shadow, if this version is still the newest and live: of several that saw it fail, one writes it down."""
    await _alone(tx)
    before = await _named(tx, name)
    if (before.version, before.mode) != (version, Mode.LIVE):
        return False
    _write(tx, name, before.rule, Mode.SHADOW, before, author, why)
    return True


async def _alone(tx: Transaction) -> None:
    await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


async def _named(tx: Transaction, name: str) -> RuleVersion:
    row = await store.newest_rule(tx, name)
    if row is None:
        raise RulesInvalid(f"there is no rule {name!r}; `haetae rules list` shows what there is")
    return row


def _write(
    tx: Transaction,
    name: str,
    rule: dict[str, Any],
    mode: Mode,
    before: RuleVersion | None,
    author: str,
    why: str,
) -> RuleVersion:
    row = RuleVersion(
        name=name,
        version=before.version + 1 if before else 1,
        mode=str(mode),
        rule=rule,
        author=author,
        why=why,
        changed_at=tx.clock.now(),
    )
    tx.add(row)
    _tell(tx, name, row.version)
    return row


def _tell(tx: Transaction, name: str, version: int) -> None:
    event = RulesChanged(name=name, version=version, changed_at=tx.clock.now())
    tx.publish(event, id=identity("rules", name, version))
