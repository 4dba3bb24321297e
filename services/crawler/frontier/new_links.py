"""Entering links into the frontier, and making room for them where a site is full."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from services.crawler.domain import DAY_S, Priority
from services.crawler.frontier.known_links import NewLink
from shared.database import Transaction

# Room is made for many links at once: finding what is least useful means looking at all of the site's addresses.
ROOM_SHARE = 0.01
LONG_UNCHANGED_S = DAY_S / 2  # between visits, after some days of finding nothing new

# In the order of the page: the first link is the newest post, so it is due a microsecond before the second. A site may
# have been struck off the list while it was visited; where a report leads counts on any host.
ADD = sa.text("""
    INSERT INTO frontier (url, host, kind, priority, depth, next_at)
    SELECT url, host, kind, priority, depth, now() + (place * interval '1 microsecond')
    FROM unnest(CAST(:urls AS text[]), CAST(:hosts AS text[]), CAST(:kinds AS text[]), CAST(:priorities AS smallint[]),
        CAST(:depths AS smallint[])) WITH ORDINALITY AS given (url, host, kind, priority, depth, place)
    WHERE priority = :report OR EXISTS (SELECT FROM sites WHERE sites.host = given.host)
    ORDER BY url
    ON CONFLICT (url) DO NOTHING
    RETURNING host
""")

COUNT = sa.text("""
    UPDATE hosts SET pages = pages + given.added, look_at = CASE
        WHEN leased_until > now() THEN look_at ELSE least(look_at, greatest(next_allowed_at, now())) END
    FROM unnest(CAST(:hosts AS text[]), CAST(:added AS integer[])) AS given (host, added)
    WHERE hosts.host = given.host
""")

KNOWN = sa.text("SELECT url FROM frontier WHERE url = ANY(CAST(:urls AS text[]))")

# Other views of known pages first, then the deepest, then what was found last: what a calendar or a search without end
# brings in. What is less deep than the links that need room stays, and what was reported.
EVICT = sa.text("""
    DELETE FROM frontier WHERE url IN (
        SELECT url FROM frontier
        WHERE host = :host AND visits = 0 AND (priority = 4 OR (priority = 2 AND depth >= :depth))
        ORDER BY priority DESC, depth DESC, next_at DESC LIMIT :most
    )
""")

# A board that is older than its room has visited all of it: what is gone or deeper gives way, then what has not changed
# for long. Its last finding is told; should it change, nobody looks.
EVICT_VISITED = sa.text("""
    DELETE FROM frontier WHERE url IN (
        SELECT url FROM frontier
        WHERE host = :host AND visits > 0 AND priority IN (3, 4) AND depth >= :depth
            AND (kind = 'gone' OR depth > :depth OR interval_s >= :long_s)
        ORDER BY kind = 'gone' DESC, depth DESC, interval_s DESC, url LIMIT :most
    )
""")


async def add_links(
    tx: Transaction, links: Sequence[NewLink], pages: Mapping[str, int], max_pages: int
) -> Sequence[NewLink]:
    """`pages`: how many addresses each host has. Gives the links that do not fit."""
    by_host: dict[str, list[NewLink]] = defaultdict(list)
    for link in links:
        by_host[link.host].append(link)
    changed, left_out, fitting = Counter[str](), list[NewLink](), list[NewLink]()
    for host, of_host in by_host.items():
        room = max_pages - pages.get(host, 0)
        if len(of_host) > room:
            of_host = sorted(await _new(tx, of_host), key=lambda link: (link.priority, link.depth))
            evicted = await _make_room(tx, host, of_host, room, int(max_pages * ROOM_SHARE))
            changed[host] -= evicted
            room = max(0, room + evicted)
        fitting += of_host[:room]
        left_out += of_host[room:]
    changed.update((await tx.execute(ADD, _columns(fitting))).scalars() if fitting else ())
    hosts = sorted(changed)
    await tx.execute(COUNT, {"hosts": hosts, "added": [changed[host] for host in hosts]})
    return left_out


async def _new(tx: Transaction, links: Sequence[NewLink]) -> list[NewLink]:
    """A process that has just begun knows none: what is known needs no room."""
    known = set((await tx.execute(KNOWN, {"urls": [link.url for link in links]})).scalars())
    return [link for link in links if link.url not in known]


async def _make_room(tx: Transaction, host: str, links: Sequence[NewLink], room: int, least: int) -> int:
    """Gives how many addresses made room. Other views of known pages are worth none."""
    wanted = [link.depth for link in links if link.priority is not Priority.ASIDE]
    if len(wanted) <= room:
        return 0
    given = {"host": host, "depth": min(wanted), "most": max(len(wanted) - room, least)}
    evicted = (await tx.execute(EVICT, given)).rowcount
    if room + evicted < len(wanted):
        evicted += (await tx.execute(EVICT_VISITED, {**given, "long_s": LONG_UNCHANGED_S})).rowcount
    return evicted


def _columns(links: Sequence[NewLink]) -> dict[str, object]:
    return {
        "urls": [link.url for link in links],
        "hosts": [link.host for link in links],
        "kinds": [link.kind.value for link in links],
        "priorities": [int(link.priority) for link in links],
        "depths": [link.depth for link in links],
        "report": int(Priority.REPORT),
    }
