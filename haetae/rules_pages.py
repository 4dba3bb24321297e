"""Rules and policies on the terminal, and as the TOML that they are written in."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from rich.table import Table

from haetae.saying import console
from services.classifier.risk.dry_run import Change, DryRun
from services.classifier.risk.facts import FACTS, kind_name
from services.classifier.risk.policy import RISK_WEIGHTS, URGENCY_WEIGHTS, Policy
from services.classifier.risk.rules import Rule, RulesInvalid
from services.classifier.risk.store import Effects, RuleVersion
from shared.text import one_line

MOST_SHOWN = 200  # characters of a reason in a table
# In the order in which a person wants to know them; what hides known content first.
CHANGES = {
    "hides_known": "known content that would be no case any more",
    "flagged": "would become cases",
    "cleared": "would be no cases any more",
    "recategorised": "would be of another category",
    "raised": "would be of higher risk",
    "lowered": "would be of lower risk",
    "more_urgent": "would be more urgent",
    "failed": "could not be evaluated",
}


class Version(Protocol):
    """A row of a history."""

    version: int
    author: str
    why: str
    changed_at: datetime


def rule_text(rule: Rule) -> str:
    """TOML, as `haetae rules add` reads it."""
    given = rule.model_dump(mode="json", exclude_defaults=True)
    tests = given.pop("tests", [])
    parts = [_table("", {name: given[name] for name in ("name", "when", "note") if name in given})]
    parts.append(_table("[then]", given["then"]))
    parts += [_table("[[tests]]", test) for test in tests]
    return "\n".join(parts)


def policy_text(policy: Policy) -> str:
    """TOML with every weight, as `haetae policy set` reads it."""
    own = policy.model_dump(mode="json", exclude_none=True)
    tables = ("flag_from_by_category", "weights", "urgency_weights")
    weights = {"weights": RISK_WEIGHTS, "urgency_weights": URGENCY_WEIGHTS}
    parts = [_table("", {name: value for name, value in own.items() if name not in tables})]
    parts += [_table(f"[{name}]", {**weights.get(name, {}), **own[name]}) for name in tables]
    return "\n".join(parts)


def _table(head: str, values: Mapping[str, Any]) -> str:
    return "".join(f"{line}\n" for line in (*([head] if head else []), *_lines(values)))


def _lines(values: Mapping[str, Any]) -> Iterator[str]:
    return (f"{_key(name)} = {_value(value)}" for name, value in values.items())


def _value(value: Any) -> str:  # noqa: ANN401  # what TOML holds
    if isinstance(value, dict):
        return "{ " + ", ".join(_lines(value)) + " }" if value else "{}"
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else json.dumps(name)


def print_rules(rows: Sequence[tuple[RuleVersion, Effects]]) -> None:
    table = _with("name", "mode", "version", "held", "flags", "clears", "failed", "does")
    for row, done in rows:
        numbers = (row.version, done.held, done.flags, done.clears, done.failed)
        table.add_row(row.name, row.mode, *(f"{number:,}" for number in numbers), _does(row))
    console.print(table)


def _does(row: RuleVersion) -> str:
    try:
        return str(row.content().then)
    except RulesInvalid as error:
        return str(error)


def print_history(rows: Sequence[Version]) -> None:
    table = _with("version", "mode", "when", "by", "why")
    for row in rows:
        moment = row.changed_at.isoformat(" ", "seconds")
        mode = row.mode if isinstance(row, RuleVersion) else ""
        table.add_row(str(row.version), mode, moment, one_line(row.author, MOST_SHOWN), one_line(row.why, MOST_SHOWN))
    console.print(table)


def print_facts() -> None:
    table = _with("fact", "is a", "meaning")
    for name, fact in FACTS.items():
        table.add_row(name, kind_name(fact.kind), fact.meaning)
    console.print(table)


def print_dry_run(run: DryRun) -> None:
    say(f"{run.looked_at:,} findings looked at, the rule holds for {run.held.count:,}" if run.held.count
        else f"{run.looked_at:,} findings looked at")  # fmt: skip
    for name, meaning in CHANGES.items():
        change: Change = getattr(run, name)
        if change.count:
            say(f"{change.count:7,} {meaning}: {', '.join(map(str, change.examples))}")
    if run.unreadable:
        say(f"{run.unreadable:,} findings of an older version were left out")


def print_lines(rows: Iterable[Mapping[str, Any]]) -> None:
    for row in rows:
        say(json.dumps(row, ensure_ascii=False, default=str))


def say(line: str) -> None:
    console.print(line, markup=False, highlight=False, soft_wrap=True)


def _with(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
