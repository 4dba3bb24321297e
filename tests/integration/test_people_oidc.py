"""Logging in by an identity provider: a real one on this machine, and one that lies."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import RSAKey

from services.gateway.accounts import Account
from services.gateway.oidc import asking
from services.gateway.oidc.asking import Asker, Unanswered
from services.gateway.oidc.client import BACK, Oidc
from services.gateway.oidc.mapping import read_mapping
from services.gateway.oidc.provider import Provider
from services.gateway.oidc.tokens import LOGGED_OUT
from services.gateway.parts import Parts
from tests.support.gateway import Desk, make_desk
from tests.support.oidc import ProviderHere, mapping_file, parameters, provider
from tests.support.people import URL, browser, hidden, with_people
from tests.support.stack import Migrated


@pytest.fixture(scope="module")
def issuer() -> Iterator[ProviderHere]:
    with provider(URL + BACK) as running:
        yield running


@pytest.fixture
async def desk(migrated_once: Migrated, tmp_path: Path) -> AsyncIterator[Desk]:
    desk = make_desk(migrated_once.dsn_for("gateway"), tmp_path)
    yield desk
    await desk.database.close()


def client_of(here: ProviderHere, folder: Path, asker: Asker | None = None) -> Oidc:
    return Oidc(
        provider=Provider(here.issuer, asker or Asker(), time.monotonic),
        client_id=here.client_id,
        client_secret=here.secret,
        mapped=read_mapping(mapping_file(folder)),
        url=URL,
        label="the city's login",
    )


@pytest.fixture
def parts(desk: Desk, issuer: ProviderHere, tmp_path: Path) -> Parts:
    return with_people(desk.parts, oidc=client_of(issuer, tmp_path), second_factor=True)


@pytest.fixture
def lee(issuer: ProviderHere) -> str:
    """A reviewer, as the provider knows her."""
    subject = f"lee-{uuid4().hex[:8]}"
    issuer.person(subject, groups=["somewhere", "centre-reviewers"], preferred_username="J. Lee")
    return subject


async def come_in(
    client: httpx.AsyncClient, issuer: ProviderHere, subject: str, going: str = "/audit"
) -> httpx.Response:
    sent = await client.get("/login/oidc", params={"next": going})
    assert sent.status_code == 303, sent.text
    return await client.get(f"{BACK}?{await issuer.agree(sent.headers['location'], subject)}")


async def account_of(desk: Desk, subject: str) -> Account:
    async with desk.database.transaction() as tx:
        found = await tx.scalar(sa.select(Account).where(Account.subject == subject))
    assert found is not None
    return found


async def test_there_and_back_makes_an_account_whose_roles_follow_the_provider(
    desk: Desk, parts: Parts, issuer: ProviderHere, lee: str
) -> None:
    async with browser(parts) as client:
        assert "the city&#39;s login" in (await client.get("/login")).text
        assert (await come_in(client, issuer, lee)).headers["location"] == "/audit"
        assert (await client.get("/me")).status_code == 200
        first = await account_of(desk, lee)
        assert (first.roles, first.agency, first.name) == (["reviewer"], "home", "J. Lee")
        assert lee not in first.pseudonym
        issuer.person(lee, groups=["centre-heads"])
        async with browser(parts) as later:
            await come_in(later, issuer, lee)
            assert (await later.get("/people")).status_code == 200
        second = await account_of(desk, lee)
        assert (second.roles, second.pseudonym) == (["agency-admin", "supervisor"], first.pseudonym)
        assert (await client.get("/me")).status_code == 303  # what was opened under the former roles is over


async def test_what_the_browser_is_sent_with_is_bound_and_used_once(
    parts: Parts, issuer: ProviderHere, lee: str
) -> None:
    async with browser(parts) as client, browser(parts) as other:
        address = (await client.get("/login/oidc")).headers["location"]
        asked = parameters(address)
        assert (asked["code_challenge_method"], asked["response_type"], asked["redirect_uri"]) == (
            "S256",
            "code",
            URL + BACK,
        )
        query = await issuer.agree(address, lee)
        await other.get("/login/oidc")
        assert (await other.get(f"{BACK}?{query}")).status_code == 401  # begun in another browser; over from now on
        assert (await client.get(f"{BACK}?{query}")).status_code == 401
        assert (await come_in(client, issuer, lee)).status_code == 303
        sent = (await client.get("/login/oidc")).headers["location"]
        # A visitor who goes there again proves anew: no second session, and the code counts once.
        query = await issuer.agree(sent, lee)
        await client.get(f"{BACK}?{query}")
        assert (await client.get(f"{BACK}?{query}")).status_code == 401
        assert (await client.get(f"{BACK}?error=access_denied&state={parameters(sent)['state']}")).status_code == 401


async def test_it_leads_nowhere_else(parts: Parts, issuer: ProviderHere, lee: str) -> None:
    for elsewhere in ("//evil.test", "https://evil.test/", "/\\evil.test"):
        async with browser(parts) as client:
            assert (await come_in(client, issuer, lee, going=elsewhere)).headers["location"] == "/"


async def test_whom_no_group_maps_and_who_was_switched_off_is_not_let_in(
    desk: Desk, parts: Parts, issuer: ProviderHere, lee: str
) -> None:
    stranger = f"stranger-{uuid4().hex[:8]}"
    issuer.person(stranger, groups=["cooks"])
    async with browser(parts) as client:
        refused = await come_in(client, issuer, stranger)
        assert (refused.status_code, "HAETAE_OIDC_PEOPLE_FILE" in refused.text) == (403, True)
        await come_in(client, issuer, lee)
        async with desk.database.transaction() as tx:
            await tx.execute(sa.update(Account).where(Account.subject == lee).values(off_at=sa.func.now()))
        assert (await client.get("/me")).status_code == 303
        assert (await come_in(client, issuer, lee)).status_code == 403


class Liar(Asker):
    """The provider's answers, but the ID token is `forge`d from the claims of a right one."""

    def __init__(self, here: ProviderHere, keys: list[dict[str, Any]]) -> None:
        super().__init__()
        self.issuer, self.keys, self.claims, self.token = here.issuer, keys, dict[str, Any](), ""
        self.asked_for_keys = 0

    async def get(self, url: str) -> dict[str, Any]:
        if url.endswith("/jwks"):
            self.asked_for_keys += 1
            return {"keys": self.keys}
        return await super().get(url)

    async def post(self, url: str, form: Any, basic: Any) -> dict[str, Any]:
        return {"id_token": self.token}


