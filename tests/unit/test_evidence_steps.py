"""The steps of a capture: side by side within a stage, each failure its own, and nothing essential missing."""

import asyncio
import json

import pytest

from haetae_verify.canonical import digest
from services.evidence.capture.captured import Captured
from services.evidence.capture.running import run
from services.evidence.capture.work import Made, Step, StepDone, StepFailed, Work
from services.evidence.domain import File, PageFailed, PageGone
from shared.clock import ManualClock
from shared.failures import Transient
from shared.net import FetchFailed
from tests.support.captures import AT, flagged


@pytest.fixture
def work():
    event = flagged("http://harbour-board.en.test/post/41")
    nothing = dict.fromkeys(("settings", "fetcher", "browser", "traffic", "look", "around"))
    return Work(event=event, clock=ManualClock(AT), user_agent="Chrome", **nothing)


async def fine(work):
    return Made((File("a.txt", b"lantern", "text/plain"),), {"letters": 7})


def failing(error):
    async def step(work):
        raise error

    return step


async def endless(work):
    await asyncio.Event().wait()


async def test_steps_of_a_stage_run_side_by_side_and_stages_one_after_another(work):
    met = asyncio.Barrier(2)

    async def meets(work):
        await met.wait()
        return Made()

    async def later(work):
        assert set(work.done) == {"one", "two"}
        return Made()

    done = await run((Step("last", later, 2), Step("one", meets, 1), Step("two", meets, 1)), work)
    assert [step.name for step in done] == ["last", "one", "two"]
    assert not any(step.failure for step in done)


@pytest.mark.parametrize(
    ("step", "failure"),
    [
        (failing(StepFailed("the server does not answer")), "the server does not answer"),
        (failing(FetchFailed("no whole\0 answer")), "no whole answer"),
        (failing(PageFailed("not to be drawn")), "not to be drawn"),
        (failing(KeyError("the page's own words")), "our code could not do it (KeyError)"),
        (endless, "not done within 0.01 s"),
    ],
)
async def test_a_failure_is_the_steps_own(work, step, failure):
    one, other = await run((Step("one", step, 1, seconds=0.01), Step("other", fine, 1)), work)
    assert (one.failure, one.made.files, other.failure) == (failure, (), "")


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (PageGone("answers 410"), PageGone),
        (StepFailed("nothing is there"), PageFailed),
        (FetchFailed("refused"), PageFailed),
        (KeyError("ours"), KeyError),
    ],
)
async def test_what_is_essential_ends_the_capture_and_the_steps_beside_it(work, error, raised):
    ended = asyncio.Event()

    async def beside(work):
        try:
            await endless(work)
        finally:
            ended.set()

    with pytest.raises(raised):
        await run((Step("beside", beside, 1), Step("one", failing(error), 1, essential=True)), work)
    assert ended.is_set()


async def test_our_own_sides_failure_is_no_failure_of_a_step(work):
    with pytest.raises(Transient):
        await run((Step("one", failing(Transient("no child can be started")), 1),), work)


def test_each_step_has_a_manifest_of_its_own():
    made = Made((File("a.txt", b"lantern", "text/plain"),), {"letters": 7})
    steps = (StepDone("one", AT, AT, made), StepDone("two", AT, AT, Made(), "away"))
    files = {file.name: file for file in Captured(AT, AT, steps).files}
    assert list(files) == ["a.txt", "step-one.json", "step-two.json"]
    assert not files["step-one.json"].content
    one, two = (json.loads(files[f"step-{name}.json"].data) for name in ("one", "two"))
    assert one["files"] == [{"name": "a.txt", "sha256": digest(b"lantern"), "bytes": 7}]
    assert (one["outcome"], one["facts"], one["started_at"]) == ("done", {"letters": 7}, "2026-11-22T09:00:01.000Z")
    assert (two["outcome"], two["failure"], two["files"]) == ("failed", "away", [])


def test_no_file_takes_the_place_of_another():
    made = Made((File("a.txt", b"", "text/plain"),))
    with pytest.raises(ValueError, match="same name"):
        _ = Captured(AT, AT, (StepDone("one", AT, AT, made), StepDone("two", AT, AT, made))).files
