"""Whether a mail may speak for the recipient of a notice: by its From line, and what our own server found of it."""

import re
import tomllib
from functools import cache
from pathlib import Path

from services.notifier.delivery.mailboxes import public_suffix, registered_domain
from services.notifier.inbox.letter import Incoming
from services.notifier.store import Delivery

FREEMAIL = Path(__file__).with_name("data") / "freemail.toml"
# By method, what it proves (RFC 8601, 2.7), where nothing of the sender's own stands before it.
PROVEN = tuple(
    re.compile(rf"\s*{method}\s*=\s*pass\s(?:.*\s)?(?:{named})=(?:[^\s@]*@)?([A-Za-z0-9.-]+)(?:\s|$)", re.IGNORECASE)
    for method, named in (("dmarc", r"header\.from"), ("dkim", r"header\.[di]"), ("spf", r"smtp\.mailfrom"))
)


def speaks(mail: Incoming, delivery: Delivery, authserv_id: str) -> bool:
    return from_recipient(mail, delivery) and authenticated(mail, authserv_id)


def from_recipient(mail: Incoming, delivery: Delivery) -> bool:
    """By what its From line says."""
    address = delivery.address.lower()
    domain = address.rpartition("@")[2]
    return mail.sender == address if domain in freemail() else related(mail.domain, domain)


@cache
def freemail() -> frozenset[str]:
    return frozenset(tomllib.loads(FREEMAIL.read_text(encoding="utf-8"))["domains"])


def related(one: str, other: str) -> bool:
    """Of one registered domain, or one below the other; customers of one host below a public suffix are strangers."""
    if not one or not other:
        return False
    if registered_domain(one) == registered_domain(other):
        return True
    upper, lower = sorted((one, other), key=len)
    return lower.endswith(f".{upper}") and not public_suffix(upper)


def authenticated(mail: Incoming, authserv_id: str) -> bool:
    """Whether our own server found that the sender's domain sent it (RFC 8601). Only the topmost line of that server
    counts: what stands below, a sender may have written. Without `authserv_id` nobody is asked."""
    if not authserv_id:
        return True
    for line in mail.authentication:
        server, *results = _unquoted(line).split(";")
        if server.split()[:1] != [authserv_id.lower()]:
            continue
        proven = (found[1] for result in results for one in PROVEN if (found := one.match(result)))
        return any(related(mail.domain, domain) for domain in proven)
    return False


def _unquoted(line: str) -> str:
    """In lower case, without comments and quoted strings (RFC 5322, 3.2): senders choose what stands in them, such as
    the local part of their address. Empty where one of them does not end."""
    kept, comments, quoted, escaped = [], 0, False, False
    for character in line.lower():
        if escaped or (character == "\\" and (comments or quoted)):
            escaped = not escaped
        elif character == '"' and not comments:
            quoted = not quoted
        elif character in "()" and not quoted:
            comments = max(comments + (1 if character == "(" else -1), 0)
        elif not comments and not quoted:
            kept.append(character)
    return "" if comments or quoted else "".join(kept)
