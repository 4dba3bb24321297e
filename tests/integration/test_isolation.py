"""Whose rows are in sight, by the database itself."""

from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa

from deploy.local.access import libpq_url
from services.gateway.agencies.scoping import AGENCY, HOME
from services.gateway.agencies.taking import Described, Takes, taker
from services.gateway.notices.rows import CaseNotice
from services.gateway.store import Case
from tests.support.gateway import make_desk

# Tables whose rows are nobody's in particular, each with the reason.
SHARED = {
    "inbox": "names of events",
    "outbox": "what is on its way to the broker: the service's own, no page reads it",
    "figure_cursor": "how far the figures are",
    "agencies": "a case is offered to an agency by its name",
    "login_failures": "before anybody is known",
    "oidc_begun": "before anybody is known",
    "door_attempts": "digests of addresses, gone within the hour; before anybody is known",
    "chains": "lengths and hashes",
    "audit_waiting": "hashes",
    "audit_leaves": "hashes",
    "audit_nodes": "hashes",
    "audit_heads": "hashes, published",
    "audit_keys": "public keys",
    "audit_checks": "lengths and hashes",
    "care_ledger": "sealed, keyed by a MAC of the person: tells nobody anything",
    "public_events": "the same for every agency, without a word of any",
    "public_events_ends": "how far they go",
    "published_months": "public figures",
    "issued_ends": "how far statements go",
    "federation_keys": "public keys",
}
OTHER = "harbour"


async def test_every_table_is_isolated_or_says_why_not(migrated_once) -> None:
    with psycopg.connect(libpq_url(migrated_once.owner_url)) as connection:
        rows = connection.execute(
            "SELECT c.relname, c.relrowsecurity, c.relispartition, "
            "has_table_privilege('haetae_gateway', c.oid, 'SELECT'), "
            "(SELECT count(*) FROM pg_policy WHERE polrelid = c.oid) "
            "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = 'gateway' AND c.relkind IN ('r', 'p')"
        ).fetchall()
    open_ones = {name for name, secured, part, reads, policies in rows if reads and not (secured and policies)}
    assert open_ones - SHARED.keys() == set()
    assert {name for name, _, part, reads, _ in rows if part and reads} == set(), "a partition can be read by its name"
    assert SHARED.keys() - {name for name, *_ in rows} == set()


async def test_the_service_is_not_the_owner_and_cannot_go_around(migrated_once) -> None:
    with psycopg.connect(libpq_url(migrated_once.dsn_for("gateway"))) as connection:
        row = connection.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user").fetchone()
        assert row == (False, False)
        owned = "SELECT count(*) FROM pg_tables WHERE schemaname = 'gateway' AND tableowner = current_user"
        assert connection.execute(owned).fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE gateway.agencies SET name = 'mine'")


@pytest.fixture
async def desk(migrated_once, tmp_path):
    with psycopg.connect(libpq_url(migrated_once.owner_url), autocommit=True) as connection:
        connection.execute(
            "INSERT INTO gateway.agencies VALUES (%s, 'Harbour', '{en}', '', '{}', 1, now(), now()) "
            "ON CONFLICT DO NOTHING",
            [OTHER],
        )
    made = make_desk(migrated_once.dsn_for("gateway"), tmp_path)
    yield made
    await made.database.close()


async def test_a_request_sees_its_agency_s_rows_nobody_none_and_handlers_all(desk) -> None:
    story = await desk.awaiting_review(f"post/{uuid4()}")
    seen = {}
    for scope in (HOME, OTHER, "", "*"):
        async with desk.database.scoped({AGENCY: scope}).transaction() as tx:
            cases = await tx.scalars(sa.select(Case.case_id).where(Case.case_id == story.case))
            notices = await tx.scalars(sa.select(CaseNotice.notice_id).where(CaseNotice.case_id == story.case))
            seen[scope] = (len(cases), len(notices))
    assert seen == {HOME: (1, 1), OTHER: (0, 0), "": (0, 0), "*": (1, 1)}


async def test_a_request_begins_with_nothing_in_sight_and_leaves_nothing_behind(desk) -> None:
    story = await desk.awaiting_review(f"post/{uuid4()}")
    async with desk.parts.shut().database.transaction() as tx:
        assert await tx.get(Case, story.case) is None
    async with desk.database.transaction() as tx:  # the same connections, the next transaction
        assert await tx.get(Case, story.case) is not None


async def test_nobody_writes_into_another_agency(desk) -> None:
    story = await desk.awaiting_review(f"post/{uuid4()}")
    other = desk.database.scoped({AGENCY: OTHER})
    async with other.transaction() as tx:
        changed = await tx.execute(sa.update(Case).where(Case.case_id == story.case).values(title="x"))
        assert changed.rowcount == 0
        gone = await tx.execute(sa.delete(CaseNotice).where(CaseNotice.case_id == story.case))
        assert gone.rowcount == 0
    fresh = {"case_id": uuid4(), "state": "", "rank": 0.0, "updated_at": datetime.now(UTC)}
    await refused(desk, OTHER, sa.insert(Case).values(fresh | {"agency": HOME}))
    await refused(desk, HOME, sa.insert(Case).values(fresh | {"agency": OTHER}))
    await refused(desk, HOME, sa.update(Case).where(Case.case_id == story.case).values(agency=OTHER))
    notice = {"notice_id": uuid4(), "case_id": story.case, "round": 0}
    await refused(desk, OTHER, sa.insert(CaseNotice).values(notice))
    await refused(desk, "", sa.insert(CaseNotice).values(notice))


async def refused(desk, scope, statement) -> None:
    async def tried():
        async with desk.database.scoped({AGENCY: scope}).transaction() as tx:
            await tx.execute(statement)

    with pytest.raises(sa.exc.DBAPIError, match="row-level security"):
        await tried()


CASE = Described(host="board.harbour.test", country="KR", language="ko", category="suspected_text")


@pytest.mark.parametrize(
    ("rule", "taken"),
    [
        (Takes(), False),
        (Takes(hosts=("harbour.test",)), True),
        (Takes(hosts=("arbour.test",)), False),
        (Takes(countries=("KR", "JP")), True),
        (Takes(countries=("JP",), hosts=("harbour.test",)), False),
        (Takes(languages=("ko",), categories=("suspected_text",)), True),
        (Takes(categories=("known_picture",)), False),
    ],
)
def test_a_rule_takes_what_agrees_with_all_that_it_asks_for(rule: Takes, taken: bool) -> None:
    assert taker([(OTHER, rule)], CASE) == (OTHER if taken else HOME)


def test_the_first_rule_that_takes_it_has_it() -> None:
    rules = [("one", Takes(countries=("JP",))), ("two", Takes(countries=("KR",))), ("three", Takes(languages=("ko",)))]
    assert taker(rules, CASE) == "two"
