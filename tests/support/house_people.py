"""Who works in a furnished house: an account of each role, programs, and what care counts of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from services.gateway.accounts import Account, create_account, enter
from services.gateway.care import ledger, scores
from services.gateway.care.ledger import Page
from services.gateway.care.serving import DAY
from services.gateway.care.units import Day, Kind, looked
from services.gateway.people import services
from services.gateway.rights.vocabulary import Right, Role
from services.gateway.sessions import Visitor
from shared.database import Transaction
from tests.support.gateway import PASSWORD, Desk

EVERYBODY, PROGRAM = "everybody", "hotline-intake"
OTHER = "harbour"  # another agency, and who works there
DECIDERS = ("park", "lee", "choi", "jung", "kang")
# One of each role alone, by login.
ALONE = {role.value: f"only-{role.value}" for role in Role if role is not Role.SERVICE}


async def hired(desk: Desk) -> dict[str, Account]:
    """`EVERYBODY` has every role and a password; `DECIDERS` decide, the first two for others too."""
    await create_account(desk.database, EVERYBODY, PASSWORD, [role for role in Role if role is not Role.SERVICE])
    async with desk.database.transaction() as tx:
        for n, login in enumerate(DECIDERS):
            roles = ["supervisor", "senior-reviewer"][n : n + 1] or ["reviewer"]
            await enter(tx, login, roles, EVERYBODY, name=("박 하늘", "이 바다", "최 가람", "정 누리", "강 솔")[n])
        for role, login in ALONE.items():
            await enter(tx, login, [role], EVERYBODY)
        scopes = [Right.SUBMIT_REPORTS, Right.READ_CASES]
        await enter(tx, OTHER, ["senior-reviewer"], EVERYBODY, agency=OTHER)
        program = await services.add(tx, "home", PROGRAM, "Hotline intake", scopes, None)
        await services.add_secret(tx, program, 90, None)
        found = {login: await account(tx, login) for login in (EVERYBODY, *DECIDERS, *ALONE.values(), PROGRAM, OTHER)}
    return found


async def account(tx: Transaction, login: str) -> Account:
    found = await tx.get(Account, login)
    assert found
    return found


def visiting(one: Account) -> Visitor:
    return Visitor(one, "a token that nobody shows", by_cookie=False)


async def weeks_of_care(tx: Transaction, now: datetime, dice: Random) -> None:
    """What people looked at on the working days of two weeks, and the second looks of the month before."""
    for login in (EVERYBODY, *DECIDERS):
        for back in range(1, 15):
            day = now - timedelta(days=back)
            if day.weekday() < 5:
                await _day(tx, login, day, dice)
        await _second_looks(tx, login, now, dice)


async def _day(tx: Transaction, login: str, at: datetime, dice: Random) -> None:
    entry = await ledger.hold(tx, Page(DAY, login, at.date()))
    day = Day(agency="home")
    for case in range(dice.randint(9, 16)):
        kinds = (Kind.OPENED, Kind.BLURRED, *((Kind.UNBLURRED,) if dice.random() < 0.3 else ()))
        category = dice.choice(("known_content", "suspected_text", "reupload", "personal_data_posted"))
        for kind in kinds:
            day = looked(day, str(case), category, kind, at + timedelta(minutes=6 * case))
    ledger.write(entry, day)


async def _second_looks(tx: Transaction, login: str, now: datetime, dice: Random) -> None:
    month = scores.month_of((now.replace(day=1) - timedelta(days=1)).date())
    entry = await ledger.hold(tx, Page(scores.MONTH, login, month))
    looks = {
        f"{category}|{first}|{second}": dice.randint(*((9, 14) if first == second else (0, 2)))
        for category in ("known_content", "suspected_text")
        for first in ("approved", "rejected")
        for second in ("approved", "rejected")
    }
    ledger.write(entry, scores.Month(agency="home", looks=looks))
