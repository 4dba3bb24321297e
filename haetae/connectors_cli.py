"""`haetae connectors`: the files by which report APIs are spoken to, checked and tried without sending anything."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from haetae.saying import console, fail
from services.notifier.channels.api.credentials import MASK, Credential, read_credentials
from services.notifier.channels.api.files import BadConnector, read_connectors, read_file
from services.notifier.channels.api.requests import Request, check, parts_of, report, values_of
from services.notifier.channels.port import Unsendable
from shared.clock import SystemClock
from shared.events.examples import NOTICE
from shared.events.values import Notice

connectors = typer.Typer()

Folder = Annotated[
    Path | None,
    typer.Option(envvar="HAETAE_CONNECTORS_DIR", help="The agency's own connector files.", file_okay=False),
]
Secrets = Annotated[
    Path | None,
    typer.Option(envvar="HAETAE_CONNECTOR_CREDENTIALS_FILE", help="The agency's secrets for them.", dir_okay=False),
]
# What the drafter would have put into a notice; a stand-in, as all of it.
FIELDS = {
    "reference": "HT-EXAMPLE2",
    "page": "https://harbour-board.test/post/1",
    "urls": "https://harbour-board.test/post/1\nhttps://harbour-board.test/media/1.jpg",
    "host": "harbour-board.test",
    "category": "known_content",
    "comments": "Material distributed without the consent of the person concerned.",
    "citation": "Article 22-5(1) of the Telecommunications Business Act",
    "language": "en",
    "contact_name": "Sample Officer",
    "contact_email": "answers@agency.test",
    "contact_phone": "+82-2-000-0000",
    "agency": "Sample Victim Support Centre",
    "mandate": "by decree",
    "seen_at": "2026-01-01 00:00:00 UTC",
    "sealed_at": "2026-01-01 00:00:02 UTC",
    "sha256s": "0" * 64,
    "pdqs": "",
    "manifest": "0" * 64,
}
XARF = '{"xarf_version": "4.2.0", "category": "content", "type": "exposed_data"}'
SHOWN_HEADERS = frozenset({"content-type", "accept", "idempotency-key", "x-amz-date"})


@connectors.command("check")
def check_files(
    path: Annotated[
        Path | None, typer.Argument(help="A connector file, or a folder of them; none: all in use.")
    ] = None,
    folder: Folder = None,
) -> None:
    """Whether connector files are right; the first that is not is named, with the field and the cure."""
    try:
        if path is not None and path.is_file():
            found = [read_file(path)]
        else:
            found = list(read_connectors(path or folder).values())
    except BadConnector as problem:
        fail(str(problem))
    for one in found:
        again = "same key" if one.idempotency else "looks for it" if one.lookup else "asks a person"
        said = f"{one.name}  version {one.version}, confidence {one.confidence}, a lost answer: {again}; {one.title}"
        console.print(said, highlight=False, soft_wrap=True)


@connectors.command("try")
def try_one(
    name: Annotated[str, typer.Argument(help="A connector's name, as `check` gives it.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Needed: nothing is ever sent from here.")] = False,
    folder: Folder = None,
    credentials: Secrets = None,
) -> None:
    """Show the request that a stand-in notice would become, its secrets masked."""
    if not dry_run:
        fail("nothing is sent from the command line: say --dry-run to see what would be")
    try:
        connector = read_connectors(folder).get(name)
        if connector is None:
            fail(f"no connector is called {name!r}: `haetae connectors check` names them")
        own = read_credentials(credentials).get(connector.entry)
        values = values_of(example(name))
        check(connector, values)
        for number, part in enumerate(parts_of(connector, values)):
            key = str(NOTICE.notice_id) + (f"-{number}" if number else "")
            _show(report(connector, own or _stand_in(connector.base), {**part, "key": key}, SystemClock().now()))
    except (BadConnector, Unsendable, ValueError) as problem:
        fail(str(problem))
    if own is None:
        console.print(f"the credentials file has no [{connector.entry}]: stand-ins are shown", highlight=False)


def example(connector: str) -> Notice:
    """A stand-in notice for it."""
    to = NOTICE.recipient.model_copy(update={"channel": "api", "connector": connector})
    part = {"name": "xarf.json", "media_type": "application/json", "text": XARF}
    return Notice.model_validate(
        {**NOTICE.model_dump(), "recipient": to.model_dump(), "fields": FIELDS, "attachments": [part]}
    )


def _stand_in(base: str) -> Credential:
    own = {"account_id": "ACCOUNT", "region": "us-east-1"}
    secrets = dict.fromkeys(("token", "user", "password", "key", "access_key", "secret_key"), "none")
    return Credential.model_validate({**secrets, "own": own, "base": base or "https://platform.test/v1"})


def _show(request: Request) -> None:
    console.print(f"{request.method} {request.url}", highlight=False, soft_wrap=True)
    for name, value in _masked(request.headers).items():
        console.print(f"{name}: {value}", highlight=False, soft_wrap=True)
    try:
        body = json.dumps(json.loads(request.body), ensure_ascii=False, indent=2)
    except ValueError:
        body = request.body.decode()
    console.print(f"\n{body}\n", highlight=False, soft_wrap=True)


def _masked(headers: Mapping[str, str]) -> dict[str, str]:
    """Any header that is not known to be harmless may be a secret, whatever the file calls it."""
    return {name: value if name.lower() in SHOWN_HEADERS else MASK for name, value in headers.items()}
