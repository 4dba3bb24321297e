"""Examples for the API's description, made from its schemas: each follows its schema because it comes from it. Pure.

Names that mean the same everywhere have the same value everywhere, so that the examples tell one story: a procedural
stand-in of a case, neutral like everything here.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from services.gateway.api.schemas import Schemas
from shared.identity import case_id, identity

URL = "http://harbour-board.en.test/post/41"
CASE = str(case_id(URL))
MOMENT = "2026-11-22T10:15:30Z"
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
PDQ = "f8f8f0cce0f4e84d0e370a22028f67f0b36e2ed596623e1d33e6339c4e9c9b22"
# By the name of a property or parameter. Only where it fits the schema (`Schemas.fits`), else by the schema alone.
NAMES: Mapping[str, Sequence[object]] = {
    "case_id": [CASE],
    "notice_id": [str(identity("notice", case_id(URL), "abuse@harbour-board.en.test", "first"))],
    "url": [URL],
    "host": ["harbour-board.en.test"],
    "provider": ["harbour-board.en.test"],
    "title": ["A picture from the harbour"],
    "language": ["en"],
    "locale": ["en"],
    "country": ["NL"],
    "category": ["non_consensual"],
    "reviewer": ["reviewer-3f9a2c"],
    "pseudonym": ["reviewer-3f9a2c"],
    "by": ["reviewer-3f9a2c"],
    "actor": ["reviewer-3f9a2c"],
    "proposed_by": ["supervisor-51c0de"],
    "approved_by": [None, "supervisor-7ab210"],
    "login": ["kim"],
    "password": ["lantern parcel at gate seven"],
    "token": ["shown-once-and-kept-nowhere"],
    "roles": [["reviewer"]],
    "email": ["abuse@harbour-board.en.test"],
    "recipient": ["abuse@harbour-board.en.test"],
    "reference": ["HT-41C0FFEE"],
    "subject": ["[Haetae HT-41C0FFEE] Request for removal"],
    "why": ["The person concerned asked for it."],
    "basis": ["Request of the prosecutor's office, file 2026-41"],
    "note": ["Looked at twice."],
    "alarm": [None, "unanswered"],
    "failure": [None],
    "destroyed_at": [None],
    "media_type": ["image/jpeg"],
    "name": ["picture-1.jpg", "harbour"],
    "pdq": [PDQ],
    "hash": [DIGEST],
    "prev_hash": ["0" * 64],
    "next": [None],
    "banks": [["agency-list"]],
    "recipients": [["abuse@harbour-board.en.test"]],
    "intact": [True],
    "history_intact": [True],
    "custody_intact": [True],
    "custody_broken_at": [None],
}
FORMATS = {
    "uuid": CASE, "date-time": MOMENT, "date": MOMENT[:10], "uri": URL, "email": "abuse@harbour-board.en.test",
    "binary": "", "time": "10:15:30Z", "duration": "PT10M",
}  # fmt: skip
TEXTS = (
    "text",
    DIGEST,
    DIGEST[:40],
    DIGEST[:32],
    DIGEST[:16],
    "NL",
    "1",
    "01012345",
    "harbour-1",
    "a" * 8,
    "2026",
)  # the first that fits a pattern
DEEPEST = 12  # schemas within schemas: a value that holds values of its own kind ends there


def example_of(schema: Mapping[str, Any], among: Schemas, name: str = "", deep: int = 0) -> Any:  # noqa: ANN401
    """Of a schema, or of a reference to one `among` those of the description."""
    schema = among.resolved(schema)
    if schema.get("examples"):
        return schema["examples"][0]
    for value in NAMES.get(name, ()):
        if among.fits(value, schema):
            return value
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if "default" in schema and schema["default"] not in (None, [], {}, ""):
        return schema["default"]
    for many in ("anyOf", "oneOf", "allOf"):
        if many in schema:
            return example_of(schema[many][0], among, name, deep)
    return _by_type(schema, among, name, deep)


def _by_type(schema: Mapping[str, Any], among: Schemas, name: str, deep: int) -> Any:  # noqa: ANN401
    match schema.get("type"):
        case "object":
            return _object(schema, among, deep)
        case "array":
            return _array(schema, among, name, deep)
        case "string":
            given = FORMATS.get(schema.get("format", ""))
            texts = (*([given] if given is not None else []), *TEXTS, "a" * int(schema.get("minLength", 0)))
            return next((text for text in texts if among.fits(text, schema)), "")
        case "integer" | "number":
            numbers = (schema.get("minimum", 1), schema.get("exclusiveMinimum", 0) + 1, 0, 1)
            return next((number for number in numbers if among.fits(number, schema)), 0)
        case "boolean":
            return False
        case _:
            return None


def _object(schema: Mapping[str, Any], among: Schemas, deep: int) -> dict[str, Any]:
    required = schema.get("required", ())
    properties = schema.get("properties", {})
    shown = properties if deep < DEEPEST else {name: properties[name] for name in required}
    return {name: example_of(inner, among, name, deep + 1) for name, inner in shown.items()}


def _array(schema: Mapping[str, Any], among: Schemas, name: str, deep: int) -> list[Any]:
    if "prefixItems" in schema:
        return [example_of(inner, among, "", deep + 1) for inner in schema["prefixItems"]]
    if "items" not in schema or (deep >= DEEPEST and not schema.get("minItems")):
        return []
    one = example_of(schema["items"], among, name.removesuffix("s"), deep + 1)
    return [one] * max(1, schema.get("minItems", 1))
