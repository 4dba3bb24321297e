"""What the report says, from what was sealed (pure): texts ready to be drawn, each of them short and harmless."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from services.evidence.bundle.circumstances import server
from services.evidence.bundle.contents import Contents, Json, Office, Stamped
from services.evidence.bundle.looks import looks
from services.evidence.bundle.picture import Shown
from services.evidence.bundle.words import WORDS, Pair, line, percent, say, word
from shared.notices import reference
from shared.typeset.plain import defanged, shown

# What fits: two pages of which each line is read. All of it is in the bundle's other files.
MAX_URL, MAX_NAME, MAX_WORDS, MAX_NOTE = 260, 70, 120, 48
MOST_FILES, MOST_STAMPS = 24, 6
FIRST_LINES, LAST_LINES = 4, 6  # of custody: how it began, and what happened last
MOST_REASONS = 5
STEPS_PREFIX = "step-"


def report(contents: Contents, office: Office, picture: Shown) -> dict[str, Any]:
    """The template's data."""
    order = contents.order
    return {
        "title": f"{reference(order.case_id)} {line(WORDS['heading']['report'])}",
        "author": shown(office.name, MAX_NAME),
        "agency": (shown(office.name, MAX_NAME), shown(office.name_en, MAX_NAME)),
        "reference": reference(order.case_id),
        "words": WORDS,
        "lead": say("lead", stamps=len(contents.stamps)),
        "found": found(contents),
        "times": times(contents, office),
        "server": server(contents.steps),
        "picture": picture.svg,
        "picture_note": say(picture.called),
        "steps": [step(item) for item in contents.manifest["steps"]],
        "looks": looks(contents.steps),
        **files(contents.kept),
        "stamps": [stamp_row(stamp, office) for stamp in contents.stamps[-MOST_STAMPS:]],
        **custody(contents.custody, office),
        "check": [
            say("check_file"),
            say("check_command", file=bundle_name(order.case_id)),
            say("check_key"),
            say("check_hand"),
        ],
        "digests": [
            ("manifest", contents.manifest_sha256),
            ("key", contents.seal["public_key"]),
            ("head", contents.custody[-1]["hash"]),
        ],
    }


def bundle_name(case_id: UUID) -> str:
    return f"{case_id}.haetae.zip"


def found(contents: Contents) -> list[tuple[str, str]]:
    manifest, order = contents.manifest, contents.order
    assessed = manifest["assessed"]
    return [
        ("case", f"{reference(order.case_id)}  ({order.case_id})"),
        ("url", defanged(manifest["url"], MAX_URL)),
        ("category", f"{line(word('category', assessed['category']))} ({risk(assessed['risk_permille'])})"),
        ("reasons", reasons(assessed["reasons"])),
        ("matches", matches(assessed["matches"])),
        ("mode", line(word("mode", manifest["mode"]))),
        ("why", shown(order.why, MAX_WORDS)),
        ("basis", shown(order.basis, MAX_WORDS)),
        ("made_by", shown(order.by, MAX_NAME)),
        ("software", shown(str(manifest["software"]), MAX_NAME)),
    ]


def risk(permille: int) -> str:
    return line(say("risk", percent=percent(permille)))


def reasons(listed: Sequence[Json]) -> str:
    """In the order in which they were assessed."""
    told = [line(word("reason", item["code"])) for item in listed]
    return "; ".join(told[:MOST_REASONS]) + (" …" if len(told) > MOST_REASONS else "")


def matches(listed: Sequence[Json]) -> str:
    if not listed:
        return line(say("none"))
    nearest = min(listed, key=lambda match: match["distance"])
    algorithm = shown(str(nearest["algorithm"]), MAX_NAME).upper()
    return line(say("matches", count=len(listed), algorithm=algorithm, distance=nearest["distance"]))


def times(contents: Contents, office: Office) -> list[tuple[str, str, str]]:
    manifest = contents.manifest
    moments = [
        ("found_at", manifest["found"]["found_at"]),
        ("flagged_at", manifest["assessed"]["flagged_at"]),
        ("started_at", manifest["started_at"]),
        ("finished_at", manifest["finished_at"]),
        ("sealed_at", contents.seal["sealed_at"]),
        ("made_at", contents.order.at.isoformat()),
    ]
    return [(label, *both_zones(at, office)) for label, at in moments]


def both_zones(at: str, office: Office) -> Pair:
    """A moment of the agency's day, and of UTC with its milliseconds."""
    moment = datetime.fromisoformat(at)
    return local(at, office), moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + " UTC"


def local(at: str, office: Office) -> str:
    return datetime.fromisoformat(at).astimezone(office.timezone).strftime("%Y-%m-%d %H:%M:%S %Z")


def step(item: Json) -> tuple[Pair, str, str]:
    """Its name, a mark, and why it failed."""
    done = item["outcome"] == "done"
    return word("step", item["name"]), "○" if done else "×", "" if done else shown(str(item["failure"]), MAX_NAME)


def files(kept: Sequence[Json]) -> dict[str, Any]:
    """Those that show something first, the steps' own manifests after them."""
    listed = sorted(kept, key=lambda item: (item["name"].startswith(STEPS_PREFIX), item["name"]))
    rows = [(shown(item["name"], MAX_NOTE), f"{item['bytes']:,}", item["sha256"]) for item in listed]
    more = len(rows) - MOST_FILES
    return {"files": rows[:MOST_FILES], "more_files": say("more_files", count=more) if more > 0 else ()}


def stamp_row(stamp: Stamped, office: Office) -> tuple[str, ...]:
    moments = both_zones(stamp.at.isoformat(), office)
    return str(stamp.number), shown(stamp.authority, MAX_NAME), stamp.covers, *moments


def custody(lines: Sequence[Json], office: Office) -> dict[str, Any]:
    left_out = len(lines) - FIRST_LINES - LAST_LINES
    told = lines if left_out <= 0 else [*lines[:FIRST_LINES], *lines[-LAST_LINES:]]
    rows = [
        (
            str(item["seq"]),
            local(item["at"], office),
            line(say("evidence_service")) if item["actor"] == "evidence" else shown(item["actor"], MAX_NAME),
            word("action", item["action"]),
            note(item),
        )
        for item in told
    ]
    return {"custody": rows, "more_lines": say("more_lines", count=left_out) if left_out > 0 else ()}


def note(item: Json) -> str:
    """Why, or by which authority; and which file, when it is one."""
    details = item["details"]
    told = details.get("why") or details.get("authority") or ""
    names = [artifact["name"] for artifact in item["artifacts"]]
    return shown(" · ".join(part for part in (str(told), names[0] if len(names) == 1 else "") if part), MAX_NOTE)
