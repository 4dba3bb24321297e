"""Tests of a rule: facts of a finding, and whether the rule applies to it. A rule without a passing one stays idle."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, field_validator

from services.classifier.domain import judge
from services.classifier.risk.expression import Expression
from services.classifier.risk.facts import FACTS, MAYBE, NUMBER, TEXT, YES, facts_of, kind_name
from services.classifier.risk.policy import Policy
from services.classifier.signals import Signals

MAX_FACTS = len(FACTS)


class RuleTest(BaseModel):
    """`given`: facts by name, all others as of a page without anything. `applies`: what the rule must say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    says: Annotated[str, Field(min_length=1, max_length=200)]
    given: Annotated[dict[str, Any], Field(max_length=MAX_FACTS)] = {}
    applies: bool

    @field_validator("given")
    @classmethod
    def _known_facts(cls, given: dict[str, Any]) -> dict[str, Any]:
        for name, value in given.items():
            if name not in FACTS:
                raise ValueError(f"nothing is called {name!r}; give facts of {', '.join(FACTS)}")
            if not _is_a(FACTS[name].kind, value):
                raise ValueError(f"{name} is a {kind_name(FACTS[name].kind)}, not {value!r}")
        return given


def failing(expression: Expression, tests: tuple[RuleTest, ...]) -> list[str]:
    """What each test that fails says, with what came out instead."""
    found: list[str] = []
    for test in tests:
        try:
            held = expression.holds(_facts(test.given))
        except Exception as error:  # whatever the engine raises is a failing test
            found.append(f"{test.says!r}: it fails: {error}")
            continue
        if held is not test.applies:
            found.append(f"{test.says!r}: the rule {'applies' if held else 'does not apply'}")
    return found


def _facts(given: Mapping[str, Any]) -> dict[str, Any]:
    nothing = Signals(host="", site_kind="", found_at=datetime.min.replace(tzinfo=UTC))
    facts = facts_of(nothing, judge(nothing, Policy()))
    return facts | {name: set(value) if isinstance(value, list) else value for name, value in given.items()}


def _is_a(kind: Any, value: object) -> bool:  # noqa: ANN401  # rule-engine is untyped here
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind in (NUMBER, MAYBE):  # null is what is not given
        return number
    if kind == TEXT:
        return isinstance(value, str)
    if kind == YES:
        return isinstance(value, bool)
    return isinstance(value, list) and all(isinstance(one, str) for one in value)
