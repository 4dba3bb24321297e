"""How a request shows who sends it (pure). Raises `ValueError` naming what the credentials file lacks."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote, urlsplit

from pydantic import SecretStr

from services.notifier.channels.api.connector import Auth
from services.notifier.channels.api.credentials import Credential

AWS4 = "AWS4-HMAC-SHA256"


def signed(
    auth: Auth, own: Credential, method: str, url: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> dict[str, str]:
    """The headers, with those that prove the sender."""
    match auth.kind:
        case "none":
            return dict(headers)
        case "bearer":
            return {**headers, "Authorization": f"Bearer {_of(own.token, 'token')}"}
        case "header":
            return {**headers, auth.header: auth.prefix + _of(own.token, "token")}
        case "basic":
            _has(own.user, "user"), _of(own.password, "password")
            return {**headers, "Authorization": f"Basic {own.basic()}"}
        case "hmac":
            at = str(int(now.timestamp()))
            seal = hmac.new(_of(own.key, "key").encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
            return {**headers, auth.timestamp_header: at, auth.header: auth.prefix + seal}
        case "aws4":
            return _aws4(auth.service, own, method, url, headers, body, now)


def _aws4(
    service: str, own: Credential, method: str, url: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> dict[str, str]:
    """Signature Version 4, as its documentation ("Create a signed AWS API request") puts it. By hand, because the
    library that has it, botocore, comes with the descriptions of four hundred services."""
    at = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    day, region = at[:8], _has(own.own.get("region"), "own.region")
    parts, digest = urlsplit(url), hashlib.sha256(body).hexdigest()
    token = {"x-amz-security-token": own.session_token.get_secret_value()} if own.session_token else {}
    sent = {**headers, "x-amz-date": at, "x-amz-content-sha256": digest, **token}
    covered = {**{name.lower(): " ".join(value.split()) for name, value in sent.items()}, "host": parts.netloc}
    names = ";".join(sorted(covered))
    query = "&".join(
        f"{quote(name, safe='-_.~')}={quote(value, safe='-_.~')}"
        for name, value in sorted(parse_qsl(parts.query, keep_blank_values=True))
    )
    lines = [f"{name}:{covered[name]}\n" for name in sorted(covered)]
    request = "\n".join([method, quote(parts.path or "/", safe="/-_.~"), query, "".join(lines), names, digest])
    scope = f"{day}/{region}/{service}/aws4_request"
    text = "\n".join([AWS4, at, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = f"AWS4{_of(own.secret_key, 'secret_key')}".encode()
    for step in (day, region, service, "aws4_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    seal = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    who = f"{_has(own.access_key, 'access_key')}/{scope}"
    return {**sent, "Authorization": f"{AWS4} Credential={who}, SignedHeaders={names}, Signature={seal}"}


def _of(secret: SecretStr | None, name: str) -> str:
    return _has(secret.get_secret_value() if secret else None, name)


def _has(value: str | None, name: str) -> str:
    if not value:
        raise ValueError(f"its entry in the credentials file has no {name}")
    return value
