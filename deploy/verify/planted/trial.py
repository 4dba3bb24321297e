"""One fault planted, and whether it is found."""

from deploy.verify import tools
from deploy.verify.checks import check
from deploy.verify.facts import Facts
from deploy.verify.planted.planting import Fault, caught, planted
from deploy.verify.rendering import Rendered

OVERLAY = "production"  # which has every component


def missed(fault: Fault, rendered: Rendered, facts: Facts) -> str:
    """Empty when it was found; else what was said instead."""
    ill = planted(fault, rendered)
    found = tools.check(fault.by, ill) if fault.by in tools.TOOLS else list(check(ill, facts))
    if caught(fault, found):
        return ""
    instead = "; ".join(str(finding) for finding in found[:3]) or "nothing"
    return f"NOT FOUND: {fault.name} ({fault.thing}): wanted {fault.says!r} of {fault.file}, said was: {instead}"