NOW = time.time


def claims_for(asked: dict[str, str], here: ProviderHere, **other: object) -> dict[str, Any]:
    right = {"iss": here.issuer, "aud": here.client_id, "sub": "lee", "nonce": asked["nonce"]}
    return {**right, "iat": int(NOW()), "exp": int(NOW()) + 60, "groups": ["centre-reviewers"], **other}


KEY = RSAKey.generate_key(2048, {"kid": "one"})
PUBLIC = KEY.as_dict(private=False)
UNSIGNED = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
WRONG: dict[str, dict[str, object]] = {
    "nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "audience": {"aud": "another-client"},
    "several audiences, no azp": {"aud": ["another-client", "CLIENT"]},
    "azp": {"azp": "another-client"},
    "issuer": {"iss": "https://issuer.test"},
    "expired": {"exp": int(NOW()) - 3600},
    "no exp": {"exp": None},
    "a boolean for a moment": {"exp": True},
    "made long ago": {"iat": int(NOW()) - 7200},
    "made tomorrow": {"iat": int(NOW()) + 86400},
    "nobody": {"sub": ""},
    "an object for a name": {"sub": {"a": 1}},
}


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@pytest.fixture
def liar(issuer: ProviderHere) -> Liar:
    return Liar(issuer, [PUBLIC])


async def told(parts: Parts, liar: Liar, make: Any) -> int:
    """The status of a log-in at which the provider answers what `make` makes of the parameters asked with."""
    async with browser(parts) as client:
        asked = parameters((await client.get("/login/oidc")).headers["location"])
        liar.token = make(asked)
        return (await client.get(BACK, params={"state": asked["state"], "code": "c"})).status_code


