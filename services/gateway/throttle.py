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


class LoginFailure(Base):
    __tablename__ = "login_failures"

    position: Mapped[int] = mapped_column(sa.BigInteger, sa.Identity(always=True), primary_key=True)
    login: Mapped[str]
    address: Mapped[str]
    at: Mapped[datetime]


async def refused(tx: Transaction, login: str, address: str) -> bool:
    """True when this login may not be tried from this address for now. Forgets what is older than the window."""
    since = tx.clock.now() - WINDOW
    await tx.execute(sa.delete(LoginFailure).where(LoginFailure.at < since))
    same_login, same_address = LoginFailure.login == login, LoginFailure.address == address
    counts = await tx.execute(
        sa.select(
            sa.func.count().filter(same_login, same_address),
            sa.func.count().filter(same_address),
            sa.func.count().filter(same_login),
        ).select_from(LoginFailure)
    )
    pair, by_address, by_login = tuple(counts.one())
    return bool(pair >= MAX_PAIR or by_address >= MAX_ADDRESS or by_login >= MAX_LOGIN)


def note_failure(tx: Transaction, login: str, address: str) -> None:
    tx.add(LoginFailure(login=login, address=address, at=tx.clock.now()))
