"""The contract with readers: revisions never change, only what they can take is added, and nothing private gets in."""

import copy
import json
import tomllib
import warnings
from pathlib import Path

import pytest

from deploy.access.tables import tables
from haetae.contract import kept
from haetae.contract.allowing import CODES, DIGESTS, KINDS, PLACES, PROOFS, against, takes_free_text, unlisted
from haetae.contract.asyncapi import internal, public
from haetae.contract.compatible import changed, incompatibilities
from shared.events import CATALOGUE, CaseChanged, ContentFlagged, NoticeDrafted
from shared.events.codes import CASE_STATES, CATEGORIES, LAWFUL_BASES, SITE_KINDS, STAGES
from shared.events.conversations import LawfulBasis
from shared.events.schemas import page, schema_of
from shared.events.values import SiteKind

ROOT = Path(__file__).parents[2]
CONTRACTS = ROOT / "contracts"
DRAFTED, FLAGGED, CHANGED = schema_of(NoticeDrafted), schema_of(ContentFlagged), schema_of(CaseChanged)


def test_the_newest_revision_of_every_type_is_what_the_code_says() -> None:
    assert [sentence for event in CATALOGUE for sentence in kept.problems(CONTRACTS, event)] == []
    missing = [e.type for e in CATALOGUE if not (CONTRACTS / e.type / f"{e.schema_version}.json").exists()]
    assert missing == [], "make docs"
    assert (ROOT / "docs/events/README.md").read_text() == page(), "make docs"


def test_no_revision_was_touched() -> None:
    assert kept.tampered(CONTRACTS) == []


def test_a_revision_that_was_touched_is_named(tmp_path) -> None:
    kept.keep(tmp_path)
    path = tmp_path / "case.changed.v1/1.0.json"
    path.write_text(path.read_text().replace("sent", "Sent"))
    (tmp_path / "notice.sent.v1/1.0.json").unlink()
    (tmp_path / "notice.sent.v1/1.7.json").write_text("{}")
    assert [sentence.split(" ")[0] for sentence in kept.tampered(tmp_path)] == [
        "contracts/case.changed.v1/1.0.json",
        "contracts/notice.sent.v1/1.0.json",
        "contracts/notice.sent.v1/1.7.json",
    ]


def changing(schema, *path_and_value):
    changed_schema = copy.deepcopy(schema)
    *path, last, value = path_and_value
    node = changed_schema
    for name in path:
        node = node[name]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return changed_schema


def without(schema, *path):
    return changing(schema, *path, None)


PLANTED = {
    "a field is gone": (DRAFTED, without(DRAFTED, "properties", "why"), "why is gone"),
    "a field within a value is gone": (
        DRAFTED,
        without(DRAFTED, "$defs", "Report", "properties", "title"),
        "report.title is gone",
    ),
    "a new demand": (
        DRAFTED,
        changing(
            changing(DRAFTED, "properties", "colour", {"type": "string"}), "required", [*DRAFTED["required"], "colour"]
        ),
        "colour is new and has no default",
    ),
    "another type": (
        DRAFTED,
        changing(DRAFTED, "properties", "why", "type", "integer"),
        "why: type was 'string', is 'integer'",
    ),
    "another pattern, deep inside": (
        DRAFTED,
        changing(DRAFTED, "$defs", "Notice", "properties", "sha256", "pattern", "^[0-9a-f]{40}$"),
        "notices[].sha256: pattern was",
    ),
    "a narrower length": (
        DRAFTED,
        changing(DRAFTED, "properties", "why", "maxLength", 5),
        "why: maxLength was None, is 5",
    ),
    "a demand where there was a default": (
        DRAFTED,
        changing(DRAFTED, "required", [*DRAFTED["required"], "why"]),
        "why is needed now",
    ),
    "a default where there was a demand": (
        DRAFTED,
        changing(DRAFTED, "required", [one for one in DRAFTED["required"] if one != "report"]),
        "report is optional now",
    ),
    "a closed list grew": (
        FLAGGED,
        changing(FLAGGED, "$defs", "SiteKind", "enum", [*FLAGGED["$defs"]["SiteKind"]["enum"], "market"]),
        "finding.site.kind gained market: older readers refuse it",
    ),
    "a closed list shrank": (
        FLAGGED,
        changing(FLAGGED, "$defs", "SiteKind", "enum", FLAGGED["$defs"]["SiteKind"]["enum"][1:]),
        "finding.site.kind lost board: older events have it",
    ),
    "an open list forgets a word": (
        CHANGED,
        changing(CHANGED, "properties", "state", "x-extensible-enum", ["found"]),
        "state no longer lists approved",
    ),
    "an open list is closed": (
        CHANGED,
        without(CHANGED, "properties", "state", "x-extensible-enum"),
        "opened or closed",
    ),
    "never nothing any more": (
        CHANGED,
        changing(CHANGED, "properties", "country", {"type": "string", "pattern": "^[A-Z]{2}$"}),
        "country: anyOf is not what it was",
    ),
    "another form of time": (
        CHANGED,
        without(CHANGED, "properties", "changed_at", "format"),
        "changed_at: format was 'date-time'",
    ),
    "another topic": (CHANGED, changing(CHANGED, "x-topic", "cases"), "topic was 'case.events', is 'cases'"),
    "another key": (CHANGED, changing(CHANGED, "x-key", "state"), "key was 'case_id', is 'state'"),
    "no longer public": (CHANGED, changing(CHANGED, "x-public", False), "public was True"),
}


