"""What several lines say together, or one of them at several sizes. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from benchmarks.recorded.words import named, number

Details = Mapping[str, Mapping[str, Any]]
Table = Callable[[Details], str]


def at_once(details: Details) -> str:
    """Empty while it is not measured, as the others are."""
    if "paced" not in details:
        return ""
    paced = details["paced"]
    waves = {"at a steady pace": paced["steady"]} | {f"{count} at once": one for count, one in paced["at_once"].items()}
    rows = [
        f"| {name} | {one['findings']} | {number(one['median_s'])} | {number(one['p99_s'])} "
        f"| {number(one['appeared_to_draft_median_s'])} | {number(one['an_hour'])} |"
        for name, one in waves.items()
    ]
    head = "| | findings | median | p99 | from its appearance, median | drafts an hour |"
    return "\n".join(["## Found to draft, in seconds", "", head, "|---|---|---|---|---|---|", *rows, ""])


def grown(details: Details) -> str:
    if "growth" not in details:
        return ""
    rows = [
        f"| {name} | {one['few']:,} | {number(one['few_ms'])} ms | {number(one['many_ms'])} ms "
        f"| {number(one['times'])} |"
        for name, one in details["growth"]["grown"].items()
    ]
    head = "| | there are | it takes | with ten times as many | times |"
    return "\n".join(["## Ten times as much", "", head, "|---|---|---|---|---|", *rows, ""])


def texts(details: Details) -> str:
    found = details.get("reading", {}).get("text")
    if not isinstance(found, Mapping):
        return ""
    rows = [
        f"| {named(name)} | {one['precision']:.3f} | {one['recall']:.3f} | {one['f1']:.3f} |"
        for name, one in found.items()
    ]
    head = "| text of saved pages | precision | recall | F1 |"
    return "\n".join(["## Text found, of what people expect", "", head, "|---|---|---|---|", *rows, ""])


TABLES: tuple[Table, ...] = (at_once, grown, texts)