async def test_tokens_that_are_not_for_this_login_are_refused(
    desk: Desk, issuer: ProviderHere, liar: Liar, tmp_path: Path
) -> None:
    parts = with_people(desk.parts, oidc=client_of(issuer, tmp_path, liar))

    def sign(asked: dict[str, str], **other: object) -> str:
        claims = claims_for(asked, issuer, **other)
        if isinstance(claims["aud"], list):
            claims["aud"] = [issuer.client_id if one == "CLIENT" else one for one in claims["aud"]]
        return jwt.encode({"alg": "RS256", "kid": "one"}, {k: v for k, v in claims.items() if v is not None}, KEY)

    assert await told(parts, liar, sign) == 303  # the right one
    for why, other in WRONG.items():
        status = await told(parts, liar, lambda asked, other=other: sign(asked, **other))
        assert status == 401, why


async def test_signatures_that_prove_nothing_are_refused(
    desk: Desk, issuer: ProviderHere, liar: Liar, tmp_path: Path
) -> None:
    oidc = client_of(issuer, tmp_path, liar)
    parts = with_people(desk.parts, oidc=oidc)
    stranger = RSAKey.generate_key(2048, {"kid": "one"})

    def unsigned(asked: dict[str, str]) -> str:
        right = jwt.encode({"alg": "RS256"}, claims_for(asked, issuer), KEY)
        return f"{UNSIGNED}.{right.split('.')[1]}."

    def confused(asked: dict[str, str]) -> str:
        """HMAC with what everybody knows, the public key; no library would make it."""
        head = encoded(json.dumps({"alg": "HS256", "kid": "one"}).encode())
        signed = f"{head}.{encoded(json.dumps(claims_for(asked, issuer)).encode())}"
        return f"{signed}.{encoded(hmac.digest(KEY.as_pem(private=False), signed.encode(), 'sha256'))}"

    def by_stranger(asked: dict[str, str]) -> str:
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims_for(asked, issuer), stranger)

    for make in (unsigned, confused, by_stranger, lambda _: "not.a.token", lambda _: "x" * 40_000):
        assert await told(parts, liar, make) == 401
    # A new key is looked for, at most once a minute however many ids are made up.
    liar.keys, asked_before = [RSAKey.generate_key(2048, {"kid": "two"}).as_dict(private=False)], liar.asked_for_keys
    for n in range(5):
        await told(
            parts, liar, lambda asked, n=n: jwt.encode({"alg": "RS256", "kid": f"k{n}"}, claims_for(asked, issuer), KEY)
        )
    assert liar.asked_for_keys - asked_before <= 1


async def test_keys_that_were_changed_are_found(issuer: ProviderHere, liar: Liar, tmp_path: Path) -> None:
    moment = [1000.0]
    known = Provider(issuer.issuer, liar, lambda: moment[0])
    await known.keys("one")
    liar.keys = [RSAKey.generate_key(2048, {"kid": "two"}).as_dict(private=False)]
    assert [key.kid for key in (await known.keys("two")).keys] == ["one"]  # asked a moment ago
    moment[0] += 61
    assert [key.kid for key in (await known.keys("two")).keys] == ["two"]


async def test_many_who_wait_for_the_provider_ask_once_and_one_that_is_away_is_left_alone(
    issuer: ProviderHere, liar: Liar
) -> None:
    moment = [1000.0]
    known = Provider(issuer.issuer, liar, lambda: moment[0])
    before = liar.asked_for_keys
    await asyncio.gather(*(known.keys(f"made up {n}") for n in range(20)))
    assert liar.asked_for_keys - before == 1

    class Away(Asker):
        asked = 0

        async def get(self, url: str) -> dict[str, Any]:
            self.asked += 1
            raise Unanswered("away")

    away = Away()
    gone = Provider(issuer.issuer, away, lambda: moment[0])
    for seconds, asked in ((0, 1), (1, 1), (5, 2)):
        moment[0] += seconds
        with pytest.raises(Unanswered):
            await gone.keys("one")
        assert away.asked == asked


