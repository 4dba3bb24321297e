"""Objectives, alerts and dashboards: as they are made, and with all that whoever is called needs."""

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from deploy.observability import slos
from deploy.observability.__main__ import written
from deploy.observability.expressions import HERE, RULES, dashboards, expressions, names_in, rules
from shared.metrics import STAGE_BUCKETS

ROOT = Path(__file__).parents[2]
TESTS = sorted((HERE / "tests").glob("*.yaml"))
PARTS = ("**Means.**", "**Look first.**", "**Cure.**", "**Call**")
ALERTS = sorted({rule["alert"] for _, rule in rules() if "alert" in rule})
PROMTOOL = shutil.which("promtool") or shutil.which("promtool", path=str(ROOT / ".venv" / "bin"))


def test_what_is_made_is_as_it_would_be_made_now():
    stale = [str(path.relative_to(ROOT)) for path, text in written().items() if path.read_text() != text]
    assert stale == [], "run make observability"


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_has_a_page_for_whoever_is_called(alert):
    found = [rule for _, rule in rules() if rule.get("alert") == alert]
    assert {rule["annotations"]["runbook_url"] for rule in found} == {f"docs/runbooks/{alert}.md"}
    assert {rule["labels"]["severity"] for rule in found} <= {"page", "ticket"}
    page = (ROOT / "docs" / "runbooks" / f"{alert}.md").read_text()
    assert page.startswith(f"# {alert}\n")
    assert [part for part in PARTS if part not in page] == []
    assert f"({alert}.md)" in (ROOT / "docs" / "runbooks" / "README.md").read_text()


def test_every_alert_is_seen_to_ring_and_to_be_silent():
    text = "".join(path.read_text() for path in TESTS)
    rung = Counter(re.findall(r'alertname="(\w+)"[^\n]*exp_samples: \[\{', text))
    silent = Counter(re.findall(r'alertname="(\w+)"[^\n]*exp_samples: \[\]', text))
    assert set(ALERTS) == set(rung) == set(silent)


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is missing: make observability brings it")
def test_alerts_ring_as_they_should():
    files = [str(path) for path in TESTS]
    done = subprocess.run([str(PROMTOOL), "test", "rules", *files], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("where", "expression"), list(expressions()), ids=lambda one: one[:60])
def test_every_expression_is_one(where, expression):
    assert names_in(expression), where


def test_limits_of_objectives_are_limits_of_buckets():
    """A limit between two buckets counts nothing: the expression finds no series."""
    limits = [float(limit) for slo in slos.read() for limit in re.findall(r'stage_.*le="([\d.]+)"', slo.good)]
    assert len(limits) == 3
    assert set(limits) <= set(STAGE_BUCKETS)


def test_dashboards_can_be_read_anywhere():
    boards = list(dashboards())
    assert len({board["uid"] for _, board in boards}) == len(boards) >= 5
    for path, board in boards:
        assert path.stem == board["uid"]
        assert [one["name"] for one in board["templating"]["list"] if one["type"] == "datasource"] == ["source"]
        ids = [panel["id"] for panel in board["panels"]]
        assert len(set(ids)) == len(ids)
        for panel in board["panels"]:
            assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
            sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
            assert {source["uid"] for source in sources} == {"${source}"}
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in board["panels"]]
        assert len(set(places)) == len(places)


def test_dashboards_show_no_person():
    """Figures of care are people's; they are shown to them, at the gateway, and to nobody else."""
    named = {name for _, expression in expressions() for name in names_in(expression)}
    assert not [name for name in named if re.search(r"care|reviewer|official|account|login", name)]


def test_rules_are_where_a_cluster_takes_them_from():
    assert {path.name for path in RULES.glob("*.yaml")} == {"slos.yaml", "symptoms.yaml"}
