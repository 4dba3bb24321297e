"""What a program says so that a request which comes twice is carried out once: key and fingerprint. Pure.

`Idempotency-Key` is an item of structured fields, a string (draft-ietf-httpapi-idempotency-key-header-07, 2.1; RFC
9651, 3.3.3); without its quotes it is understood as well, for many programs send it so.
"""

import hashlib
import re
from collections.abc import Iterable

from services.gateway.problems import Problem

HEADER = "Idempotency-Key"
_KEY = re.compile(r'"([A-Za-z0-9._:-]{1,128})"|([A-Za-z0-9._:-]{1,128})')


def parse_key(value: str) -> str:
    """Raises `Problem` 400 (draft, 2.7) for what is no key."""
    found = _KEY.fullmatch(value.strip())
    if found is None:
        raise Problem(400, "bad-idempotency-key", field=HEADER)
    return found[1] or found[2]


def fingerprint(parts: Iterable[bytes]) -> str:
    """Of a request: method, target, media type, body. Their lengths keep one part from passing into the next."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()