async def test_a_provider_that_drips_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "TIMEOUT_S", 0.3)

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        with suppress(ConnectionError):
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        async with asyncio.timeout(20):
            with pytest.raises(Unanswered, match="TimeoutError"):
                await Asker().get(f"http://127.0.0.1:{port}/")
    finally:
        server.close()


async def test_another_issuers_description_and_places_without_tls_are_refused(
    issuer: ProviderHere, tmp_path: Path
) -> None:
    class Other(Asker):
        def __init__(self, **told: object) -> None:
            super().__init__()
            self.told = told

        async def get(self, url: str) -> dict[str, Any]:
            return {**await super().get(url), **self.told}

    for told_so in ({"issuer": "https://issuer.test"}, {"token_endpoint": "http://issuer.test/t"}, {"jwks_uri": 7}):
        with pytest.raises(Unanswered):
            await Provider(issuer.issuer, Other(**told_so), time.monotonic).described()
    with pytest.raises(ValueError, match="OIDC_ISSUER"):
        Provider("http://issuer.test", Asker(), time.monotonic)


async def test_the_provider_that_is_away_is_said_so(desk: Desk, issuer: ProviderHere, tmp_path: Path) -> None:
    nobody = replace(issuer, issuer="http://127.0.0.1:1")
    async with browser(with_people(desk.parts, oidc=client_of(nobody, tmp_path))) as client:
        assert (await client.get("/login/oidc")).status_code == 503
        assert (await client.get("/login")).status_code == 200


async def test_the_provider_ends_sessions_of_its_own(
    desk: Desk, issuer: ProviderHere, liar: Liar, tmp_path: Path
) -> None:
    parts = with_people(desk.parts, oidc=client_of(issuer, tmp_path, liar))
    subject, sid = f"lee-{uuid4().hex[:8]}", uuid4().hex

    def sign(**other: object) -> str:
        claims = {"iss": issuer.issuer, "aud": issuer.client_id, "iat": int(NOW()), "sub": subject, **other}
        return jwt.encode({"alg": "RS256", "kid": "one"}, claims, KEY)

    async with browser(parts) as client:
        asked = parameters((await client.get("/login/oidc")).headers["location"])
        liar.token = sign(exp=int(NOW()) + 60, nonce=asked["nonce"], sid=sid, groups=["centre-reviewers"])
        await client.get(BACK, params={"state": asked["state"], "code": "c"})
        event: dict[str, object] = {LOGGED_OUT: {}}
        for wrong in (sign(), sign(events=event, nonce="n"), sign(events=event, aud="another"), "x"):
            assert (await client.post("/login/oidc/ended", data={"logout_token": wrong})).status_code == 400
        await client.post("/login/oidc/ended", data={"logout_token": sign(events=event, sid="another")})
        assert (await client.get("/me")).status_code == 200
        done = await client.post("/login/oidc/ended", data={"logout_token": sign(events=event, sid=sid)})
        assert (done.status_code, (await client.get("/me")).status_code) == (200, 303)
        old = sign(events=event, sid=sid, iat=int(NOW()) - 300)  # sent again by whoever found it
        asked = parameters((await client.get("/login/oidc")).headers["location"])
        liar.token = sign(exp=int(NOW()) + 60, nonce=asked["nonce"], sid=sid, groups=["centre-reviewers"])
        await client.get(BACK, params={"state": asked["state"], "code": "c"})
        again = await client.post("/login/oidc/ended", data={"logout_token": old})
        assert (again.status_code, (await client.get("/me")).status_code) == (200, 200)


async def test_leaving_leads_on_to_the_provider(parts: Parts, issuer: ProviderHere, lee: str) -> None:
    async with browser(parts) as client:
        await come_in(client, issuer, lee)
        left = await client.post("/logout", data={"csrf": hidden(await client.get("/me"))})
        assert left.headers["location"] == "/login?out=1"
        assert (await client.get("/login/oidc/out")).headers["location"].startswith(issuer.issuer)
