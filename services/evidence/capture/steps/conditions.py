"""The conditions of the capture: what it was made with, as whom, from where, and how right its clock is."""

from services.evidence.capture.work import Made, Work
from services.evidence.circumstances.conditions import clock_facts, site_clock, software
from services.evidence.domain import clean
from shared.browser.chromium import HEIGHT, WIDTH

DIRECT = "direct"


async def conditions(work: Work) -> Made:
    compared = await work.around.clocks.compared()
    return Made(
        facts={
            "software": software(),
            "browser": work.drawn.browser,
            "viewport": {"width": WIDTH, "height": HEIGHT},
            "scripts": work.scripts,
            "user_agent": clean(work.user_agent),
            "languages": work.traffic.languages,
            "exit": work.traffic.exit or DIRECT,
            "outside_address": work.settings.outside_address or None,
            "clock": clock_facts(work.clock.now(), compared),
            "site_clock": site_clock(work.page),
        }
    )
