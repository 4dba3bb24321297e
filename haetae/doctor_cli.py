"""`haetae doctor`: what is wrong with this installation, and the cure. It changes nothing."""

import logging
from enum import StrEnum
from typing import Annotated

import typer

from haetae.saying import HOME, Home, console, guarded

Service = StrEnum("Service", ["crawler", "classifier", "evidence", "drafter", "gateway", "notifier"])


def doctor(
    service: Annotated[
        Service | None,
        typer.Option(
            help="As this service sees it, with exactly the settings of this environment.", show_default=False
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: a JSON object a line.")] = False,
    home: Home = HOME,
) -> None:
    """Look at every dependency, setting, topic, clock, certificate and key; say what is wrong, and the cure.

    Of the embedded stack in --home; or of your own servers, where HAETAE_DATABASE_URL is set. Asks each server, sends
    no mail, writes nothing. Exit status 1 when something failed.
    """
    import structlog

    from haetae.doctor import admission, telling, together
    from haetae.doctor.checks import CHECKS
    from haetae.doctor.diagnosis import Diagnosis, State, worst
    from haetae.doctor.examining import examine

    async def do() -> list[Diagnosis]:
        env, beside = admission.here(), list[Diagnosis]()
        if service:
            patients = admission.of_service(service.value, env)
        elif admission.URL in env:
            patients = admission.of_environment(env)
        else:
            patients, beside = admission.of_stack(home, env)
        return [*beside, *together.judge(patients), *await examine(patients, CHECKS)]

    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))  # told in the table
    logging.disable(logging.CRITICAL)  # of libraries
    try:
        found = guarded(do)
    finally:
        structlog.configure(**before)
        logging.disable(logging.NOTSET)
    if as_json:
        telling.print_lines(found, console)
    else:
        console.print(telling.table(found))
        console.print(telling.summary(found))
    if worst(found) is State.FAILED:
        raise typer.Exit(1)
