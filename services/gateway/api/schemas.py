"""The schemas of the API's description: looking one up, and whether a plain value fits it. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
FORMATS = {"uuid": UUID, "date-time": MOMENT, "date": re.compile(r"\d{4}-\d\d-\d\d")}


@dataclass(frozen=True)
class Schemas:
    """`known`: by name, as `#/components/schemas` has them."""

    known: Mapping[str, Mapping[str, Any]]

    def resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            schema = self.known[str(schema["$ref"]).rpartition("/")[2]]
        return schema

    def fits(self, value: object, schema: Mapping[str, Any]) -> bool:
        """For strings, numbers, null and lists of them: what examples are chosen from. Full validation is a test's."""
        schema = self.resolved(schema)
        if "anyOf" in schema:
            return any(self.fits(value, one) for one in schema["anyOf"])
        if "const" in schema:
            return bool(value == schema["const"])
        if "enum" in schema:
            return value in schema["enum"]
        if "type" in schema and not _of_type(value, schema["type"]):
            return False
        if isinstance(value, list):
            least, most = schema.get("minItems", 0), schema.get("maxItems", len(value))
            return least <= len(value) <= most and all(self.fits(one, schema.get("items", {})) for one in value)
        return _within(value, schema)


def _of_type(value: object, name: str) -> bool:
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def _within(value: object, schema: Mapping[str, Any]) -> bool:
    if isinstance(value, str):
        form = FORMATS.get(schema.get("format", ""))
        least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", len(value)))
        formed = form is None or form.fullmatch(value) is not None
        return least <= len(value) <= most and formed and re.search(schema.get("pattern", ""), value) is not None
    if isinstance(value, int | float):
        least, most = schema.get("minimum", value), schema.get("maximum", value)
        above, below = schema.get("exclusiveMinimum", value - 1), schema.get("exclusiveMaximum", value + 1)
        return bool(least <= value <= most and above < value < below)
    return True
