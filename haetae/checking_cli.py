"""`haetae evidence check`: is what was sealed still there, unchanged, with its whole line of custody?"""

from typing import Annotated
from uuid import UUID

import typer

from haetae import access
from haetae.saying import HOME, Home, bar, console, finish, guarded
from services.evidence.custody.checking import check_case, sealed_cases
from shared.objects.vault import open_vault


def check(
    case: Annotated[UUID | None, typer.Argument(help="Only this case; else every one.", show_default=False)] = None,
    home: Home = HOME,
) -> None:
    """Compare every sealed file with its digest and recompute the chain of custody; name what differs."""

    async def do() -> tuple[int, list[str]]:
        async with access.with_objects("evidence", home) as (database, settings), open_vault(settings) as vault:
            cases = [case] if case else await sealed_cases(database)
            problems: list[str] = []
            with bar("cases") as progress:
                for number, one in enumerate(cases, 1):
                    problems += [f"{one}: {sentence}" for sentence in await check_case(database, vault, one)]
                    progress(number, len(cases))
            return len(cases), problems

    checked, problems = guarded(do)
    console.print(f"{checked} cases checked: {f'{len(problems)} problems' if problems else 'all as it was sealed'}")
    finish(problems)
