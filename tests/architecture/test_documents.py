"""What the documents say is so: links, paths, commands, settings, metrics, and what each service reads and says."""

import importlib
import json
import re
import subprocess
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from haetae import alterations_doc, api_doc, metrics_doc, settings_doc
from haetae.cli import app as command_line
from services import SERVICES
from shared.events import CATALOGUE
from shared.handling import Service
from shared.prints.alterations import ALTERATIONS

ROOT = Path(__file__).parents[2]
TOP = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")} - {"var", "dist"}
NEEDED = {
    "HAETAE_DATABASE_URL": "postgresql+psycopg://haetae:x@127.0.0.1:1/haetae",
    "HAETAE_KAFKA_BOOTSTRAP": "127.0.0.1:1",
    "HAETAE_S3_ENDPOINT": "127.0.0.1:1",
    "HAETAE_S3_ACCESS_KEY": "x",
    "HAETAE_S3_SECRET_KEY": "x",
    "HAETAE_MASTER_KEY": "x",
    "HAETAE_SIGNING_KEY": "A" * 43 + "=",
    "HAETAE_HISTORY_KEY": "A" * 43 + "=",
    "HAETAE_APPROVAL_KEY": "x" * 32,
    "HAETAE_SMTP_HOST": "127.0.0.1",
    "HAETAE_TEXT_MODEL": "nowhere",
}

AWAITED: set[str] = set()


def tracked(*endings: str) -> list[Path]:
    names = subprocess.run(["git", "ls-files", *endings], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in names.splitlines() if (ROOT / name).exists()]


DOCUMENTS = tracked("*.md")


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> dict[str, Service]:
    """Every service's table, as its process would make it."""
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)
    return {name: made(name) for name in SERVICES}


def made(name: str) -> Service:
    settings = importlib.import_module(f"services.{name}.settings").Settings()
    service: Service = importlib.import_module(f"services.{name}.app").app(settings)
    return service


def read_by(service: Service) -> set[type]:
    return {*service.handles, *service.batches, *service.listens}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_and_path_leads_somewhere(path):
    text = path.read_text()
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert [link for link in links if link and not (path.parent / link).exists()] == []
    named = [name for name in re.findall(r"`([\w./*-]+/[\w./*-]*)`", text) if name.split("/")[0] in TOP]
    assert [name for name in named if not any(ROOT.glob(name.rstrip("/")))] == []


def test_every_make_target_that_is_named_exists():
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.M))
    for path in [*DOCUMENTS, *tracked("*.py")]:
        named = set(re.findall(r"(?:`|^)make ([a-z0-9-]+)\b", path.read_text(), re.M))
        assert named <= targets, path


def commands() -> list[tuple[Path, str]]:
    """Each `haetae …` of a document, as it stands there."""
    form = re.compile(r"(?:`|^\s*|bin/)haetae ([a-z][^`#\n]*)", re.M)
    return [(path, line) for path in DOCUMENTS for line in form.findall(path.read_text())]


@pytest.mark.parametrize(("path", "line"), commands())
def test_every_command_and_option_that_is_named_exists(path, line):
    words = line.split()
    command: object = typer.main.get_command(command_line)
    depth = 0
    while depth < len(words) and words[depth] in getattr(command, "commands", {}):
        command, depth = command.commands[words[depth]], depth + 1
    assert depth, f"{path}: haetae {words[0]}"
    assert not getattr(command, "commands", {}), f"{path}: haetae {' '.join(words)} is no whole command"
    shown = CliRunner().invoke(command_line, [*words[:depth], "--help"], env={"COLUMNS": "200"}).output
    assert [word for word in words if word.startswith("--") and word not in shown] == [], path


def test_the_architecture_shows_where_things_go_on_its_first_page():
    page = "\n".join((ROOT / "ARCHITECTURE.md").read_text().splitlines()[:60])
    for thing in ("a new **event**", "a new **service**", "a new **page**"):
        assert thing in page


def test_the_code_that_the_architecture_shows_is_that_of_the_service():
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "ARCHITECTURE.md").read_text(), re.S)
    for part in block.strip().split("\n\n# ") if block.count("\n\n# ") else [block]:
        name, _, code = part.removeprefix("# ").partition("\n")
        assert code.strip() in (ROOT / name).read_text(), name


def test_every_decision_is_listed():
    index = (ROOT / "docs/decisions/README.md").read_text()
    for path in (ROOT / "docs/decisions").glob("0*.md"):
        assert path.name in index


def test_the_pages_of_settings_metrics_and_api_are_those_of_the_code():
    assert (ROOT / "docs/settings.md").read_text() == settings_doc.page()
    assert (ROOT / "docs/metrics.md").read_text() == metrics_doc.page()
    assert (ROOT / "docs/api.md").read_text() == api_doc.page(), "make docs"


def test_the_browser_cuts_and_turns_pictures_as_the_classifier_does() -> None:
    """`make docs` writes it."""
    assert (ROOT / "services/gateway/static/alterations.json").read_text() == alterations_doc.page()
    assert json.loads(alterations_doc.page()).keys() == ALTERATIONS.keys()


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_has_a_meaning(service):
    declared = importlib.import_module(f"services.{service}.settings").Settings.model_fields
    assert [name for name, field in declared.items() if not field.description] == []


def test_every_event_is_published_by_its_owner_alone_and_read_by_somebody(running):
    for name, service in running.items():
        assert service.name == name
        assert service.publishes == {event for event in CATALOGUE if event.owner == name}
    read = set().union(*map(read_by, running.values()))
    unread = {event.type for event in CATALOGUE if event not in read and not (event.topic.public or event.topic.peers)}
    assert unread == AWAITED


@pytest.mark.parametrize("name", SERVICES)
def test_the_readme_of_a_service_says_what_goes_in_and_out_and_where_it_is_kept(running, name):
    rows = dict(
        re.findall(r"^\| ([A-Z][a-z ]+) \| (.*) \|$", (ROOT / "services" / name / "README.md").read_text(), re.M)
    )
    said = {row: set(re.findall(r"`([^`]+)`", text)) for row, text in rows.items()}
    service = running[name]
    assert said["Reads"] == {event.type.removesuffix(".v1") for event in read_by(service)}
    assert said["Publishes"] == {event.type.removesuffix(".v1") for event in service.publishes}
    assert said["Tables"] == set(importlib.import_module(f"services.{name}.store").Base.metadata.tables)
    assert rows["Settings"]
    assert rows["Still thin"]
