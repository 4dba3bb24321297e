"""How providers acted on our notices in a month that is over, stated once, where the installation shares that.

Every number is a multiple of `LEAST_NOTICES`, so that no smaller one follows from any two of them (Eurostat, Handbook
on Statistical Disclosure Control, 2010, 5); a median is of as many measures at least, and of two digits. What came
after `LATE` is left out: it would show what came.
"""

from datetime import date, datetime, timedelta

import sqlalchemy as sa
from pydantic import ValidationError

from services.gateway.agencies.scoping import HOME
from services.gateway.care.house import the_house
from services.gateway.care.scores import before, month_of
from services.gateway.federation.house import Federation
from services.gateway.federation.issuing import issue
from services.gateway.federation.store import Issued, IssuedEnds
from services.gateway.figures.publishing import LATE, rounded
from services.gateway.notices.league import NO_ANSWER
from shared.database import Transaction
from shared.events import StatedOutcome, StatementKind
from shared.events.federation import LEAST_NOTICES
from shared.handling import Context
from shared.regularly import regularly

BY = "gateway"
LOOK_S = 3600.0
MOST = 500  # providers of a month, those with most notices

# Of each notice its first answer by a person or desk. A provider is the domain of its mailboxes: names of our own
# contact graph say nothing to others.
_MONTH = sa.text(
    """
    WITH tried AS (
        SELECT notice_id, lower(split_part(content->'recipient'->>'email', '@', 2)) AS domain, notices.sent_at,
            CASE WHEN removed_at >= notices.sent_at AND removed_at < :late THEN removed_at END AS removed_at
        FROM notices JOIN cases USING (case_id)
        WHERE cases.agency = :home AND notices.sent_at >= :since AND notices.sent_at < :until
    ), reacted AS (
        SELECT tried.*, (
            SELECT min(answered_at) FROM answers
            WHERE answers.notice_id = tried.notice_id AND kind <> ALL(:no_answer) AND answered_at < :late
        ) AS answered_at FROM tried
    )
    SELECT domain, count(*) AS notices, count(answered_at) AS answered, count(removed_at) AS removed,
        count(*) FILTER (WHERE answered_at > sent_at) AS answers_timed,
        count(*) FILTER (WHERE removed_at > sent_at) AS removals_timed,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM answered_at - sent_at))
            FILTER (WHERE answered_at > sent_at) AS answer_s,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM removed_at - sent_at))
            FILTER (WHERE removed_at > sent_at) AS removal_s
    FROM reacted WHERE domain <> '' GROUP BY domain HAVING count(*) >= :least
    ORDER BY notices DESC, domain LIMIT :most
    """
)


class Outcomes:
    """The task."""

    def __init__(self, house: Federation) -> None:
        self._house = house

    async def run(self, context: Context) -> None:
        await regularly(context, LOOK_S, self.state)

    async def state(self, tx: Transaction) -> int:
        """The newest month that is over, unless anything of it was stated before; of how many providers."""
        if not self._house.on or StatementKind.OUTCOME not in self._house.shares:
            return 0
        await tx.scalars(sa.select(IssuedEnds).with_for_update())  # one process of several
        month = before(month_of(the_house().day(tx.clock.now() - LATE)), 1)
        mine = f"outcome:{month:%Y-%m}/"
        if await tx.scalar(sa.select(Issued.position).where(Issued.subject.startswith(mine)).limit(1)) is not None:
            return 0
        said = await outcomes(tx, month)
        for one in said:
            await issue(tx, self._house, StatementKind.OUTCOME, one, subject=f"{mine}{one.domain}", by=BY)
        return len(said)


async def outcomes(tx: Transaction, month: date) -> list[StatedOutcome]:
    """As they may be told."""
    until = _midnight(before(month, -1))
    values = {
        "home": HOME,
        "since": _midnight(month),
        "until": until,
        "late": until + LATE,
        "no_answer": list(NO_ANSWER),
        "least": LEAST_NOTICES,
        "most": MOST,
    }
    rows = (await tx.execute(_MONTH, values)).mappings()
    return [said for row in rows if (said := _told(month, row))]


def _told(month: date, row: sa.RowMapping) -> StatedOutcome | None:
    """None for what stands behind a mailbox's @ and is no domain."""
    numbers = {name: about(row[name]) for name in ("notices", "answered", "removed")}
    times = {
        "answer_s": _median(row["answer_s"], row["answers_timed"]),
        "removal_s": _median(row["removal_s"], row["removals_timed"]),
    }
    try:
        return StatedOutcome.model_validate({"domain": row["domain"], "month": month, **numbers, **times})
    except ValidationError:
        return None


def about(n: int) -> int:
    """To the next multiple, a half upwards."""
    return (n + LEAST_NOTICES // 2) // LEAST_NOTICES * LEAST_NOTICES


def _median(seconds: float | None, measures: int) -> float | None:
    return rounded(float(seconds)) if seconds and measures >= LEAST_NOTICES else None


def _midnight(day: date) -> datetime:
    return the_house().day_ends(datetime.combine(day - timedelta(days=1), datetime.min.time(), the_house().timezone))
