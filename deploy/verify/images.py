"""Images: each by its digest, and of a service that there is. A tag can become another program over night."""

import re
from collections.abc import Iterator

from deploy.verify.finding import Finding
from deploy.verify.pods import pods
from deploy.verify.rendering import Rendered
from services import SERVICES

PINNED = re.compile(r"[^@\s]+@sha256:[0-9a-f]{64}")
# On one's own machine, where images are made a minute before.
LOOSE = "dev"
OURS = {*SERVICES, "cli"}


def check(rendered: Rendered) -> Iterator[Finding]:
    named = [(pod.thing, str(container["image"])) for pod in pods(rendered) for container in pod.containers]
    named += [(cluster, str(cluster.spec.get("imageName"))) for cluster in rendered.of("Cluster")]
    for thing, image in named:
        if rendered.overlay != LOOSE and not PINNED.fullmatch(image):
            yield thing.finding(
                f"image {image} is not pinned",
                f"give its digest under `images` in deploy/k8s/overlays/{rendered.overlay}/kustomization.yaml",
            )
        name = image.partition("@")[0].rpartition("/")[2].partition(":")[0]
        if "/haetae/" in image and name not in OURS:
            yield thing.finding(f"image {image} is of no service", f"there are {', '.join(sorted(OURS))}")
    for pod in pods(rendered):
        for container in pod.containers:
            if container.get("args") == ["python", "-m", f"services.{pod.name}"] or pod.thing.kind == "Job":
                continue
            yield pod.thing.finding("its command starts another service", f"args: [python, -m, services.{pod.name}]")
