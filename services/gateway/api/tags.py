"""Under which heading the API's description has a path: by its beginning. Pure."""

TAGS = {
    "access": "Logging in, sessions, tokens.",
    "queue": "What awaits review: claims, views, clusters.",
    "cases": "Cases, their history and their verdicts.",
    "notices": "What follows a verdict: stopping, handing in, seeing to alarms.",
    "evidence": "Sealed evidence, its custody, bundles and legal holds.",
    "detection": "Alerts about conversations, hashes that a person submits.",
    "policies": "Policies that approve in an official's place, and their switch.",
    "reports": "Reports of victims and partners, referrals.",
    "history": "The audit history: search, export, proofs, heads.",
    "people": "Accounts, roles, agencies.",
    "care": "What looking costs the people who look; for each alone.",
    "quality": "Golden cases and agreement.",
    "figures": "Numbers of the house and of recipients.",
    "other": "Everything else.",
}
# The first that fits; a part of the path after a case's identifier comes before the path's beginning.
_WITHIN_CASE = {
    "evidence": "evidence", "orders": "evidence", "notices": "notices", "stop": "notices", "attend": "notices",
    "claim": "queue", "cluster": "queue", "transfer": "people",
}  # fmt: skip
_BEGINNINGS = {
    "login": "access", "logout": "access", "token": "access", "me": "access", "session": "access", "sessions": "access",
    "queue": "queue", "claims": "queue", "claim": "queue", "views": "queue", "clusters": "queue", "live": "queue",
    "cases": "cases", "summary": "cases", "decisions": "cases", "alerts": "detection", "hashes": "detection",
    "autosend": "policies", "reports": "reports", "intake": "reports", "referrals": "reports", "audit": "history",
    "history": "history", "people": "people", "agencies": "people", "services": "people", "care": "care",
    "golden": "quality", "looks": "quality", "agreement": "quality", "figures": "figures", "statistics": "figures",
    "providers": "figures",
}  # fmt: skip


def tag_of(path: str) -> str:
    parts = [part for part in path.removeprefix("/api/").split("/") if not part.startswith("{")]
    within = _WITHIN_CASE.get(parts[1]) if parts[0] == "cases" and len(parts) > 1 else None
    return within or _BEGINNINGS.get(parts[0], "other")
