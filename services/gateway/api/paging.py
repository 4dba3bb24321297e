"""A list page by page: rows by falling keys, and where the next page begins."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from services.gateway.api.cursors import cursor_of, key_of
from shared.database import Transaction

Row = TypeVar("Row")
Place = Sequence[tuple[Any, Callable[[Any], Any]]]  # each key: the column, and what reads it from a cursor


async def page(
    tx: Transaction, rows: sa.Select[Row], place: Place, limit: int, after: str | None = None
) -> tuple[Sequence[Row], str | None]:
    """`place`: by what the rows stand, each key falling; together they are of one row alone. Raises `Problem` 422 for a
    wrong `after`."""
    keys, kinds = [key for key, _ in place], [kind for _, kind in place]
    wanted = rows.add_columns(*keys).order_by(*(key.desc() for key in keys)).limit(limit + 1)
    if after:
        wanted = wanted.where(sa.tuple_(*keys) < sa.tuple_(*key_of(after, *kinds)))
    found = (await tx.execute(wanted)).all()
    following = cursor_of(*found[limit - 1][1:]) if len(found) > limit else None
    return [row[0] for row in found[:limit]], following
