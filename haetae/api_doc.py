"""`docs/api.md`, from the gateway's own description of its API: `python -m haetae.api_doc FILE`."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from services.gateway.api.tags import TAGS
from services.gateway.routes.api_pages import by_heading
from services.gateway.web import routed

HEAD = """# The API

Written by `make docs` from the gateway's routes. `/api/openapi.json` of a running gateway has every field, answer and
example (OpenAPI 3.1); `/api` is this page; `make client` builds a typed Python client from the same description.

* **Who asks**: `Authorization: Bearer`, with a token of `POST /api/login` (a person's program) or `POST /api/token` (a
  service account: client secret or signed assertion, RFC 6749 and RFC 7523). A browser's session counts too, with the
  header `X-CSRF-Token` where something changes.
* **What is wrong** is told as problem details (RFC 9457): `type`, `title`, `status`, `detail`, `instance` and `errors`,
  each with the `field`, a stable `code`, the `problem` and its `cure`. `type` leads to `/api/problems`.
* **Lists** are `{"items": […], "next": …}`; `next` is given as `after` and stands in `Link: rel="next"` (RFC 8288) too.
* **`Idempotency-Key`** on a POST: the same key with the same request is carried out once, and what was answered is
  answered again for a day. With another request it is refused (422), and while the first one is under way (409, with
  `Retry-After`). What was refused is not kept: nothing happened. An answer that holds a secret is given once.
* **`ETag`** on every JSON answer to a GET: with `If-None-Match` it is not sent again (304). The limits of an agency,
  which two people can edit in place, take `If-Match` (412). A verdict names the digests of what was looked at, which is
  stronger; whoever sets roles or scopes says all of them.
* Requests are strict: a field too many, or of another type, is refused and named.
"""


def page() -> str:
    groups = by_heading(routed().openapi())
    return HEAD + "".join(f"\n## {TAGS[tag].rstrip('.')}\n\n{table(operations)}" for tag, operations in groups.items())


def table(operations: list[tuple[str, str, Mapping[str, Any]]]) -> str:
    rows = [f"| `{method} {path}` | {told['summary']} | {right(told)} |" for method, path, told in operations]
    return "| operation | what it does | right |\n|---|---|---|\n" + "\n".join(rows) + "\n"


def right(told: Mapping[str, Any]) -> str:
    scopes = [scope for way in told["security"] for scope in way.get("service", ())]
    return ", ".join(f"`{scope}`" for scope in scopes) or "–"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
