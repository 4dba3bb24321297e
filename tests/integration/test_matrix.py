"""Every route × every role × own and foreign agency, against one table: `matrix.txt`.

Which right a route names is read from the route, and who has it is asked of the policies, for every role; that the
route does ask is seen by one role that lacks it (by every one, where more than the right decides). One permitted role
asks in earnest: in its own agency and in another one, with the identifiers of the first.
"""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from services.gateway.door.house import House, HouseFile
from services.gateway.requests import CSRF_HEADER
from services.gateway.rights.asking import SAFE
from services.gateway.rights.deciding import holds
from services.gateway.rights.vocabulary import Right, Role
from services.gateway.sessions import Visitor, recognise
from services.gateway.tokens import csrf_token
from services.gateway.web import application
from shared.clock import ManualClock
from shared.database import Database
from tests.support.gateway import make_desk
from tests.support.matrix import BODIES, ELSEWHERE, FORMS, PARTNER, known_ids
from tests.support.routes import gateway_routes
from tests.support.visitors import BASE, add_agency, seat

TABLE = Path(__file__).with_name("matrix.txt")
LETTERS = dict(zip(Role, "vcrsSaAx", strict=True))
OTHER = "harbour"
EVERYBODY = "everybody"
LOGS_OUT = {"/logout"}  # asked with a session of its own
NEVER_ENDS = {"/live", "/api/live", "/api/events/stream"}
PREFERRED = "SrsacxvA"  # of those who may, who asks in earnest


@dataclass(frozen=True)
class Row:
    """`roles`: letters of those who may, or everybody. `own`, `foreign`: what a permitted role is answered in earnest,
    with identifiers of its own and of another agency; "-" where there are none."""

    method: str
    path: str
    roles: str
    own: str
    foreign: str


def table() -> list[Row]:
    lines = [line.split() for line in TABLE.read_text().splitlines() if line and not line.startswith("#")]
    return [Row(*cells) for cells in lines]


def test_no_route_is_without_a_row() -> None:
    routes = {(method, route.path) for route in gateway_routes() for method in route.methods - {"HEAD"}}
    assert routes == {(row.method, row.path) for row in table()}


def test_every_route_that_is_not_everybody_s_names_a_right() -> None:
    rights = named_rights()
    assert {
        (row.method, row.path) for row in table() if (rights[row.method, row.path] is None) == (row.roles != EVERYBODY)
    } == set()


def named_rights() -> dict[tuple[str, str], Right | None]:
    return {(method, route.path): right_of(route.dependant) for route in gateway_routes() for method in route.methods}


def right_of(dependant) -> Right | None:
    """That the route names, however deep."""
    for one in dependant.dependencies:
        if found := getattr(one.call, "right", None) or right_of(one):
            return found
    return None


def named(ids: dict[str, str], name: str, path: str) -> str:
    """Credentials are of services; of what ends once, the API has its own."""
    if name == "pseudonym" and ("credentials" in path or "scopes" in path):
        name = "service"
    return ids.get(f"api_{name}" if path.startswith("/api/") else name, ids.get(name, "x"))


class Room:
    """A gateway with an agency beside the first one, an account of every role in both, and things to ask for."""

    def __init__(
        self, client: httpx.AsyncClient, tokens: dict[tuple[str, str], str], ids: dict[str, str], database: Database
    ) -> None:
        self.client, self.tokens, self.ids, self.database = client, tokens, ids, database

    async def visitor(self, letter: str) -> Visitor:
        found = await recognise(self.database, self.tokens["home", letter], by_cookie=True)
        assert found is not None
        return found

    async def ask(
        self, row: Row, token: str | None, ids: dict[str, str], *, earnest: bool, proof: str | None = None
    ) -> httpx.Response:
        """`proof`: that our page made it; without one, the right one."""
        path = re.sub(r"\{(\w+)\}", lambda found: named(ids, found[1], row.path), row.path)
        headers = {"Accept-Language": "en"}
        if token:
            headers["Cookie"] = f"haetae_session={token}"
            if earnest or row.path.startswith("/api/"):
                headers[CSRF_HEADER] = csrf_token(token) if proof is None else proof
        if row.path.startswith("/api/"):
            given = BODIES.get(row.path, {}) if earnest else {}
            json = given if row.method in ("POST", "PUT") else None
            return await self.client.request(row.method, path, headers=headers, json=json)
        form = {name: text.format(**ids) for name, text in FORMS.get(row.path, {}).items()} if earnest else None
        return await self.client.request(row.method, path, headers=headers, data=form)


