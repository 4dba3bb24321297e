"""A gateway with real database and vault for tests, and cases made from the catalogue's examples."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from PIL import Image, ImageDraw, ImageFilter

from services.gateway.accounts import Account
from services.gateway.agencies.scoping import EVERYTHING
from services.gateway.care import house
from services.gateway.deciding.proposing import AT_ONCE, propose
from services.gateway.handlers import project
from services.gateway.parts import Parts
from services.gateway.sessions import Visitor
from services.gateway.verdict import Decision
from shared.approvals import Approvals
from shared.clock import Clock, SystemClock
from shared.database import Database
from shared.events import (
    ContentFlagged,
    Envelope,
    Event,
    EvidenceSealed,
    NoticeDrafted,
)
from shared.events.examples import EXAMPLES
from shared.events.values import Finding, Notice, Recipient, SealedObject
from shared.identity import case_id, identity
from shared.notices import sealed
from shared.objects.exports import Exports
from shared.objects.folder import FolderStore
from shared.objects.vault import Vault
from tests.support.approvals import APPROVALS

PASSWORD = "lantern parcel at gate seven"


@dataclass
class Desk:
    """The parts of a gateway, and the hand that feeds it events."""

    parts: Parts
    vault: Vault
    exports: Exports

    @property
    def database(self) -> Database:
        return self.parts.database

    async def tell(self, *events: Event) -> None:
        """Each event as the runner would bring it: its own transaction, with an envelope of its own."""
        for event in events:
            envelope = Envelope(event, uuid4(), "/haetae/test", datetime.now(UTC))
            async with self.database.transaction(envelope) as tx:
                await project(event, tx, approvals=APPROVALS)  # type: ignore[arg-type]  # whatever a test tells

    async def sealed_objects(self, case: UUID) -> tuple[SealedObject, ...]:
        """Pictures of a procedural harbour in the vault, sharp and blurred."""
        kept = []
        for name, data in picture_files():
            sha256 = await self.vault.put(case, data)
            kept.append(SealedObject(name=name, sha256=sha256, bytes=len(data), media_type="image/jpeg"))
        return tuple(kept)

    async def awaiting_review(self, post: str = "post/41", **more: object) -> Story:
        """A case that is flagged, sealed and drafted."""
        story = Story.of(post, **more)
        objects = await self.sealed_objects(story.case)
        await self.tell(story.flagged, story.sealed.model_copy(update={"objects": objects}), story.drafted)
        return story


def make_desk(dsn: str, folder: Path, clock: Clock | None = None) -> Desk:
    clock = clock or SystemClock()
    vault = Vault(FolderStore(folder / "evidence"), FolderStore(folder / "keys"), b"k" * 32)
    database = Database(dsn, "/haetae/gateway", clock, settings=EVERYTHING)
    exports = Exports(FolderStore(folder / "exports"), vault.keys, clock)
    house.use(house.House(APPROVALS.derived("care")))
    return Desk(Parts(database, vault, exports, clock, APPROVALS, language="en"), vault, exports)


async def decide(database: Database, approvals: Approvals, case_id: UUID, decision: Decision, by: Account) -> None:
    """As somebody decides without an undo window."""
    visitor = Visitor(by, "a token that nobody shows", by_cookie=False)
    async with database.transaction() as tx:
        await propose(tx, approvals, case_id, decision, visitor, window=AT_ONCE)


@dataclass(frozen=True)
class Story:
    """The events of one case, as neutral as the catalogue's examples."""

    case: UUID
    flagged: ContentFlagged
    sealed: EvidenceSealed
    drafted: NoticeDrafted

    @classmethod
    def of(
        cls,
        post: str = "post/41",
        *,
        title: str = "A picture from the harbour",
        score: float = 0.98,
        minutes: float = 0,
        recipients: Sequence[str] = ("abuse@harbour-board.en.test",),
    ) -> Story:
        url = f"http://harbour-board.en.test/{post}"
        case = case_id(url)
        example = EXAMPLES[ContentFlagged]
        assert isinstance(example, ContentFlagged)
        start = example.flagged_at + timedelta(minutes=minutes)
        finding = example.finding.model_copy(update={"url": url, "title": title, "found_at": start})
        risk = example.assessment.risk.model_copy(update={"score": score})
        assessment = example.assessment.model_copy(update={"risk": risk})
        about = {"case_id": case, "finding": finding, "assessment": assessment}
        sealed = EXAMPLES[EvidenceSealed].model_copy(update={**about, "sealed_at": start + timedelta(seconds=2)})
        flagged = example.model_copy(update={**about, "flagged_at": start + timedelta(seconds=1)})
        drafted = EXAMPLES[NoticeDrafted].model_copy(
            update={
                "case_id": case,
                "drafted_at": start + timedelta(seconds=3),
                "notices": tuple(notice(case, finding, email) for email in recipients),
            }
        )
        return cls(case, flagged, sealed, drafted)  # type: ignore[arg-type]

    @property
    def notices(self) -> tuple[Notice, ...]:
        return self.drafted.notices

    def redrafted(self, body: str) -> NoticeDrafted:
        """A later draft with other words."""
        changed = tuple(sealed(notice.model_copy(update={"body": body})) for notice in self.notices)
        later = self.drafted.drafted_at + timedelta(seconds=5)
        return self.drafted.model_copy(update={"notices": changed, "drafted_at": later})


