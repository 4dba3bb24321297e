"""Fixtures of tests that draw pages: a real Chromium, once a file, and a small site to look at."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.responses import Response

from sandbox.training import examples
from services.classifier.learning.training import train
from services.evidence.browser import Browser
from shared.browser import Chromium
from tests.support.pages import Site, picture, site

MODEL = Path("var/models/text")


@pytest.fixture(scope="session")
def text_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stand-in, as `make models` trained it, or as it would."""
    if (MODEL / "model.safetensors").exists():
        return MODEL
    out = tmp_path_factory.mktemp("text")
    train(examples(seed=1), out, seed=1, provenance="the stand-in")
    return out


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
