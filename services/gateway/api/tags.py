"""Under which heading the API's description has a path: by its beginning. Pure."""

from collections.abc import Mapping

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
    "events": "Public events, for agencies without Kafka.",
    "federation": "Signed statements to and from other agencies.",
    "other": "Everything else.",
}
# What stands after a case's identifier comes before the path's beginning.
_WITHIN_CASE = {
    "evidence": "evidence orders",
    "notices": "notices stop attend",
    "queue": "claim cluster",
    "people": "transfers",
}
_BEGINNINGS = {
    "access": "login logout token me session sessions rights shortcuts",
    "queue": "queue claims claim views clusters live",
    "cases": "cases summary verdicts",
    "detection": "alerts hashes",
    "policies": "autosend",
    "reports": "reports desk intake referrals",
    "history": "audit history",
    "people": "people agencies services transfers confirmations",
    "care": "care",
    "quality": "golden blind-looks agreement",
    "figures": "figures statistics providers",
    "events": "events webhooks",
    "federation": "federation",
}


def tag_of(path: str) -> str:
    parts = [part for part in path.removeprefix("/api/").split("/") if not part.startswith("{")]
    within = _found(_WITHIN_CASE, parts[1]) if parts[0] == "cases" and len(parts) > 1 else None
    return within or _found(_BEGINNINGS, parts[0]) or "other"


def _found(words: Mapping[str, str], part: str) -> str | None:
    return next((tag for tag, parts in words.items() if part in parts.split()), None)
