"""A process of reviewers without think time, by the gateway's own code or by plain SQL.

`python -m benchmarks.queueing.worker KIND URL REVIEWERS CLAIMS NAME`, KIND: ours or floor. Prints one line of JSON: the
cases in the order of claiming, the seconds of each claim and of each list (a list after every tenth claim).
"""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime

from psycopg import AsyncConnection

from benchmarks.queueing.deciding import decided
from benchmarks.queueing.timing import Seen
from services.gateway.accounts import Account
from services.gateway.agencies.scoping import AGENCY
from services.gateway.care import house
from services.gateway.claims.asked import wanted_of
from services.gateway.claims.choosing import Wish, claim_next
from services.gateway.claims.claiming import MOST
from services.gateway.listing import page
from services.gateway.sessions import Visitor
from shared.database import Database

LIST_EVERY = 10
PAGE = 50
CLAIM = (
    "WITH best AS (SELECT case_id FROM floor_queue WHERE holder IS NULL ORDER BY rank DESC, case_id LIMIT 1 "
    "FOR UPDATE SKIP LOCKED) UPDATE floor_queue AS q SET holder = %s, until = now() + interval '10 minutes' "
    "FROM best WHERE q.case_id = best.case_id RETURNING q.case_id"
)
LIST = "SELECT case_id, rank, title FROM floor_queue WHERE holder IS NULL ORDER BY rank DESC, case_id LIMIT 50"


async def ours(url: str, reviewers: int, claims: int, name: str) -> tuple[Seen, Seen]:
    house.use(house.House(b"a key for a benchmark's counters!"))
    database = Database(url, "/haetae/gateway").scoped({AGENCY: "home"})
    claimed, listed = Seen(), Seen()

    async def review(number: int) -> None:
        visitor = reviewer(f"{name}-{number}")
        while len(claimed.claimed) < claims:
            began = time.perf_counter()
            async with database.transaction() as tx:
                taken = await claim_next(tx, visitor, Wish(), datetime.now(UTC), MOST)
            claimed.seconds.append(time.perf_counter() - began)
            if taken is None:
                return
            claimed.claimed.append(str(taken.case_id))
            await decided(database, taken.case_id)
            if len(claimed.claimed) % LIST_EVERY == 0:
                began = time.perf_counter()
                async with database.transaction() as tx:
                    await page(tx, wanted_of({}, "home", visitor.account.pseudonym, None, PAGE))
                listed.seconds.append(time.perf_counter() - began)

    await asyncio.gather(*(review(number) for number in range(reviewers)))
    await database.close()
    return claimed, listed


def reviewer(login: str) -> Visitor:
    account = Account(login=login, roles=["reviewer"], pseudonym=login, scripted=False, agency="home")
    return Visitor(account, "no token", by_cookie=False)


async def floor(url: str, reviewers: int, claims: int, name: str) -> tuple[Seen, Seen]:
    claimed, listed = Seen(), Seen()

    async def review(number: int) -> None:
        async with await AsyncConnection.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            while len(claimed.claimed) < claims:
                began = time.perf_counter()
                row = await (await connection.execute(CLAIM, [f"{name}-{number}"])).fetchone()
                claimed.seconds.append(time.perf_counter() - began)
                if row is None:
                    return
                claimed.claimed.append(str(row[0]))
                if len(claimed.claimed) % LIST_EVERY == 0:
                    began = time.perf_counter()
                    await (await connection.execute(LIST)).fetchall()
                    listed.seconds.append(time.perf_counter() - began)

    await asyncio.gather(*(review(number) for number in range(reviewers)))
    return claimed, listed


def main() -> None:
    kind, url, reviewers, claims, name = sys.argv[1:]
    work = {"ours": ours, "floor": floor}[kind]
    began = time.perf_counter()
    claimed, listed = asyncio.run(work(url, int(reviewers), int(claims), name))
    lasted = time.perf_counter() - began
    print(json.dumps({"claimed": vars(claimed), "listed": vars(listed), "lasted_s": lasted}))


if __name__ == "__main__":
    main()
