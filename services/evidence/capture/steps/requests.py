"""Every request of the capture: what was asked, of whom, what came, and what was refused."""

from haetae_verify.canonical import moment
from services.evidence.capture.work import Json, Made, Work
from services.evidence.domain import Exchange, clean

MAX_URL = 500  # characters: an address names, a longer one carries


async def requests(work: Work) -> Made:
    """Facts alone: the bodies are in the archive, and beside it."""
    return Made(
        facts={
            "page": [told(exchange) for exchange in work.traffic.exchanges],
            "media": [told(exchange) for exchange in work.traffic.beside],
            "refused": [
                {"url": short(refusal.url), "reason": clean(refusal.reason)[:MAX_URL]}
                for refusal in work.traffic.refusals
            ],
        }
    )


def told(exchange: Exchange) -> dict[str, Json]:
    return {
        "url": short(exchange.url),
        "at": moment(exchange.at),
        "address": exchange.address,
        "status": exchange.status,
        "sha256": exchange.sha256,
        "bytes": len(exchange.body),
    }


def short(url: str) -> str:
    """The address, unless it is itself content (`data:`) or has room for some."""
    return clean(url)[:MAX_URL] if url[:5].lower() != "data:" else "data:"
