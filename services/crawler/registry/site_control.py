"""Pausing, resuming and striking sites off the list. What a fetcher has in hand ends; nothing else is begun."""

from collections.abc import Sequence

import sqlalchemy as sa

from services.crawler.registry.site_choice import Choice, hosts_of
from services.crawler.registry.sites import LOCK_HOSTS
from shared.database import Transaction

SET_PAUSED = sa.text("""
    UPDATE sites SET paused = :paused WHERE host = ANY(CAST(:hosts AS text[])) AND paused <> :paused RETURNING host
""")
LOOK_NOW = sa.text("UPDATE hosts SET look_at = least(look_at, now()) WHERE host = ANY(CAST(:hosts AS text[]))")
# The host stays: when it may be asked again counts for whatever asks it next, and its checks go on.
STRIKE_PAGES = sa.text("DELETE FROM frontier WHERE host = ANY(CAST(:hosts AS text[]))")
STRIKE_SITES = sa.text("DELETE FROM sites WHERE host = ANY(CAST(:hosts AS text[])) RETURNING host")
RESET = sa.text("UPDATE hosts SET pages = 0 WHERE host = ANY(CAST(:hosts AS text[]))")


async def unknown(tx: Transaction, hosts: Sequence[str]) -> Sequence[str]:
    """Those that are not in the list."""
    choice = Choice(hosts=list(hosts))
    known = set((await tx.execute(hosts_of(choice), dict(choice.values))).scalars())
    return [host for host in hosts if host not in known]


async def set_paused(tx: Transaction, choice: Choice, paused: bool) -> Sequence[str]:
    """The hosts of the sites that were not so already. Removal checks and reports are made in either case."""
    hosts = (await tx.execute(hosts_of(choice), dict(choice.values))).scalars().all()
    await tx.execute(LOCK_HOSTS, {"hosts": hosts})
    changed = (await tx.execute(SET_PAUSED, {"hosts": hosts, "paused": paused})).scalars().all()
    if not paused:
        await tx.execute(LOOK_NOW, {"hosts": changed})
    return sorted(changed)


async def remove(tx: Transaction, hosts: Sequence[str]) -> Sequence[str]:
    """Strike these off the list, with the addresses that are known of them. What was found there stays with whoever
    was told, and what is kept of robots.txt here. Gives those that were in the list."""
    given = {"hosts": sorted(set(hosts))}
    await tx.execute(LOCK_HOSTS, given)
    removed = (await tx.execute(STRIKE_SITES, given)).scalars().all()
    if removed:
        struck = {"hosts": sorted(removed)}
        await tx.execute(STRIKE_PAGES, struck)
        await tx.execute(RESET, struck)
    return sorted(removed)
