"""Fixtures of tests that draw pages: a real Chromium, once a file, and a small site to look at."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.responses import Response

from services.evidence.browser import Browser
from shared.browser import Chromium
from tests.support.pages import Site, picture, site


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Chromium]:
    """As the crawler draws with it."""
    async with Chromium(None, at_once=1) as running:
        yield running


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    """As evidence captures with it."""
    async with Browser(None, at_once=2) as running:
        yield running


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Site]:
    """With one picture, no page."""
    async with site(tmp_path) as made:
        made.pages["/media/1.jpg"] = Response(picture(), media_type="image/jpeg")
        yield made
