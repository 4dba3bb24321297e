"""How long a case is kept: classes and rules as data, and what follows from them for one case (pure)."""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.toml import read_toml

SHIPPED = Path(__file__).parent / "data" / "retention.toml"
CLASS_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
MOST_YEARS = 200  # beyond any proceeding, and far from the end of the calendar
VerdictName = Literal["undecided", "approved", "rejected"]


class BadRetentionFile(ValueError):
    """The retention file cannot be used. The message names the file, the field and the cure."""


class _Strict(BaseModel):
    """A misspelt field is an error, not a rule that silently never applies."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Term(_Strict):
    """How long, from when; neither years nor days: for ever."""

    years: Annotated[int, Field(ge=1, le=MOST_YEARS)] | None = None
    days: Annotated[int, Field(ge=0, le=MOST_YEARS * 366)] | None = None
    clock: Literal["sealed", "decided"]

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if self.years is not None and self.days is not None:
            raise ValueError("give years or days, not both")
        return self

    def over_at(self, begins: datetime, zone: ZoneInfo) -> datetime | None:
        """Whole days of the zone's calendar after the day on which it begins (as Civil Act, Republic of Korea, Articles
        157, 159 and 160 count); no days: at once."""
        first = begins.astimezone(zone).date() + timedelta(days=1)
        if self.years is not None:
            over = _years_later(first, self.years)
        elif self.days:
            over = first + timedelta(days=self.days)
        else:
            return None if self.days is None else begins
        return datetime.combine(over, time(), zone).astimezone(UTC)


class Rule(_Strict):
    kept_as: Annotated[str, Field(alias="class")]
    categories: tuple[str, ...] = ()  # none: any
    verdicts: tuple[VerdictName, ...] = ()  # none: any
    source: Annotated[str, Field(min_length=1)]
    confidence: Literal["H", "M", "L"]
    reviewed: bool
    note: str = ""

    def fits(self, facts: "Facts") -> bool:
        category = not self.categories or bool(set(self.categories) & set(facts.categories))
        return category and (not self.verdicts or (facts.verdict or "undecided") in self.verdicts)


@dataclass(frozen=True)
class Facts:
    """Of one case with evidence. `chosen`: the class that an order gave it."""

    case_id: UUID
    sealed_at: datetime
    categories: tuple[str, ...] = ()
    verdict: str | None = None
    decided_at: datetime | None = None
    chosen: str | None = None


@dataclass(frozen=True)
class Kept:
    """`due_at`: None for ever. `source`: what the class rests on."""

    kept_as: str
    due_at: datetime | None
    source: str


class Rules(_Strict):
    """`timezone`: by whose calendar days and years are counted."""

    timezone: ZoneInfo
    classes: dict[str, Term]
    rule: tuple[Rule, ...]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for name in self.classes:
            if not CLASS_NAME.fullmatch(name):
                raise ValueError(f"class {name[:40]!r}: use lower-case letters, digits and '-'")
        for rule in self.rule:
            if rule.kept_as not in self.classes:
                raise ValueError(f"a rule has class {rule.kept_as[:40]!r}; there are {', '.join(self.classes)}")
        if not self.rule or self.rule[-1].categories or self.rule[-1].verdicts:
            raise ValueError("the last rule must fit every case: give one without categories and verdicts")
        return self

    def kept(self, facts: Facts) -> Kept:
        if facts.chosen is not None:
            return self._chosen(facts, facts.chosen)
        rule = next(rule for rule in self.rule if rule.fits(facts))
        return Kept(rule.kept_as, self._over_at(rule.kept_as, facts), rule.source)

    @cached_property
    def for_ever(self) -> frozenset[str]:
        return frozenset(name for name, term in self.classes.items() if term.years is None and term.days is None)

    def _chosen(self, facts: Facts, name: str) -> Kept:
        if name not in self.classes:  # the file has changed since; nothing goes because of that
            return Kept(name, None, "an order; the retention file has no such class (any more), so it is kept")
        return Kept(name, self._over_at(name, facts), "an order")

    def _over_at(self, name: str, facts: Facts) -> datetime | None:
        term = self.classes[name]
        decided = facts.decided_at if term.clock == "decided" else None
        begins = max(decided, facts.sealed_at) if decided else facts.sealed_at
        return term.over_at(begins, self.timezone)


def load(path: Path | None = None) -> Rules:
    """The shipped rules, or an agency's own. Raises `BadRetentionFile`."""
    path = path or SHIPPED
    try:
        return Rules.model_validate(read_toml(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadRetentionFile(f"{path}: {error}; start from a copy of {SHIPPED}") from error
    except ValidationError as error:
        raise BadRetentionFile(f"{path}: {_said(error)}; compare with {SHIPPED}") from error


def _said(error: ValidationError) -> str:
    wrong: Sequence[str] = [f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors()]
    return "; ".join(wrong)


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February: the month's last day has to be over
        return day.replace(year=day.year + years, month=3, day=1)
