"""How recipients act on notices: one row a provider of the contact graph, or a mailbox's domain, from our own rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from shared.database import Transaction

WINDOW = timedelta(days=365)  # what an operator did longer ago says little of it
SHOWN = 100  # providers, those with most notices: more than an agency writes to in a year
# After which a sent notice counts as unanswered, when neither an answer nor a removal came: the strictest clocks have
# 24 h, most 48 h.
SILENT_AFTER = timedelta(hours=48)
# A mail server or a machine speaks, no person or desk.
NO_ANSWER = ("delivered", "delayed", "auto_reply", "bounced")


@dataclass(frozen=True)
class Standing:
    """`answer_s`, `removal_s`: medians in seconds, None while there is none; what bears the time of
    the notice itself took none that was measured. `unanswered`: sent two days ago or more,
    without an answer and without removal. `cases`: with a notice that was sent;
    `removed`: of those, proved gone afterwards; `reappeared`: back again after that; `reuploads`: of those, the ones
    whose content was known from an earlier case."""

    provider: str
    notices: int
    answered: int
    answer_s: float | None
    refused: int
    bounced: int
    unanswered: int
    cases: int
    removed: int
    removal_s: float | None
    reappeared: int
    reuploads: int


@dataclass(frozen=True)
class League:
    """`more`: there are further providers, with fewer notices."""

    rows: Sequence[Standing]
    more: bool


# Notices of the window; of each its first answer; of each provider and case the first that was sent.
_LEAGUE = sa.text(
    """
    WITH tried AS (
        SELECT notice_id, case_id, provider, sent_at, bounced_at FROM notices
        WHERE provider IS NOT NULL AND (sent_at >= :since OR (sent_at IS NULL AND bounced_at >= :since))
    ), replies AS (
        SELECT tried.notice_id,
            min(answered_at) FILTER (WHERE answers.kind <> ALL(:no_answer)) AS first_at,
            bool_or(answers.kind = 'refused') AS refused,
            bool_or(answers.kind = 'bounced') AS bounced
        FROM tried JOIN answers USING (notice_id) GROUP BY tried.notice_id
    ), of_notices AS (
        SELECT provider,
            count(*) AS notices,
            count(first_at) AS answered,
            percentile_cont(0.5)
                WITHIN GROUP (ORDER BY extract(epoch FROM first_at - tried.sent_at))
                FILTER (WHERE first_at > tried.sent_at) AS answer_s,
            count(*) FILTER (WHERE replies.refused) AS refused,
            count(*) FILTER (WHERE tried.sent_at IS NULL OR replies.bounced) AS bounced,
            count(*) FILTER (
                WHERE tried.sent_at < :silent AND first_at IS NULL AND replies.bounced IS NOT TRUE
                AND (cases.verified_at IS NULL OR cases.verified_at < tried.sent_at)
            ) AS unanswered
        FROM tried LEFT JOIN replies USING (notice_id) JOIN cases USING (case_id) GROUP BY provider
    ), asked AS (
        SELECT provider, case_id, min(sent_at) AS sent_at FROM tried
        WHERE sent_at IS NOT NULL GROUP BY provider, case_id
    ), of_cases AS (
        SELECT provider,
            count(*) AS cases,
            count(*) FILTER (WHERE removed_at >= asked.sent_at) AS removed,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM removed_at - asked.sent_at))
                FILTER (WHERE removed_at > asked.sent_at) AS removal_s,
            count(*) FILTER (WHERE reappeared_at IS NOT NULL) AS reappeared,
            count(*) FILTER (WHERE jsonb_path_exists(links, '$[*].by[*] ? (@ == "hash" || @ == "entry")')) AS reuploads
        FROM asked JOIN cases USING (case_id) GROUP BY provider
    )
    SELECT provider, notices, answered, answer_s, refused, bounced, unanswered, coalesce(cases, 0) AS cases,
        coalesce(removed, 0) AS removed, removal_s, coalesce(reappeared, 0) AS reappeared,
        coalesce(reuploads, 0) AS reuploads
    FROM of_notices LEFT JOIN of_cases USING (provider) ORDER BY notices DESC, provider LIMIT :most
    """
)


async def league(tx: Transaction) -> League:
    """One query over the window."""
    now = tx.clock.now()
    values = {
        "since": now - WINDOW,
        "silent": now - SILENT_AFTER,
        "no_answer": list(NO_ANSWER),
        "most": SHOWN + 1,
    }
    rows = [_standing(row) for row in (await tx.execute(_LEAGUE, values)).mappings()]
    return League(rows[:SHOWN], len(rows) > SHOWN)


def _standing(row: sa.RowMapping) -> Standing:
    seconds = {name: None if row[name] is None else float(row[name]) for name in ("answer_s", "removal_s")}
    return Standing(**{**row, **seconds})
