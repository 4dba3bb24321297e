"""The operators' mail: messages from the mail sink's API, and the addresses that a message names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

# Addresses are ASCII: a Korean particle or a Chinese full stop right behind one is not part of it.
_URL = re.compile(r"\b(?:https?|hxxps?)(?::|\[:\])//[!#-;=?-Z\[\]_a-z~]+", re.IGNORECASE)
_CLOSING = {")": "(", "]": "["}


@dataclass(frozen=True, slots=True)
class Address:
    """`target` is path and query; the fragment is dropped. Host in lower case."""

    host: str
    port: int
    target: str


@dataclass(frozen=True, slots=True)
class Mail:
    """`text`: subject and body. `sender`, `subject` and `message_id` are what an answer needs."""

    id: str
    recipients: tuple[str, ...]
    text: str
    sender: str = ""
    subject: str = ""
    message_id: str = ""


def urls_in(text: str) -> list[str]:
    """The addresses that a text names, in order, each once: defanged ones repaired, closing punctuation left out."""
    found = (_trimmed(_refanged(match.group())) for match in _URL.finditer(text))
    return list(dict.fromkeys(found))


def parse_address(url: str) -> Address | None:
    """None when it is no address of a host."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None
    if not parts.hostname:
        return None
    query = f"?{parts.query}" if parts.query else ""
    return Address(parts.hostname.lower().rstrip("."), port, (parts.path or "/") + query)


def mail_of(raw: Mapping[str, object]) -> Mail | None:
    """One message of the API's list, whose `rcpt` is the mailbox that it lies in (else `to`). None without id."""
    if not raw.get("id"):
        return None
    recipients = _texts(raw.get("rcpt")) or _texts(raw.get("to"))
    plain = (_plain(address) for one in recipients for address in one.split(","))
    text = "\n".join([*_texts(raw.get("subject")), *_texts(raw.get("body"))])
    sender, subject, name = ("".join(_texts(raw.get(key))[:1]) for key in ("from", "subject", "message_id"))
    return Mail(str(raw["id"]), tuple(dict.fromkeys(plain)), text, _plain(sender), subject, name)


def _plain(address: str) -> str:
    return address.rpartition("<")[2].rstrip("> ").strip().lower()


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _refanged(url: str) -> str:
    scheme, _, rest = url.replace("[:]", ":").replace("[.]", ".").partition(":")
    return scheme.lower().replace("hxxp", "http") + ":" + rest


def _trimmed(url: str) -> str:
    """Without the punctuation of the sentence around it; a bracket stays when its partner is inside."""
    while url:
        last = url[-1]
        if last in ".,;:!?'*_" or (last in _CLOSING and url.count(last) > url.count(_CLOSING[last])):
            url = url[:-1]
        else:
            return url
    return url
