"""Mail addresses of others, and whose they are (pure)."""

import re
from functools import cache

from publicsuffixlist import PublicSuffixList

MAX_NAME = 120
MAX_EMAIL = 254  # RFC 5321, 4.5.3.1.3: a path has 256 octets with its angle brackets
# An addr-spec that needs no quoting, with an ASCII (or punycode) domain: what every mail server takes.
EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
# Forms of companies, which a registry writes and a site does not.
FORMS = frozenset(
    {"ab", "ag", "as", "bv", "co", "corp", "gmbh", "inc", "kk", "llc", "ltd", "nv", "oy", "plc", "sa", "srl"}
)
LEAST_NAME = 5  # letters: `en` of a domain is part of many names


def is_mailbox(email: str) -> bool:
    return len(email) <= MAX_EMAIL and EMAIL.fullmatch(email) is not None


def domain_of(name: str) -> str:
    """What belongs to one owner of a host, or of the host of a mail address: what was registered, or rented below the
    domain of a service (`one.github.io`); the host itself where that cannot be said (an address, an onion service)."""
    host = name.rpartition("@")[2].rstrip(".").lower()
    if not host or ":" in host or host.rpartition(".")[2].isdigit():
        return host
    return str(_suffixes().privatesuffix(host) or host)


@cache
def _suffixes() -> PublicSuffixList:
    """With what services enter of themselves: neighbours there are strangers. 100 ms."""
    return PublicSuffixList()


def same_name(holder: str, other: str) -> bool:
    """Whether two names are one but for case, signs and the form of a company."""
    return bool(_letters(holder)) and _letters(holder) == _letters(other)


def is_of(domain: str, holder: str) -> bool:
    """Whether an organisation has the name of a registered domain."""
    label = domain.partition(".")[0]
    return same_name(holder, domain) or (len(label) >= LEAST_NAME and same_name(holder, label))


def _letters(name: str) -> str:
    words = re.findall(r"\w+", name.casefold().replace("_", " "))
    return "".join(word for word in words if word not in FORMS)
