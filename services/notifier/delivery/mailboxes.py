"""Whose mailbox an address is: the domain that was registered, by the Public Suffix List."""

from functools import cache

from publicsuffixlist import PublicSuffixList


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)


def public_suffix(host: str) -> bool:
    """Whether everybody may register below it: `co.kr`, but also what hosts give to their customers."""
    return _suffixes().publicsuffix(host) == host


def registered_domain(address: str) -> str:
    """`abuse@mail.host.co.kr` belongs to `host.co.kr`. A host under no public suffix stands for itself."""
    host = address.rpartition("@")[2].lower().rstrip(".")
    return _suffixes().privatesuffix(host) or host
