"""A plan's steps, run stage by stage: each timed, each failure kept as the step's own."""

import asyncio
from collections.abc import Sequence
from itertools import groupby

import structlog

from services.evidence.capture.traffic import TooMuch
from services.evidence.capture.work import Made, Step, StepDone, StepFailed, Work
from services.evidence.domain import PageFailed, clean
from shared.failures import Failure
from shared.net import AddressRefused, FetchFailed
from shared.observing import part

log = structlog.get_logger()

# What the web did to a step. Any other `Failure` is our own side (a browser, a child): the case waits.
EXPECTED = (StepFailed, PageFailed, AddressRefused, FetchFailed, TooMuch)


async def run(plan: Sequence[Step], work: Work) -> tuple[StepDone, ...]:
    """What every step brought, in the order of the plan, also in `work.done` for the steps that follow.

    Raises `PageFailed` when an essential step fails, and what is our own side's fault.
    """
    for _, stage in groupby(sorted(plan, key=lambda step: step.stage), key=lambda step: step.stage):
        await _side_by_side(tuple(stage), work)
    return tuple(work.done[step.name] for step in plan)


async def _side_by_side(stage: Sequence[Step], work: Work) -> None:
    """The first that raises ends the others: nobody needs what they would bring."""
    tasks = [asyncio.create_task(_done(step, work)) for step in stage]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    for outcome in sorted(outcomes, key=lambda one: isinstance(one, asyncio.CancelledError)):
        if isinstance(outcome, BaseException):
            raise outcome


async def _done(step: Step, work: Work) -> None:
    with part(f"capture {step.name}") as seen:
        done = await _tried(step, work)
        if done.failure:
            seen.failed("step failed")
    work.done[step.name] = done


async def _tried(step: Step, work: Work) -> StepDone:
    started_at, made, failure = work.clock.now(), Made(), ""
    try:
        async with asyncio.timeout(step.seconds):
            made = await step.run(work)
    except EXPECTED as error:
        if step.essential:
            raise error if isinstance(error, PageFailed) else PageFailed(f"{step.name}: {error}") from error
        failure = clean(str(error))
    except TimeoutError:
        failure = f"not done within {step.seconds:g} s"
        if step.essential:
            raise PageFailed(f"{step.name}: {failure}") from None
    except Failure:
        raise
    except Exception as error:
        if step.essential:
            raise
        log.exception("our code could not do a step of a capture", step=step.name)
        failure = f"our code could not do it ({type(error).__name__})"
    if failure:
        log.warning("a step of a capture failed", step=step.name, case=str(work.event.case_id))
    return StepDone(step.name, started_at, work.clock.now(), made, failure)
