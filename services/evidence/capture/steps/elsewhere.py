"""Who is behind the further hosts that the finding's pictures and videos come from."""

import asyncio
from collections import Counter

import httpx

from services.evidence.capture.work import Json, Made, StepFailed, Work
from services.evidence.circumstances.registries import kept, told_of

MOST_HOSTS = 3  # a page's media lie on one or two; each is up to three questions to strangers


async def elsewhere(work: Work) -> Made:
    hosts = _hosts(work)
    asked = {host: _address(host, work) for host in hosts[:MOST_HOSTS]}
    told = await asyncio.gather(*(told_of(work.around.rdap, host, address) for host, address in asked.items()))
    if told and all(one.nothing for one in told):
        raise StepFailed("; ".join(one.why() for one in told))
    places: list[Json] = [
        {"host": host, "address": address, **one.facts}
        for (host, address), one in zip(asked.items(), told, strict=True)
    ]
    answers = tuple(answer for one in told for answer in one.answers)
    return Made(kept("rdap-elsewhere.json", answers), {"hosts": places, "left_out": max(0, len(hosts) - MOST_HOSTS)})


def _hosts(work: Work) -> list[str]:
    """Those of matched pictures first, then those of the most."""
    finding = work.event.finding
    media = [_host(url) for url in (*(one.url for one in finding.pictures), *(one.url for one in finding.videos))]
    matched = [host for match in work.event.assessment.matches if (host := _host(match.picture_url)) in media]
    by_number = (host for host, _ in Counter(media).most_common())
    here = {_host(work.page.url), _host(finding.url), ""}
    return [host for host in dict.fromkeys((*matched, *by_number)) if host not in here]


def _host(url: str) -> str:
    """In its ASCII form; empty for what is no address of the web."""
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        return ""
    return parsed.raw_host.decode("ascii").lower() if parsed.scheme in ("http", "https") else ""


def _address(host: str, work: Work) -> str:
    """That it answered from while the page was drawn; empty when the page did not load anything of it."""
    seen = (one.address for one in reversed(work.traffic.exchanges) if one.address and _host(one.url) == host)
    return next(seen, "")
