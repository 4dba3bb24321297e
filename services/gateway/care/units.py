"""How much a look weighs, and what a day of looks asks for. Pure.

    units of a look = severity of the category × weight of how much was shown

No body publishes numbers for this: INHOPE and its members demand a welfare policy and name no limits. All numbers here
are starting values, to be set with occupational health; an agency changes the limits, a person lowers its own.
How long somebody looks is not measured: a page cannot prove it, and a stop-watch over people is no care.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import BaseModel

SEVERITY = {
    "minor_apparent": 1.0, "live_stream_record": 0.9, "known_content": 0.8, "reupload": 0.8, "synthesised": 0.7,
    "grooming_lure": 0.7, "suspected_picture": 0.6, "threatened": 0.5, "other": 0.4, "suspected_text": 0.3,
    "trade_offer": 0.3, "personal_data_posted": 0.2,
}  # fmt: skip
UNKNOWN_SEVERITY = 0.5
SEVERE = 0.7  # from here on a case counts for the mixing
MILD = 0.6  # at most, after a run of severe ones
# The ministry's guideline on work at screens (Korea, VDT 취급근로자 작업관리지침): no stretch over an hour, and 10 to
# 15 minutes of rest for each hour. The hint comes a little before.
STRETCH = timedelta(minutes=50)
BREAK = timedelta(minutes=10)  # who looked at nothing for so long has rested


class Kind(StrEnum):
    """How much was shown."""

    OPENED = "opened"  # the case's words
    BLURRED = "blurred"
    UNBLURRED = "unblurred"  # in part, or small
    FULL = "full"


WEIGHT = {Kind.OPENED: 0.25, Kind.BLURRED: 1.0, Kind.UNBLURRED: 4.0, Kind.FULL: 8.0}
EACH_TIME = (Kind.UNBLURRED, Kind.FULL)  # the others once while a case is looked at: a reload is no second look


class Limits(BaseModel):
    """`budget`: units of a day, after which nothing is unblurred and no case with pictures is handed out.
    `stretch_units`: after which a break is suggested. `run`: severe cases in a row. The budget is some two hundred
    blurred cases of the middle, or forty that were opened fully."""

    budget: float = 160.0
    stretch_units: float = 40.0
    run: int = 3


class HouseLimits(Limits):
    """`golden_share`, `second_share`: of the cases handed out, how many are a second look at a golden case, and at what
    others decided. One in fifty and one in fifty costs a person some two cases a day."""

    golden_share: float = 0.02
    second_share: float = 0.02


class Day(BaseModel):
    """What one person looked at on one day."""

    agency: str = ""
    units: float = 0.0
    looks: dict[str, int] = {}
    cases: int = 0
    severe_run: int = 0
    last_case: str = ""
    shown: list[str] = []  # kinds, of the last case
    since: datetime | None = None  # of this stretch
    stretch_units: float = 0.0
    last_at: datetime | None = None


def severity_of(category: str | None) -> float:
    """0 to 1. What is not known yet may be anything."""
    return SEVERITY.get(category or "", UNKNOWN_SEVERITY)


def beyond(most: float) -> frozenset[str]:
    """The categories that are more severe."""
    return frozenset(name for name, severity in SEVERITY.items() if severity > most)


def looked(day: Day, case: str, category: str | None, kind: Kind, now: datetime) -> Day:
    """The day with this look in it."""
    severity = severity_of(category)
    fresh = case != day.last_case
    shown = [] if fresh else day.shown
    counts = kind in EACH_TIME or kind not in shown
    units = severity * WEIGHT[kind] if counts else 0.0
    rested = day.last_at is None or now - day.last_at >= BREAK
    return day.model_copy(
        update={
            "units": day.units + units,
            "looks": day.looks | {kind.value: day.looks.get(kind.value, 0) + int(counts)},
            "cases": day.cases + int(fresh),
            "severe_run": _run(day, severity) if fresh else day.severe_run,
            "last_case": case,
            "shown": sorted({*shown, kind.value}),
            "since": now if rested else day.since,
            "stretch_units": (0.0 if rested else day.stretch_units) + units,
            "last_at": now,
        }
    )


def _run(day: Day, severity: float) -> int:
    return day.severe_run + 1 if severity >= SEVERE else 0


def spent(day: Day, limits: Limits) -> bool:
    return day.units >= limits.budget


def suggestion(day: Day, limits: Limits, now: datetime) -> str:
    """Why a break would be good now: "minutes", "units", or "" for none. Who rests already is not told to."""
    if day.since is None or day.last_at is None or now - day.last_at >= BREAK:
        return ""
    if now - day.since >= STRETCH:
        return "minutes"
    return "units" if day.stretch_units >= limits.stretch_units else ""


def lowest(house: Limits, ceiling: float | None, own: float | None) -> Limits:
    """The house's limits, or those that an admin allowed this person; a person's own only ever lower them."""
    allowed = house.budget if ceiling is None else ceiling
    return house.model_copy(update={"budget": allowed if own is None else min(allowed, own)})


def severest(categories: Iterable[str]) -> list[str]:
    return sorted(categories, key=lambda name: (-severity_of(name), name))
