"""Agencies added and changed at the command line, by whoever runs this Haetae."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from pydantic import ValidationError

from services.gateway import history
from services.gateway.agencies.store import Agency
from services.gateway.agencies.taking import Takes
from services.gateway.audit import ACCESS_CHAIN, Action
from services.gateway.texts import LANGUAGES
from shared.database import Transaction

SLUG = re.compile(r"[a-z][a-z0-9-]{1,39}")
MAX_NAME, MAX_CONTACT = 120, 300  # characters: a line of a page, a line with an address and a telephone number
COMMAND_LINE = "command-line"


class AgencyProblem(ValueError):
    """The agency cannot be made or changed so; the message names the field and the cure."""


async def known(tx: Transaction) -> Sequence[Agency]:
    """In the order in which their rules are asked."""
    return await tx.scalars(sa.select(Agency).order_by(Agency.position, Agency.agency))


async def add(tx: Transaction, agency: str, given: Mapping[str, Any]) -> Agency:
    """Its rule is asked last. `given`: as `change`. Raises `AgencyProblem`."""
    if not SLUG.fullmatch(agency):
        raise AgencyProblem(f"agency: {agency!r} is not possible; use 2 to 40 lower-case letters, digits and -")
    if await tx.get(Agency, agency) is not None:
        raise AgencyProblem(f"agency: {agency!r} exists already; change it with `edit`")
    last = await tx.scalar(sa.select(sa.func.max(Agency.position))) or 0
    now = tx.clock.now()
    row = Agency(
        agency=agency,
        name=agency,
        languages=list(LANGUAGES),
        contact="",
        takes=Takes(),
        position=last + 1,
        created_at=now,
        updated_at=now,
    )
    tx.add(row)
    await _write(tx, row, given, Action.AGENCY_ADDED)
    return row


async def change(tx: Transaction, agency: str, given: Mapping[str, Any]) -> Agency:
    """`given`: `name`, `contact`, `languages`, `position`, and of its rule `hosts`, `countries`, `speaks`,
    `categories`; what is None stays. Raises `AgencyProblem`."""
    row = await tx.get(Agency, agency, lock=True)
    if row is None:
        raise AgencyProblem(f"agency: there is no {agency!r}; `list` shows them")
    await _write(tx, row, given, Action.AGENCY_CHANGED)
    return row


async def _write(tx: Transaction, row: Agency, given: Mapping[str, Any], action: Action) -> None:
    wanted = {name: value for name, value in given.items() if value is not None}
    check(wanted)
    for name in ("name", "contact", "position", "languages"):
        if name in wanted:
            setattr(row, name, wanted[name])
    row.takes = ruled(row.takes, wanted)
    row.updated_at = tx.clock.now()
    details = {"agency": row.agency, "name": row.name, "takes": row.takes.model_dump(mode="json")}
    await history.append(tx, ACCESS_CHAIN, COMMAND_LINE, action, details)


def check(wanted: Mapping[str, Any]) -> None:
    for name, most in (("name", MAX_NAME), ("contact", MAX_CONTACT)):
        value = wanted.get(name, "-")
        if len(value) > most or not value.isprintable() or (name == "name" and not value.strip()):
            raise AgencyProblem(f"{name}: give one line of at most {most} characters")
    if unknown := set(wanted.get("languages", ())) - set(LANGUAGES):
        raise AgencyProblem(f"languages: {', '.join(sorted(unknown))} is not known; use {', '.join(LANGUAGES)}")


def ruled(before: Takes, wanted: Mapping[str, Any]) -> Takes:
    names = {"hosts": "hosts", "countries": "countries", "speaks": "languages", "categories": "categories"}
    lists = {field: tuple(wanted[name]) for name, field in names.items() if name in wanted}
    try:
        return Takes.model_validate(before.model_dump() | lists)
    except ValidationError as error:
        found = error.errors()[0]
        raise AgencyProblem(f"{'.'.join(str(step) for step in found['loc'])}: {found['msg']}") from error
