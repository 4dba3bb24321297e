"""Cases of a house as its services tell them: neutral and made up, with notices as the drafter writes them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.drafter.contacts.places import addresses
from services.drafter.contacts.resolve import Asked
from services.drafter.notice import Occasion, Writer
from services.drafter.report import write_report
from shared.events import (
    Assessment,
    CaseLink,
    ContentFlagged,
    Event,
    EvidenceSealed,
    NoticeDrafted,
)
from shared.events.examples import EXAMPLES, FINDING, PICTURE
from shared.events.values import Finding, Notice, Reason, Recipient, Risk, Site, SiteKind
from shared.identity import case_id, identity
from shared.notices import reference
from tests.support.goldens import the_office


@dataclass(frozen=True)
class Place:
    """A site with the company that answers for it."""

    site: Site
    operator: Recipient

    @classmethod
    def of(cls, host: str, name: str, kind: SiteKind, language: str, country: str, operator: str) -> Place:
        site = Site(host=host, name=name, kind=kind, language=language, country=country)
        asked = Recipient(
            name=operator, email=f"abuse@{host}", role="site", language=language, country=country, source="agency"
        )  # fmt: skip
        return cls(site, asked)


PLACES = (
    Place.of("harbour-board.en.test", "Harbour board", SiteKind.BOARD, "en", "US", "Harbour board"),
    Place.of("budu.ko.test", "부두 마당", SiteKind.COMMUNITY, "ko", "KR", "부두 마당"),
    Place.of("minato.ja.test", "港の掲示板", SiteKind.BOARD, "ja", "JP", "港の掲示板"),
    Place.of("cang.vi.test", "Cảng cá", SiteKind.GALLERY, "vi", "VN", "Cảng cá"),
)
# One that takes no mail: a person fills its form in.
_FORM = {"channel": "form", "email": "", "provider": "Cảng cá"}
BY_FORM = replace(PLACES[3], operator=PLACES[3].operator.model_copy(update=_FORM))
HOST = Recipient(
    name="Lighthouse Hosting", email="abuse@lighthouse.test", role="host", language="en", country="US",
    anonymity="anonymous", source="agency", provider="Lighthouse Hosting",
)  # fmt: skip
TITLES = {
    "en": ("A picture from the harbour", "Two lanterns on the quay", "The bench below the lighthouse"),
    "ko": ("부두의 사진 두 장", "칠번 문 앞의 소포", "등대 아래 벤치 사진"),
    "ja": ("港の写真", "灯台の下のベンチ", "七番ゲートの小包"),
    "vi": ("Ảnh bến cảng", "Hai chiếc đèn lồng", "Ghế đá dưới hải đăng"),
}
EXCERPTS = {
    "en": "The lantern parcel waits at gate seven.",
    "ko": "등불 소포가 칠번 문에서 기다립니다.",
    "ja": "ランタンの小包が七番ゲートで待っています。",
    "vi": "Bưu kiện đèn lồng đợi ở cổng số bảy.",
}
CATEGORIES = (("known_content", 0.98), ("reupload", 0.93), ("suspected_text", 0.61), ("trade_offer", 0.72),
              ("personal_data_posted", 0.55), ("known_content", 0.9))  # fmt: skip


@dataclass(frozen=True)
class Told:
    """What is told of one case until the drafter has written."""

    flagged: ContentFlagged
    sealed: EvidenceSealed
    drafted: NoticeDrafted

    @property
    def events(self) -> tuple[tuple[datetime, Event], ...]:
        at, sealed, drafted = self.flagged.flagged_at, self.sealed.sealed_at, self.drafted.drafted_at
        return (at, self.flagged), (sealed, self.sealed), (drafted, self.drafted)

    @property
    def notices(self) -> tuple[Notice, ...]:
        return self.drafted.notices


def told(
    n: int, found: datetime, place: Place, kind: int, *, picture: int | None = None, again: Told | None = None
) -> Told:
    """`picture`: the number of one that another case shows, too. `again`: the case of which it is a re-upload."""
    finding = seen(n, found, place, n if picture is None else picture)
    assessment = assessed(kind, n, finding)
    case = case_id(finding.url)
    about = {"case_id": case, "finding": finding, "assessment": assessment}
    flagged = EXAMPLES[ContentFlagged].model_copy(update={**about, "flagged_at": found + timedelta(seconds=1.1)})
    digest = hashlib.sha256(f"manifest {n}".encode()).hexdigest()
    sealed_at = found + timedelta(seconds=2.9)
    sealed = EXAMPLES[EvidenceSealed].model_copy(update={**about, "manifest_sha256": digest, "sealed_at": sealed_at})
    drafted_at = found + timedelta(seconds=3.6)
    assert isinstance(sealed, EvidenceSealed)
    links = (_link(again),) if again else ()
    notices = written(sealed, place, drafted_at)
    drafted = NoticeDrafted(
        case_id=case,
        report=write_report(sealed, the_office(), notices=notices, links=links),
        notices=notices,
        drafted_at=drafted_at,
        links=links,
    )
    return Told(flagged, sealed, drafted)  # type: ignore[arg-type]  # the examples are of all events


def seen(n: int, found: datetime, place: Place, picture: int) -> Finding:
    url, language = f"http://{place.site.host}/post/{100 + n}", place.site.language or "en"
    digest = hashlib.sha256(f"picture {picture}".encode()).hexdigest()
    shown = PICTURE.model_copy(update={"url": f"http://{place.site.host}/media/{picture}.jpg", "sha256": digest})
    titles = TITLES[language]
    return FINDING.model_copy(
        update={
            "content_id": identity("content", url, digest), "url": url, "site": place.site, "language": language,
            "title": titles[n % len(titles)], "excerpt": EXCERPTS[language], "pictures": (shown,), "found_at": found,
        }
    )  # fmt: skip


def assessed(kind: int, n: int, finding: Finding) -> Assessment:
    category, risk = CATEGORIES[kind % len(CATEGORIES)]
    if category not in ("known_content", "reupload"):
        why = Reason(code="text-model", text="", weight=risk, values={"score": str(risk)})
        return Assessment(
            category=category, risk=Risk(score=risk, components={"text": risk}), reasons=(why,), matches=()
        )
    values = {"picture": "1", "entry": f"k{n:02}", "bank": "stand-ins", "how": "bits", "distance": "4", "bits": "256",
              "variant": "original"}  # fmt: skip
    why = Reason(code="known-picture", text="", weight=risk, values=values)
    example = EXAMPLES[ContentFlagged]
    assert isinstance(example, ContentFlagged)
    match = example.assessment.matches[0].model_copy(
        update={"entry": f"k{n:02}", "picture_url": finding.pictures[0].url}
    )
    components = {"known_picture": risk, "text": 0.12}
    return Assessment(category=category, risk=Risk(score=risk, components=components), reasons=(why,), matches=(match,))


def written(event: EvidenceSealed, place: Place, now: datetime) -> tuple[Notice, ...]:
    """The site at once, the company behind it two days later."""
    writer, found = Writer(event, the_office(), now), []
    named = addresses(event.finding, event.assessment.matches)[0]
    for rung, asked in enumerate((place.operator, HOST)):
        assert named is not None
        notice = writer.write(Asked(asked, rung, 48 * rung, named), Occasion())
        assert isinstance(notice, Notice), notice
        found.append(notice)
    return tuple(found)


def _link(earlier: Told) -> CaseLink:
    finding, case = earlier.flagged.finding, earlier.flagged.case_id
    host, found_at = finding.site.host, finding.found_at
    return CaseLink(case_id=case, reference=reference(case), host=host, by=("hash",), found_at=found_at)
