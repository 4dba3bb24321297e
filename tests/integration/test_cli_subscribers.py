"""`haetae subscribers`: who may read, with which password, and that the history knows."""

from __future__ import annotations

import re
from pathlib import Path

import sqlalchemy as sa
import yaml

from deploy.access.acls import Acls
from tests.support.commands import Haetae
from tests.support.stack import Migrated


def passwords(output: str) -> set[str]:
    return set(re.findall(r"(?:password: |PASSWORD=)([\w-]{43})", output))


def test_a_subscriber_from_its_first_password_to_its_end(haetae: Haetae, migrated: Migrated, tmp_path: Path) -> None:
    folder = tmp_path / "subscribers"
    into = ("--into", folder)
    status, said = haetae("subscribers", "add", "lantern", *into, "--prefix", "p.")
    (first,) = passwords(said)  # of the person, of the Secret: the same
    assert status == 0
    assert f"SCRAM-SHA-512=[iterations=8192,password={first}]" in said
    text = (folder / "agency-lantern.yaml").read_text()
    assert first not in text
    user = yaml.safe_load(text)
    acls = Acls.of([user])
    assert acls.allow("agency-lantern", "Read", "topic", "p.case.events")
    assert not acls.allow("agency-lantern", "Read", "topic", "case.events")
    named = user["spec"]["authentication"]["password"]["valueFrom"]["secretKeyRef"]
    assert f"name: {named['name']} stringData: {named['key']}: {first}" in said

    status, said = haetae("subscribers", "add", "lantern", *into)
    assert (status, "rotate" in said, passwords(said)) == (1, True, set())
    status, said = haetae("subscribers", "rotate", "lantern", *into)
    assert (status, len(passwords(said) - {first})) == (0, 1)
    assert haetae("subscribers", "list", *into) == (0, "lantern")
    status, said = haetae("subscribers", "show", "lantern", *into)
    assert (status, "--add --allow-principal User:agency-lantern" in said, passwords(said)) == (0, True, set())

    assert haetae("subscribers", "remove", "lantern", *into)[0] == 1  # nobody says yes
    assert haetae("subscribers", "list", *into) == (0, "lantern")
    assert haetae("subscribers", "remove", "lantern", *into, "--yes")[0] == 0
    assert haetae("subscribers", "list", *into) == (0, "")

    assert commands(migrated) == ["subscribers add", "subscribers remove", "subscribers rotate"]


def test_a_peer_reads_statements_and_a_subscriber_does_not(haetae: Haetae, migrated: Migrated, tmp_path: Path) -> None:
    folder = tmp_path / "subscribers"
    for id, more in (("pier", ["--peer"]), ("lantern", [])):
        assert haetae("subscribers", "add", id, *more, "--into", folder)[0] == 0
    acls = Acls.of([yaml.safe_load(path.read_text()) for path in folder.iterdir()])
    may = {name: acls.allow(name, "Read", "topic", "federation.events") for name in ("agency-pier", "agency-lantern")}
    assert may == {"agency-pier": True, "agency-lantern": False}
    for what in ("show", "rotate"):
        said = {id: haetae("subscribers", what, id, "--into", folder)[1] for id in ("pier", "lantern")}
        assert {id: "--topic federation.events" in text for id, text in said.items()} == {
            "pier": True,
            "lantern": False,
        }


def commands(migrated: Migrated) -> list[str]:
    """Of the history, in the order of the alphabet."""
    engine = sa.create_engine(migrated.owner_url)
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT details ->> 'command' FROM gateway.audit WHERE details ? 'command' ORDER BY 1")
        )
        found = [row[0] for row in rows]
    engine.dispose()
    return found


def test_what_is_no_subscriber_is_told(haetae: Haetae, tmp_path: Path) -> None:
    into = ("--into", tmp_path)
    for given, said in [
        (("add", "Lantern.Two"), "use 2 to 40 lower-case letters"),
        (("rotate", "harbour"), "there is no harbour"),
        (("show", "harbour"), "there is no harbour"),
        (("remove", "harbour", "--yes"), "there is no harbour"),
    ]:
        status, output = haetae("subscribers", *given, *into)
        assert (status, said in output) == (1, True), output
