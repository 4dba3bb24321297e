"""The part of a host name that somebody registered (pure; the public suffix list comes with its package)."""

from functools import cache

from publicsuffixlist import PublicSuffixList

from shared.net.addresses import literal

MAX_NAME = 253  # RFC 1035, 2.3.4, in text


@cache
def _suffixes() -> PublicSuffixList:
    """Its registries' part alone: a name below `github.io` is GitHub's, and GitHub is who registered. 100 ms."""
    return PublicSuffixList(only_icann=True)


def registered_domain(host: str) -> str | None:
    """`shop.example.co.kr` → `example.co.kr`, in lower case. None for an address, and for what nobody can register."""
    name = host.rstrip(".").lower()
    try:
        if not name or len(name) > MAX_NAME or literal(name):
            return None
    except ValueError:  # an address in an odd notation
        return None
    return _suffixes().privatesuffix(name) or None
