"""What operations of the API have in common, as its description says it: who asks, and headers."""

from services.gateway.api.keys import HEADER
from services.gateway.requests import CSRF_HEADER
from services.gateway.rights.vocabulary import Right

SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token of `POST /api/login` or `POST /api/token`."},
    "session": {
        "type": "apiKey", "in": "cookie", "name": "haetae_session",
        "description": "A browser's session; behind TLS the cookie is named `__Host-haetae_session`.",
    },
    "csrf": {
        "type": "apiKey", "in": "header", "name": CSRF_HEADER,
        "description": "With a browser's session: the proof that our page made the request.",
    },
    "service": {
        "type": "oauth2",
        "description": "Service accounts (RFC 6749, 4.4). Scopes are rights.",
        "flows": {"clientCredentials": {"tokenUrl": "/api/token", "scopes": {right.value: "" for right in Right}}},
    },
}  # fmt: skip
KEY = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Yours for this request: sent again with it, it is carried out once, and its answer told again "
    "for a day (draft-ietf-httpapi-idempotency-key-header-07).",
    "schema": {"type": "string", "pattern": '^"?[A-Za-z0-9._:-]{1,128}"?$'},
}
KNOWN_TAG = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` of an answer that you have: 304 while it is still right.",
    "schema": {"type": "string"},
}
ETAG = {"ETag": {"description": "Of exactly this answer.", "schema": {"type": "string"}}}
LINK = {"Link": {"description": '`rel="next"`: the following page (RFC 8288).', "schema": {"type": "string"}}}
RETRY = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
