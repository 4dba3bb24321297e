"""`haetae`: the command line. Every command says what it did, and exits with 1 when something was not done."""

from pathlib import Path
from typing import Annotated

import typer

from haetae import access
from haetae.accounts_cli import accounts
from haetae.agencies_cli import agencies
from haetae.backup_cli import backup
from haetae.banks_cli import banks
from haetae.bundles_cli import verify
from haetae.checking_cli import check
from haetae.connectors_cli import connectors
from haetae.contacts_cli import contacts
from haetae.conversations_cli import conversations
from haetae.evidence_ends import evidence
from haetae.hashes_cli import hashes
from haetae.inbox_cli import inbox
from haetae.keys_cli import keys
from haetae.models_cli import models
from haetae.notices_cli import notices
from haetae.notices_reconcile import reconcile
from haetae.policy_cli import policy
from haetae.rules_cli import rules
from haetae.saying import HOME, Home, console, fail, guarded
from haetae.signing_cli import signing_keys
from haetae.sites_cli import sites

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they would print local values, and with them secrets
    help="Find, prove, take down, keep down.",
)
app.add_typer(sites, name="sites")
app.add_typer(agencies, name="agencies")
app.add_typer(rules, name="rules")
app.add_typer(policy, name="policy")
app.add_typer(models, name="models")
app.add_typer(banks, name="banks")
app.add_typer(hashes, name="hashes")
app.add_typer(keys, name="keys")
app.add_typer(backup, name="backup")
app.add_typer(evidence, name="evidence")
app.add_typer(conversations, name="conversations")
app.add_typer(connectors, name="connectors")
app.add_typer(contacts, name="contacts")
app.add_typer(notices, name="notices")
app.add_typer(inbox, name="inbox")
app.add_typer(accounts, name="accounts")
app.command("verify")(verify)
evidence.command("keys")(signing_keys)
evidence.command("check")(check)
notices.command("reconcile")(reconcile)

SANDBOX_HOME = Path(".haetae/sandbox")
MODEL = Path("var/models/text")
SMALLEST = 0.01  # scale of a sandbox: below it there is no host
LAST_PORT = 65535


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

    async def do() -> None:
        async with access.database("gateway", home) as database:
            await database.ready()

    guarded(do)
    console.print("the database is at the newest schema")


if __name__ == "__main__":
    app()
