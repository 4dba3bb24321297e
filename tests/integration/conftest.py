"""Fixtures of several files: a real Chromium and a small site, the classifier's database, banks and text model, a
gateway that sends webhooks, the command line."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.responses import Response
from typer.testing import CliRunner

from haetae.cli import app
from services.classifier.hashes.bank import HashBank
from services.evidence.capture.browser import Browser
from shared.browser import Chromium
from shared.clock import Clock, ManualClock
from shared.database import Database
from tests.support.commands import Haetae
from tests.support.pages import Site, picture, site
from tests.support.receivers import Receiver, receiving
from tests.support.stack import Migrated
from tests.support.webhooks import Post, posting

MODEL = Path("var/models/text")


@pytest.fixture(scope="session")
def text_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stand-in, as `make models` trained it, or as it would."""
    if (MODEL / "model.safetensors").exists():
        return MODEL
    # torch takes seconds to import: only what trains does.
    from sandbox.training import examples
    from services.classifier.learning.training import train

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


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def database(migrated: Migrated, clock: Clock) -> AsyncIterator[Database]:
    """As the classifier has it."""
    database = Database(migrated.dsn_for("classifier"), "/haetae/classifier", clock)
    yield database
    await database.close()


@pytest.fixture
async def owner(migrated: Migrated) -> AsyncIterator[Database]:
    """The classifier's, as the command line has it."""
    database = Database(migrated.owner_url, "/haetae/classifier", schema="classifier")
    yield database
    await database.close()


@pytest.fixture
async def bank(database: Database) -> AsyncIterator[HashBank]:
    async with HashBank(database, None) as bank:
        yield bank


@pytest.fixture
def haetae(migrated: Migrated, monkeypatch: pytest.MonkeyPatch) -> Haetae:
    """The command line in this process: status, and all that it printed."""
    monkeypatch.setenv("HAETAE_DATABASE_URL", migrated.owner_url)
    monkeypatch.setenv("COLUMNS", "250")

    def run(*arguments: object) -> tuple[int, str]:
        ran = CliRunner().invoke(app, [str(one) for one in arguments], env={"NO_COLOR": "1"})
        return ran.exit_code, " ".join(ran.output.split())

    return run


@pytest.fixture
async def post(migrated_once: Migrated, tmp_path: Path) -> AsyncIterator[Post]:
    async with posting(migrated_once, tmp_path) as made:
        yield made


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one
