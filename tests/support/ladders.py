"""A ladder of notices as a drafter writes it, in many scripts, as neutral as the catalogue's examples."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from shared.events import CasePlanned, HandOverDue, NoticeDrafted, NoticeSent, PlannedStep
from shared.events.examples import EXAMPLES
from shared.events.values import Attachment, Notice, NoticeClock, Recipient, Requirement
from shared.identity import identity
from shared.notices import reference, sealed
from tests.support.gateway import Story

# What is asked, in the words of each language: a sentence of a request for removal, with every kind of mark in it.
SENTENCES = {
    "ko": "당사자의 동의 없이 유포된 자료의 삭제를 요청합니다.",
    "en": "We ask you to remove material that was distributed without the consent of the person concerned.",
    "zh": "我们请求贵方删除未经当事人同意而传播的材料，并告知处理结果。",
    "zh-Hant": "我們請求貴方刪除未經當事人同意而散布的資料，並告知處理結果。",
    "ja": "本人の同意なく配布された資料の削除を要請いたします。結果をお知らせください。",
    "ru": "Просим удалить материал, распространённый без согласия лица, о котором идёт речь.",
    "vi": "Chúng tôi đề nghị gỡ bỏ tài liệu được phát tán mà không có sự đồng ý của người liên quan.",
    "es": "Solicitamos la retirada de material distribuido sin el consentimiento de la persona afectada. ¿Recibido?",
    "th": "ขอให้ลบเนื้อหาที่เผยแพร่โดยไม่ได้รับความยินยอมจากผู้ที่เกี่ยวข้อง และแจ้งผลให้เราทราบ",
}
DIGEST = "d4" * 32


def written(
    story: Story,
    name: str,
    tongue: str = "en",
    *,
    channel: str = "mail",
    role: str = "host",
    **more: object,
) -> Notice:
    """A notice of the case to this recipient."""
    email = f"abuse@{name}.test" if channel == "mail" else ""
    url, asked = story.flagged.finding.url, SENTENCES[tongue]
    body = f"{asked}\n\n{url}\n\nHT: {reference(story.case)}\nSHA-256: {DIGEST}\n2026-11-22 08:59:58 UTC\n"
    notice = Notice(
        notice_id=identity("notice", story.case, name, more.get("occasion", "first")),
        recipient=Recipient(
            name=name.replace("-", " ").title(),
            email=email,
            role=role,
            language=tongue[:2],
            locale=tongue if "-" in tongue else "",
            channel=channel,
            provider=name,
            can=("remove",),
            source="RDAP of the network",
            known_at=story.drafted.drafted_at - timedelta(days=3),
            answers_in_hours=5.5,
        ),
        language=tongue[:2],
        locale=tongue if "-" in tongue else "",
        subject=f"[Haetae {reference(story.case)}] {asked[:20]}",
        body=body,
        korean="" if tongue == "ko" else f"{SENTENCES['ko']}\n\n{url}\n",
        requirements=(
            Requirement(field="request", source="Example Act, article 1", satisfied_by=asked),
            Requirement(field="location", source="Example Act, article 2", satisfied_by=url),
        ),
        clock=NoticeClock(kind="hours", law="US_TIDA", hours=48),
        attachments=(Attachment(name="xarf.json", media_type="application/json", text='{"xarf_version": "4.2.0"}\n'),),
        sha256="0" * 64,
    )
    return sealed(notice.model_copy(update=more))


def form_fields(story: Story) -> dict[str, str]:
    return {
        "form": "https://search-engine.test/report",
        "reference": reference(story.case),
        "urls": f"{story.flagged.finding.url}\nhttp://harbour-board.en.test/i/41.jpg",
        "comments": "Material distributed without the consent of the person concerned.",
        "contact_email": "notices@agency.test",
    }


def ladder(story: Story) -> tuple[Notice, ...]:
    """Host in Japanese at once, its reminder, a search engine's form in traditional Chinese, a registrar in Thai after
    three days."""
    host = written(story, "lighthouse-host", "ja")
    reminder = written(story, "lighthouse-host", "ja", occasion="reminder", follows=host.notice_id, after_hours=24)
    form = written(story, "search-engine", "zh-Hant", channel="form", role="search", fields=form_fields(story))
    later = written(story, "gate-registrar", "th", role="registrar", rung=2, after_hours=72)
    return host, reminder, form, later


def drafted(story: Story, *notices: Notice, number: int = 0, why: str = "") -> NoticeDrafted:
    later = story.drafted.drafted_at + timedelta(days=number)
    more = {"notices": notices, "round": number, "why": why, "drafted_at": later}
    return story.drafted.model_copy(update=more)


def planned(story: Story, notice_id: UUID) -> CasePlanned:
    at = story.drafted.drafted_at
    steps = (
        PlannedStep(
            what="clock",
            at=at + timedelta(hours=48),
            why="hours",
            notice_id=notice_id,
            recipient="x",
            proven=False,
            values={"law": "US_TIDA", "hours": "48"},
        ),
        PlannedStep(what="alarm", at=at + timedelta(hours=1), why="question", notice_id=notice_id, recipient="x"),
        PlannedStep(what="approve", at=None, why="unheard-of", recipient="<b>\u202ex"),
    )
    return CasePlanned(case_id=story.case, revision=1, steps=steps, planned_at=at)


def sent(story: Story, notice: Notice) -> NoticeSent:
    example = EXAMPLES[NoticeSent]
    more = {"case_id": story.case, "notice_id": notice.notice_id, "recipient": notice.recipient}
    assert isinstance(example, NoticeSent)
    return example.model_copy(update=more)


def due(story: Story, notice: Notice) -> HandOverDue:
    return HandOverDue(case_id=story.case, notice_id=notice.notice_id, due_at=story.drafted.drafted_at)
