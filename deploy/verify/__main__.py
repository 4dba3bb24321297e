"""`python -m deploy.verify [--self]`: every check of every overlay. Exit status 1 when one found something.

`--self`: plants faults too, and fails when one is not found.
"""

import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from subprocess import TimeoutExpired

from deploy.verify import tools
from deploy.verify.checks import check
from deploy.verify.facts import facts
from deploy.verify.planted import trial
from deploy.verify.planted.faults import FAULTS
from deploy.verify.rendering import NotRendered, Rendered, overlays, read, yaml_of

# Each tool is a process of its own: more at once only wait for each other.
AT_ONCE = 2


def main(words: Sequence[str]) -> int:
    begun = time.monotonic()
    try:
        rendered = [read(overlay, yaml_of(overlay)) for overlay in overlays()]
        failed = judge(rendered) + (plant(rendered) if "--self" in words else 0)
    except (NotRendered, FileNotFoundError, TimeoutExpired) as error:
        say(f"FAILED: {error}")
        return 1
    say(f"{time.monotonic() - begun:.0f} s")
    return 1 if failed else 0


def judge(rendered: Sequence[Rendered]) -> int:
    """How many findings there are; all of them are said."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [pool.submit(tools.check, tool, one) for one in rendered for tool in tools.TOOLS]
        own = [finding for one in rendered for finding in check(one, facts())]
        found = dict.fromkeys([*own, *(finding for future in asked for finding in future.result())])
    for finding in found:
        say(str(finding))
    say(f"{len(rendered)} overlays, {sum(len(one.things) for one in rendered)} objects, {len(found)} findings")
    return len(found)


def plant(rendered: Sequence[Rendered]) -> int:
    """How many planted faults nobody found."""
    target = next(one for one in rendered if one.overlay == trial.OVERLAY)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        missed = [words for words in pool.map(lambda fault: trial.missed(fault, target, facts()), FAULTS) if words]
    for words in missed:
        say(words)
    say(f"{len(FAULTS)} faults planted, {len(missed)} not found")
    return len(missed)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
