"""components/chromium-seccomp as the Security Profiles Operator writes it: the run time's default and its calls."""

import json
from pathlib import Path
from typing import Any

from deploy.images.engine import Failed
from deploy.verify.rendering import Rendered

# As Debian's and Fedora's containers-common installs it; it allows what containerd's default allows and no less.
DEFAULT = Path("/usr/share/containers/seccomp.json")


def default() -> dict[str, Any]:
    if not DEFAULT.is_file():
        raise Failed(f"{DEFAULT} is missing: install golang-github-containers-common (Debian) or containers-common")
    told: dict[str, Any] = json.loads(DEFAULT.read_text())
    return told


def profile(rendered: Rendered, whole: dict[str, Any]) -> dict[str, Any]:
    """`whole`, a profile as the run time reads it, with the calls of the overlay's SeccompProfile."""
    made = rendered.named("SeccompProfile", "haetae-chromium")
    if made is None:
        raise Failed(f"overlay {rendered.overlay} has no SeccompProfile haetae-chromium")
    added = [{"names": one["names"], "action": one["action"]} for one in made.spec["syscalls"]]
    calls = {name for one in added for name in one["names"]}
    rules = [dict(rule) for rule in whole["syscalls"]]
    # The default refuses these calls by name to those without CAP_SYS_ADMIN, and its refusal would win.
    for rule in rules:
        if rule["action"] != "SCMP_ACT_ALLOW":
            rule["names"] = [name for name in rule["names"] if name not in calls]
    return {**whole, "syscalls": [rule for rule in rules if rule["names"]] + added}
