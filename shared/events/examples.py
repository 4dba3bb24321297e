"""One valid, harmless example of every event: for documents, for subscribers, and for tests."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from shared.events.answers import (
    AnswerKind,
    CasePlanned,
    ContentReappeared,
    FollowUpAsked,
    HandedOver,
    HandOverDue,
    LogLine,
    NoticeAnswered,
    NoticeEscalated,
    NoticesStopped,
    NoticeWithdrawn,
    PlannedStep,
)
from shared.events.base import Event
from shared.events.casework import (
    Assessment,
    ContentFlagged,
    EvidenceFailed,
    EvidenceSealed,
    NoticeDrafted,
    ReviewDecided,
    Verdict,
)
from shared.events.conversations import ConversationObserved, LawfulBasis, Turn
from shared.events.crawling import ContentFound, CrawlDue, Visit
from shared.events.custody import (
    Artifact,
    CustodyAction,
    CustodyNoted,
    EvidenceHandled,
    EvidenceOrderDone,
    EvidenceOrdered,
    OrderKind,
)
from shared.events.detection import (
    AlertRaised,
    CaseHashed,
    CasePicture,
    ConversationAlerted,
    HashSubmitted,
    ModelPromoted,
    PictureVariant,
    RulesChanged,
    StagedTurn,
    SubmittedHash,
)
from shared.events.followup import (
    CaseChanged,
    CheckRequested,
    ContentChecked,
    HashListed,
    NoticeBounced,
    NoticeSent,
    RemovalVerified,
)
from shared.events.intake import PageReported, PageUnreached, ReferralMade, ReportSource, TreeHeadSigned
from shared.events.values import (
    Capture,
    Finding,
    HashEntry,
    Match,
    Notice,
    Picture,
    Probe,
    ProbeOutcome,
    Reason,
    Recipient,
    Report,
    Requirement,
    Risk,
    SealedObject,
    Site,
    SiteKind,
)
from shared.identity import case_id, identity
from shared.notices import sealed

T0 = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
URL = "http://harbour-board.en.test/post/41"
CASE: UUID = case_id(URL)
DIGEST = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
PDQ = "f8f8f0cce0f4e84d8c9b4e6f1a0b3c5d7e8f90a1b2c3d4e5f60718293a4b5c6d"

SITE = Site(
    host="harbour-board.en.test",
    name="Harbour board",
    kind=SiteKind.BOARD,
    language="en",
    country="US",
    abuse_email="abuse@harbour-board.en.test",
)
PICTURE = Picture(
    url="http://harbour-board.en.test/media/41.jpg",
    sha256=DIGEST,
    bytes=48_213,
    width=640,
    height=480,
    pdq_dihedral=(PDQ,) * 8,
    pdq_quality=100,
)
FINDING = Finding(
    content_id=identity("content", URL, DIGEST),
    url=URL,
    site=SITE,
    title="A picture from the harbour",
    language="en",
    excerpt="The lantern parcel waits at gate seven.",
    pictures=(PICTURE,),
    found_at=T0,
)
CAPTURE = Capture(
    fetched_at=T0,
    status=200,
    address="127.77.0.3",
    user_agent="Haetae/0.1",
    content_type="text/html; charset=utf-8",
    body_sha256=DIGEST,
)
ASSESSMENT = Assessment(
    category="known_content",
    risk=Risk(score=0.98, components={"known_picture": 0.98, "text": 0.12}),
    reasons=(Reason(code="known-picture", text="Picture 1 agrees with bank 'stand-ins', entry 'k03'.", weight=0.98),),
    matches=(
        Match(picture_url=PICTURE.url, bank="stand-ins", entry="k03", algorithm="pdq", distance=4, variant="original"),
    ),
)
RECIPIENT = Recipient(name="Harbour board", email="abuse@harbour-board.en.test", role="site", language="en")
SUBJECT, BODY = "[Haetae HT-1A2B3C4D] Request for removal", f"Please remove {URL} and confirm.\n"
NOTICE = sealed(
    Notice(
        notice_id=identity("notice", CASE, RECIPIENT.email, "first"),
        recipient=RECIPIENT,
        language="en",
        subject=SUBJECT,
        body=BODY,
        requirements=(Requirement(field="location", source="47 USC 223a(a)(1)(B)(ii)", satisfied_by=URL),),
        sha256=DIGEST,
    )
)
CHECK = identity("check", CASE, 1)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


EXAMPLES: dict[type[Event], Event] = {
    type(event): event
    for event in (
        CrawlDue(url=URL, host=SITE.host, visit=Visit.FIRST, due_at=T0),
        ContentFound(host=SITE.host, finding=FINDING, text=FINDING.excerpt, capture=CAPTURE),
        ConversationObserved(
            conversation="harbour-room",
            site=SITE,
            lawful_basis=LawfulBasis.OPEN_ROOM,
            proof=URL,
            turns=(Turn(turn_id="1", speaker="7f3a", said_at=T0, text="The lantern parcel waits at gate seven."),),
            observed_at=at(0.1),
        ),
        ContentFlagged(case_id=CASE, finding=FINDING, capture=CAPTURE, assessment=ASSESSMENT, flagged_at=at(0.2)),
        EvidenceSealed(
            case_id=CASE,
            finding=FINDING,
            assessment=ASSESSMENT,
            manifest_sha256=DIGEST,
            objects=(SealedObject(name="page.wacz", sha256=DIGEST, bytes=61_002, media_type="application/wacz"),),
            sealed_at=at(1.4),
        ),
        EvidenceFailed(
            case_id=CASE, finding=FINDING, assessment=ASSESSMENT, reason="the page answered 410", failed_at=at(1.4)
        ),
        EvidenceHandled(
            case_id=CASE,
            action=CustodyAction.VIEWED,
            artifacts=(Artifact(name="picture-1.jpg", sha256=DIGEST),),
            blurred=False,
            by="reviewer-7",
            why="confirm-match",
            handled_at=at(30),
        ),
        EvidenceOrdered(
            order_id=identity("order", CASE, 1),
            case_id=CASE,
            kind=OrderKind.BUNDLE,
            by="reviewer-7",
            why="the police asked for it, reference 2026-11",
            basis="request of the police",
            ordered_at=at(60),
        ),
        EvidenceOrderDone(
            order_id=identity("order", CASE, 1),
            case_id=CASE,
            kind=OrderKind.BUNDLE,
            by="reviewer-7",
            why="the police asked for it, reference 2026-11",
            basis="request of the police",
            ordered_at=at(60),
            done_at=at(61),
            result={"sha256": DIGEST, "bytes": 812_004},
        ),
        CustodyNoted(
            case_id=CASE,
            seq=1,
            at=at(1.4),
            actor="evidence",
            action=CustodyAction.COLLECTED,
            artifacts=(Artifact(name="picture-1.jpg", sha256=DIGEST),),
            details={},
            prev_hash="0" * 64,
            hash=DIGEST,
        ),
        NoticeDrafted(
            case_id=CASE,
            report=Report(language="ko", title="사건 보고", body="시험용 보고서입니다.\n"),
            notices=(NOTICE,),
            drafted_at=at(1.7),
        ),
        ReviewDecided(
            case_id=CASE,
            verdict=Verdict.APPROVED,
            note="",
            approved=(NOTICE,),
            finding=FINDING,
            reviewer="reviewer-7",
            scripted=False,
            seal=DIGEST,
            decided_at=at(30),
        ),
        NoticeSent(
            case_id=CASE,
            notice_id=NOTICE.notice_id,
            recipient=RECIPIENT,
            message_id=f"<{NOTICE.notice_id}@haetae.test>",
            receipt="250 stored",
            attempt=1,
            sent_at=at(31),
        ),
        NoticeBounced(
            case_id=CASE,
            notice_id=NOTICE.notice_id,
            recipient=RECIPIENT,
            reason="550 no such mailbox",
            attempt=1,
            bounced_at=at(31),
        ),
        NoticeAnswered(
            case_id=CASE,
            notice_id=NOTICE.notice_id,
            answer_id=identity("answer", NOTICE.notice_id, 1),
            provider="",
            recipient=RECIPIENT.email,
            kind=AnswerKind.RECEIPT,
            ticket="20261-77",
            words="We received your report, number 20261-77.",
            channel="mail",
            answered_at=at(95),
        ),
        NoticeEscalated(case_id=CASE, rung=1, notices=(NOTICE.notice_id,), why="expired", escalated_at=at(172_831)),
        NoticeWithdrawn(case_id=CASE, notice_id=NOTICE.notice_id, why="removed", by="notifier", withdrawn_at=at(4301)),
        CasePlanned(
            case_id=CASE,
            revision=3,
            steps=(
                PlannedStep(
                    what="clock",
                    at=at(172_831),
                    why="US_TIDA",
                    notice_id=NOTICE.notice_id,
                    recipient=RECIPIENT.name,
                    values={"hours": "48"},
                ),
            ),
            planned_at=at(31),
        ),
        HandOverDue(case_id=CASE, notice_id=NOTICE.notice_id, due_at=at(31)),
        HandedOver(
            case_id=CASE,
            notice_id=NOTICE.notice_id,
            receipt="2026-0001177",
            failed="",
            by="reviewer-7",
            handed_at=at(400),
        ),
        NoticesStopped(case_id=CASE, notices=(), why="the person asked us to", by="reviewer-7", stopped_at=at(60)),
        FollowUpAsked(
            case_id=CASE,
            round=1,
            why="regulator",
            url=URL,
            notices=(NOTICE.notice_id,),
            log=(LogLine(at=at(31), what="sent", recipient=RECIPIENT.email, detail="250 stored"),),
            asked_at=at(172_831),
        ),
        ContentReappeared(case_id=CASE, url=URL, removed_at=at(4300), seen_at=at(90_700), number=4),
        CheckRequested(case_id=CASE, check_id=CHECK, number=1, finding=FINDING, due_at=at(3631)),
        ContentChecked(
            case_id=CASE,
            check_id=CHECK,
            number=1,
            outcome=ProbeOutcome.GONE,
            probes=(Probe(url=URL, vantage="honest", status=410, outcome=ProbeOutcome.GONE, why="status 410"),),
            checked_at=at(3632),
        ),
        RemovalVerified(case_id=CASE, url=URL, first_gone_at=at(3632), verified_at=at(4300), checks=2),
        HashListed(
            bank="stand-ins",
            entries=(
                HashEntry(
                    entry="k03", category="stand-in", algorithm="pdq", hash=PDQ, variant="original", threshold=31
                ),
            ),
            listed_at=T0,
        ),
        HashSubmitted(
            submission_id=CHECK,
            source="victim_report",
            category="stand-in",
            reference="2026-000117",
            hashes=(SubmittedHash(algorithm="pdq", hash=PDQ, quality=100),),
            by="counsellor-2",
            submitted_at=T0,
        ),
        CaseHashed(
            case_id=CASE,
            host="harbour-board.en.test",
            category="stand-in",
            pictures=(CasePicture(number=1, sha256=DIGEST, variants=(PictureVariant(variant="original", pdq=PDQ),)),),
            hashed_at=T0,
        ),
        RulesChanged(name="rules", version=4, changed_at=T0),
        ModelPromoted(
            name="text",
            version=3,
            status="champion",
            replaced=2,
            reason="average precision 0.61, before 0.55; no language worse",
            by="trainer",
            promoted_at=T0,
        ),
        ConversationAlerted(
            alert_id=CHECK,
            conversation="room-7",
            site=FINDING.site,
            lawful_basis=LawfulBasis.OPEN_ROOM,
            proof="https://chat.example.test/rooms/7",
            risk=0.74,
            stage="moving_platform",
            turns=(StagedTurn(turn_id="t-19", stage="moving_platform", said_at=at(5), weight=0.4),),
            turns_read=19,
            playbook="https://agency.example.test/playbook",
            model="1",
            raised_at=at(6),
        ),
        AlertRaised(
            alert_id=CHECK,
            conversation=identity("alert.conversation", "room-7", T0.isoformat()),
            site_kind=SITE.kind,
            country=SITE.country,
            language=SITE.language,
            lawful_basis=LawfulBasis.OPEN_ROOM,
            risk=0.74,
            stage="moving_platform",
            stages=("moving_platform",),
            turns_read=19,
            raised_at=at(6),
        ),
        PageReported(
            case_id=CASE,
            report_id=CHECK,
            url=URL,
            source=ReportSource.VICTIM,
            agency="home",
            category="other",
            reported_at=T0,
        ),
        PageUnreached(
            case_id=CASE,
            report_id=CHECK,
            url=URL,
            problem="wall: login — log in to see this",
            final=True,
            tried_at=at(4),
        ),
        ReferralMade(
            referral_id=CHECK,
            report_id=CHECK,
            partner="counselling-centre",
            services=("counselling",),
            language="ko",
            consented_at=T0,
        ),
        TreeHeadSigned(
            log="home", size=48_211, root=DIGEST, signed_at=at(60), key_id="gateway-2026", signature="c3RhbmQtaW4="
        ),
        CaseChanged(case_id=CASE, state="sent", category="known_content", country="US", changed_at=at(31)),
    )
}