@pytest.mark.parametrize(("old", "new", "sentence"), PLANTED.values(), ids=PLANTED)
def test_what_readers_could_not_take_is_refused_with_field_and_cure(tmp_path, old, new, sentence) -> None:
    found = [one for one in incompatibilities(old, new) if sentence in one]
    assert len(found) == 1, incompatibilities(old, new)
    assert found[0].count(";") or found[0].count(":"), "a cure follows"
    event = next(one for one in CATALOGUE if one.type == old["title"])
    folder = tmp_path / event.type
    folder.mkdir()
    (folder / "1.0.json").write_text(json.dumps(new))  # as if the planted one had been published before
    assert all(one.startswith(f"{event.type}: ") for one in kept.problems(tmp_path, event))
    assert kept.problems(tmp_path, event) != []


def test_what_readers_can_take_is_taken_but_asks_for_a_minor() -> None:
    more = changing(DRAFTED, "properties", "colour", {"type": "string", "default": "blue"})
    grown = changing(CHANGED, "properties", "state", "x-extensible-enum", [*CASE_STATES, "archived"])
    reworded = changing(CHANGED, "description", "In other words.")
    assert [incompatibilities(*pair) for pair in ((DRAFTED, more), (CHANGED, grown), (CHANGED, reworded))] == [
        [],
        [],
        [],
    ]
    assert (changed(DRAFTED, more), changed(CHANGED, grown), changed(CHANGED, reworded)) == (True, True, False)


def test_every_revision_of_a_major_counts_not_the_newest_alone(tmp_path) -> None:
    """A field that went and came back as something else: the newest revision alone would let it pass."""
    folder = tmp_path / CaseChanged.type
    folder.mkdir()
    (folder / "1.0.json").write_text(json.dumps(changing(CHANGED, "properties", "category", {"type": "integer"})))
    (folder / "1.1.json").write_text(json.dumps(CHANGED))
    assert any("category: type was 'integer'" in one for one in kept.problems(tmp_path, CaseChanged))


def test_a_revision_that_nobody_declared_is_named_with_the_number_it_needs(tmp_path) -> None:
    folder = tmp_path / CaseChanged.type
    folder.mkdir()
    older = without(CHANGED, "properties", "category")
    older["required"] = [one for one in CHANGED["required"] if one != "category"]
    optional = changing(CHANGED, "required", older["required"])
    (folder / "1.0.json").write_text(json.dumps(older))
    assert incompatibilities(older, optional) == []
    assert changed(older, optional)
    (folder / "1.0.json").write_text(
        json.dumps(changing(CHANGED, "properties", "state", "x-extensible-enum", ["found"]))
    )
    assert kept.problems(tmp_path, CaseChanged) == [
        "case.changed.v1: it differs from 1.0: declare `minor=1`, then `make docs`"
    ]


def test_public_events_have_exactly_the_fields_of_the_list() -> None:
    assert unlisted(CONTRACTS) == []


def test_a_field_that_nobody_allowed_is_named_wherever_it_is() -> None:
    listed = tomllib.loads((CONTRACTS / "public.toml").read_text())["case.changed.v1"]
    more = changing(CHANGED, "properties", "title", {"type": "string"})
    nested = changing(CHANGED, "properties", "site", {"type": "object", "properties": {"host": {"type": "string"}}})
    assert [one.split(" ")[0] for one in against(listed, more)] == ["title"]
    assert [one.split(" ")[0] for one in against(listed, nested)] == ["site.host"]
    free = changing(CHANGED, "properties", "state", {"type": "string", "maxLength": 60})
    assert [one.split(":")[0] for one in against(listed, free)] == ["state is no code"]
    assert [one.split(",")[0] for one in against(listed, without(CHANGED, "properties", "state"))] == [
        "state is listed"
    ]
    assert list(against({**listed, "state": {"kind": "code", "why": " "}}, CHANGED)) != []


@pytest.mark.parametrize("pattern", sorted(CODES | PLACES | DIGESTS | PROOFS))
def test_no_name_address_or_sentence_fits_into_a_kind(pattern) -> None:
    assert not takes_free_text(pattern)
    assert KINDS["id"]({"type": "string"}) is KINDS["code"]({"type": "string"}) is False


def test_the_words_of_the_contract_are_those_of_the_services() -> None:
    from services.classifier.conversations.stages import Stage
    from services.gateway.claims.lining import UNKNOWN_CATEGORY
    from services.gateway.domain import State

    kinds = tomllib.loads((ROOT / "services/drafter/data/kinds.toml").read_text())
    assert set(CASE_STATES) == set(State)
    assert set(CATEGORIES) == {*kinds, UNKNOWN_CATEGORY}
    assert (set(STAGES), set(SITE_KINDS), set(LAWFUL_BASES)) == (set(Stage), set(SiteKind), set(LawfulBasis))


def test_asyncapi_is_fresh_and_valid() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the models have fields that are named as pydantic's methods
        from asyncapi3.models import AsyncAPI3
    for name, made in (("asyncapi.json", public()), ("asyncapi-internal.json", internal(tables()))):
        assert json.loads((CONTRACTS / name).read_text()) == made, "make docs"
        AsyncAPI3.model_validate(made)
    assert {one["address"] for one in public()["channels"].values()} == {
        e.topic.name for e in CATALOGUE if e.topic.public
    }
    told = json.dumps(public())
    assert [e.type for e in CATALOGUE if not e.topic.public and f'"{e.type}"' in told] == []
