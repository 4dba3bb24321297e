"""A notice on paper: as it is sent, how it reads in Korean, and which words satisfy which demand. Pure."""

from typing import Any

from services.gateway.documents.drawing import When, words
from services.gateway.notices.rows import CaseNotice
from services.gateway.texts import Texts
from shared.events.values import Notice
from shared.notices import reference
from shared.typeset.plain import paragraphs, shown

MAX_LINE = 4_300  # characters: an address of the largest size, named
MAX_LINES = 600  # about twelve pages: a notice with two hundred pictures
MAX_VALUE = 300


def notice_values(row: CaseNotice, notice: Notice, texts: Texts, when: When) -> dict[str, Any]:
    to = notice.recipient
    address = to.email or to.connector or to.provider
    said = [
        (texts("notices.to"), f"{to.name} ({texts.word('role', to.role)}) {address}"),
        (texts("ladder.rung", n=notice.rung), texts.word("occasion", notice.occasion)),
        (texts("queue.state"), texts.word("notice", row.state)),
        (texts.word("state", "approved"), when(row.approved_at) if row.approved_at else ""),
        (texts.word("notice", "sent"), f"{when(row.sent_at)} {row.receipt or ''}" if row.sent_at else ""),
        (texts("notices.digest"), notice.sha256),
    ]
    return {
        "language": texts.language,
        "title": texts("notices.title_one", name=shown(to.name, MAX_VALUE)),
        "reference": reference(row.case_id),
        "digest": notice.sha256,
        "facts": [[label, shown(value, MAX_VALUE)] for label, value in said if value],
        "tongue": notice.locale or notice.language,
        "subject": shown(notice.subject, MAX_VALUE),
        "body": paragraphs(notice.body, MAX_LINE, MAX_LINES),
        "korean": paragraphs(notice.korean, MAX_LINE, MAX_LINES),
        "proofs": [
            [
                shown(texts.word("demand", one.field), MAX_VALUE),
                shown(texts.word("demand", one.source), MAX_VALUE),
                paragraphs(one.satisfied_by, MAX_LINE, MAX_LINES),
            ]
            for one in notice.requirements
        ],
        "parts": [
            [shown(part.name, MAX_VALUE), paragraphs(part.text, MAX_LINE, MAX_LINES)] for part in notice.attachments
        ],
        "words": words(
            texts,
            text="notices.text",
            korean="notices.korean",
            required="notices.required",
            field="notices.field",
            source="notices.source",
            words="notices.words",
        ),
    }
