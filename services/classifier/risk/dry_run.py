"""What a rule or a policy would have done to the last findings: judged again from their signals, nothing is changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import ValidationError

from services.classifier.domain import Judgement, judge
from services.classifier.risk import store
from services.classifier.risk.book import working_rule
from services.classifier.risk.expression import Expression
from services.classifier.risk.facts import facts_of
from services.classifier.risk.policy import Policy
from services.classifier.risk.rules import Effect, Mode, Rule, apply
from services.classifier.signals import Signals
from services.classifier.store import Seen
from shared.database import Transaction

USUAL = 1_000  # findings; a second's work
EXAMPLES = 5  # of each kind: ids to look at, never words
SURE = 0.9  # a match worth so much is an equal file or PDQ's usual setting

Rules = Sequence[tuple[str, Expression, Effect]]


@dataclass
class Change:
    count: int = 0
    examples: list[UUID] = field(default_factory=list)

    def add(self, content_id: UUID) -> None:
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(content_id)


@dataclass
class DryRun:
    """`hides_known`: of those cleared, findings that agree with a hash bank beyond doubt. `unreadable`: rows of
    another time that cannot be judged any more. `failed`: the rule failed for them."""

    looked_at: int = 0
    held: Change = field(default_factory=Change)
    flagged: Change = field(default_factory=Change)
    cleared: Change = field(default_factory=Change)
    hides_known: Change = field(default_factory=Change)
    recategorised: Change = field(default_factory=Change)
    raised: Change = field(default_factory=Change)
    lowered: Change = field(default_factory=Change)
    more_urgent: Change = field(default_factory=Change)
    failed: Change = field(default_factory=Change)
    unreadable: int = 0

    def compare(self, content_id: UUID, before: Judgement, after: Judgement) -> None:
        changes = {
            "flagged": after.flagged and not before.flagged,
            "cleared": before.flagged and not after.flagged,
            "recategorised": before.category != after.category,
            "raised": after.risk.score > before.risk.score,
            "lowered": after.risk.score < before.risk.score,
            "more_urgent": after.urgency.score > before.urgency.score,
        }
        changes["hides_known"] = changes["cleared"] and before.risk.components.get("known_picture", 0.0) >= SURE
        for name, changed in changes.items():
            if changed:
                getattr(self, name).add(content_id)


async def of_rule(tx: Transaction, rule: Rule, last: int, built_in: Policy) -> DryRun:
    """The rule beside the live ones, against the live ones without it. `built_in`: the policy where the agency wrote
    none. Raises `RuleInvalid`."""
    expression = Expression(rule.when)
    policy = await store.policy_at_work(tx, built_in)
    others = [one for one in await _live(tx) if one[0] != rule.name]
    run = DryRun()
    for content_id, signals in await _last(tx, last, run):
        before = judge(signals, policy)
        facts = facts_of(signals, before)
        try:
            if not expression.holds(facts):
                continue
        except Exception:  # whatever the engine raises; the run goes on
            run.failed.add(content_id)
            continue
        run.held.add(content_id)
        holding = [(name, effect) for name, one, effect in others if _holds(one, facts)]
        ours = sorted([*holding, (rule.name, rule.then)], key=lambda one: one[0])
        run.compare(content_id, apply(holding, before, policy), apply(ours, before, policy))
    return run


async def of_policy(tx: Transaction, policy: Policy, last: int, built_in: Policy) -> DryRun:
    """The policy instead of the present one, with the live rules."""
    present, rules, run = await store.policy_at_work(tx, built_in), await _live(tx), DryRun()
    for content_id, signals in await _last(tx, last, run):
        before, after = (_judged(signals, one, rules) for one in (present, policy))
        run.compare(content_id, before, after)
    return run


def _judged(signals: Signals, policy: Policy, rules: Rules) -> Judgement:
    judgement = judge(signals, policy)
    facts = facts_of(signals, judgement)
    return apply([(name, effect) for name, one, effect in rules if _holds(one, facts)], judgement, policy)


def _holds(expression: Expression, facts: dict[str, object]) -> bool:
    try:
        return expression.holds(facts)
    except Exception:  # as when it is live: the finding is judged without it
        return False


async def _live(tx: Transaction) -> list[tuple[str, Expression, Effect]]:
    rows = [row for row in await store.newest_rules(tx) if row.mode == Mode.LIVE]
    return [(rule.name, rule.expression, rule.effect) for row in rows if (rule := working_rule(row))]


async def _last(tx: Transaction, last: int, run: DryRun) -> list[tuple[UUID, Signals]]:
    newest = sa.select(Seen.content_id, Seen.signals).order_by(Seen.judged_at.desc()).limit(last)
    read: list[tuple[UUID, Signals]] = []
    rows: Sequence[tuple[Any, ...]] = (await tx.execute(newest)).all()
    for content_id, signals in rows:
        try:
            read.append((content_id, Signals.model_validate(signals)))
        except ValidationError:
            run.unreadable += 1
    run.looked_at = len(read)
    return read
