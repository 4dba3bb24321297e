"""The whole API against its own description, as everybody who may ask it: no 5xx, no answer that is not told of, every
answer as its schema has it. In `make test` the examples; `make chaos-tests` adds every boundary and random values."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from services.gateway.accounts import create_account
from services.gateway.rights.vocabulary import Role
from tests.support.api import described
from tests.support.fuzzing import findings, served, token_of
from tests.support.gateway import PASSWORD, Desk, make_desk
from tests.support.stack import Migrated

NOBODY = "nobody"
ASKERS = (NOBODY, *Role)
EXAMPLES = {"examples": 0}
FEW = {"examples": 0, "fuzzing": 1}  # what takes nothing has no examples: one request of each besides
# Who has most rights; the others are asked in `make chaos-tests`, and refused in the matrix.
SOME = ((Role.SUPERVISOR, EXAMPLES),)
ENDLESS = ("/api/live", "/api/events/stream")  # `test_live*.py`, `test_bridges_http.py`
# As many as half an hour allows: every boundary of every parameter once, then random ones.
MANY = {"coverage": 0, "fuzzing": 20, "stateful": 5}


@dataclass(frozen=True)
class House:
    desk: Desk
    url: str

    async def token(self, asker: str) -> str | None:
        return None if asker == NOBODY else await token_of(self.url, asker)


@pytest.fixture(scope="module")
async def house(migrated_once: Migrated, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """With cases to ask for; the examples name the first."""
    desk = make_desk(migrated_once.dsn_for("gateway"), tmp_path_factory.mktemp("gateway"))
    for role in Role:
        await create_account(desk.database, role, PASSWORD, [role], scripted=role is Role.SERVICE)
    for post in ("post/41", "post/42", "post/43"):
        await desk.awaiting_review(post)
    async with served(desk) as url:
        yield House(desk, url)
    await desk.database.close()


@pytest.mark.parametrize(("asker", "phases"), SOME)
async def test_every_answer_is_one_that_the_description_has(house: House, asker: str, phases: dict[str, int]) -> None:
    assert await findings(house.url, await house.token(asker), phases, ENDLESS) == []


@pytest.mark.chaos
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("asker", ASKERS)
async def test_nothing_that_is_sent_makes_another_answer(house: House, asker: str) -> None:
    assert await findings(house.url, await house.token(asker), MANY, ENDLESS) == []


async def test_what_is_not_as_described_is_found(house: House) -> None:
    """The test tests: an answer that the description leaves out, or has another schema for, is a finding."""
    told = copy.deepcopy(described())
    told["paths"] = {path: told["paths"][path] for path in ("/api/summary", "/api/providers")}
    told["paths"]["/api/summary"]["get"]["responses"].pop("200")
    told["components"]["schemas"]["ProviderList"]["required"].append("more_than_there_is")
    found = await findings(house.url, await house.token(Role.REVIEWER), FEW, told=told)
    assert [one.split(": ")[:2] for one in found] == [
        ["GET /api/providers", "Response violates schema"],
        ["GET /api/summary", "Undocumented status code"],
    ]
