"""`haetae keys rotate`: every secret of an embedded home but the master key (`haetae keys new`) gets a successor."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import typer

from deploy.local.home import Home as HomeFolder
from haetae.saying import HOME, Home, console, fail, guarded

APPROVAL, FORMER_APPROVALS = "approval_key", "former_approval_keys"


@dataclass(frozen=True)
class Rotation:
    """`change`: on the folder of a stopped stack; how many secrets. `said`: what the operator has to know or do."""

    change: Callable[[HomeFolder], int]
    said: str


def _approval(home: HomeFolder) -> int:
    home.change_secret(APPROVAL, FORMER_APPROVALS)
    return 1


def _after_a_leak(home: HomeFolder) -> int:
    home.forget(FORMER_APPROVALS)
    return home.forget_all(APPROVAL)


NAMES = {
    "signing": Rotation(
        lambda home: home.forget_all("signing_key"),
        "Evidence is sealed with another key from the next start on; seals of the former stay good. "
        "Publish the new one: haetae evidence keys",
    ),
    "history": Rotation(
        lambda home: home.forget_all("history_key"),
        "Heads of the history are signed with another key from the next start on; those of the former stay good. "
        "Tell those who keep heads",
    ),
    "approval": Rotation(
        _approval,
        "Approvals are sealed with another key from the next start on; what the former sealed is still sent. "
        "Counters of care begin anew. Keep the former key until each webhook has been given another secret",
    ),
    "approval-leaked": Rotation(
        _after_a_leak,
        "The leaked key counts no more: what was approved and not yet sent is put aside, to be approved again; "
        "people enrol their second factors again. Webhooks pause: each needs another secret, and is resumed then",
    ),
    "passwords": Rotation(
        lambda home: home.forget_all("role_"),
        "The services log in to the database with other passwords from the next start on",
    ),
    "store": Rotation(
        lambda home: home.forget_all("s3_"),
        "The services log in to the store with other secrets from the next start on",
    ),
}


def rotate(
    name: Annotated[str, typer.Argument(help=f"What gets a successor: {', '.join(NAMES)}.")], home: Home = HOME
) -> None:
    """Give a secret of a stopped embedded stack a successor; it takes effect with the next start.

    Elsewhere: change the setting, and start anew the services that have it (docs/operations.md).
    """
    rotation = NAMES.get(name)
    if rotation is None:
        fail(f"{name!r}: choose among {', '.join(NAMES)}; the master key: haetae keys new")
    if not (home / "secrets.json").exists():
        fail(f"there is no stack in {home}: give its folder with --home")

    async def do() -> int:
        folder = HomeFolder(home)
        try:
            return rotation.change(folder)
        finally:
            folder.release()

    changed = guarded(do)
    console.print(f"{changed} secrets: {rotation.said}", soft_wrap=True)
    console.print("Then run `haetae backup create`: the archive has the former secrets only", soft_wrap=True)
