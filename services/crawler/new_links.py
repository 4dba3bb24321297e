"""Entering links into the frontier, and making room for them where a site is full."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from services.crawler.domain import Priority
from services.crawler.known_links import NewLink
from shared.database import Transaction

# Room is made for many links at once: finding what is least useful means looking at all of the site's addresses.
ROOM_SHARE = 0.01

# In the order of the page: the first link is the newest post, so it is due a microsecond before the second.
ADD = sa.text("""
    INSERT INTO frontier (url, host, kind, priority, depth, next_at)
    SELECT url, host, kind, priority, depth, now() + (place * interval '1 microsecond')
    FROM unnest(CAST(:urls AS text[]), CAST(:hosts AS text[]), CAST(:kinds AS text[]), CAST(:priorities AS smallint[]),
        CAST(:depths AS smallint[])) WITH ORDINALITY AS given (url, host, kind, priority, depth, place)
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

# Other views of known pages first, then the deepest, then what was found last: what a calendar or a search without end
# brings in. What was visited stays, and what was reported.
EVICT = sa.text("""
    DELETE FROM frontier WHERE url IN (
        SELECT url FROM frontier WHERE host = :host AND visits = 0 AND priority IN (2, 4)
        ORDER BY priority DESC, depth DESC, next_at DESC LIMIT :most
    )
""")


async def add_links(
    tx: Transaction, links: Sequence[NewLink], pages: Mapping[str, int], max_pages: int
) -> Mapping[str, int]:
    """`pages`: how many addresses each host has. Gives the hosts whose links did not all fit, with their number."""
    by_host: dict[str, list[NewLink]] = defaultdict(list)
    for link in links:
        by_host[link.host].append(link)
    changed, refused, fitting = Counter[str](), Counter[str](), list[NewLink]()
    for host, of_host in by_host.items():
        room = max_pages - pages.get(host, 0)
        wanted = sum(link.priority is not Priority.ASIDE for link in of_host)
        if wanted > room:
            evicted = await _evict(tx, host, max(wanted - room, int(max_pages * ROOM_SHARE)))
            changed[host] -= evicted
            room += evicted
        of_host.sort(key=lambda link: link.priority)
        fitting += of_host[: max(0, room)]
        refused[host] = len(of_host) - max(0, room)
    changed.update((await tx.execute(ADD, _columns(fitting))).scalars() if fitting else ())
    hosts = sorted(changed)
    await tx.execute(COUNT, {"hosts": hosts, "added": [changed[host] for host in hosts]})
    return {host: number for host, number in refused.items() if number > 0}


async def _evict(tx: Transaction, host: str, most: int) -> int:
    return (await tx.execute(EVICT, {"host": host, "most": most})).rowcount


def _columns(links: Sequence[NewLink]) -> dict[str, object]:
    return {
        "urls": [link.url for link in links],
        "hosts": [link.host for link in links],
        "kinds": [link.kind.value for link in links],
        "priorities": [int(link.priority) for link in links],
        "depths": [link.depth for link in links],
    }
