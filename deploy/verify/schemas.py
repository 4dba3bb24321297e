"""Kubernetes' own schemas, strict, for the versions that are supported upstream and the one that many still run."""

import re
import subprocess
from collections.abc import Iterator

from deploy.verify.custom import OWN
from deploy.verify.finding import Finding
from deploy.verify.rendering import Rendered, tool

VERSIONS = ("1.33", "1.35", "1.37")
SECONDS = 300  # takes two, and forty beside a whole test run
SAID = re.compile(r"(?P<level>\w+) \S+ (?P<words>.*)")
WRONG = re.compile(
    r"did not validate for resource (?P<kind>[\w.]+)/(?P<name>\S+) against version (?P<version>[\d.]+): (?P<why>.*)"
)
UNKNOWN = re.compile(r"Couldn't find schema for kind (?P<kind>\w+) with api version (?P<api>\S+)")


def check(rendered: Rendered, file: str) -> Iterator[Finding]:
    """`file` holds what was rendered. Of a kind that the tool does not know it only warns: our own kinds are judged by
    `custom`, any other is an error."""
    versions = [word for version in VERSIONS for word in ("-k", version)]
    command = [tool("kubernetes-validate"), "--strict", *versions, file]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)  # noqa: S603  # our words
    lines = [found for line in run.stdout.splitlines() if (found := SAID.fullmatch(line))]
    if not lines:
        yield rendered.finding(f"kubernetes-validate says nothing: {run.stderr.strip()[:300]}", "install it anew")
    for line in lines:
        if line["level"] == "ERROR":
            yield _wrong(line["words"], rendered)
        elif (unknown := UNKNOWN.match(line["words"])) and unknown["api"] in OWN:
            yield rendered.finding(
                f"{unknown['api']} {unknown['kind']}: there is no such kind", "correct apiVersion or kind"
            )


def _wrong(words: str, rendered: Rendered) -> Finding:
    wrong = WRONG.match(words)
    if wrong is None:
        return rendered.finding(words, "see the reference of its API")
    same = (one for one in rendered.things if one.kind.lower() == wrong["kind"] and one.name == wrong["name"])
    thing = next(same, None)
    said, cure = f"Kubernetes {wrong['version']}: {wrong['why']}", "see the reference of its API in that version"
    return thing.finding(said, cure) if thing else rendered.finding(f"{wrong['kind']}/{wrong['name']}: {said}", cure)
