"""Contacts that other agencies stated: behind what is known here, before the registries, never to who must not know."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa

from services.drafter.contacts.files import load_contacts
from services.drafter.contacts.resolve import Resolved, key, resolve
from services.drafter.contacts.stated import Stated, drop, stated, take
from shared.clock import ManualClock
from shared.database import Database
from shared.events import EvidenceSealed, StatedContact, StatementDropped, StatementTaken
from shared.failures import Rejected
from shared.identity import identity
from tests.support.contacts import GOOD, HOST, NOW, REGISTRAR, around, case, contact
from tests.support.stack import Migrated

SITE = "abuse@harbour-board.en.test"
THEIRS = "notices@desk.test"
PLAIN = 'without = ["google-search"]\n'


@pytest.fixture
async def database(migrated: Migrated) -> AsyncIterator[Database]:
    made = Database(migrated.dsn_for("drafter"), "/haetae/drafter", ManualClock())
    yield made
    await made.close()


def said(domain: str, role: str = "host", email: str = THEIRS, **more: Any) -> StatedContact:
    return StatedContact.model_validate({"domain": domain, "role": role, "email": email, "known_at": NOW, **more})


def taken(contact: StatedContact, name: str = "one", issuer: str = "lantern") -> StatementTaken:
    id, kind = identity("stated", name), "contact"
    return StatementTaken(statement_id=id, issuer=issuer, kind=kind, contact=contact, by="kim", taken_at=NOW)


def dropped(one: StatementTaken) -> StatementDropped:
    given = {name: getattr(one, name) for name in ("statement_id", "issuer", "kind")}
    return StatementDropped(**given, why="expired", by="federation", dropped_at=NOW)


async def handle(database: Database, *events: StatementTaken | StatementDropped) -> None:
    for event in events:
        async with database.transaction() as tx:
            await (take(event, tx) if isinstance(event, StatementTaken) else drop(event, tx))


async def known(database: Database, event: EvidenceSealed) -> list[Stated]:
    async with database.transaction() as tx:
        return list(await stated(event, tx))


def asked(found: Resolved) -> list[tuple[str, str]]:
    return [(one.recipient.role, key(one.recipient)) for one in found.asked]


async def of(database: Database, event: EvidenceSealed, text: str = PLAIN, *, tmp_path: Any) -> Resolved:
    (tmp_path / "contacts.toml").write_text(text)
    return resolve(event, load_contacts(tmp_path / "contacts.toml"), {}, NOW, await known(database, event))


OTHERS = [("site", SITE), ("host", HOST), ("registrar", REGISTRAR)]
TABLE: list[tuple[StatedContact, dict[str, Any], list[tuple[str, str]], list[str]]] = [
    # In place of the mailbox that a registry names for the provider, whose domain that tells.
    (said("boat.test"), {}, [("site", SITE), ("host", THEIRS), ("registrar", REGISTRAR)], []),
    (said("lantern.test", "registrar"), {}, [("site", SITE), ("host", HOST), ("registrar", THEIRS)], []),
    (said("lantern.test", "host"), {}, OTHERS, []),
    (said("elsewhere.test"), {}, OTHERS, []),
    # The site's own mailbox comes first; without it, what is stated.
    (said("en.test", "site"), {}, OTHERS, []),
    (said("en.test", "site"), {"abuse_email": None}, [("site", THEIRS), *OTHERS[1:]], []),
    (said("harbour-board.en.test", "platform"), {"abuse_email": None}, [("site", THEIRS), *OTHERS[1:]], []),
    # The rest of a domain's end is others'.
    (said("board.en.test", "site"), {"abuse_email": None}, OTHERS[1:], ["no_contact"]),
    # Who must not know is not told, in no role; nor is its mailbox written to as if it were its host's.
    (said("en.test", "site"), {"sole_purpose": True}, OTHERS[1:], ["sole_purpose"]),
    (said("en.test", "host"), {"sole_purpose": True}, OTHERS[1:], ["sole_purpose"]),
    (said("boat.test", email="noc@en.test"), {"sole_purpose": True}, OTHERS[1:], ["sole_purpose", "owner_contact"]),
    (said("boat.test", email="noc@en.test"), {}, OTHERS, ["owner_contact"]),
    # A form is for a person.
    (said("boat.test", email="", form="https://boat.test/abuse"), {}, OTHERS, ["stated_form"]),
    # As old as a contact of the graph may be.
    (
        said("boat.test", known_at=NOW - timedelta(days=2_000)),
        {},
        [("site", SITE), ("host", THEIRS), ("registrar", REGISTRAR)],
        ["stale_contact"],
    ),
]


@pytest.mark.parametrize(("contact", "site", "expected", "problems"), TABLE)
async def test_who_is_asked(
    database: Database,
    tmp_path: Any,
    contact: StatedContact,
    site: dict[str, Any],
    expected: list[tuple[str, str]],
    problems: list[str],
) -> None:
    await handle(database, taken(contact))
    found = await of(database, case(**site), tmp_path=tmp_path)
    assert asked(found) == expected
    assert [problem.code for problem in found.problems] == problems
    assert {to.recipient.source for to in found.asked if key(to.recipient) == THEIRS} <= {"stated by lantern"}


async def test_what_the_graph_knows_comes_first(database: Database, tmp_path: Any) -> None:
    await handle(database, taken(said("boat.test")))
    assert asked(await of(database, case(), GOOD, tmp_path=tmp_path))[1] == ("host", "desk@own.test")


async def test_the_newest_of_several_counts_and_none_was_seen_in_the_future(database: Database, tmp_path: Any) -> None:
    long_ago = said("boat.test", email="old@desk.test", known_at=NOW - timedelta(days=9))
    tomorrow = said("boat.test", known_at=NOW + timedelta(days=9_000))
    await handle(database, taken(long_ago, "old", "harbour"), taken(tomorrow, "new"))
    assert [one.known_at for one in await known(database, case())] == [NOW, NOW - timedelta(days=9)]
    assert ("host", THEIRS) in asked(await of(database, case(), tmp_path=tmp_path))
    await handle(database, dropped(taken(tomorrow, "new")))
    assert ("host", "old@desk.test") in asked(await of(database, case(), tmp_path=tmp_path))


async def test_an_address_that_is_no_mailbox_is_told_and_the_registries_count(
    database: Database, tmp_path: Any
) -> None:
    await handle(database, taken(said("boat.test", email="caf\u00e9@desk.test")))
    found = await of(database, case(), tmp_path=tmp_path)
    assert asked(found) == OTHERS
    assert [problem.code for problem in found.problems] == ["bad_contact"]


async def test_another_hosts_provider_is_found_by_its_own_domain(database: Database, tmp_path: Any) -> None:
    await handle(database, taken(said("shop.test", "platform")))
    event = case(around(contact("host", HOST)), pictures=("http://img.shop.test/1.jpg",))
    found = await of(database, event, tmp_path=tmp_path)
    assert ("platform", THEIRS) in asked(found)


@pytest.mark.parametrize("order", sorted(set(permutations("ttdd"))))
async def test_dropped_in_any_order_nothing_of_it_is_left(database: Database, order: tuple[str, ...]) -> None:
    one = taken(said("boat.test"))
    await handle(database, *[one if letter == "t" else dropped(one) for letter in order])
    assert await known(database, case()) == []
    rows = await rows_of(database)
    assert THEIRS not in str(rows)
    assert len(rows) == 1


async def rows_of(database: Database) -> list[tuple[Any, ...]]:
    async with database.transaction() as tx:
        return [tuple(row) for row in (await tx.execute(sa.text("SELECT * FROM stated_contacts"))).all()]


async def test_hashes_are_no_contacts(database: Database) -> None:
    one = taken(said("boat.test"))
    other = one.model_copy(update={"kind": "known"})
    await handle(database, other, dropped(other))
    assert await rows_of(database) == []
    with pytest.raises(Rejected, match="has none"):
        await handle(database, one.model_copy(update={"contact": None}))
