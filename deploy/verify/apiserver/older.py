"""What is written for Kubernetes 1.33 and newer, as 1.20 knows it. Each thing that it cannot judge is named here."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

# The same kinds under their former versions; what is used of them did not change its shape.
FORMER = {
    ("policy/v1", "PodDisruptionBudget"): "policy/v1beta1",
    ("autoscaling/v2", "HorizontalPodAutoscaler"): "autoscaling/v2beta2",
}
# Fields that came later, and the release that brought them (reference of the API, "feature state"): 1.20 drops them.
NEWER = {"unhealthyPodEvictionPolicy": "1.26"}
# Those that go before it sees them. A handler that it does not know is none at all to it, which is an error. Labels of
# `matchLabelKeys` that the template has are written into the selector, as API servers do themselves since 1.34; the one
# that only a ReplicaSet knows is left out.
SLEEP, KEYS = "sleep", "matchLabelKeys"
TAKEN = {SLEEP: "1.29", KEYS: "1.25, its known labels written out"}


def former(body: Mapping[str, Any]) -> tuple[dict[str, Any], frozenset[str]]:
    """The object for 1.20, and the newer fields that were taken out of it."""
    older = copy.deepcopy(dict(body))
    older["apiVersion"] = FORMER.get((older["apiVersion"], older["kind"]), older["apiVersion"])
    taken = set()
    for container in _containers(older):
        stop = (container.get("lifecycle") or {}).get("preStop") or {}
        if stop.pop(SLEEP, None) is not None:
            taken.add(SLEEP)
            if not stop:
                del container["lifecycle"]["preStop"]
    template = _template(older)
    labels = (template.get("metadata") or {}).get("labels") or {}
    for constraint in (template.get("spec") or {}).get("topologySpreadConstraints") or ():
        if keys := constraint.pop(KEYS, ()):
            taken.add(KEYS)
            constraint["labelSelector"]["matchLabels"] |= {key: labels[key] for key in keys if key in labels}
    return older, frozenset(taken)


def _template(body: Mapping[str, Any]) -> dict[str, Any]:
    template = (body.get("spec") or {}).get("template")
    return template if isinstance(template, dict) else {}


def _containers(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (_template(body).get("spec") or {}).get("containers") or ()


def lost(sent: object, kept: object, place: str = "") -> Iterator[str]:
    """Every field that was sent and that the server's answer does not have: it knows no such field. `a.b[0].c`."""
    if isinstance(sent, Mapping) and isinstance(kept, Mapping):
        for name, value in sent.items():
            inside = f"{place}.{name}" if place else str(name)
            if name in kept:
                yield from lost(value, kept[name], inside)
            elif value not in (None, {}, [], "", 0, False):
                yield inside
    elif isinstance(sent, list) and isinstance(kept, list):
        for at, (one, other) in enumerate(zip(sent, kept, strict=False)):
            yield from lost(one, other, f"{place}[{at}]")


def last(place: str) -> str:
    """The name of the field itself."""
    return place.rpartition(".")[2].partition("[")[0]
