"""The options by which commands choose letters, said once."""

import inspect
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Annotated, get_type_hints
from uuid import UUID

import typer

from haetae.dead_letters.choosing import Wanted


def _wanted(
    names: Annotated[
        list[str] | None, typer.Argument(help="Letters, as `list` names them.", show_default=False)
    ] = None,
    topic: Annotated[str | None, typer.Option(help="Of this topic.", show_default=False)] = None,
    service: Annotated[str | None, typer.Option(help="That this service could not handle.", show_default=False)] = None,
    type: Annotated[str | None, typer.Option(help="Of this type of event.", show_default=False)] = None,
    reason: Annotated[str | None, typer.Option(help="With this in their error.", show_default=False)] = None,
    case: Annotated[UUID | None, typer.Option(help="About this case.", show_default=False)] = None,
    since: Annotated[datetime | None, typer.Option(help="Put aside then (UTC) or later.", show_default=False)] = None,
) -> Wanted:
    utc = since.replace(tzinfo=UTC) if since and since.tzinfo is None else since
    return Wanted(frozenset(names or ()), topic, service, type, reason, case, utc)


OPTIONS = inspect.signature(_wanted).parameters


def choosing(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose first argument is what these options ask for; Typer reads the signature that this makes."""

    @wraps(command)
    def run(**given: object) -> None:
        command(_wanted(**{name: given.pop(name) for name in OPTIONS}), **given)  # type: ignore[arg-type]  # Typer made them

    own = list(inspect.signature(command).parameters.values())[1:]
    run.__signature__ = inspect.Signature([*OPTIONS.values(), *own])  # type: ignore[attr-defined]  # PEP 362
    run.__annotations__ = get_type_hints(_wanted, include_extras=True) | get_type_hints(command, include_extras=True)
    return run
