"""How a command talks: what was done, how far it is, what was not done, and why. What is heavy is
imported where it is used: `haetae --help` needs this module too."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

if TYPE_CHECKING:
    from haetae import imports

T = TypeVar("T")

console = Console(markup=False)  # names and reasons are shown as they are
errors = Console(stderr=True, markup=False)
MOST_PROBLEMS_SHOWN = 50


def stack_of(home: Path) -> Path:
    """The folder itself; of a sandbox, where its stack is."""
    inside = home / "stack"
    return inside if (inside / "secrets.json").exists() and not (home / "secrets.json").exists() else home


Home = Annotated[
    Path,
    typer.Option(
        help="Folder of the embedded stack: its data, logs, addresses; or that of a sandbox.",
        file_okay=False,
        callback=stack_of,
    ),
]
HOME = Path(".haetae/agency")

Importer = Callable[..., Awaitable[tuple[int, list[str]]]]


def import_file(importer: Importer, service: str, file: Path, home: Path, what: str) -> None:
    from haetae import access

    async def do() -> tuple[int, list[str]]:
        async with access.changing(service, home, f"{what} import", [file.name]) as database:
            with bar(what) as progress:
                return await importer(database, file, progress)

    taken, problems = guarded(do)
    console.print(f"{taken} {what} imported from {file}")
    finish(problems)


@contextmanager
def bar(what: str) -> Iterator["imports.Progress"]:
    with Progress(TextColumn(what), BarColumn(), MofNCompleteColumn(), console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)


def guarded(work: Callable[[], Coroutine[None, None, T]]) -> T:
    """Run it; what a person can put right is said in one line instead of a traceback."""
    from deploy.local.home import HalfRestored, HomeInUse
    from deploy.local.supervisor import StackFailed
    from shared.failures import Failure

    try:
        return asyncio.run(work())
    except (ValueError, OSError, HomeInUse, HalfRestored, StackFailed, Failure) as error:
        fail(str(error))


def finish(problems: Sequence[str]) -> None:
    for sentence in problems[:MOST_PROBLEMS_SHOWN]:
        errors.print(sentence, style="red", highlight=False, markup=False)
    if len(problems) > MOST_PROBLEMS_SHOWN:
        errors.print(f"… and {len(problems) - MOST_PROBLEMS_SHOWN} more")
    if problems:
        raise typer.Exit(1)


def fail(sentence: str) -> NoReturn:
    errors.print(sentence, style="red", highlight=False, markup=False)
    raise typer.Exit(1)
