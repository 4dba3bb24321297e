"""Roles and rights by name: what a policy may speak of."""

from enum import StrEnum


class Role(StrEnum):
    VIEWER = "viewer"  # reads, blurred; for those who learn
    COUNSELLOR = "counsellor"  # victims: reports, referrals, alerts, hashes
    REVIEWER = "reviewer"
    SENIOR = "senior-reviewer"  # also answers for others: second looks, golden cases, stops
    SUPERVISOR = "supervisor"  # also lets policies decide, with another one; figures of the whole house
    AUDITOR = "auditor"  # reads everything but pictures, above all the history; changes nothing
    ADMIN = "agency-admin"  # people and settings of an agency, no cases
    SERVICE = "service"  # a program with the scopes that it was given


class Right(StrEnum):
    """What somebody wants to do. One right a sentence of a policy; routes name the one that they need."""

    READ_CASES = "read-cases"
    SEE_BLURRED = "see-blurred"  # pictures as they are shown to everybody who works with a case
    CLAIM_CASES = "claim-cases"
    DECIDE_CASES = "decide-cases"
    UNDO_DECISIONS = "undo-decisions"
    EDIT_NOTICES = "edit-notices"
    HANDLE_NOTICES = "handle-notices"  # hand in, stop, see to an alarm
    UNBLUR_PICTURES = "unblur-pictures"
    READ_EVIDENCE = "read-evidence"
    ORDER_EVIDENCE = "order-evidence"
    DESTROY_EVIDENCE = "destroy-evidence"  # with a second person
    READ_ALERTS = "read-alerts"
    TAKE_ALERTS = "take-alerts"
    SUBMIT_HASHES = "submit-hashes"
    READ_REPORTS = "read-reports"  # who reported, and how to reach them
    HANDLE_REPORTS = "handle-reports"
    SUBMIT_REPORTS = "submit-reports"  # the intake API of police, hotlines, schools
    RECEIVE_REFERRALS = "receive-referrals"  # of the partner that they are for
    READ_POLICIES = "read-policies"
    PROPOSE_POLICIES = "propose-policies"
    APPROVE_POLICIES = "approve-policies"
    STOP_POLICIES = "stop-policies"
    READ_PROVIDERS = "read-providers"
    READ_FIGURES = "read-figures"  # of the house, no person by name
    KEEP_GOLDEN = "keep-golden"
    READ_HISTORY = "read-history"
    EXPORT_HISTORY = "export-history"
    READ_PEOPLE = "read-people"  # who stands behind which pseudonym
    MANAGE_PEOPLE = "manage-people"
    TRANSFER_CASES = "transfer-cases"  # to another agency
    SECOND_LOOK = "second-look"  # confirm what another one proposed
    OWN_SETTINGS = "own-settings"  # one's own second factor, limits, shortcuts
    READ_EVENTS = "read-events"  # what is public, over HTTP
    MANAGE_WEBHOOKS = "manage-webhooks"  # have what is public sent to an address
    READ_STATEMENTS = "read-statements"  # what we state to peers, and what they do: hashes, which are never public
    MANAGE_PEERS = "manage-peers"  # with a second person
    EXCHANGE_STATEMENTS = "exchange-statements"  # take what peers state, state something; with a second person
    ASK_RIGHTS = "ask-rights"
