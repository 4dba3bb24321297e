"""`haetae agencies`: added, changed, listed; what is wrong is named with its cure."""

import json

from typer.testing import CliRunner

from haetae.cli import app


def test_an_agency_is_added_changed_and_listed(haetae) -> None:
    rule = ("--host", "harbour.test", "--country", "KR", "--content-language", "ko")
    assert haetae("agencies", "add", "harbour", "--name", "Harbour office", *rule) == (0, "harbour is an agency")
    assert haetae("agencies", "edit", "harbour", "--country", "JP", "--position", "7")[0] == 0
    listed = CliRunner().invoke(app, ["agencies", "list", "--json"]).output.splitlines()
    home, harbour = (json.loads(line) for line in listed)
    assert (home["agency"], harbour["agency"], harbour["position"]) == ("home", "harbour", 7)
    assert harbour["takes"] == {"hosts": ["harbour.test"], "countries": ["JP"], "languages": ["ko"], "categories": []}
    assert "Harbour office" in haetae("agencies", "list")[1]


def test_what_is_wrong_is_named(haetae) -> None:
    for arguments, said in (
        (("add", "Harbour!"), "agency: 'Harbour!' is not possible"),
        (("add", "home"), "agency: 'home' exists already"),
        (("edit", "nowhere"), "agency: there is no 'nowhere'"),
        (("edit", "home", "--country", "korea"), "countries"),
        (("edit", "home", "--language", "xx"), "languages: xx is not known"),
        (("edit", "home", "--name", " "), "name: give one line"),
    ):
        status, output = haetae("agencies", *arguments)
        assert (status, said in output) == (1, True), output
