"""A real OpenID provider on this machine (`oidc-provider-mock`), and somebody who goes there and back."""

from __future__ import annotations

import os
import threading
import wsgiref.simple_server
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import oidc_provider_mock

MAPPING = """
[roles]
claim = "groups"
[roles.groups]
"centre-reviewers" = ["reviewer"]
"centre-heads" = ["supervisor", "agency-admin"]
"""


class Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nothing: pytest shows what matters."""


class Threaded(wsgiref.simple_server.WSGIServer, ThreadingHTTPServer):
    """`daemon_threads` is ThreadingHTTPServer's."""


@dataclass(frozen=True)
class ProviderHere:
    """`issuer` as it names itself; `secret` of the registered client `client_id`."""

    issuer: str
    client_id: str
    secret: str

    def person(self, subject: str, **claims: object) -> None:
        httpx.put(f"{self.issuer}/users/{subject}", json=claims, trust_env=False).raise_for_status()

    async def agree(self, address: str, subject: str) -> str:
        """Log in there: the query with which the browser is sent back."""
        async with httpx.AsyncClient(trust_env=False) as browser:
            sent = await browser.post(address, data={"sub": subject})
        assert sent.status_code == 302, sent.text
        return urlsplit(sent.headers["location"]).query


@contextmanager
def provider(redirect: str) -> Iterator[ProviderHere]:
    """With one client that may be sent back to `redirect`."""
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # of the provider: it would refuse http
    app = oidc_provider_mock.app(
        require_client_registration=True, require_nonce=True, access_token_max_age=timedelta(minutes=5)
    )
    server = wsgiref.simple_server.make_server("127.0.0.1", 0, app, Threaded, Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    issuer = f"http://127.0.0.1:{server.server_port}"
    try:
        told = httpx.post(f"{issuer}/oauth2/clients", json={"redirect_uris": [redirect]}, trust_env=False).json()
        yield ProviderHere(issuer, told["client_id"], told["client_secret"])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        os.environ.pop("AUTHLIB_INSECURE_TRANSPORT", None)


def mapping_file(folder: Path, text: str = MAPPING) -> Path:
    path = folder / "people.toml"
    path.write_text(text)
    return path


def parameters(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
