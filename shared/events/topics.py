"""Every topic, once. Broker topics and documents are generated from here."""

from shared.events.base import Lane, Topic

CRAWL_DUE = Topic("crawl.due", "host", Lane.HOT, "URLs that are due; the key gives each host to one fetcher", 12)
CONTENT_FOUND = Topic("content.found", "host", Lane.HOT, "Content seen on the web, nearly all of it harmless", 12)
CONVERSATION_OBSERVED = Topic("conversation.observed", "conversation", Lane.HOT, "Turns of chats that may be watched")
# A partition is one capture at a time: six of them were full first in a nation's storm (docs/capacity.md).
CONTENT_FLAGGED = Topic("content.flagged", "case_id", Lane.CASE, "Findings a reviewer should see, with the reasons", 24)
EVIDENCE_SEALED = Topic("evidence.sealed", "case_id", Lane.CASE, "Preserved pages, and pages that could not be")
EVIDENCE_ORDERS = Topic("evidence.orders", "case_id", Lane.CASE, "What officials did with evidence, and want done")
EVIDENCE_CUSTODY = Topic("evidence.custody", "case_id", Lane.CASE, "The chain of custody of each case, line by line")
NOTICE_DRAFTED = Topic("notice.drafted", "case_id", Lane.CASE, "Reports and notices, ready for review")
REVIEW_DECIDED = Topic("review.decided", "case_id", Lane.CASE, "Verdicts, with the exact notices they approve; stops")
NOTICE_SENT = Topic("notice.sent", "case_id", Lane.CASE, "What became of each notice")
NOTICE_ORDERS = Topic("notice.orders", "case_id", Lane.CASE, "What officials did with approved notices")
NOTICE_FOLLOWUP = Topic("notice.followup", "case_id", Lane.CASE, "Cases that need another notice, with what happened")
CHECK_REQUESTED = Topic("check.requested", "case_id", Lane.CASE, "Removal checks that are due")
CONTENT_CHECKED = Topic("content.checked", "case_id", Lane.CASE, "What removal checks saw, and what they proved")
HASH_LISTED = Topic("hash.listed", "bank", Lane.CASE, "Hash banks that changed", 1, forever=True)
CASE_LISTED = Topic("case.listed", "case_id", Lane.CASE, "Pictures of approved cases that are listed as known")
HASH_SUBMITTED = Topic("hash.submitted", "submission_id", Lane.CASE, "Hashes that a person gave for listing")
DETECTION_CHANGED = Topic(
    "detection.changed", "name", Lane.CASE, "Rules and models that judge from now on", 1, forever=True
)
CONVERSATION_ALERTS = Topic(
    "conversation.alerts", "conversation", Lane.CASE, "Conversations that need a counsellor, with where they are"
)
ALERT_EVENTS = Topic(
    "alert.events", "conversation", Lane.CASE, "That a conversation needs a counsellor, not which", public=True
)
REPORT_RECEIVED = Topic("report.received", "case_id", Lane.CASE, "Pages that victims and partners reported")
REFERRAL_EVENTS = Topic(
    "referral.events",
    "referral_id",
    Lane.CASE,
    "Persons who asked for a partner",
    public=True,
)
AUDIT_HEADS = Topic(
    "audit.heads", "log", Lane.CASE, "Signed tree heads of the audit history", 1, public=True, forever=True
)
CASE_EVENTS = Topic("case.events", "case_id", Lane.CASE, "Redacted progress of cases, for other agencies", public=True)
# Not public: whoever has a perceptual hash can try pictures against it.
FEDERATION_EVENTS = Topic(
    "federation.events",
    "about",
    Lane.CASE,
    "Signed statements to other agencies: hashes, contacts, outcomes",
    peers=True,
)
FEDERATION_TAKEN = Topic(
    "federation.taken", "statement_id", Lane.CASE, "Statements of other agencies that two persons accepted, or dropped"
)
