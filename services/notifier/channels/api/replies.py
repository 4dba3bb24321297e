"""What an API's reply says of a report (pure): taken, refused, to be sent again, or nothing that can be relied on."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.notifier.channels.api.connector import Answered, Following, Lookup, Meaning
from services.notifier.channels.api.pointer import at, json_of, text_at
from services.notifier.channels.api.template import Maps, fill
from shared.net.calling import Reply
from shared.net.retry_after import retry_after_s
from shared.text import one_line

NUMBER = re.compile(r"[\x21-\x7e]{1,100}")  # of a report: it goes into URLs, mails and tables
MAX_REASON = 300  # characters
MOST_ITEMS = 1_000
LONGEST_REST_S = 6 * 3600.0  # each is an attempt: twenty of them are five days, and then a person is told


@dataclass(frozen=True)
class Taken:
    receipt: str


@dataclass(frozen=True)
class Again:
    """Not taken, and may be later: after `after_s`, when it says so."""

    reason: str
    after_s: float = 0.0


@dataclass(frozen=True)
class Refused:
    """`by_hand`: not the report, but us."""

    reason: str
    by_hand: bool = False


@dataclass(frozen=True)
class Duplicate:
    """Not taken, because the API has it already."""

    reason: str


@dataclass(frozen=True)
class Unknown:
    """Perhaps taken, perhaps not."""

    reason: str


Judged = Taken | Again | Refused | Duplicate | Unknown


def judge(reply: Reply, rules: Answered, now: datetime, masked: Callable[[str], str] = str) -> Judged:
    """`masked`: takes out what must not be repeated."""
    found = json_of(reply.body)
    said = one_line(masked(text_at(found, *rules.reason)), MAX_REASON)
    reason = f"status {reply.status}{': ' if said else ''}{said}"
    if rules.duplicate_has and rules.duplicate_has in text_at(found, rules.duplicate_at):
        return Duplicate(reason)
    if _among(reply.status, rules.by_hand):
        return Refused(reason, by_hand=True)
    if _among(reply.status, rules.again):
        return Again(reason, retry_after_s(reply.headers.get("retry-after"), now, LONGEST_REST_S))
    if _among(reply.status, rules.refused):
        return Refused(reason)
    if not _among(reply.status, rules.accepted):
        return Unknown(reason)
    if rules.success_is and at(found, rules.success_at) not in rules.success_is:
        return Refused(reason) if isinstance(found, dict) else Unknown(f"{reason}: its answer cannot be read")
    receipt = text_at(found, *rules.receipt)
    if rules.receipt and not NUMBER.fullmatch(receipt):
        return Unknown(f"{reason}: its answer has no number of the report")
    return Taken(receipt)


def found_in(reply: Reply, lookup: Lookup, values: Mapping[str, str], maps: Maps) -> str | None:
    """The number of the report that was looked for; None when the list does not have it. Raises `ValueError` for an
    answer that is no list."""
    items = at(json_of(reply.body), lookup.items)
    if not 200 <= reply.status < 300 or not isinstance(items, list):
        raise ValueError(f"status {reply.status}: no list of reports")
    wanted = {pointer: str(fill(template, values, maps)) for pointer, template in lookup.where.items()}
    for item in items[:MOST_ITEMS]:
        receipt = text_at(item, *lookup.receipt)
        if NUMBER.fullmatch(receipt) and all(_has(at(item, pointer), value) for pointer, value in wanted.items()):
            return receipt
    return None


def meaning_of(reply: Reply, following: Following) -> Meaning | None:
    """None when nothing is new. Raises `ValueError` for an answer that says nothing of a report."""
    found = json_of(reply.body)
    if not 200 <= reply.status < 300 or not isinstance(found, dict):
        raise ValueError(f"status {reply.status}: it says nothing of the report")
    return next((meaning for meaning in following.means if _means(at(found, meaning.at), meaning)), None)


def _means(value: Any, meaning: Meaning) -> bool:  # noqa: ANN401  # whatever JSON holds
    if meaning.above is not None:
        return isinstance(value, int) and value > meaning.above
    return any(value == one and type(value) is type(one) for one in meaning.one_of)


def _has(value: Any, wanted: str) -> bool:  # noqa: ANN401  # whatever JSON holds
    return wanted in value if isinstance(value, list) else value == wanted


def _among(status: int, ranges: tuple[str, ...]) -> bool:
    for one in ranges:
        low, _, high = one.partition("-")
        if int(low) <= status <= int(high or low):
            return True
    return False
