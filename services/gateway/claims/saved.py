"""Saved views: a view and its filters under a name, one's own or shown to the whole agency."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.problems import Problem
from services.gateway.sessions import Visitor
from services.gateway.store import Base
from shared.database import Transaction

MAX_NAME = 60
MOST = 50  # of a person: a list that can be looked through


class SavedView(Base):
    """`query`: the parameters of the list's address, by name."""

    __tablename__ = "saved_views"

    view_id: Mapped[UUID] = mapped_column(primary_key=True)
    agency: Mapped[str]
    pseudonym: Mapped[str]
    name: Mapped[str]
    query: Mapped[dict[str, Any]]
    shared: Mapped[bool]
    saved_at: Mapped[datetime]


async def of(tx: Transaction, visitor: Visitor) -> Sequence[SavedView]:
    """One's own, then those that colleagues share."""
    account = visitor.account
    ours = sa.or_(SavedView.pseudonym == account.pseudonym, SavedView.shared)
    rows = sa.select(SavedView).where(SavedView.agency == account.agency, ours)
    mine_first = (SavedView.pseudonym == account.pseudonym).desc()
    return await tx.scalars(rows.order_by(mine_first, SavedView.name).limit(2 * MOST))


async def save(tx: Transaction, visitor: Visitor, name: str, query: Mapping[str, str], shared: bool) -> SavedView:
    """A name that one has already is given to the new view. Raises `Problem` 422."""
    account, name = visitor.account, name.strip()[:MAX_NAME]
    if not name:
        raise Problem(422, "view-without-name", field="name")
    own = SavedView.agency == account.agency, SavedView.pseudonym == account.pseudonym
    view = await tx.scalar(sa.select(SavedView).where(*own, SavedView.name == name))
    if view is None:
        if (await tx.scalar(sa.select(sa.func.count()).select_from(SavedView).where(*own)) or 0) >= MOST:
            raise Problem(422, "too-many-views", field="name", most=MOST)
        view = SavedView(view_id=uuid4(), agency=account.agency, pseudonym=account.pseudonym, name=name)
        tx.add(view)
    view.query, view.shared, view.saved_at = dict(query), shared, tx.clock.now()
    return view


async def drop(tx: Transaction, visitor: Visitor, view_id: UUID) -> None:
    """Raises `Problem` 404 for what is not one's own."""
    own = SavedView.view_id == view_id, SavedView.pseudonym == visitor.account.pseudonym
    if not (await tx.execute(sa.delete(SavedView).where(*own))).rowcount:
        raise Problem(404, "no-view", field="view_id")
