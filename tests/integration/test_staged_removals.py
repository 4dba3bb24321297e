"""Two hundred staged removals through the real checks and the notifier's decision: no false "removed", no real one
missed."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import uuid4

from services.crawler.visit import Check
from services.notifier.removal.watching import Next, Rhythm, Verified, Watch, follow, gone
from tests.support.findings import NOW, finding, picture
from tests.support.removals import KINDS, staged, staged_web

RHYTHM = Rhythm((3600.0,), confirm_after=600.0)
MOST_CHECKS = 4
AT_ONCE = 8
SHOWN = picture()


async def verified(case, port, checker):
    """Whether the case would be closed, and what its last check saw."""
    url = f"http://{case.host}:{port}"
    found = finding(f"{url}/p/1", pictures=(SHOWN.model_copy(update={"url": f"{url}/m/1.jpg"}),))
    watch, now, earlier = Watch(), NOW, ()
    for number in range(1, MOST_CHECKS + 1):
        checked = await checker.check(Check(uuid4(), uuid4(), number, found, None, earlier))
        if checked.again_at is not None:  # a second look, as the crawler's next turn has it
            checked = await checker.check(Check(uuid4(), uuid4(), number, found, None, checked.look))
        earlier, now = checked.look, now + timedelta(hours=1)
        is_gone = gone(checked.outcome, checked.probes)
        match follow(watch, is_gone, now, now, RHYTHM):
            case Verified():
                return True, checked
            case Next(following):
                watch = following
        if not is_gone and not case.changes:
            break
    return False, checked


async def test_of_two_hundred_staged_removals_only_the_real_ones_are_believed(tmp_path):
    cases = list(staged(seed=7))
    assert len(cases) == sum(KINDS.values()) == 200
    turns = asyncio.Semaphore(AT_ONCE)
    async with staged_web(tmp_path, cases) as (port, checker):

        async def told(case):
            async with turns:
                return case, *await verified(case, port, checker)

        results = await asyncio.gather(*map(told, cases))
    wrong = [
        (case.kind, case.host, checked.outcome.value, {probe.why[:80] for probe in checked.probes})
        for case, believed, checked in results
        if believed != case.gone
    ]
    assert wrong == []
    seen = {kind.__name__: Counter() for kind in KINDS}
    for case, _, checked in results:
        seen[case.kind][checked.outcome.value] += 1
    assert set(seen["captcha"]) == set(seen["login_wall"]) == {"walled"}
    assert set(seen["another_copy"]) == set(seen["inside"]) == set(seen["moved"]) == set(seen["below"]) == {"present"}
