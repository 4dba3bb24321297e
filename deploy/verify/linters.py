"""trivy's checks of Kubernetes manifests, those that come inside the program: nothing is fetched."""

import json
import subprocess
from collections.abc import Iterator

from deploy.verify.finding import Finding
from deploy.verify.rendering import Rendered, tool

SECONDS = 300  # takes three, and more beside a whole test run
# Not asked of us, each with its reason.
WAIVED = {
    "KSV-0125": "it wants a list of registries to trust: images here are pinned by digest",
    "KSV-01010": "it takes names for content (…_PORT, …_MAIL_FROM); settings.py refuses secrets in ConfigMaps",
    "KSV-0109": "the same, of HAETAE_SECRETS_DIR, which is a path",
}


def check(rendered: Rendered, file: str) -> Iterator[Finding]:
    command = [
        tool("trivy"),
        "config",
        "--skip-check-update",
        "--skip-version-check",
        "--quiet",
        "--format",
        "json",
        file,
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)  # noqa: S603  # our words
    if run.returncode != 0:
        yield rendered.finding(f"trivy ended with {run.returncode}: {run.stderr.strip()[:300]}", "install it anew")
        return
    told = json.loads(run.stdout)
    for result in told.get("Results", ()):
        for one in result.get("Misconfigurations", ()):
            if one["ID"] not in WAIVED:
                yield rendered.finding(f"{one['ID']} {one['Title']}: {one['Message']}", one["Resolution"])
