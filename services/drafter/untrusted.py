"""Addresses from the web in our own documents: they deceive nobody, and carry nobody's key.

An address may hold what opens somebody's account or a paid store: a session, a token, the signature of a signed URL.
A notice is read by strangers, and report APIs may publish it. So what opens is taken out, and the address still says
where the material lies: host, path and all other parameters stand as they were. Where the token is a part of the path
itself, nothing is named, and a person decides.
"""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus, urlsplit, urlunsplit

from shared.text import UNSEEN

# Names with everything but letters and digits left out, in lower case: X-Amz-Signature is xamzsignature.
OPENS = re.compile(
    r"^(?:x(?:amz|goog|oss)\w*"  # signed URLs of stores
    r"|\w*(?:token|sessid|sessionid|sessionkey|password|passwd|secret|signature|apikey|accesskey|accesskeyid)"
    r"|\w*(?:session|verifier|authorization)|samlresponse|otp"
    r"|jwt|bearer|pwd|sig|hmac|keypairid|googleaccessid|hdnts|hdnea|cfid|aspsessionid\w*)$"
)
# Says where one is in a list, not who one is.
PLACES = frozenset({"pagetoken", "nextpagetoken", "continuationtoken"})
# Names that are as often those of a story or a product: only what looks drawn by lot opens anything.
MAY_OPEN = frozenset({
    *("sid", "s", "ssid", "sess", "key", "auth", "access", "refresh", "code", "ticket", "tk", "tok", "t", "st", "hm"),
    *("state", "nonce", "verify"),
})  # fmt: skip
DRAWN = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w.~+=%-]{20,}")
JWT = re.compile(r"eyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*")  # RFC 7519: the first part is JSON, which begins with {"
PATH_PARAMETER = re.compile(r"[;&]([^/;&=]*)=([^/;&]*)")
COOKIELESS = re.compile(r"/\((?:[A-Z]\([^()/]*\))+\)(?=/)")  # ASP.NET keeps a session in a segment: /(S(…))/
INDEX = re.compile(r"\[[^]]*\]$")  # of a parameter that is a list: sessionid[0]
USER = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//[^/?#]*@", re.I)
SEPARATORS = "&;?#"  # the latter two where somebody put an address together wrongly
MOST_NESTED = 2  # an address within an address, as in links that forward


@dataclass(frozen=True)
class Nameable:
    """An address as a notice may show it. `removed`: names of what was taken out, never the values."""

    url: str
    removed: tuple[str, ...] = ()


def nameable(url: str, nested: int = 0) -> Nameable | None:
    """None for what cannot stand in a notice: it could deceive a reader, or its path holds a token."""
    if not stands_alone(url):
        return None
    parts = urlsplit(url)
    if JWT.search(unquote_plus(parts.path)) or nested > MOST_NESTED:
        return None
    _, at, place = parts.netloc.rpartition("@")
    path, in_path = _path(parts.path)
    query, in_query = _parameters(parts.query, nested)
    fragment, in_fragment = _parameters(parts.fragment, nested)
    if query is None or fragment is None:
        return None
    removed = (*(("user",) if at else ()), *in_path, *in_query, *in_fragment)
    if not removed:
        return Nameable(url)
    return Nameable(urlunsplit((parts.scheme, place, path, query, fragment)), removed)


def stands_alone(url: str) -> bool:
    """Whether the address can be written verbatim on a line of its own and be found there again."""
    if any(character.isspace() or unicodedata.category(character) in UNSEEN for character in url):
        return False
    try:
        parts = urlsplit(url)
        # A browser takes a backslash for a slash: it would go to another host than the one that is read here.
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "\\" not in parts.netloc
    except ValueError:
        return False


def host_of(url: str) -> str:
    """Empty for what is no address."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _path(path: str) -> tuple[str, tuple[str, ...]]:
    removed = []

    def judge(found: re.Match[str]) -> str:
        if not _opens(found[1], found[2]):
            return found[0]
        removed.append(found[1])
        return ""

    path, cookieless = COOKIELESS.subn("", PATH_PARAMETER.sub(judge, path))
    return path, (*removed, *(("session",) if cookieless else ()))


def _parameters(text: str, nested: int) -> tuple[str | None, tuple[str, ...]]:
    """What is left of a query or a fragment, separators as they were; None when nothing may be named."""
    kept: list[str] = []
    removed: list[str] = []
    for part in re.split(r"(?<=[&;?#])", text):
        name, equals, value = part.rstrip(SEPARATORS).partition("=")
        if _opens(name, value) or JWT.search(unquote_plus(part)):
            removed.append(name if equals else "token")
            continue
        inner = unquote_plus(value)
        if _hides(inner):
            removed.append(name)
            continue
        if inner.startswith(("http://", "https://")) and stands_alone(inner):
            found = nameable(inner, nested + 1)
            if found is None:
                return None, ()
            if found.removed:
                removed += found.removed
                part = f"{name}={quote(found.url, safe='')}" + part[len(part.rstrip(SEPARATORS)) :]
        kept.append(part)
    return ("".join(kept).rstrip(SEPARATORS) if removed else text), tuple(removed)


def _hides(inner: str) -> bool:
    """Whether a value is a relative address or a list of parameters with what opens: it goes whole."""
    if inner.startswith(("http://", "https://")):
        return False  # looked at as an address of its own
    pieces = (piece.partition("=") for piece in re.split(r"[?&;#]", inner))
    return bool(USER.match(inner)) or any(_opens(name, value) for name, _, value in pieces)


def _opens(name: str, value: str) -> bool:
    plain = re.sub(r"[^a-z0-9]", "", INDEX.sub("", unquote_plus(name).lower()))
    if not value or plain in PLACES:
        return False
    return bool(OPENS.match(plain)) or (plain in MAY_OPEN and bool(DRAWN.fullmatch(unquote_plus(value))))
