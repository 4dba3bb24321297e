"""Which role has which right, as far as no case has a say in it."""

from collections.abc import Iterable

from services.gateway.rights.vocabulary import Right, Role

READS = frozenset({Right.READ_CASES, Right.READ_EVIDENCE, Right.READ_ALERTS, Right.READ_POLICIES, Right.READ_PROVIDERS,
                   Right.READ_HISTORY, Right.OWN_SETTINGS})  # fmt: skip
REVIEWS = READS | {
    Right.SEE_BLURRED, Right.CLAIM_CASES, Right.DECIDE_CASES, Right.UNDO_DECISIONS, Right.EDIT_NOTICES,
    Right.HANDLE_NOTICES, Right.UNBLUR_PICTURES, Right.ORDER_EVIDENCE, Right.TAKE_ALERTS, Right.SUBMIT_HASHES,
}  # fmt: skip
REPORTS = frozenset({Right.READ_REPORTS, Right.HANDLE_REPORTS, Right.SUBMIT_REPORTS})
RIGHTS: dict[Role, frozenset[Right]] = {
    Role.VIEWER: READS | {Right.SEE_BLURRED},
    Role.COUNSELLOR: READS | REPORTS | {Right.SEE_BLURRED, Right.TAKE_ALERTS, Right.SUBMIT_HASHES},
    Role.REVIEWER: REVIEWS,
    Role.SENIOR: REVIEWS | REPORTS | {Right.KEEP_GOLDEN, Right.TRANSFER_CASES, Right.READ_FIGURES},
    Role.SUPERVISOR: REVIEWS | REPORTS | {
        Right.KEEP_GOLDEN, Right.TRANSFER_CASES, Right.READ_FIGURES, Right.PROPOSE_POLICIES, Right.APPROVE_POLICIES,
        Right.STOP_POLICIES,
        Right.EXPORT_HISTORY,
    },
    Role.AUDITOR: READS | {Right.READ_FIGURES, Right.EXPORT_HISTORY},
    Role.ADMIN: frozenset({Right.MANAGE_PEOPLE, Right.READ_HISTORY, Right.OWN_SETTINGS}),
    Role.SERVICE: frozenset(),
}  # fmt: skip


def holds(roles: Iterable[str], right: Right) -> bool:
    return any(right in RIGHTS[Role(role)] for role in roles)
