"""A case on two pages: the agency's report, what was done, what comes next, and what proves it. Pure."""

from datetime import datetime
from typing import Any

from services.gateway.alarms import ALARM, OF_PLAN
from services.gateway.casefile import CaseFile
from services.gateway.documents.drawing import When, words
from services.gateway.domain import Alarm
from services.gateway.notices.rows import CaseNotice
from services.gateway.texts import Texts
from shared.events import PlannedStep
from shared.notices import reference
from shared.typeset.plain import defanged, paragraphs, shown

# What fits on two pages of which each line is read; the case page has all of it.
MAX_VALUE, MAX_ADDRESS, MAX_LINES = 200, 400, 140
NOTICES, ANSWERS, STEPS, LINKS = 22, 10, 8, 6


def case_values(file: CaseFile, texts: Texts, when: When, now: datetime) -> dict[str, Any]:
    case, report = file.case, file.case.report
    return {
        "language": texts.language,
        "title": texts("documents.case", reference=reference(case.case_id)),
        "reference": reference(case.case_id),
        "made": texts("documents.made", at=when(now)),
        "facts": [[label, value] for label, value in _facts(file, texts, when) if value],
        "report_title": shown(report.title, MAX_VALUE) if report else texts("case.report"),
        "report_language": report.language if report else texts.language,
        "report": paragraphs(report.body, MAX_ADDRESS, MAX_LINES) if report else [texts("case.report_none")],
        "stages": [[texts.word("state", stage.state), when(stage.at)] for stage in file.stages],
        "notices": [_notice(row, texts, when) for row in file.notices[:NOTICES]],
        "more_notices": texts("documents.more", n=len(file.notices) - NOTICES) if len(file.notices) > NOTICES else "",
        "answers": [_answer(file, number, texts, when) for number in range(min(ANSWERS, len(file.answers)))],
        "plan": [_step(file, step, texts, when) for step in (case.plan.steps if case.plan else ())[:STEPS]],
        "links": [
            [link.reference, shown(link.host, MAX_VALUE), texts.words("agrees", ", ".join(link.by))]
            for link in file.linked[:LINKS]
        ],
        "proof": [[label, shown(value, MAX_VALUE)] for label, value in _proof(file, texts) if value],
        "words": {
            **words(
                texts,
                stages="case.stages",
                notices="notices.title",
                none="notices.none",
                answers="answers.title",
                plan="next.title",
                links="links.title",
                proof="documents.proof",
            ),
            "columns": [
                texts(key)
                for key in ("documents.rung", "notices.to", "documents.how", "queue.state", "documents.outcome")
            ],
        },
    }


def _facts(file: CaseFile, texts: Texts, when: When) -> list[tuple[str, str]]:
    case = file.case
    decided = f"{texts.decider(case.reviewer or '')}, {when(case.decided_at)}" if case.decided_at else ""
    return [
        (texts("queue.state"), texts.word("state", case.state)),
        (texts("queue.category"), texts.word("category", case.category or "unknown")),
        (texts("case.address"), defanged(case.url or "", MAX_ADDRESS)),
        (texts("case.found"), when(case.found_at) if case.found_at else ""),
        (texts("verdict.title"), f"{texts.word('state', case.verdict)}: {decided}" if decided else ""),
        (texts("case.removed_short"), when(case.first_gone_at) if case.first_gone_at else ""),
    ]


def _notice(row: CaseNotice, texts: Texts, when: When) -> list[str]:
    to, notice = (row.content.recipient, row.content) if row.content else (None, None)
    name = f"{to.name} ({texts.word('role', to.role)})" if to else str(row.notice_id)
    about = texts.word("occasion", notice.occasion) if notice else ""
    happened = row.sent_at or row.bounced_at or row.withdrawn_at or row.stopped_at or row.handed_at
    return [
        texts("ladder.rung", n=notice.rung) if notice else "",
        shown(f"{name}, {about}", MAX_VALUE),
        shown(texts.word("channel", to.channel) if to else "", MAX_VALUE),
        texts("notice." + row.state),
        when(happened) if happened else "",
    ]


def _answer(file: CaseFile, number: int, texts: Texts, when: When) -> list[str]:
    """Without its words: a person may be named in them."""
    answer = file.answers[number]
    name = file.names.get(answer.notice_id, answer.recipient) if answer.notice_id else answer.recipient
    ticket = f"{texts('answers.ticket')}: {answer.ticket}" if answer.ticket else ""
    told = texts.word("answer", answer.kind)
    return [when(answer.answered_at), told, shown(name, MAX_VALUE), shown(ticket, MAX_VALUE)]


def _step(file: CaseFile, step: PlannedStep, texts: Texts, when: When) -> list[str]:
    name = file.names.get(step.notice_id, step.recipient) if step.notice_id else step.recipient
    known = texts.word("alarm", OF_PLAN.get(step.why, Alarm.ATTENTION))
    why = known if step.what == ALARM else texts.sentence("step_why", f"{step.what}-{step.why}", step.values)
    at = when(step.at) if step.at else texts("next.open")
    return [at, shown(f"{texts.word('step_what', step.what)} {name}", MAX_VALUE), shown(why, MAX_VALUE)]


def _proof(file: CaseFile, texts: Texts) -> list[tuple[str, str]]:
    intact = texts("case.intact") if file.broken is None else texts("documents.broken")
    return [
        (texts("case.manifest"), file.case.manifest_sha256 or ""),
        (texts("case.history"), f"{len(file.history)}: {intact}"),
        (texts("documents.last_hash"), file.history[-1].hash if file.history else ""),
    ]
