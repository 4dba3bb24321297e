"""How long a client that is kept waits for each part of a call, when the whole has an end as well."""

import httpx

# Of the whole: connecting, and waiting for a free connection. httpcore never gives back a connection whose call was
# cancelled while it connected, so that must end by itself before `asyncio.timeout` around the call does.
SHARE = 0.4


def patience(seconds: float) -> httpx.Timeout:
    """For a call that `asyncio.timeout(seconds)` ends."""
    return httpx.Timeout(seconds, connect=SHARE * seconds, pool=SHARE * seconds)
