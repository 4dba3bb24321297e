"""Evidence on the terminal: a case, a plan, orders, a certificate; or JSON for scripts."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.text import Text

from haetae.saying import console, errors
from haetae_verify.certificate import FORMAT
from haetae_verify.signed import check
from services.evidence.orders.planning import Planned
from services.evidence.orders.showing import kept
from services.evidence.orders.store import Order
from shared.text import one_line

LONGEST = 300  # characters of a value
PLAN = "{:<36}  {:<10}  {:<12}  {:<9}  {:<5}  {}"  # no table: it would fold the numbers that are to be copied
ORDER_FIELDS = (
    "order_id", "case_id", "kind", "by", "why", "basis", "terms", "ordered_at", "tries", "done_at", "result", "error",
)  # fmt: skip

CERTIFIED_FIRST = ("case_id", "destroyed_at", "ordered_by", "why", "basis")
MOMENTS = {
    "sealed": "sealed_at", "failed": "failed_at", "because": "failed_reason", "destroyed": "destroyed_at",
    "manifest": "manifest_sha256",
}  # fmt: skip


def print_lines(rows: Iterable[Mapping[str, Any]]) -> None:
    """JSON lines. Moments as ISO 8601, in UTC."""
    for row in rows:
        console.print(json.dumps(row, default=_plain), markup=False, highlight=False, soft_wrap=True)


def print_case(found: Mapping[str, Any]) -> None:
    for name, value in _sections(found):
        console.print(Text(f"{name:<12} ", "bold"), _shown(value), sep="", soft_wrap=True)
    for item in found["objects"]:
        console.print(_file(item), soft_wrap=True)


def print_plan(plan: Sequence[Planned], now: datetime, as_json: bool) -> None:
    if as_json:
        print_lines({"case_id": one.case_id, "due": one.due(now), "holds": one.holds, **kept(one)} for one in plan)
        return
    console.print(PLAN.format("case", "goes", "class", "verdict", "holds", "category"), style="bold", soft_wrap=True)
    for one in plan:
        verdict, categories = one.facts.verdict or "undecided", ", ".join(one.facts.categories)
        row = (str(one.case_id), _when(one, now), one.kept.kept_as, verdict, one.holds or "", categories)
        console.print(Text(PLAN.format(*(_shown(cell).plain for cell in row)).rstrip()), soft_wrap=True)
    for kept_as, source in sorted({(one.kept.kept_as, one.kept.source) for one in plan}):
        errors.print(Text(f"{kept_as}: "), _shown(source), sep="", soft_wrap=True)


def print_orders(orders: Sequence[Order], as_json: bool) -> None:
    if as_json:
        print_lines({name: getattr(one, name) for name in ORDER_FIELDS} for one in orders)
        return
    if not orders:
        errors.print("no such order")
        return
    for one in orders:  # no table: two numbers of 36 characters would leave nothing for words
        console.print(Text(f"{one.kind} {one.order_id}", "bold"), _shown(_state(one)), soft_wrap=True)
        said = f"case {one.case_id}, by {one.by}, {_moment(one.ordered_at)}: {one.why} ({one.basis})"
        console.print("  ", _shown(said), sep="", soft_wrap=True)


def print_certificate(document: bytes) -> None:
    """Raises `BadSignature`."""
    said = check(document, FORMAT)
    objects, outcome = said.pop("objects"), said.pop("outcome")
    first = {name: said[name] for name in CERTIFIED_FIRST}
    for name, value in {**first, **said, **outcome}.items():
        text = ", ".join(value) if isinstance(value, list) else value
        console.print(Text(f"{name:<17} ", "bold"), _shown(text), sep="", soft_wrap=True)
    for one in objects:
        console.print(_file(one), soft_wrap=True)
    errors.print("its signature is right; compare public_key with the key that the agency has published")


def _sections(found: Mapping[str, Any]) -> Iterable[tuple[str, object]]:
    """Heading and words, line by line."""
    yield "case", found["case_id"]
    yield "state", found["state"]
    if found["url"]:
        yield "address", found["url"]
    for name, field in MOMENTS.items():
        if found[field]:
            yield name, _moment(found[field])
    if found["class"]:
        ends = f"goes after {found['due_at']:%Y-%m-%d}" if found["due_at"] else "for ever"
        yield "kept as", f"{found['class']}, {ends} ({found['source']})"
        yield "verdict", found["verdict"] or "undecided"
    for hold in found["holds"]:
        until = f" until {_moment(hold['until'])}" if hold["until"] else ""
        yield "held", f"{hold['hold_id']} by {hold['by']} since {hold['placed_at']:%Y-%m-%d}{until}: {hold['basis']}"
    for stamp in found["stamps"]:
        yield "stamp", f"{stamp['authority']}, {_moment(stamp['at'])}"
    for debt in found["stamps_owed"]:
        yield "stamp owed", f"{debt['authority']}, asked again {_moment(debt['due_at'])}: {debt['error']}"
    broken = found["custody_broken_at"]
    yield "custody", f"{found['custody_lines']} lines, {'whole' if broken is None else f'BROKEN at line {broken}'}"
    if found["certified"]:
        yield "certificate", "`haetae evidence certificate` shows it"


def _when(one: Planned, now: datetime) -> str:
    if one.holds:
        return "held"
    if one.kept.due_at is None:
        return "never"
    return "now" if one.due(now) else f"{one.kept.due_at:%Y-%m-%d}"


def _state(one: Order) -> str:
    if one.done_at is not None:
        return f"failed: {one.error}" if one.error else f"done {_moment(one.done_at)}"
    return f"waits: {one.error}" if one.error else "being done" if one.tries else "waits"


def _file(item: Mapping[str, Any]) -> Text:
    return Text(f"  {item['sha256']}  {_size(item['bytes']):>14}  ").append_text(_shown(item["name"]))


def _size(count: int | None) -> str:
    return "unknown" if count is None else f"{count:,} B"


def _moment(value: object) -> object:
    return f"{value:%Y-%m-%d %H:%M:%S} UTC" if isinstance(value, datetime) else value


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _shown(value: object) -> Text:
    """What others wrote is neither markup nor orders to the terminal."""
    return Text(one_line("" if value is None else str(value), LONGEST))
