"""What every benchmark is about, in the order of the loop, and the code that it measures."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CAPTURE = ("services/evidence", "shared/browser")
GATEWAY = ("services/gateway", "shared/database.py")
WHOLE = ("services", "shared", "haetae")
RULE = ("deploy/scaling", "deploy/k8s")


@dataclass(frozen=True)
class Subject:
    """`code`: what was changed since a line was measured says nothing of that line unless it lies in here."""

    stage: str
    title: str
    code: tuple[str, ...]


SUBJECTS = {
    "sweep": Subject("find", "The front pages of many hosts, politely", ("services/crawler",)),
    "crawl": Subject("find", "A page crawled", ("services/crawler",)),
    "reading": Subject("find", "A page read", ("services/crawler",)),
    "hashing": Subject("find", "Changed photographs found again", ("shared/prints", "services/classifier/hashes")),
    "hashindex": Subject("find", "The nearest of many hashes", ("services/classifier/hashes",)),
    "classify": Subject("judge", "Findings judged", ("services/classifier",)),
    "grooming": Subject("judge", "Conversations alarmed", ("services/classifier/conversations",)),
    "learning": Subject("judge", "A model taught by verdicts", ("services/classifier/learning",)),
    "evidence": Subject("preserve", "A page captured and sealed", CAPTURE),
    "archiving": Subject("preserve", "Traffic archived", ("services/evidence",)),
    "queue": Subject("decide", "The next case claimed", GATEWAY),
    "listeners": Subject("decide", "Open pages that hear of each claim", GATEWAY),
    "figures": Subject("decide", "The dashboard of a year", GATEWAY),
    "audit": Subject("decide", "Lines of the audit history", GATEWAY),
    "notices": Subject("send", "Approved notices handed over", ("services/notifier", "services/gateway")),
    "reupload": Subject("send", "A removed picture posted again", WHOLE),
    "loop": Subject("the whole way", "Found to draft, all hosts at once", WHOLE),
    "paced": Subject("the whole way", "Found to draft at a steady pace, and in bursts", WHOLE),
    "footprint": Subject("what it takes", "Memory of all services", WHOLE),
    "growth": Subject(
        "what it takes",
        "Ten times as many sites, cases, hashes",
        (*GATEWAY, "services/crawler/frontier", "services/crawler/registry", "services/classifier/hashes"),
    ),
    "backup": Subject("what it takes", "A commit while backups are taken", ("deploy/local", "haetae")),
    "scaling": Subject("what it takes", "A storm, lived through", (*CAPTURE, *RULE)),
    "nation": Subject("what it takes", "A nation's day, simulated", (*RULE, "benchmarks/nationwide")),
}


def changed_since(commit: str, name: str) -> str:
    """The last commit that changed what the benchmark measures, if that was after `commit`; else empty.

    `?` where the history does not say: it has no such commit.
    """
    code = (*SUBJECTS[name].code, f"benchmarks/{name}.py")
    asked = ["git", "log", "-1", "--format=%h", f"{commit}..HEAD", "--", *code, ":(exclude)*.md"]
    try:
        run = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "?"
    return run.stdout.strip()
