"""How the gateway says no."""

from collections.abc import Mapping

from chaos.invariants.seen import Seen

# Somebody was faster, the request is wrong or too many; what a program asks for that is logged in and knows its way.
EXPECTED = frozenset({409, 412, 422, 429})


async def refused_politely(seen: Seen) -> list[str]:
    """The gateway answers, or says 503 with when to come again; it never fails in any other way."""
    return [
        f"{line.data['method']} {line.data['path']} at {line.at:%H:%M:%S} was answered {line.data['status']}"
        + (" without Retry-After" if line.data["status"] == 503 else "")
        for line in seen.history("answer")
        if not polite(line.data)
    ]


def polite(data: Mapping[str, object]) -> bool:
    """No answer at all (no status) is a connection that was refused or broken: whoever asked knows to ask again."""
    status = data.get("status")
    if not isinstance(status, int) or status == 0:
        return True
    if status == 503:
        return data.get("retry_after") not in (None, "")
    return status < 400 or status in EXPECTED
