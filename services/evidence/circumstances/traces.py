"""What a page has in common with others of its operator: its template, the accounts that count its visitors (pure).

Each of these may be everybody's: a board's software has one template, a hoster one address. Who links sites by them
(`services.drafter.links`) leaves out what many have.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import turbohtml
from turbohtml import Element

from haetae_verify.canonical import digest
from services.evidence.archive.reading import MANY_ROOTS, MANY_TAGS, ROOTS
from services.evidence.capture.work import Json
from shared.events import Trace

MAX_READ = 1_000_000  # characters of a document
DEEP = 4  # levels below the body: header, menu, frame. What lies deeper is content, and differs from post to post
FEWEST = 6  # different elements of a template: a page with fewer has nobody's in particular
MAX_ACCOUNTS = 10
MAX_VALUE = 200  # characters of a trace
DIGITS = re.compile(r"\d+")
NOT_FRAME = frozenset({"script", "style", "noscript", "template", "br"})
PATTERNS = {
    service["name"]: re.compile(service["pattern"])
    for service in tomllib.loads(Path(__file__).with_name("analytics.toml").read_text())["service"]
}


def template(html: str) -> str:
    """SHA-256 of which elements frame the page, by tag, id and class, without numbers and without text: the same for
    every post of a site, and for its copy under another name. What has neither id nor class is what people wrote.
    Empty for a page that has too few of them, or too many to read.
    """
    html = html[:MAX_READ]
    if html.count("<") > MANY_TAGS or len(ROOTS.findall(html.encode(errors="replace"))) > MANY_ROOTS:
        return ""
    body = turbohtml.parse(html, positions=False).find("body")
    frame = sorted(set(_frame(body, 1))) if isinstance(body, Element) else []
    return digest("\n".join(frame).encode(errors="replace")) if len(frame) >= FEWEST else ""


def _frame(node: Element, depth: int) -> Iterator[str]:
    for child in node.children:
        if isinstance(child, Element) and child.tag not in NOT_FRAME:
            named = [*_words(child, "id"), "|", *sorted(set(_words(child, "class")))]
            if len(named) > 1:
                yield DIGITS.sub("0", " ".join((str(depth), child.tag, *named)))
            if depth < DEEP:
                yield from _frame(child, depth + 1)


def _words(node: Element, attribute: str) -> list[str]:
    value = node.attrs.get(attribute)
    words = value if isinstance(value, list | tuple) else str(value or "").split()
    return [str(word) for word in words]


def accounts(texts: Iterable[str]) -> tuple[str, ...]:
    """`service:account`, each once, in order of the alphabet."""
    read = [text[:MAX_READ] for text in texts]
    found = {
        f"{name}:{account}" for name, pattern in PATTERNS.items() for text in read for account in _all(pattern, text)
    }
    return tuple(sorted(found))[:MAX_ACCOUNTS]


def _all(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    return (match[1] for match, _ in zip(pattern.finditer(text), range(MAX_ACCOUNTS), strict=False))


def traces_of(seen: Mapping[str, Json] | None, address: str, nameservers: Iterable[str]) -> tuple[Trace, ...]:
    """`seen`: the facts of the step `traces`, None when it failed."""
    seen = seen or {}
    counted = seen.get("analytics")
    told = [
        ("ip", address),
        *(("nameserver", name) for name in nameservers),
        ("favicon", seen.get("favicon_sha256")),
        ("template", seen.get("template")),
        *(("analytics", account) for account in (counted if isinstance(counted, list | tuple) else ())),
    ]
    return tuple(
        Trace(kind=kind, value=value) for kind, value in told if isinstance(value, str) and 0 < len(value) <= MAX_VALUE
    )
