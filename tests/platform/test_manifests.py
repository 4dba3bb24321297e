"""deploy/k8s holds against the code; and each fault that is planted into it is found, with its file and a cure."""

from dataclasses import replace

import pytest
import yaml

from deploy.verify.amounts import amount
from deploy.verify.checks import check
from deploy.verify.facts import facts
from deploy.verify.planted import trial
from deploy.verify.planted.faults import FAULTS
from deploy.verify.planted.planting import Fault, put
from deploy.verify.reach import Edge, graph
from deploy.verify.rendering import NotRendered, Rendered, Thing, overlays, read, render, yaml_of

OWN = [fault for fault in FAULTS if fault.by == "own"]


# One test: the services' tables take seconds to import, and tests of a file may be spread over processes.
def test_every_overlay_holds_and_every_planted_fault_is_found():
    rendered = {overlay: render(overlay) for overlay in overlays()}
    assert {"dev", "staging", "production", "air-gapped"} <= set(rendered)
    assert [str(finding) for one in rendered.values() for finding in check(one, facts())] == []
    assert [words for fault in OWN if (words := trial.missed(fault, rendered["production"], facts()))] == []
    assert len(OWN) > 40
    # And the trial itself can fail.
    harmless = Fault("none", "Namespace/haetae", put("us", "metadata", "labels", "team"), "base/namespace.yaml", "team")
    assert trial.missed(harmless, rendered["production"], facts()).startswith("NOT FOUND")


def test_a_file_that_does_not_render_is_said_with_its_name(tmp_path):
    (tmp_path / "ill").mkdir()
    (tmp_path / "ill/kustomization.yaml").write_text("resources: [missing.yaml]\n")
    with pytest.raises(NotRendered, match=r"missing\.yaml"):
        yaml_of("ill", tmp_path)


def policy(name: str, spec: dict) -> Thing:
    return Thing("test", "test.yaml", {"kind": "NetworkPolicy", "metadata": {"name": name}, "spec": spec})


def job(name: str, labels: dict) -> Thing:
    template = {"metadata": {"labels": labels}, "spec": {"containers": []}}
    return Thing("test", "test.yaml", {"kind": "Job", "metadata": {"name": name}, "spec": {"template": template}})


def test_a_connection_needs_both_ends():
    """The rules of networking.k8s.io/v1, on two pods."""
    a, b = job("a", {"app": "a"}), job("b", {"app": "b"})
    silent = policy("deny", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})
    peer = {"podSelector": {"matchLabels": {"app": "b"}}}
    port = {"protocol": "TCP", "port": 5}
    out = policy(
        "out",
        {
            "podSelector": {"matchLabels": {"app": "a"}},
            "policyTypes": ["Egress"],
            "egress": [{"to": [peer], "ports": [port]}],
        },
    )
    into = policy(
        "into",
        {
            "podSelector": {"matchLabels": {"app": "b"}},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "a"}}}], "ports": [port]}],
        },
    )
    assert graph(Rendered("test", (a, b, silent))) == set()
    assert graph(Rendered("test", (a, b, silent, out))) == set()
    assert graph(Rendered("test", (a, b, silent, into))) == set()
    assert graph(Rendered("test", (a, b, silent, out, into))) == {Edge("a", "b", 5)}
    everything = graph(Rendered("test", (a, b)))
    assert {Edge("a", "any", "any"), Edge("any", "b", "any")} <= everything


def test_objects_know_their_files_and_amounts_their_size():
    text = yaml.safe_dump(
        {
            "kind": "ConfigMap",
            "metadata": {"name": "x", "annotations": {"config.kubernetes.io/origin": "path: ../../base/x.yaml\n"}},
        }
    )
    thing = read("dev", text).things[0]
    assert thing.file == "deploy/k8s/base/x.yaml"
    assert replace(thing, body={"kind": "X", "metadata": {"name": "y"}}).name == "y"
    assert [amount(text) for text in ("250m", "2", "1Gi", 1.5)] == [0.25, 2.0, 2**30, 1.5]
    with pytest.raises(ValueError, match="no amount"):
        amount("2Mm")
