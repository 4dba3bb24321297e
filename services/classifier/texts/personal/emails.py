"""Mail addresses of persons."""

import re
from itertools import islice

_ADDRESS = re.compile(r"(?<![\w.+@-])([\w.+-]{1,64}+)@[\w-]{1,63}+(?:\.[\w-]{1,63}+){1,4}+", re.ASCII)
SIGNS = r"@\[("  # one of them is in every address, spelled out or not
_AT = re.compile(r"[\[(](?:at|AT|At|@|골뱅이)[\])]")
_DOT = r"(?:\.|[\[(](?:dot|점)[\])])"
_SPELLED = re.compile(
    rf"(?<![\w.+@-])([\w.+-]{{2,64}}+) ?{_AT.pattern} ?[\w-]{{1,63}}(?: ?{_DOT} ?[a-z]{{2,24}}){{1,3}}",
    re.IGNORECASE,
)
# An office's address is meant for the public.
OFFICES = frozenset({
    "abuse", "admin", "contact", "copyright", "dmca", "feedback", "hello", "help", "hostmaster", "info", "legal",
    "mail", "marketing", "media", "news", "no-reply", "noreply", "office", "orders", "postmaster", "press", "privacy",
    "sales", "security", "service", "shop", "support", "team", "webmaster",
})  # fmt: skip


def emails(text: str, most: int) -> list[str]:
    """The addresses that are no office's."""
    if "@" not in text and _AT.search(text) is None:
        return []
    found = (match for pattern in (_ADDRESS, _SPELLED) for match in pattern.finditer(text))
    return list(islice((match.group() for match in found if match.group(1).lower() not in OFFICES), most))
