"""Notices as they were last read by a person: `make golden` writes them again, the tests compare.

Of `known_content` the full text, one file for each language and jurisdiction; what each role is asked for; reminders,
notices of content that is back, packets. Of all kinds a table, in which any change of any notice shows.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from uuid import UUID

from services.drafter.contacts.places import addresses
from services.drafter.contacts.resolve import Asked
from services.drafter.notice import PACKET, REAPPEARED, REMINDER, Occasion, Writer
from services.drafter.office import Office
from services.drafter.problems import Problem
from shared.events import EvidenceSealed, LogLine
from shared.events.values import Notice, Recipient
from tests.support.cases import office, sealed

FOLDER = Path(__file__).parents[1] / "golden" / "notices"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
LANGUAGES = ("ko", "en", "zh", "zh-Hant", "ja", "ru", "vi", "es", "th")
COUNTRIES = {"KR": "KR", "US": "US", "EU": "DE", "GB": "GB", "AU": "AU", "VN": "VN", "JP": "JP", "none": None}
OPERATOR = {"JP": "platform"}  # else the site: the rule of Japan binds large platforms alone
ROLES = ("site", "host", "cdn", "registrar", "search", "hotline")
LOG = (
    LogLine(at=NOW, what="sent", recipient="abuse@site.test", detail="occasion=first; channel=mail"),
    LogLine(at=NOW, what="received", recipient="abuse@site.test", detail="how=dsn; proof=proven"),
    LogLine(at=NOW, what="expired", recipient="abuse@site.test", detail="law=US_TIDA; hours=48; proof=proven"),
)


@cache
def the_office() -> Office:
    return office()


@cache
def case(kind: str, country: str | None) -> EvidenceSealed:
    return sealed(category=kind, site={"country": country, "language": None})


@cache
def written(
    kind: str,
    language: str,
    country: str | None,
    role: str = "",
    occasion: Occasion | None = None,
    anonymity: str = "",
) -> Notice:
    event, role = case(kind, country), role or operator(country)
    writer = Writer(event, the_office(), NOW)
    (named, _) = addresses(event.finding, event.assessment.matches)
    assert named is not None
    notice = writer.write(Asked(recipient(language, country, role, anonymity), 0, 0, named), occasion or Occasion())
    assert not isinstance(notice, Problem), notice
    return notice


def operator(country: str | None) -> str:
    return OPERATOR.get(country or "", "site")


def recipient(language: str, country: str | None, role: str, anonymity: str = "") -> Recipient:
    return Recipient(
        name="Example Operator",
        email=f"{role}@operator.test",
        role=role,
        language=language[:2],
        locale=language if "-" in language else "",
        anonymity=anonymity or ("anonymous" if role in ("host", "cdn", "registrar") else "named"),
        country=country or "",
        source="example",
    )


def kinds() -> tuple[str, ...]:
    return tuple(the_office().categories.kinds)


def table() -> str:
    """One line a notice: kind, language, jurisdiction, law, SHA-256 of subject and body, proven fields."""
    lines = ["kind\tlanguage\tjurisdiction\tlaw\tsha256\tproven"]
    for kind in kinds():
        for language in LANGUAGES:
            for name, country in COUNTRIES.items():
                notice = written(kind, language, country)
                assert notice.clock is not None
                digest = hashlib.sha256(f"{notice.subject}\n{notice.body}".encode()).hexdigest()
                fields = " ".join(one.field for one in notice.requirements)
                lines.append("\t".join((kind, language, name, notice.clock.law, digest, fields)))
    return "\n".join(lines) + "\n"


def texts() -> Iterator[tuple[str, str]]:
    """File name, content."""
    for language in LANGUAGES:
        for name, country in COUNTRIES.items():
            yield f"{language}/{name}.txt", shown(written("known_content", language, country))
        yield f"{language}/roles.txt", "\n".join(_asked(language, role) for role in ROLES)
        for occasion in (
            Occasion(REMINDER, follows=UUID(int=1), after_hours=48),
            Occasion(REAPPEARED, 1, seen_again=NOW),
        ):
            notice = written("known_content", language, "US", occasion=occasion)
            yield f"{language}/{occasion.name}.txt", shown(notice)
    for language in ("ko", "en"):
        packet = Occasion(PACKET, 1, log=LOG)
        yield f"{language}/packet.txt", shown(written("known_content", language, "US", "regulator", packet))


def shown(notice: Notice) -> str:
    """Subject, text, and the words that prove each field."""
    assert notice.clock is not None
    proofs = [f"{one.field} ({one.source}):\n{_indented(one.satisfied_by)}" for one in notice.requirements]
    return "\n".join((f"Subject: {notice.subject}", "", notice.body, f"PROOF ({notice.clock.law})", *proofs, ""))


def _asked(language: str, role: str) -> str:
    notice = written("minor_apparent", language, "US", role, anonymity="named" if role == "site" else "none")
    said = {one.field: one.satisfied_by for one in notice.requirements}
    parts = (notice.subject, said["operator"], said["category"], said.get("article", ""), said["action"])
    return "\n".join((f"{role}:", *(_indented(part) for part in (*parts, said["deadline"]) if part), ""))


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def main() -> None:
    """Writes them all; what is no longer made is removed."""
    made = {"table.tsv": table(), **dict(texts())}
    for path in FOLDER.rglob("*.*"):
        if str(path.relative_to(FOLDER)) not in made:
            path.unlink()
    for name, content in made.items():
        (FOLDER / name).parent.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(content, encoding="utf-8")
    sys.stdout.write(f"{len(made)} files in {FOLDER}\n")


if __name__ == "__main__":
    main()
