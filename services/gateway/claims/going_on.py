"""Where somebody goes on to: a second look now and then, a rest when the day is full, else the next case."""

from random import Random
from urllib.parse import urlencode

from services.gateway.care import again
from services.gateway.care.serving import serving
from services.gateway.claims.choosing import Wish, claim_next
from services.gateway.parts import Parts
from services.gateway.sessions import Visitor

REST, NOTHING_LEFT = "/care/rest", f"/?{urlencode({'left': 'nothing'})}"


async def next_path(parts: Parts, visitor: Visitor, random: Random, wish: Wish | None = None) -> str:
    """The path of the next thing to do; a case is claimed with it."""
    wish = wish or Wish()
    async with parts.database.transaction() as tx:
        now = tx.clock.now()
        if wish == Wish() and (look := await again.due(tx, visitor.account, now, random)):
            return f"/blind-looks/{look}"
        if taken := await claim_next(tx, visitor, wish, now, parts.most_claims(visitor.account)):
            return f"/cases/{taken.case_id}"
        resting = not visitor.account.scripted and (await serving(tx, visitor.account.login, now)).rest_until
    return REST if resting else NOTHING_LEFT
