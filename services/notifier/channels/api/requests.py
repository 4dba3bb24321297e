"""A notice as requests to a report API (pure): what it has by name, whether the API takes it, and the requests."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from services.notifier.channels.api.connector import OWN, Bound, Connector
from services.notifier.channels.api.credentials import Credential
from services.notifier.channels.api.pointer import json_of
from services.notifier.channels.api.signing import signed
from services.notifier.channels.api.template import Template, fill, fill_all, fill_path
from services.notifier.channels.port import Letter, Unsendable
from shared.events.values import Notice

XARF = "xarf_version"
JSON_TYPE, FORM_TYPE = "application/json", "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""


def values_of(notice: Notice) -> dict[str, str]:
    """What a connector file can ask for."""
    to = notice.recipient
    urls = notice.fields.get("urls", "").split("\n")
    return {
        **notice.fields,
        "urls": "\n".join(dict.fromkeys(urls)),  # a page that is a picture itself stands there as both
        "notice_id": str(notice.notice_id),
        "subject": notice.subject,
        "body": notice.body,
        "anonymity": to.anonymity,
        "role": to.role,
        "provider": to.provider,
        "occasion": notice.occasion,
        "xarf": next((part.text for part in notice.attachments if _is_xarf(part.text)), ""),
    }


def check(connector: Connector, values: Mapping[str, str]) -> None:
    """Raises `Unsendable` naming the first thing that the API would not take."""
    for name in connector.required:
        if not values.get(name):
            raise Unsendable(f"{connector.name} demands {name}, and the notice has none")
    for bound in connector.bounds:
        if problem := _beyond(bound, values.get(bound.field, "")):
            raise Unsendable(f"{connector.name} does not take its {bound.field}: {problem}")


def parts_of(connector: Connector, values: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """The values of each report that the notice takes: several where it names more than the API takes at once."""
    bound = next((bound for bound in connector.bounds if bound.split and bound.lines), None)
    lines = values.get(bound.field, "").split("\n") if bound else []
    if bound is None or not bound.lines or len(lines) <= bound.lines:
        yield dict(values)
        return
    for start in range(0, len(lines), bound.lines):
        yield {**values, bound.field: "\n".join(lines[start : start + bound.lines])}


def key_of(letter: Letter, part: int) -> str:
    """Of one report, the same in each attempt."""
    return f"{letter.notice.notice_id}-{part}" if part else str(letter.notice.notice_id)


def report(connector: Connector, own: Credential, values: Mapping[str, str], now: datetime) -> Request:
    """Raises `Unsendable` for an entry of the credentials file that lacks something."""
    given, asked = _with_own(values, own), connector.report
    table = fill_all(asked.body, given, connector.maps)
    for also in asked.also:
        if also.holds(given):
            table |= fill_all(also.body, given, connector.maps)
    body, media = _written(table, asked.form)
    headers = {name: str(fill(template, given, connector.maps)) for name, template in asked.headers.items()}
    headers |= {"Content-Type": media, "Accept": JSON_TYPE}
    if connector.idempotency and connector.idempotency.header:
        headers[connector.idempotency.header] = given["key"]
    return _request(connector, own, asked.method, asked.path, headers, body, given, now)


def question(
    connector: Connector, own: Credential, path: Template, values: Mapping[str, str], now: datetime
) -> Request:
    """A GET: what became of a report, or which reports there are. Raises `Unsendable` as `report` does."""
    return _request(connector, own, "GET", path, {"Accept": JSON_TYPE}, b"", _with_own(values, own), now)


def _request(
    connector: Connector,
    own: Credential,
    method: str,
    path: Template,
    headers: Mapping[str, str],
    body: bytes,
    values: Mapping[str, str],
    now: datetime,
) -> Request:
    url = _base(connector, own) + fill_path(path, values, connector.maps)
    try:
        proven = signed(connector.auth, own, method, url, headers, body, now)
    except ValueError as error:
        raise Unsendable(f"{connector.name}: {error}") from error
    for name, value in proven.items():
        if not (value.isascii() and value.isprintable()) or value != value.strip():  # RFC 9110, 5.5
            raise Unsendable(f"{connector.name}: the value of its header {name} is no line of ASCII")
    return Request(method, url, proven, body)


def _base(connector: Connector, own: Credential) -> str:
    base = own.base or connector.base
    if not base:
        raise Unsendable(f"{connector.name}: its entry in the credentials file has no base: where the API is")
    if not base.startswith("https://") and not own.over_http:
        raise Unsendable(f"{connector.name}: {base} is not https, and its entry does not say over_http = true")
    return base


def _with_own(values: Mapping[str, str], own: Credential) -> dict[str, str]:
    return {**values, **{OWN + name: value for name, value in own.own.items()}}


def _written(table: Mapping[str, Any], form: str) -> tuple[bytes, str]:
    if form == "json":
        return json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode(), JSON_TYPE
    return urlencode(table, doseq=True).encode(), FORM_TYPE


def _beyond(bound: Bound, value: str) -> str | None:
    lines = value.split("\n")
    if bound.characters is not None and len(value) > bound.characters:
        return f"{len(value)} characters, {bound.characters} are the most"
    if bound.lines is not None and len(lines) > bound.lines and not bound.split:
        return f"{len(lines)} lines, {bound.lines} are the most"
    if bound.unique and len(set(lines)) < len(lines):
        return "a line stands in it twice"
    if bound.one_host and len({_host(line) for line in lines}) > 1:
        return "it names more than one host"
    return None


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return url


def _is_xarf(text: str) -> bool:
    found = json_of(text.encode())
    return isinstance(found, dict) and XARF in found
