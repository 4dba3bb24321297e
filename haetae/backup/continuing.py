"""After a restore: what was under way goes on. The broker's records are gone; the database knows what it owes.

Every event of the case lane is a row of an outbox for a week after it was published, and whoever handled it has its id
in the inbox for a month: all are published again, and what was handled is passed over. Of the hot lane, pages that were
told and not yet judged are visited again as if for the first time.
"""

from collections.abc import Iterator, Sequence
from uuid import UUID

import psycopg
from psycopg import sql

from deploy.local.access import libpq_url
from services import SERVICES
from shared.identity import identity

ROWS = 10_000  # pages looked at with one statement
DESTROYED = "SELECT case_id FROM evidence.evidence WHERE destroy_order IS NOT NULL OR destroyed_at IS NOT NULL"
TOLD = (
    "SELECT url, last_digest FROM crawler.frontier WHERE kind = 'content' AND last_digest IS NOT NULL AND url > %s "
    "ORDER BY url LIMIT %s"
)
# `seen` has all that was judged, for as long as `HAETAE_SEEN_DAYS` says; older pages are asked for once more, politely.
JUDGED = "SELECT content_id FROM classifier.seen WHERE content_id = ANY(%s)"
VISIT = (
    "UPDATE crawler.frontier SET last_digest = NULL, etag = NULL, last_modified = NULL, next_at = now() "
    "WHERE url = ANY(%s)"
)


def destroyed(url: str) -> set[UUID]:
    """Cases that were destroyed, or whose destruction had begun: there is no way back for either."""
    with psycopg.connect(libpq_url(url)) as connection:
        return {row[0] for row in connection.execute(DESTROYED)}


def go_on(url: str) -> tuple[int, int]:
    """Events that are published again, and pages that are visited again. Twice is once."""
    with psycopg.connect(libpq_url(url)) as connection:
        events = sum(_publish_again(connection, service) for service in SERVICES)
        pages = 0
        for told in _told(connection):
            ids = {identity("content", page, digest): page for page, digest in told}
            judged = {row[0] for row in connection.execute(JUDGED, [list(ids)])}
            unknown = [page for id, page in ids.items() if id not in judged]
            pages += connection.execute(VISIT, [unknown]).rowcount
    return events, pages


def _publish_again(connection: psycopg.Connection, service: str) -> int:
    owed = sql.SQL("UPDATE {}.outbox SET published_at = NULL WHERE published_at IS NOT NULL")
    return connection.execute(owed.format(sql.Identifier(service))).rowcount


def _told(connection: psycopg.Connection) -> Iterator[Sequence[tuple[str, str]]]:
    """Pages whose content was told, with its digest, some at a time."""
    last = ""
    while rows := connection.execute(TOLD, [last, ROWS]).fetchall():
        yield [(row[0], row[1]) for row in rows]
        last = rows[-1][0]
