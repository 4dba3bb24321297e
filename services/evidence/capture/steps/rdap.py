"""Who registered the page's domain, and whose network its address belongs to, as the registries say."""

import httpx

from services.evidence.capture.work import Made, StepFailed, Work
from services.evidence.circumstances.registries import kept, told_of


async def rdap(work: Work) -> Made:
    host = httpx.URL(work.page.url).raw_host.decode("ascii")
    told = await told_of(work.around.rdap, host, work.page.address)
    if told.nothing:
        raise StepFailed(told.why())
    return Made(kept("rdap.json", told.answers), told.facts)
