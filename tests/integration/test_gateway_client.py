"""The generated client against the gateway: the whole of a case by functions and classes alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.gateway.accounts import create_account
from services.gateway.web import application
from tests.support.api import operations
from tests.support.client import client, model, operation
from tests.support.gateway import PASSWORD, Desk, Story, make_desk
from tests.support.stack import Migrated


@pytest.fixture(scope="module")
async def desk(migrated_once: Migrated, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Desk]:
    desk = make_desk(migrated_once.dsn_for("gateway"), tmp_path_factory.mktemp("gateway"))
    await create_account(desk.database, "script", PASSWORD, ["reviewer"], scripted=True)
    yield desk
    await desk.database.close()


@pytest.fixture
async def api(desk: Desk) -> Any:
    """Logged in by the client itself."""
    args = {"transport": httpx.ASGITransport(application(desk.parts))}
    stranger = client().Client(base_url="http://gateway.test", httpx_args=args)
    credentials = model("LoginInput")(login="script", password=PASSWORD)
    token = await operation("access", "post_login").asyncio(client=stranger, body=credentials)
    return client().AuthenticatedClient(base_url="http://gateway.test", token=token.token, httpx_args=args)


def approval(story: Story) -> Any:
    notices = [model("ApprovedNotice")(notice_id=one.notice_id, sha256=one.sha256) for one in story.notices]
    return model("DecisionInput")(verdict=model("Verdict").APPROVED, notices=notices)


async def test_a_case_from_the_list_to_the_verdict(desk: Desk, api: Any) -> None:
    story, key = await desk.awaiting_review(f"post/{uuid4()}"), str(uuid4())
    page = await operation("cases", "get_cases").asyncio(client=api, state=model("State").DRAFTED)
    assert story.case in {case.case_id for case in page.items}
    case = await operation("cases", "get_case").asyncio(client=api, case_id=story.case)
    assert (case.state, case.notices[0].sha256) == (model("State").DRAFTED, story.notices[0].sha256)
    assert case.finding.url == story.flagged.finding.url

    decide = operation("cases", "post_case_decision").asyncio_detailed
    first, again = [
        await decide(client=api, case_id=story.case, body=approval(story), idempotency_key=key) for _ in range(2)
    ]
    assert (first.status_code, first.parsed.state) == (200, model("State").APPROVED)
    assert again.parsed == first.parsed
    refused = await decide(client=api, case_id=story.case, body=approval(story))
    assert (refused.status_code, refused.parsed.errors[0].code) == (409, "decided")

    history = await operation("cases", "get_case_history").asyncio(client=api, case_id=story.case)
    assert [line.action for line in history.items].count("notices-approved") == 1
    assert history.intact


async def test_lists_go_on_and_documents_are_files(desk: Desk, api: Any) -> None:
    stories = [await desk.awaiting_review(f"post/{uuid4()}") for _ in range(3)]
    seen, after = set(), {}
    while True:
        page = await operation("cases", "get_cases").asyncio(client=api, limit=2, **after)
        seen |= {case.case_id for case in page.items}
        if page.next_ is None:
            break
        after = {"after": page.next_}
    assert {story.case for story in stories} <= seen
    report = await operation("cases", "get_case_report_pdf").asyncio(client=api, case_id=stories[0].case)
    assert report.payload.read(5) == b"%PDF-"


async def test_an_entity_tag_spares_the_answer(desk: Desk, api: Any) -> None:
    summary = operation("cases", "get_summary").asyncio_detailed
    first = await summary(client=api)
    same = await summary(client=api, if_none_match=first.headers["ETag"])
    assert (same.status_code, same.content) == (304, b"")


def test_every_operation_has_its_function() -> None:
    """The generator leaves out what it does not understand; nothing may be."""
    for _, path, told in operations():
        [tag] = told["tags"]
        assert hasattr(operation(tag, told["operationId"]), "asyncio_detailed"), path