@pytest.fixture(scope="module")
async def room(migrated_once, tmp_path_factory):
    for agency in (OTHER, ELSEWHERE):
        add_agency(migrated_once.owner_url, agency)
    desk = make_desk(migrated_once.dsn_for("gateway"), tmp_path_factory.mktemp("gateway"), ManualClock())
    desk.parts = replace(desk.parts, house=House(file=HouseFile(partners=(PARTNER,))))
    tokens = {}
    for agency in ("home", OTHER):
        for role in Role:
            scopes = list(Right) if role is Role.SERVICE else None
            tokens[agency, LETTERS[role]] = await seat(desk, f"{agency}-{role}", role, agency, scopes=scopes)
    tokens[ELSEWHERE, "s"] = await seat(desk, ELSEWHERE, Role.SENIOR, ELSEWHERE)
    app = application(desk.parts)
    async with AsyncExitStack() as stack:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        client = await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url=BASE))
        yield Room(client, tokens, await known_ids(desk, client, tokens), desk.database)
    await desk.database.close()


REFUSED = re.compile("This account lacks the right|This service was not given the right|A program cannot do this")


def refused(answer: httpx.Response) -> bool:
    """For want of a right. A form without its proof is refused too, but to somebody who may send it."""
    return answer.status_code == 403 and REFUSED.search(answer.text) is not None


async def test_each_role_is_let_through_to_what_it_may_and_to_nothing_else(room: Room) -> None:
    rights, wrong = named_rights(), []
    visitors = {letter: await room.visitor(letter) for letter in LETTERS.values()}
    for index, row in enumerate(table()):
        right = rights[row.method, row.path]
        if right is None or row.path in NEVER_ENDS:
            continue
        told = "".join(letter if holds(visitor, right) else "." for letter, visitor in visitors.items())
        lacks = [letter for letter in LETTERS.values() if letter not in row.roles]
        asked = lacks[index % len(lacks) :][:1] if told == row.roles and lacks else LETTERS.values()
        for letter in asked:
            answer = await room.ask(row, room.tokens["home", letter], {}, earnest=False)
            if refused(answer) != (letter not in row.roles) or answer.status_code in (401, 500):
                wrong.append((row.method, row.path, letter, answer.status_code))
    assert wrong == [], "\n".join(str(one) for one in wrong)


async def test_nobody_is_sent_to_log_in(room: Room) -> None:
    wrong = []
    for row in table():
        answer = await room.ask(row, None, {}, earnest=False)
        away = (
            answer.status_code == 401
            or answer.headers.get("location", "").startswith("/login?")
            or (answer.headers.get("location") == "/login")
        )
        if away == (row.roles == EVERYBODY) and not row.path.startswith(("/login", "/logout")):
            wrong.append((row.method, row.path, answer.status_code))
    assert wrong == [], "\n".join(str(one) for one in wrong)


async def test_no_change_without_the_proof_that_our_page_made_it(room: Room) -> None:
    """Of what is one's own, in earnest, with the cookie alone, as any other site can make a browser send it; and with
    the proof of another session."""
    wrong = []
    for row in table():
        if row.method in SAFE or row.roles == EVERYBODY:
            continue
        letter = next(letter for letter in PREFERRED if letter in row.roles)
        for proof in ("", csrf_token(room.tokens[OTHER, letter])):
            answer = await room.ask(row, room.tokens["home", letter], room.ids, earnest=True, proof=proof)
            if answer.status_code != 403 or "csrf" not in answer.text.lower():
                wrong.append((row.method, row.path, answer.status_code))
    assert wrong == [], "\n".join(str(one) for one in wrong)


async def test_own_things_are_there_and_another_agency_s_are_not(room: Room) -> None:
    wrong = []
    for row in table():
        if row.roles == EVERYBODY or row.path in LOGS_OUT:
            continue
        letter = next(letter for letter in PREFERRED if letter in row.roles)
        told = ["-", ""]
        for place, agency in enumerate((OTHER, "home")):
            if "{" in row.path or agency == "home":
                answer = await room.ask(row, room.tokens[agency, letter], room.ids, earnest=True)
                told[place] = str(answer.status_code)
        told.reverse()
        if told != [row.own, row.foreign]:
            wrong.append(f"{row.method} {row.path} {row.roles} {told[0]} {told[1]}")
    assert wrong == [], "\n".join(str(one) for one in wrong)
