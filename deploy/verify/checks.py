"""Every check that needs no tool but kustomize."""

from collections.abc import Iterator

from deploy.verify import (
    alerts,
    custom,
    images,
    kafka,
    network,
    references,
    rollout,
    scaling,
    security,
    semantics,
    settings,
    storage,
    waiting,
)
from deploy.verify.facts import Facts
from deploy.verify.finding import Finding
from deploy.verify.rendering import Rendered

OF_MANIFESTS = (
    custom.check, semantics.check, references.check, security.check, images.check, storage.check, alerts.check
)  # fmt: skip
OF_CODE = (settings.check, settings.unused, rollout.check, scaling.check, kafka.check, network.check, waiting.check)


def check(rendered: Rendered, facts: Facts) -> Iterator[Finding]:
    """Those of the manifests alone, then those against the code."""
    for one in OF_MANIFESTS:
        yield from one(rendered)
    for other in OF_CODE:
        yield from other(rendered, facts)
