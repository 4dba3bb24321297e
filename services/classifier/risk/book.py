"""The agency's policy and rules at work: read from the tables, judged by, counted. A change is heard at once."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import structlog

from services.classifier.domain import Judgement, judge
from services.classifier.risk import store
from services.classifier.risk.expression import Expression, RuleInvalid
from services.classifier.risk.facts import facts_of
from services.classifier.risk.policy import Policy
from services.classifier.risk.reasons import Places
from services.classifier.risk.rules import POLICY, Effect, Mode, RulesInvalid, apply
from services.classifier.signals import Signals
from shared.database import Database
from shared.events import RulesChanged

log = structlog.get_logger(__name__)

BUILT_IN = 0  # the policy's version while the agency has written none


@dataclass(frozen=True)
class WorkingRule:
    name: str
    version: int
    mode: Mode
    expression: Expression
    effect: Effect

    @property
    def label(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class Edition:
    """Everything that judges, at one moment: one finding is judged by one edition. `versions`: the newest of each rule
    and of the policy, working or not."""

    policy: Policy
    rules: tuple[WorkingRule, ...]
    versions: Mapping[str, int]

    @property
    def decided_by(self) -> dict[str, str]:
        """The revision of the rules is the number of all versions written so far."""
        rules = sum(version for name, version in self.versions.items() if name != POLICY)
        return {"policy": str(self.versions[POLICY]), "rules": str(rules)}


class RuleBook:
    """A resource; entering reads the tables."""

    def __init__(self, database: Database, built_in: Policy) -> None:
        self._database, self._built_in = database, built_in
        self.edition = Edition(built_in, (), {POLICY: BUILT_IN})
        self._lock = threading.Lock()
        self._counted: dict[tuple[str, int], Counter[str]] = {}
        self._failed: dict[tuple[str, int], str] = {}

    async def __aenter__(self) -> Self:
        await self.load()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is held."""

    async def load(self) -> None:
        """A rule or a policy that cannot be used is told and left out; the others work."""
        async with self._database.transaction() as tx:
            rows, present = await store.newest_rules(tx), await store.present_policy(tx)
        working = [rule for row in rows if row.mode != Mode.OFF and (rule := working_rule(row))]
        version, policy = present or (BUILT_IN, self._built_in)
        versions = {row.name: row.version for row in rows} | {POLICY: version}
        with self._lock:
            self.edition = Edition(policy, tuple(working), versions)

    async def heard(self, event: RulesChanged) -> None:
        """Judge by it from now on. What is known already, as all old news is at the start, costs nothing."""
        if self.edition.versions.get(event.name, -1) < event.version:
            await self.load()

    def judge(self, signals: Signals, places: Places | None = None) -> Judgement:
        """By the policy and the live rules; what the rules in shadow would do is counted. Safe in any thread."""
        edition = self.edition
        before = judge(signals, edition.policy, places)
        if not edition.rules:
            return before
        facts = facts_of(signals, before)
        live: list[tuple[str, Effect]] = []
        for rule in edition.rules:
            try:
                holds = rule.expression.holds(facts)
            except Exception as error:  # whatever the engine raises, the finding is judged without this rule
                self._fail(rule, error)
                continue
            if holds:
                self._count(rule, before, apply([(rule.label, rule.effect)], before, edition.policy))
                if rule.mode is Mode.LIVE:
                    live.append((rule.label, rule.effect))
        return apply(live, before, edition.policy)

    def take_counts(self) -> dict[tuple[str, int], Counter[str]]:
        """What rules did since this was asked last, by name and version."""
        with self._lock:
            counted, self._counted = self._counted, {}
        return counted

    def failed(self) -> dict[tuple[str, int], str]:
        """Live rules that failed, and how, until it is `written`."""
        with self._lock:
            return dict(self._failed)

    def written(self, name: str, version: int) -> None:
        """The table says that it failed."""
        with self._lock:
            del self._failed[(name, version)]

    def _count(self, rule: WorkingRule, before: Judgement, after: Judgement) -> None:
        with self._lock:
            counts = self._counted.setdefault((rule.name, rule.version), Counter())
            counts["held"] += 1
            counts["flags"] += after.flagged and not before.flagged
            counts["clears"] += before.flagged and not after.flagged
            counts["recategorises"] += before.category != after.category

    def _fail(self, rule: WorkingRule, error: Exception) -> None:
        """At once it judges nothing here any more; `risk.task` tells it to the others."""
        with self._lock:
            self._counted.setdefault((rule.name, rule.version), Counter())["failed"] += 1
            if rule.mode is not Mode.LIVE:
                return
            self._failed[(rule.name, rule.version)] = f"{type(error).__name__}: {error}"
            self.edition = replace(
                self.edition,
                rules=tuple(replace(one, mode=Mode.SHADOW) if one is rule else one for one in self.edition.rules),
            )


def working_rule(row: store.RuleVersion) -> WorkingRule | None:
    """None, told in the log, for one that cannot be used."""
    try:
        rule = row.content()
        return WorkingRule(row.name, row.version, Mode(row.mode), Expression(rule.when), rule.then)
    except (RulesInvalid, RuleInvalid, ValueError) as error:
        log.error("a rule cannot be used", alarm=True, rule=row.name, version=row.version, error=str(error))
        return None
