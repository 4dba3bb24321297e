"""`haetae subscribers`: other agencies that read our public events from Kafka."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from deploy.access import subscribers as kept
from deploy.access.catalogue import Principal, subscribed_topics, subscriber
from haetae import access
from haetae.saying import HOME, Home, console, guarded

subscribers = typer.Typer()

Id = Annotated[str, typer.Argument(help="Its short name: its user is agency-ID, its groups begin with agency-ID.")]
Into = Annotated[Path, typer.Option(help="Folder of their manifests; keep it with the deployment's.", file_okay=False)]
Prefix = Annotated[str, typer.Option(help="What HAETAE_TOPIC_PREFIX is.", envvar="HAETAE_TOPIC_PREFIX")]
FOLDER = HOME / "subscribers"
PASSWORD_BYTES = 32  # nobody types it


@subscribers.command("list")
def list_subscribers(into: Into = FOLDER) -> None:
    """Every subscriber, by its id."""
    for id in kept.known(into):
        console.print(id, highlight=False)


@subscribers.command("add")
def add(
    id: Id,
    peer: Annotated[
        bool, typer.Option("--peer", help="Statements are exchanged with it: it reads ours too (docs/federation.md).")
    ] = False,
    into: Into = FOLDER,
    prefix: Prefix = "",
    home: Home = HOME,
) -> None:
    """Let an agency read the public topics: writes its manifest, and shows its password this once."""
    one, password = guarded(lambda: _named(id, peer)), secrets.token_urlsafe(PASSWORD_BYTES)

    async def do() -> Path:
        if kept.file_of(into, id).exists():  # before the history has a line of it
            return kept.write(into, id, prefix, peer)
        async with access.changing("gateway", home, "subscribers add", [id, *(["--peer"] if peer else [])]):
            return kept.write(into, id, prefix, peer)

    path = guarded(do)
    console.print(f"{one.name} may read {', '.join(prefix + topic.name for topic in subscribed_topics(peer))}")
    console.print(f"its groups begin with {prefix}{one.name}.")
    _give(one, password, prefix)
    console.print(f"then apply {path}", highlight=False, soft_wrap=True)


@subscribers.command("rotate")
def rotate(id: Id, into: Into = FOLDER, prefix: Prefix = "", home: Home = HOME) -> None:
    """Give a subscriber another password. The one before ends as soon as the new one is applied."""
    one, password = guarded(lambda: _kept(into, id)), secrets.token_urlsafe(PASSWORD_BYTES)

    async def do() -> None:
        kept.needed(into, id)
        async with access.changing("gateway", home, "subscribers rotate", [id]):
            pass

    guarded(do)
    console.print(f"{one.name} gets another password")
    _give(one, password, prefix)


@subscribers.command("show")
def show(id: Id, into: Into = FOLDER, prefix: Prefix = "") -> None:
    """What it may do: its manifest, and the same as Kafka's own commands."""

    async def do() -> str:
        return kept.needed(into, id).read_text()

    _plain(guarded(do))
    _plain("# without Strimzi", *kept.commands(guarded(lambda: _kept(into, id)), prefix))


@subscribers.command("remove")
def remove(
    id: Id,
    into: Into = FOLDER,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: Home = HOME,
) -> None:
    """Take a subscriber's manifest away. It reads on until the broker is told, which is said."""
    one = guarded(lambda: _named(id))

    async def find() -> Path:
        return kept.needed(into, id)

    path = guarded(find)
    if not yes:
        typer.confirm(f"Shall {one.name} read nothing any more?", abort=True)

    async def do() -> None:
        async with access.changing("gateway", home, "subscribers remove", [id]):
            path.unlink()

    guarded(do)
    console.print(f"{path} is gone; now the broker:", highlight=False, soft_wrap=True)
    _plain(f"kubectl delete kafkauser {one.name} && kubectl delete secret {one.name}-password")


async def _named(id: str, peer: bool = False) -> Principal:
    return subscriber(id, peer)


async def _kept(into: Path, id: str) -> Principal:
    """With what its manifest lets it read."""
    subscriber(id)
    return subscriber(id, kept.peer(into, id))


def _give(one: Principal, password: str, prefix: str) -> None:
    console.print("shown this once; give it to them by a way on which nobody reads along:")
    _plain(
        "HAETAE_KAFKA_SECURITY=sasl-tls",
        f"HAETAE_KAFKA_USER={one.name}",
        f"HAETAE_KAFKA_PASSWORD={password}",
        f"HAETAE_GROUP={prefix}{one.name}.cases",
    )
    console.print("to the broker, by `kubectl apply -f -` (and into no file):")
    _plain("---", kept.secret(one, password))
    console.print("or without Strimzi:")
    _plain(*kept.commands(one, prefix, password))


def _plain(*lines: str) -> None:
    """To be copied: not a character more."""
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
