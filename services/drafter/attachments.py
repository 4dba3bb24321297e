"""The machine-readable part of a notice: a XARF 4 report (https://xarf.org), valid by the library's schema.

It names addresses and digests. No picture is in it, no copy, no title: abuse desks keep and forward what they get.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import RootModel
from xarf import SPEC_VERSION, schema_validator

from services.drafter.agency import Agency
from services.drafter.contacts.places import Addresses
from services.drafter.datafile import Strict
from services.drafter.law import Confidence
from shared.events import EvidenceSealed
from shared.events.values import Attachment
from shared.identity import identity
from shared.notices import reference
from shared.text import one_line

NAME, MEDIA_TYPE = "xarf.json", "application/json"
MAX_DESCRIPTION = 1000  # the schema's
MAX_EVIDENCE = 50  # the schema's


class BadReport(ValueError):
    """The report does not hold to the schema. The message names the field."""


class Kind(Strict):
    """How one kind of case is reported. `fields`: those of its type that are the same for every case."""

    type: str
    tag: str
    confidence: Confidence
    verify: bool
    fields: Mapping[str, Any]


class Kinds(RootModel[Mapping[str, Kind]]):
    """By category (`data/xarf.toml`)."""

    def of(self, category: str) -> Kind | None:
        return self.root.get(category)


def xarf(
    event: EvidenceSealed, notice_id: UUID, named: Addresses, kind: Kind, agency: Agency, words: str, source: str
) -> Attachment:
    """`words`: what is said of the material, without any detail; `source`: the IP address or name of the host that it
    is about. Raises `BadReport`."""
    body = agency.contact()
    report: dict[str, Any] = {
        "xarf_version": SPEC_VERSION,
        "report_id": str(identity("xarf", notice_id)),
        "timestamp": _moment(event.finding.found_at),
        "reporter": body,
        "sender": body,
        "source_identifier": source,
        "category": "content",
        "type": kind.type,
        "evidence_source": "crawler",
        "tags": [kind.tag],
        "description": one_line(words, MAX_DESCRIPTION),
        "url": named.page,
        "verified_at": _moment(event.sealed_at),
        "verification_method": "automated_crawler",
        "case_reference": reference(event.case_id),
        "media": [_shown(one.url, one.sha256, one.pdq) for one in named.pictures[:MAX_EVIDENCE]],
        **kind.fields,
    }
    result = schema_validator.validate(report)
    if result:
        raise BadReport("; ".join(f"{one.field}: {one.message}" for one in result))
    text = json.dumps(report, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    return Attachment(name=NAME, media_type=MEDIA_TYPE, text=text)


def _shown(url: str, sha256: str, pdq: str | None) -> dict[str, str]:
    """Beside the schema, which lets further fields stand: one address with its digests."""
    return {"url": url, "sha256": sha256, **({"pdq": pdq} if pdq else {})}


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
