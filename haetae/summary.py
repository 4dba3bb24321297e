"""How a run on the sandbox went: what the loop did, held against the truth table. Pure."""

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

from haetae.client import STAGES, Case

PRETENDED = "pretended-removal"  # the alarm for an operator who only pretends: right, where the truth has pretenders
# Alarms about an operator who does not act, or argues: right, where the truth has such a one.
STUBBORN = frozenset(
    {"refused", "expired", "unanswered", "exhausted", "question", "counter-notice", "unclear", "bounced"}
)


@dataclass(frozen=True)
class TruthPost:
    """A post of the sandbox that has to be found. `honest`: its operator takes down for good what a notice names."""

    url: str
    kind: str
    operator: str
    honest: bool
    status: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "TruthPost":
        return cls(row["url"], row["kind"], row["operator"], row["honest"], row["status"])


@dataclass(frozen=True)
class Mailbox:
    """What lies in a recipient's mailbox. `repeats`: resends that the receiving server suppressed by Message-ID."""

    address: str
    message_ids: tuple[str, ...]
    bodies: tuple[str, ...]
    repeats: int


@dataclass(frozen=True)
class Summary:
    expected: int
    found: int
    missed: tuple[str, ...]
    wrongly_flagged: tuple[str, ...]
    drafted: int
    median_s: float
    p99_s: float
    stage_medians: Mapping[str, float]
    approved: int
    rejected: int
    sent: int
    reminders: int
    escalated: int
    unsent: tuple[str, ...]
    unapproved: tuple[str, ...]
    sent_twice: tuple[str, ...]
    repeats_suppressed: int
    honest_removed: int
    honest_expected: int
    unverified: tuple[str, ...]
    wrongly_verified: tuple[str, ...]
    alarms: tuple[str, ...] = ()
    pretences_noticed: int = 0
    stubborn_noticed: int = 0
    warned: int = 0
    unwarned: tuple[str, ...] = ()

    @property
    def failures(self) -> list[str]:
        """What must not happen, each as a sentence; empty when the run was good."""
        groups = {
            "not found": self.missed,
            "wrongly flagged": self.wrongly_flagged,
            "approved but not in the mailbox": self.unsent,
            "in the mailbox without an approval": self.unapproved,
            "in the mailbox more than once": self.sent_twice,
            "removed but not verified": self.unverified,
            "taken for a removal though it is none": self.wrongly_verified,
            "alarm": self.alarms,
            "no alert about": self.unwarned,
        }
        return [f"{what}: {url}" for what, urls in groups.items() for url in urls]


def summarise(
    truth: Sequence[TruthPost],
    cases: Sequence[Case],
    mailboxes: Sequence[Mailbox],
    escalating: Set[str] = frozenset(),
    warned_of: Set[str] = frozenset(),
) -> Summary:
    """`escalating`: conversations that somebody must be warned of; `warned_of`: those that alerts are about."""
    by_url = {case.url: case for case in cases}
    wanted = {post.url: post for post in truth}
    to_draft = sorted(s for case in cases if (s := case.seconds("found", "drafted")) is not None)
    rejected = {case.url for case in cases if case.state == "rejected"}
    approved = [case for case in cases if "decided" in case.times and case.url not in rejected]
    by_box = {case.url: [sum(names(body, case.url) for body in box.bodies) for box in mailboxes] for case in cases}
    copies = {url: sum(counts) for url, counts in by_box.items()}
    approved_copies = {case.url: copies[case.url] for case in approved}
    honest = [post for post in truth if post.honest and post.url not in rejected]
    pretenders = {post.url for post in truth if not post.honest}
    pretences = {case.url for case in cases if case.alarm == PRETENDED and case.url in pretenders}
    stubborn = {case.url for case in cases if case.alarm in STUBBORN and case.url in pretenders}
    removed = {case.url for case in cases if "removed" in case.times}
    return Summary(
        expected=len(wanted),
        found=len(wanted.keys() & by_url.keys()),
        missed=tuple(sorted(wanted.keys() - by_url.keys())),
        wrongly_flagged=tuple(sorted(by_url.keys() - wanted.keys())),
        drafted=len(to_draft),
        median_s=percentile(to_draft, 50),
        p99_s=percentile(to_draft, 99),
        stage_medians=stage_medians(cases),
        approved=len(approved),
        rejected=len(rejected),
        sent=sum(copies.values()),
        reminders=sum(max(0, count - 1) for counts in by_box.values() for count in counts),
        escalated=sum(count > 0 for url, counts in by_box.items() for count in elsewhere(url, counts, mailboxes)),
        unsent=tuple(sorted(url for url, count in approved_copies.items() if count == 0)),
        unapproved=tuple(sorted(url for url in copies if copies[url] and url not in approved_copies)),
        sent_twice=tuple(sorted(case.url for case in cases if any(repeated(box, case.url) for box in mailboxes))),
        repeats_suppressed=sum(box.repeats for box in mailboxes),
        honest_removed=sum(post.url in removed for post in honest),
        honest_expected=len(honest),
        unverified=tuple(sorted(post.url for post in honest if post.url not in removed)),
        wrongly_verified=tuple(sorted(removed - {post.url for post in truth if post.status == "removed"})),
        alarms=tuple(f"{one.url}: {one.alarm}" for one in cases if one.alarm and one.url not in pretences | stubborn),
        pretences_noticed=len(pretences),
        stubborn_noticed=len(stubborn),
        warned=len(warned_of),
        unwarned=tuple(sorted(escalating - warned_of)),
    )


def finished(summary: Summary) -> bool:
    """Every post found, every approved notice delivered, every honest removal verified, somebody warned."""
    nothing_open = not (summary.missed or summary.unsent or summary.unverified or summary.unwarned)
    return summary.expected > 0 and summary.approved + summary.rejected >= summary.found and nothing_open


def repeated(box: Mailbox, url: str) -> bool:
    """Whether one mail about the URL lies there twice. A reminder is another mail, with other words."""
    about = [body for body in box.bodies if names(body, url)]
    return len(about) > len(set(about))


def elsewhere(url: str, counts: Sequence[int], mailboxes: Sequence[Mailbox]) -> list[int]:
    """Of the mails about the URL, those to others than the site: the companies behind it, as the ladder goes on."""
    host = (urlsplit(url).hostname or "").lower()
    return [count for count, box in zip(counts, mailboxes, strict=True) if box.address.rpartition("@")[2] != host]


def names(body: str, url: str) -> bool:
    """Whether a mail names exactly this URL as one of its words: not another that begins with it."""
    return any(word.strip("<>.,;()[]\"'") == url for word in body.split())


def stage_medians(cases: Sequence[Case]) -> dict[str, float]:
    """Median seconds of each step, by the stage that it ends in."""
    medians = {}
    for start, end in pairwise(STAGES):
        times = sorted(s for case in cases if (s := case.seconds(start, end)) is not None)
        if times:
            medians[end] = percentile(times, 50)
    return medians


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile of ordered values: the smallest that at least `percent` of them do not exceed."""
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]
