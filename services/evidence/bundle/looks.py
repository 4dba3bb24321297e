"""Whether the second, independent look saw what the browser saw: lines of the report, from the comparison (pure)."""

from collections.abc import Mapping
from typing import Any

from services.evidence.bundle.circumstances import at
from services.evidence.bundle.contents import Json
from services.evidence.bundle.words import WORDS, Pair, percent, say, word


def looks(steps: Mapping[str, Json]) -> list[Pair]:
    """The verdict; what agrees; what does not; how much of the text both have."""
    if (facts := steps.get("compare")) is None:
        return [say("away")]
    told = compared(facts)
    lines = [word("verdict", at(facts, "verdict")), listed("agree", told, True), listed("differ", told, False)]
    shared = at(facts, "text", "shared_per_mille")
    if isinstance(shared, int):
        lines.append(say("shared_text", percent=percent(shared)))
    return [pair for pair in lines if pair[0]]


def compared(facts: Json) -> dict[str, Any]:
    """By the name of what was compared: whether both looks agree on it; None where one of them did not have it."""
    pictures = at(facts, "pictures")
    verdicts = [at(one, "agrees") for one in pictures] if isinstance(pictures, list) else []
    return {
        **{name: at(facts, name) for name in WORDS["compared"] if name.endswith("_agrees")},
        "title": at(facts, "title", "agrees"),
        "excerpt": at(facts, "text", "excerpt_in_both"),
        "pictures": (False not in verdicts) if {True, False} & set(verdicts) else None,
    }


def listed(said: str, told: Mapping[str, Any], agrees: bool) -> Pair:
    """“Agree: status, title”; empty where nothing does."""
    named = [WORDS["compared"][name] for name, value in told.items() if value is agrees]
    if not named:
        return "", ""
    korean, english = say(said)
    return f"{korean}: {', '.join(k for k, _ in named)}", f"{english}: {', '.join(e for _, e in named)}"
