"""`haetae evidence keys`: the keys that seal evidence, by their public halves, for whoever checks a bundle."""

import json
from typing import Annotated

import typer

from haetae import access
from haetae.saying import HOME, Home, console, fail, guarded
from services.evidence.seal.keys import public_keys


def signing_keys(
    as_json: Annotated[bool, typer.Option("--json", help="For scripts: JSON lines instead of a table.")] = False,
    home: Home = HOME,
) -> None:
    """The public keys that seal evidence, and since when and until when each did. Publish them: who checks a seal has
    to know that its key is the agency's."""

    async def do() -> list[dict[str, str | None]]:
        async with access.evidence(home) as database, database.transaction() as tx:
            return await public_keys(tx)

    found = guarded(do)
    if not found:
        fail("no key has sealed yet: the evidence service puts its key on record when it starts")
    if as_json:
        for key in found:
            typer.echo(json.dumps(key))
        return
    for key in found:  # whole, however narrow the terminal is: it is to be published
        said = f"{key['public_key']}  since {key['since']}, {'until ' + key['until'] if key['until'] else 'in use'}"
        console.print(said, highlight=False, soft_wrap=True)
