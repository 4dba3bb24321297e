"""A rule: when it holds, what it does, and the tests that it passes. Values, pure.

All rules of an agency see the judgement as it was before rules, so that their order changes nothing. Where they
disagree, what protects wins: the risk is lowered first and raised then, and what one flags, or a person reported, none
suppresses.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from services.classifier.domain import Judgement
from services.classifier.risk.components import DIGITS, combined
from services.classifier.risk.policy import Policy
from services.classifier.risk.rule_tests import RuleTest
from shared.events.values import Reason, Risk, Score
from shared.failures import Rejected
from shared.toml import read_toml

MAX_TESTS = 50
POLICY = "policy"  # the name under which a change of the policy is told
RULES = "rules"  # the component that rules add to
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Category = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]


class RulesInvalid(Rejected):
    """A rule cannot be used. The message names the field and the cure."""


class Mode(StrEnum):
    OFF = "off"
    SHADOW = "shadow"  # evaluated on live findings and counted; changes nothing
    LIVE = "live"


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Effect(_Written):
    """What a rule does to the findings for which it holds; at least one of these."""

    set_category: Category | None = None
    raise_to: Score | None = None
    lower_to: Score | None = None
    add_urgency: Score | None = None
    flag: bool = False
    suppress: bool = False

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self == Effect.model_construct():
            raise ValueError(f"it does nothing; give one of {', '.join(Effect.model_fields)}")
        if self.flag and self.suppress:
            raise ValueError("flag and suppress at once: give one")
        return self

    def __str__(self) -> str:
        given = self.model_dump(exclude_defaults=True)
        return ", ".join(name if value is True else f"{name} {value}" for name, value in given.items())


class Rule(_Written):
    """As a person writes it, in TOML. `when`: see `expression`. `note`: why there is this rule."""

    name: Name
    when: str
    then: Effect
    note: Annotated[str, Field(max_length=2_000)] = ""
    tests: Annotated[tuple[RuleTest, ...], Field(max_length=MAX_TESTS)] = ()

    @field_validator("name")
    @classmethod
    def _not_taken(cls, name: str) -> str:
        if name == POLICY:
            raise ValueError(f"{POLICY!r} is taken: give the rule another")
        return name

    @classmethod
    def from_toml(cls, text: str) -> Self:
        """Raises `RulesInvalid`. That the expression can be used is seen when it is compiled."""
        try:
            return cls.of(read_toml(text))
        except tomllib.TOMLDecodeError as error:
            raise RulesInvalid(f"the rule is no TOML: {error}") from error

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Raises `RulesInvalid`."""
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise RulesInvalid("; ".join(_sentence(one["loc"], one["msg"]) for one in error.errors())) from error


def apply(holding: Sequence[tuple[str, Effect]], judgement: Judgement, policy: Policy) -> Judgement:
    """`holding`: rules that hold for the finding, as (name and version, effect), in the order of their names."""
    if not holding:
        return judgement
    effects = [effect for _, effect in holding]
    risk = _moved(judgement.risk, _given(effects, "lower_to"), _given(effects, "raise_to"))
    urgency = _urged(judgement.urgency, _given(effects, "add_urgency"))
    category = next((one.set_category for one in effects if one.set_category), judgement.category)
    flagged = risk.score >= policy.threshold(category, urgency.score)
    if judgement.reported or any(effect.flag for effect in effects):
        flagged = True
    elif any(effect.suppress for effect in effects):
        flagged = False
    reasons = (*judgement.reasons, *(_reason(name, effect) for name, effect in holding))
    return replace(judgement, risk=risk, urgency=urgency, category=category, flagged=flagged, reasons=reasons)


def _moved(risk: Risk, lower: Sequence[float], higher: Sequence[float]) -> Risk:
    score = max([min([risk.score, *lower]), *higher])
    if score <= risk.score:
        return Risk(score=score, components=risk.components)
    return Risk(score=score, components={**risk.components, RULES: score})


def _urged(urgency: Risk, more: Sequence[float]) -> Risk:
    if not more:
        return urgency
    added = round(combined(more), DIGITS)
    score = round(combined((urgency.score, added)), DIGITS)
    return Risk(score=score, components={**urgency.components, RULES: added})


def _given(effects: Sequence[Effect], field: str) -> list[float]:
    return [value for effect in effects if (value := getattr(effect, field)) is not None]


def _reason(name: str, effect: Effect) -> Reason:
    weight = max(effect.raise_to or 0.0, effect.add_urgency or 0.0)
    values = {"rule": name, "effect": str(effect)}
    return Reason(code="rule", text=f"Rule {name} of the agency: {effect}.", weight=weight, values=values)


def _sentence(place: tuple[int | str, ...], said: str) -> str:
    return f"{'.'.join(map(str, place)) or 'the rule'}: {said.removeprefix('Value error, ')}"
