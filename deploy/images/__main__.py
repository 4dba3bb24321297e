"""`python -m deploy.images build|smoke|sbom [SERVICE…]`: all images when none is named."""

import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from subprocess import TimeoutExpired

from deploy.images import building, licences, sbom
from deploy.images.engine import IMAGES, ROOT, Failed, image, podman, say
from deploy.images.smoke import Passed, smoke
from deploy.verify.rendering import NotRendered, render

LOG = ROOT / "deploy/images/smoke.log"
BASE = os.environ.get("BASE") or "docker.io/library/python:3.11-slim-bookworm"
HEAD = ("image", "MB", "lives after s", "waits for", "ends after s", "files in /tmp", "Chromium")


def build(services: Sequence[str]) -> None:
    for service in services:
        building.build(service, BASE)
        say(f"{image(service)} is built")
    building.tidy()


def smoke_all(services: Sequence[str]) -> None:
    rendered = render("dev")
    passed = []
    for service in services:
        passed.append(smoke(service, rendered))
        say(f"{service}: passed")
    text = table(passed)
    say(text)
    if tuple(services) == IMAGES:
        day, engine = datetime.now(UTC).date(), podman("--version").replace(" version", "")
        built = ", ".join(sorted({building.revision(service) for service in services}))
        LOG.write_text(f"make images-smoke, {day}, built of commit {built}, {engine}\n\n{text}\n")


def table(passed: Sequence[Passed]) -> str:
    rows = [HEAD, *(_row(one) for one in passed)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join(lines)


def _row(one: Passed) -> tuple[str, ...]:
    seconds = (f"{one.live_after_s:.1f}", f"{one.ended_after_s:.1f}")
    return (
        one.image,
        str(one.megabytes),
        seconds[0],
        ", ".join(one.waits_for),
        seconds[1],
        str(one.files_in_tmp),
        one.chromium,
    )


def boms(services: Sequence[str]) -> None:
    if problems := licences.problems(ROOT / "locks"):
        raise Failed("\n".join(problems))
    for service in services:
        path = sbom.write(service, ROOT / "dist/sbom")
        say(f"{path.relative_to(ROOT)}: {sbom.counted(path)}")


COMMANDS: dict[str, Callable[[Sequence[str]], None]] = {
    "build": build,
    "smoke": smoke_all,
    "sbom": boms,
}


def main(words: Sequence[str]) -> int:
    command, named = COMMANDS.get(words[0] if words else ""), tuple(words[1:]) or IMAGES
    if command is None or set(named) - set(IMAGES):
        say(f"python -m deploy.images {'|'.join(COMMANDS)} [{'|'.join(IMAGES)}]")
        return 2
    try:
        command(named)
    except (Failed, NotRendered, FileNotFoundError, TimeoutExpired) as failed:
        say(f"FAILED: {failed}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
