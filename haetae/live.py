"""The run as people see it: a table of cases moving through the stages, or a line now and then where no terminal is."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from haetae.client import STAGES, Case
from haetae.proof import Bundle
from haetae.summary import Summary

COLUMNS = {
    "flagged": "flagged",
    "sealed": "sealed",
    "drafted": "drafted",
    "decided": "reviewed",
    "sent": "sent",
    "removed": "removed",
}
WAITING = {
    "flagged": "sealing",
    "sealed": "drafting",
    "drafted": "awaiting review",
    "approved": "sending",
    "sent": "watching",
}
URL_WIDTH = 46


@dataclass
class Picture:
    """What the live view shows. `services`: name → state; `notes`: the last few things that happened."""

    expected: int = 0
    requests: int = 0
    elapsed_s: float = 0.0
    cases: Sequence[Case] = ()
    services: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    review: str = ""


def counts(cases: Sequence[Case]) -> dict[str, int]:
    """How many cases have reached each stage."""
    return {stage: sum(stage in case.times for case in cases) for stage in STAGES}


def line(picture: Picture) -> str:
    reached = counts(picture.cases)
    steps = "  ".join(f"{COLUMNS[stage]} {reached[stage]}" for stage in COLUMNS)
    return f"{picture.elapsed_s:5.0f} s  {picture.requests} requests  expected {picture.expected}  {steps}"


def view(picture: Picture, rows: int) -> RenderableType:
    """`rows`: how many cases fit; the newest are shown."""
    newest = sorted(picture.cases, key=lambda case: case.times["found"], reverse=True)[:rows]
    table = Table(expand=True, box=None, pad_edge=False, header_style="bold")
    table.add_column("case", no_wrap=True, ratio=1)
    table.add_column("risk", justify="right")
    for title in COLUMNS.values():
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("now", no_wrap=True)
    for case in newest:
        table.add_row(shortened(case.url), f"{case.risk:.2f}", *steps(case), now(case))
    head = Text.assemble(("Haetae on the sandbox web  ", "bold"), line(picture))
    services = Text("  ".join(f"{name} {state}" for name, state in picture.services.items()), style="dim")
    notes = Text("\n".join(picture.notes[-3:]), style="yellow")
    return Group(head, services, *([Text(picture.review, style="bold green")] if picture.review else []), table, notes)


def steps(case: Case) -> list[str]:
    """Seconds that each step took, counted from the step before it."""
    shown, former = [], "found"
    for stage in COLUMNS:
        seconds = case.seconds(former, stage)
        shown.append("" if seconds is None else f"{seconds:.1f}")
        former = stage if stage in case.times else former
    return shown


def now(case: Case) -> Text:
    if case.alarm:
        return Text(case.alarm, style="red")
    if case.state == "removed":
        return Text("removed", style="green")
    check = f" (last check: {case.last_check})" if case.last_check and case.state == "sent" else ""
    return Text(WAITING.get(case.state, case.state) + check)


def shortened(url: str) -> str:
    plain = url.removeprefix("http://")
    return plain if len(plain) <= URL_WIDTH else f"{plain[: URL_WIDTH - 1]}…"


def report(summary: Summary, setup: dict[str, float], bundle: Bundle | None = None) -> RenderableType:
    table = Table(box=None, show_header=False, title="Summary", title_justify="left", title_style="bold")
    table.add_column(style="bold")
    table.add_column()
    prepared = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in setup.items())
    steps_text = ", ".join(f"{COLUMNS[name]} {seconds:.1f}" for name, seconds in summary.stage_medians.items())
    table.add_row("set-up", prepared)
    table.add_row("found", f"{summary.found} of {summary.expected} posts of the truth table")
    table.add_row("wrongly flagged", str(len(summary.wrongly_flagged)))
    table.add_row("fetch → draft", f"median {summary.median_s:.2f} s, p99 {summary.p99_s:.2f} s")
    table.add_row("seconds a step", f"{steps_text} (medians)")
    further = f"{summary.escalated} to companies behind the sites, {summary.reminders} reminders"
    table.add_row("notices", f"{summary.sent} in mailboxes for {summary.approved} approved cases: {further}")
    table.add_row("resends", f"{summary.repeats_suppressed} suppressed by Message-ID")
    table.add_row("removals", f"{summary.honest_removed} of {summary.honest_expected} honest ones verified")
    noticed = f"{summary.pretences_noticed} operators who only pretended were noticed"
    table.add_row("pretences", f"{len(summary.wrongly_verified)} taken for a removal; {noticed}")
    table.add_row(
        "for a person", f"{summary.stubborn_noticed} cases whose operators refused, argued or let their time run out"
    )
    table.add_row("conversation alerts", str(summary.warned))
    sentences = list(summary.failures)
    if bundle:
        table.add_row(
            "evidence", "no bundle" if bundle.problem else "a removed case in one file, which the verifier accepts"
        )
        sentences += [f"no bundle of {bundle.url}: {bundle.problem}"] if bundle.problem else []
    failures = [Text(f"✗ {sentence}", style="red") for sentence in sentences]
    return Group(table, *(failures or [Text("✓ nothing missed, nothing sent twice", style="green")]))
