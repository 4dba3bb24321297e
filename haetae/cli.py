"""`haetae`: the command line. Every command says what it did, and exits with 1 when something was not done."""

import os
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from haetae.doctor_cli import doctor
from haetae.later import later
from haetae.saying import HOME, Home, console, fail, guarded
from shared.private import leave_nothing_open

# Where a group's commands are, as the attribute of its name; imported when one of them is asked for.
GROUPS = {
    "sites": ("haetae.sites_cli", "The sites that the crawler watches."),
    "agencies": ("haetae.agencies_cli", "Agencies that share this Haetae, each with its own cases."),
    "rules": ("haetae.rules_cli", "The agency's rules: written, tested and tried without code."),
    "policy": ("haetae.policy_cli", "The agency's thresholds and weights."),
    "models": ("haetae.models_cli", "The text model's versions, as verdicts teach it."),
    "banks": ("haetae.banks_cli", "Banks of hashes: of known content, and of what is known to be harmless."),
    "hashes": ("haetae.hashes_cli", "Hashes in banks of known content."),
    "keys": ("haetae.keys_cli", "The key that wraps the keys of cases, and its change."),
    "dead-letters": ("haetae.dead_letters_cli", "What services could not handle, and put aside."),
    "backup": ("haetae.backup_cli", "Everything that is acknowledged a second time, and the way back."),
    "evidence": ("haetae.evidence_ends", "Sealed evidence: what is kept, for how long, and what must go."),
    "conversations": ("haetae.conversations_cli", "Conversations that are watched, by their names alone."),
    "connectors": ("haetae.connectors_cli", "Report APIs of platforms, hosting companies and others."),
    "contacts": ("haetae.contacts_cli", "Who is asked to act: the contact graph."),
    "notices": ("haetae.notices_cli", "Notices: their words, and what happens next to those approved."),
    "inbox": ("haetae.inbox_cli", "Mails to the agency that nobody could match with a notice."),
    "subscribers": ("haetae.subscribers_cli", "Other agencies that read our public events from Kafka."),
    "accounts": ("haetae.accounts_cli", "Who may log in to the gateway."),
}

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they would print local values, and with them secrets
    help="Find, prove, take down, keep down.",
)
for _name, (_module, _sentence) in GROUPS.items():
    app.add_typer(later(_name, _module, _sentence), name=_name)
app.command("doctor")(doctor)

Key = Annotated[list[str] | None, typer.Option(help="A key that the agency publishes: hexadecimal, or a file.")]
Root = Annotated[list[Path] | None, typer.Option(help="PEM of a root that you trust for time stamps.", exists=True)]
SANDBOX_HOME = Path(".haetae/sandbox")
MODEL = Path("var/models/text")
SMALLEST = 0.01  # scale of a sandbox: below it there is no host
LAST_PORT = 65535


@app.callback()
def private(context: typer.Context) -> None:
    """What a command writes (bundles, lists, a home) is its user's: who hands it on opens it."""
    context.call_on_close(partial(os.umask, leave_nothing_open()))


@app.command()
def run(
    sandbox: Annotated[bool, typer.Option("--sandbox", help="Run on the sandbox web and show the loop live.")] = False,
    review: Annotated[str, typer.Option(help="script: a scripted official approves; me: you do.")] = "script",
    once: Annotated[bool, typer.Option("--once", help="Sandbox: stop everything after the summary.")] = False,
    seed: Annotated[int, typer.Option(help="Sandbox: another seed, another web.")] = 7,
    scale: Annotated[float, typer.Option(min=SMALLEST, help="Sandbox: size, 1.0 is about 28 hosts.")] = 1.0,
    home: Annotated[
        Path | None,
        typer.Option(help=f"Folder for all data; {HOME} unless given, {SANDBOX_HOME} with --sandbox.", file_okay=False),
    ] = None,
    model: Annotated[Path, typer.Option(help="Directory of the text model, as transformers loads it.")] = MODEL,
    port: Annotated[
        int, typer.Option(min=0, max=LAST_PORT, help="Port of the gateway; another is chosen when it is taken.")
    ] = 8080,
) -> None:
    """Start the stack and the six services, and keep them running until Ctrl-C.

    Parts whose address is set are not started: HAETAE_DATABASE_URL, HAETAE_KAFKA_BOOTSTRAP, HAETAE_S3_ENDPOINT,
    HAETAE_SMTP_HOST. Then import sites and hashes, add an account, and log in to the gateway.
    """
    from haetae import foreground
    from haetae.demonstration import Options

    if review not in ("script", "me"):
        raise typer.BadParameter("choose script or me", param_hint="--review")
    if not (model / "config.json").is_file():
        fail(f"there is no text model in {model}: `make models` trains the stand-in, or give --model DIRECTORY")
    if not sandbox:
        raise typer.Exit(guarded(lambda: foreground.agency(home or HOME, model.absolute(), port, console)))
    options = Options(home or SANDBOX_HOME, model.absolute(), review == "me", seed, scale, port)
    raise typer.Exit(guarded(lambda: foreground.sandbox(options, once, console)))


@app.command()
def migrate(home: Home = HOME) -> None:
    """Bring the database (HAETAE_DATABASE_URL, else the embedded one) to the newest schema. `run` does it by itself."""

    from haetae import access

    async def do() -> None:
        async with access.database("gateway", home) as database:
            await database.ready()

    guarded(do)
    console.print("the database is at the newest schema")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A .haetae.zip, its unpacked folder, or a certificate of destruction.")],
    key: Key = None,
    authority: Root = None,
    lang: Annotated[str, typer.Option(help="Language of the answer: ko or en.")] = "en",
) -> None:
    """Check a bundle offline; the first thing that is wrong is named. The same as `python -m haetae_verify`."""
    from haetae_verify.__main__ import main as verifier

    if lang not in ("ko", "en"):
        raise typer.BadParameter("choose ko or en", param_hint="--lang")
    given = [*(f"--key={one}" for one in key or ()), *(f"--authority={one}" for one in authority or ())]
    raise typer.Exit(verifier([str(file), f"--lang={lang}", *given]))


if __name__ == "__main__":
    app()
