"""The background task that keeps the cells: whatever changed since last time is taken out and added anew."""

import json
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH, insert

from services.gateway.care.house import the_house
from services.gateway.figures.counting import CaseFacts, Cell, NoticeFacts, cells
from services.gateway.figures.store import DAY, MONTH, FigureCase, FigureCursor
from services.gateway.notices.rows import CaseNotice
from services.gateway.store import Case
from services.gateway.texts import BY_POLICY
from shared.database import Database, Transaction
from shared.failures import Transient
from shared.handling import Context
from shared.regularly import STOP_POLL_S

log = structlog.get_logger(__name__)

EVERY_S = 20.0  # how old a figure may be
AT_ONCE = 1_000  # cases a transaction: some 0.3 s
# A change carries the moment at which its transaction looked at the clock, and is seen when that commits: at most the
# limits of `shared.database` later (30 s a statement, 60 s between two).
OVERLAP = timedelta(minutes=2)
START = datetime(2000, 1, 1, tzinfo=UTC)
LOCK = "figures"
Key = tuple[str, str, Cell]  # agency, grain

FACTS = (
    Case.case_id, Case.agency, Case.updated_at, Case.state, Case.alarm, Case.category, Case.language, Case.risk,
    Case.verdict, Case.reviewer, Case.scripted, Case.found_at, Case.drafted_at, Case.decided_at, Case.sent_at,
    Case.removed_at, Case.reappeared_at,
)  # fmt: skip
KNOWN_BEFORE = sa.cast('$[*].by[*] ? (@ == "hash" || @ == "entry")', JSONPATH)
REUPLOAD = sa.func.jsonb_path_exists(sa.type_coerce(Case.links, JSONB), KNOWN_BEFORE).label("reupload")


async def keep(context: Context) -> None:
    """Until the service stops; one process of several works at a time."""
    worked_at: float | None = None
    while not context.stopping():
        now = context.clock.monotonic()
        if worked_at is None or now - worked_at >= EVERY_S:
            worked_at = now
            try:
                await catch_up(context.database, context.stopping)
            except Transient as failure:
                log.warning("figures have to wait", reason=str(failure))
        await context.clock.sleep(STOP_POLL_S)


async def catch_up(database: Database, stopping: Callable[[], bool] = lambda: False) -> None:
    """Everything that changed, a transaction for some of it at a time."""
    after: tuple[datetime, UUID] | None = None
    more = True
    while more and not stopping():
        async with database.transaction() as tx:
            after, more = await batch(tx, after)


async def batch(
    tx: Transaction, after: tuple[datetime, UUID] | None, at_once: int = AT_ONCE
) -> tuple[tuple[datetime, UUID], bool]:
    """Count the next changed cases after this one (None: since the last pass, and a little before). Gives the last one,
    and whether there may be more."""
    free = await tx.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(sa.func.hashtext(LOCK))))
    if not free:
        return after or (START, UUID(int=0)), False
    cursor = await tx.get(FigureCursor, True)
    if after is None:
        # Where a clock was set back, what changes now is older than the last pass.
        after = (min(cursor.updated_at, tx.clock.now()) - OVERLAP if cursor else START, UUID(int=0))
    now, changed = tx.clock.now(), await _changed(tx, after, at_once)
    if changed:
        await _count(tx, changed)
        after = (changed[-1]["updated_at"], changed[-1]["case_id"])
    more = len(changed) == at_once
    # On to the present at the end of a pass: else what changed last would be read again at each, in a quiet night too.
    until, case_id = after if more else (now, UUID(int=0))
    place = {"one": True, "updated_at": until, "case_id": case_id}
    statement = insert(FigureCursor).values(place)
    await tx.execute(statement.on_conflict_do_update(index_elements=["one"], set_=place))
    return after, more


async def _changed(tx: Transaction, after: tuple[datetime, UUID], limit: int) -> Sequence[Mapping[str, Any]]:
    wanted = sa.select(*FACTS, REUPLOAD).where(sa.tuple_(Case.updated_at, Case.case_id) > sa.tuple_(*after))
    rows = await tx.execute(wanted.order_by(Case.updated_at, Case.case_id).limit(limit))
    return [dict(row) for row in rows.mappings()]


