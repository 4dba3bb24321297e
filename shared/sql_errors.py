"""PostgreSQL's errors without what the row held: they go to logs and dead letters.

It says in `DETAIL` which values were there already, or all of a row; and in the message itself which value was none.
"""

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine, ExceptionContext

DATA_WRONG = "22"  # the class of SQLSTATEs about a value, whose messages quote it
QUOTED = re.compile(r'".*"', re.DOTALL)


def discreet(engine: Engine) -> None:
    sa.event.listen(engine, "handle_error", _forget)


def _forget(context: ExceptionContext) -> None:
    error, wrapped = context.original_exception, context.sqlalchemy_exception
    said: Any = getattr(error, "diag", None)
    if said is None or not said.message_primary:
        return  # no answer of a server: a connection that could not be made, or broke
    before, kept = str(error), said.message_primary
    if str(said.sqlstate).startswith(DATA_WRONG):
        kept = QUOTED.sub('"…"', kept)
    error.args = (kept,)
    if wrapped is not None:
        wrapped.args = tuple(one.replace(before, kept) if isinstance(one, str) else one for one in wrapped.args)
