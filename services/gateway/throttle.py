"""Slowing down whoever guesses passwords: failures are counted in the database, so that every process knows them."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.store import Base
from shared.database import Transaction

WINDOW = timedelta(minutes=15)
# Per login and address: a person mistypes a few times. Per address and per login: someone tries many of the other;
# higher, because an office may share one address, and because strangers must not be able to lock an official out soon.
MAX_PAIR, MAX_ADDRESS, MAX_LOGIN = 5, 50, 100
LOCK = "login from "  # attempts from one address are admitted one by one


class LoginFailure(Base):
    __tablename__ = "login_failures"

    position: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    login: Mapped[str]
    address: Mapped[str]
    at: Mapped[datetime]


async def admit(tx: Transaction, login: str, address: str) -> bool:
    """False when this login may not be tried from this address for now; else the attempt is noted as failed already,
    so that many attempts at once are counted before the first password is looked at. `forgive` takes it back."""
    now = tx.clock.now()
    await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(LOCK + address))))
    await tx.execute(sa.delete(LoginFailure).where(LoginFailure.at < now - WINDOW))
    same_login, same_address = LoginFailure.login == login, LoginFailure.address == address
    counts = await tx.execute(
        sa.select(
            sa.func.count().filter(same_login, same_address),
            sa.func.count().filter(same_address),
            sa.func.count().filter(same_login),
        ).select_from(LoginFailure)
    )
    pair, by_address, by_login = tuple(counts.one())
    if pair >= MAX_PAIR or by_address >= MAX_ADDRESS or by_login >= MAX_LOGIN:
        return False
    tx.add(LoginFailure(login=login, address=address, at=now))
    return True


async def forgive(tx: Transaction, login: str, address: str) -> None:
    """After the right password: the person who mistyped starts afresh."""
    await tx.execute(sa.delete(LoginFailure).where(LoginFailure.login == login, LoginFailure.address == address))