async def _count(tx: Transaction, changed: Sequence[Mapping[str, Any]]) -> None:
    zone, ids = the_house().timezone, [row["case_id"] for row in changed]
    notices = await _notices(tx, ids)
    known = {row.case_id: row for row in await tx.scalars(sa.select(FigureCase).where(FigureCase.case_id.in_(ids)))}
    deltas: Counter[Key] = Counter()
    written: list[dict[str, Any]] = []
    for row in changed:
        now = cells(facts(row, notices[row["case_id"]]), zone)
        old = known.get(row["case_id"])
        before = unpacked(old.counted) if old else set()
        if old is not None and (before, old.agency) == (now, row["agency"]):
            continue
        deltas.update(grains(row["agency"], now))
        if old is not None:
            deltas.subtract(grains(old.agency, before))
        written.append({"case_id": row["case_id"], "agency": row["agency"], "counted": packed(now)})
    await _write(tx, deltas, written)


# One statement for thousands of rows: arrays, a row each place.
ADD_CELLS = sa.text(
    """
    INSERT INTO figure_cells (agency, grain, period, measure, dimension, value, bucket, n)
    SELECT * FROM unnest(
        CAST(:agency AS text[]), CAST(:grain AS text[]), CAST(:period AS date[]), CAST(:measure AS text[]),
        CAST(:dimension AS text[]), CAST(:value AS text[]), CAST(:bucket AS int[]), CAST(:n AS bigint[])
    )
    ON CONFLICT (agency, grain, measure, dimension, value, period, bucket) DO UPDATE SET n = figure_cells.n + excluded.n
    """
)
KEEP_CASES = sa.text(
    """
    INSERT INTO figure_cases (case_id, agency, counted)
    SELECT * FROM unnest(CAST(:case_id AS uuid[]), CAST(:agency AS text[]), CAST(:counted AS bytea[]))
    ON CONFLICT (case_id) DO UPDATE SET agency = excluded.agency, counted = excluded.counted
    """
)


async def _write(tx: Transaction, deltas: Counter[Key], written: list[dict[str, Any]]) -> None:
    rows = [{"agency": a, "grain": g, **cell._asdict(), "n": n} for (a, g, cell), n in sorted(deltas.items()) if n]
    for statement, values in ((ADD_CELLS, rows), (KEEP_CASES, written)):
        if values:
            await tx.execute(statement, {name: [row[name] for row in values] for name in values[0]})


async def _notices(tx: Transaction, ids: Sequence[UUID]) -> Mapping[UUID, list[NoticeFacts]]:
    recipient = sa.type_coerce(CaseNotice.content, JSONB)["recipient"]
    wanted = sa.select(
        CaseNotice.case_id,
        sa.column("provider"),
        recipient["role"].astext.label("role"),
        recipient["country"].astext.label("country"),
        CaseNotice.sent_at,
        CaseNotice.bounced_at,
    ).where(CaseNotice.case_id.in_(ids), sa.or_(CaseNotice.sent_at.is_not(None), CaseNotice.bounced_at.is_not(None)))
    found: dict[UUID, list[NoticeFacts]] = defaultdict(list)
    for row in (await tx.execute(wanted)).mappings():
        known = {name: row[name] or "" for name in ("provider", "role", "country")}
        found[row["case_id"]].append(NoticeFacts(**known, sent_at=row["sent_at"], bounced_at=row["bounced_at"]))
    return found


def facts(row: Mapping[str, Any], notices: Sequence[NoticeFacts]) -> CaseFacts:
    reviewer = row["reviewer"] or ""
    names = CaseFacts.__dataclass_fields__.keys() & row.keys()
    given = {name: row[name] for name in names if name != "reupload"}
    by_person = bool(reviewer) and not row["scripted"] and not reviewer.startswith(BY_POLICY)
    return CaseFacts(**given, by_person=by_person, reupload=bool(row["reupload"]), notices=notices)


def grains(agency: str, counted: Iterable[Cell]) -> Counter[Key]:
    """The same by day and by month: long periods are read from few rows."""
    sums: Counter[Key] = Counter()
    for cell in counted:
        sums[agency, DAY, cell] += 1
        sums[agency, MONTH, cell._replace(period=cell.period.replace(day=1))] += 1
    return sums


def packed(counted: Iterable[Cell]) -> bytes:
    rows = [[cell.period.toordinal(), *cell[1:]] for cell in sorted(counted)]
    return zlib.compress(json.dumps(rows, separators=(",", ":"), ensure_ascii=False).encode())


def unpacked(data: bytes) -> set[Cell]:
    return {Cell(date.fromordinal(row[0]), *row[1:]) for row in json.loads(zlib.decompress(data))}
