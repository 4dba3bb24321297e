"""`haetae notices next` and `due`: what happens next to approved notices, when and why."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.table import Table
from rich.text import Text

from haetae import access
from haetae.saying import HOME, Home, console, errors, fail, guarded
from services.notifier.ladder import showing
from shared.events import PlannedStep
from shared.text import one_line

Json = Annotated[bool, typer.Option("--json", help="For scripts: JSON lines instead of a table.")]
Steps = list[tuple[UUID, PlannedStep]]

MOST_SHOWN = 200  # characters of an address
# By what and why; a step that is not here is shown by its codes.
SENTENCES = {
    ("send", "approved"): "is sent",
    ("send", "retry"): "is sent, attempt {attempt}",
    ("remind", "unanswered"): "is reminded, unless it answers",
    ("remind", "ticket"): "is reminded when its time is up: it gave a number",
    ("escalate", "due"): "gets its notice: rung {rung}, {after_hours} h after the first notice",
    ("escalate", "lower_ended"): "gets its notice: rung {rung}, every lower one is at its end by then",
    ("hand_over", "form"): "has only a form: a person hands the notice in",
    ("clock", "hours"): "must have acted: {law}, {hours} h",
    ("clock", "without_delay"): "must have acted without delay ({law}): after {hours} h a person looks",
    ("clock", "answer"): "must have answered: {law}, {hours} h",
    ("clock", "own"): "is waited for no longer than {hours} h",
    ("check", "watching"): "the page is looked at",
    ("check", "confirming"): "the page is looked at again, to prove its removal",
    ("check", "removed"): "the page is looked at: it was removed",
    ("approve", "regulator"): "a packet for the regulator waits for its draft and an official (round {round})",
    ("approve", "reappeared"): "the content is back: notices wait for an official (round {round})",
    ("alarm", "bounced"): "ALARM: the notice did not arrive",
    ("alarm", "refused"): "ALARM: refuses",
    ("alarm", "expired"): "ALARM: its time is up: {law}, {hours} h",
    ("alarm", "unanswered"): "ALARM: no answer in {hours} h",
    ("alarm", "counter_notice"): "ALARM: the notice is disputed",
    ("alarm", "question"): "ALARM: asks a question",
    ("alarm", "unclear"): "ALARM: a person has to read its answer",
    ("alarm", "hand_over_late"): "ALARM: nobody handed the notice in",
    ("alarm", "exhausted"): "ALARM: the ladder is at its end; nothing more is sent by itself",
}


def next_steps(
    case: Annotated[UUID, typer.Argument(help="The case's number, as the gateway shows it.", show_default=False)],
    as_json: Json = False,
    home: Home = HOME,
) -> None:
    """What happens next to a case, when and why; and what a person has to look at."""

    async def do() -> tuple[PlannedStep, ...] | None:
        async with access.database("notifier", home) as database, database.transaction() as tx:
            return await showing.planned(tx, case)

    steps = guarded(do)
    if steps is None:
        fail(f"no notice of case {case} was approved; is the number right, and --home the folder of that stack?")
    _show([(case, step) for step in steps], as_json, with_case=False)


def due(
    within: Annotated[float, typer.Option(min=0, max=24 * 366, help="Hours from now.")] = 24.0,
    alarms: Annotated[bool, typer.Option("--alarms", help="Instead: what a person has to look at.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most steps at once.")] = 100,
    as_json: Json = False,
    home: Home = HOME,
) -> None:
    """What happens next over all cases, the earliest first."""

    async def do() -> Steps:
        async with access.database("notifier", home) as database, database.transaction() as tx:
            until = tx.clock.now() + timedelta(hours=within)
            return await showing.due(tx, until, limit, alarms=alarms)

    _show(guarded(do), as_json, with_case=True)


def sentence(step: PlannedStep) -> str:
    said = SENTENCES.get((step.what, step.why), f"{step.what}: {step.why}")
    for name, value in step.values.items():
        said = said.replace(f"{{{name}}}", one_line(value, MOST_SHOWN))
    return said if step.proven else f"{said} (receipt presumed, not proven)"


def _show(steps: Steps, as_json: bool, *, with_case: bool) -> None:
    if as_json:
        for line in _lines(steps):
            console.print(json.dumps(line), markup=False, highlight=False, soft_wrap=True)
        return
    if not steps:
        errors.print("nothing is planned")
        return
    now = datetime.now(UTC)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in (*(["case"] if with_case else []), "when (UTC)", "who", "what"):
        table.add_column(column, overflow="fold")
    for case, step in steps:
        cells = [str(case)] if with_case else []
        cells += [_moment(step, now), one_line(step.recipient, MOST_SHOWN), sentence(step)]
        table.add_row(*map(Text, cells))
    console.print(table)


def _lines(steps: Steps) -> Iterable[dict[str, Any]]:
    return ({"case_id": str(case), **step.model_dump(mode="json"), "said": sentence(step)} for case, step in steps)


def _moment(step: PlannedStep, now: datetime) -> str:
    if step.at is None:
        return ""
    late = step.what != showing.ALARM and step.at < now - timedelta(minutes=5)
    return f"{step.at.astimezone(UTC):%Y-%m-%d %H:%M}{' overdue' if late else ''}"