def notice(case: UUID, finding: Finding, email: str) -> Notice:
    example = EXAMPLES[NoticeDrafted]
    assert isinstance(example, NoticeDrafted)
    recipient = Recipient(name=email.partition("@")[2], email=email, role="site", language="en")
    subject, body = f"[Haetae HT-{case.hex[:8].upper()}] Request for removal", f"Please remove {finding.url}\n"
    made = example.notices[0].model_copy(
        update={
            "notice_id": identity("notice", case, email, "first"),
            "recipient": recipient,
            "subject": subject,
            "body": body,
        }
    )
    return sealed(made)


def picture_files() -> list[tuple[str, bytes]]:
    sharp = Image.new("RGB", (480, 320), (186, 214, 236))
    draw = ImageDraw.Draw(sharp)
    draw.rectangle((0, 210, 480, 320), fill=(58, 104, 140))
    draw.polygon(((60, 210), (200, 210), (170, 250), (90, 250)), fill=(150, 60, 40))
    draw.rectangle((300, 90, 340, 210), fill=(240, 240, 232))
    blurred = sharp.convert("L").resize((120, 80)).filter(ImageFilter.GaussianBlur(6))
    files = []
    for name in ("picture-1", "screenshot"):
        files += [(f"{name}.jpg", jpeg(sharp)), (f"{name}-blurred.jpg", jpeg(blurred))]
    return files


def page_files() -> list[tuple[str, bytes, str]]:
    """What a capture of a page is made of, by name, with its media type: pictures, redacted screen, wireframe, text."""
    files = [(name, data, "image/jpeg") for name, data in picture_files()]
    screen = Image.new("RGB", (1280, 2400), (250, 250, 250))
    draw = ImageDraw.Draw(screen)
    draw.rectangle((80, 60, 900, 100), fill=(60, 60, 60))
    draw.rectangle((80, 160, 1200, 900), fill=(170, 180, 190))
    boxes = "".join(
        f'<rect x="{x}" y="{y}" width="560" height="240" fill="#bbb"/>' for x in (40, 680) for y in (40, 400)
    )
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="1280" height="800" viewBox="0 0 1280 800">{boxes}</svg>'
    return [
        *files,
        ("screenshot-redacted.jpg", jpeg(screen), "image/jpeg"),
        ("layout.svg", svg.encode(), "image/svg+xml"),
        ("text.txt", b"The lantern parcel waits at gate seven.\n", "text/plain"),
        ("page.wacz", b"PK", "application/wacz"),
        ("manifest.json", b"{}", "application/json"),
    ]


def jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()
