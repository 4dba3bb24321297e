"""Writes what is made from the catalogue: `python -m deploy.access`, which `make docs` runs."""

import sys
from pathlib import Path

from deploy.access import page
from deploy.access.catalogue import principals
from deploy.access.retention import kept
from deploy.access.strimzi import HEAD, document, topic, user
from deploy.access.tables import tables
from shared.handling import Service

MANIFESTS, PAGE = Path("deploy/k8s/base/kafka/generated"), Path("docs/kafka-access.md")
KUSTOMIZATION = f"""{HEAD}apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - topics.yaml
  - users.yaml
"""


def written(services: list[Service]) -> dict[Path, str]:
    """Every file, as it should be."""
    return {
        MANIFESTS / "kustomization.yaml": KUSTOMIZATION,
        MANIFESTS / "topics.yaml": document(map(topic, kept(services))),
        MANIFESTS / "users.yaml": document(map(user, principals(services))),
        PAGE: page.page(services),
    }


if __name__ == "__main__":
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path()
    for path, text in written(tables()).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
