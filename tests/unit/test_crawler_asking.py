"""Exits and secrets on the wire: what servers and proxies really see, at every hop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from services.crawler.frontier.pacing import Pacer
from services.crawler.registry.credentials import Credential
from services.crawler.registry.ways import NoWay, Ways
from services.crawler.visit import Watched
from services.crawler.visits.asking import Asker
from services.crawler.visits.finding import capture_of
from shared.clock import SystemClock
from shared.events.values import Site, SiteKind
from shared.net import AddressRefused, Fetcher, NetSettings
from shared.net.exits import read_exits
from tests.support.onion import onion_host
from tests.support.proxies import ProxyPeer, proxy_peer
from tests.support.raw_server import RawServer, plain, raw_server

ONION = onion_host(bytes(32))  # of no service: its key is 32 zeros
CREDENTIALS = {
    "login": Credential.model_validate({"cookies": {"session": "paper-boat"}, "over_http": True}),
    "https": Credential.model_validate({"cookies": {"session": "paper-boat"}}),
}


@dataclass
class Web:
    asker: Asker
    server: RawServer
    proxy: ProxyPeer

    def url(self, host: str, path: str = "/") -> str:
        return f"http://{host}:{self.server.port}{path}"


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    hosts, exits = tmp_path / "hosts", tmp_path / "exits"
    hosts.write_text("127.78.0.3 a.test b.test\n")
    peer = ProxyPeer(leads_to="127.78.0.3")
    async with raw_server("127.78.0.3") as server, proxy_peer("socks", peer) as proxy:
        exits.write_text("".join(f"{name} socks5h://127.78.0.2:{proxy.port}\n" for name in ("kr", "onion")))
        settings = NetSettings(allowed_hosts_file=hosts, exits_file=exits, fetch_timeout_s=3)
        async with Fetcher(settings) as fetcher:
            pacer = Pacer(SystemClock())
            for host in ("a.test", "b.test", ONION):
                pacer.set_pace(host, 1_000)
            ways = Ways(read_exits(exits), CREDENTIALS)
            yield Web(Asker(fetcher, pacer, SystemClock(), ways), server, proxy)


def watched(host: str = "a.test", **more: object) -> Watched:
    site = Site(host=host, name="A", kind=SiteKind.BOARD)
    return replace(Watched(site, 1000.0, 60.0, True, "victim_request"), **more)


async def test_a_secret_does_not_follow_a_redirect_to_another_host(web: Web) -> None:
    web.server.answers["/"] = plain(b"", f"Location: {web.url('b.test', '/there')}", status="302 Found")
    web.server.answers["/there"] = plain(b"", f"Location: {web.url('a.test', '/back')}", status="302 Found")
    web.server.answers["/back"] = plain(b"home")
    answer = await web.asker.get(web.url("a.test"), redirects=5, watched=watched(credential="login"))
    assert answer.body == b"home"
    assert [b"session=paper-boat" in request for request in web.server.requests] == [True, False, True]


@pytest.mark.parametrize("address", ["http://a.test:x@b.test:{}/", "http://a.test\\@b.test:{}/", "http://a.test.:{}/"])
async def test_a_secret_does_not_follow_an_address_that_says_two_hosts(web: Web, address: str) -> None:
    """A script may navigate to such a one, and a browser asks for it as it is written."""
    with pytest.raises(AddressRefused, match="not written plainly"):
        await web.asker.get(address.format(web.server.port), watched=watched(credential="login"))
    assert web.server.requests == []


async def test_a_secret_for_https_alone_is_not_sent_and_neither_is_the_request(web: Web) -> None:
    with pytest.raises(NoWay, match="over https alone"):
        await web.asker.get(web.url("a.test"), watched=watched(credential="https"))
    assert web.server.requests == []


async def test_a_site_is_asked_through_its_exit(web: Web) -> None:
    web.server.answers["/"] = plain(b"home")
    for site, times in ((watched(), 0), (watched(exit="kr"), 1)):
        answer = await web.asker.get(web.url("a.test"), watched=site)
        assert answer.body == b"home"
        assert len(web.proxy.asked) == times
        assert capture_of(answer, "Haetae", SystemClock().now()).exit == (site.exit or "")  # for who looks next


async def test_a_site_whose_exit_is_missing_is_not_asked_directly(web: Web) -> None:
    with pytest.raises(NoWay, match="no exit de"):
        await web.asker.get(web.url("a.test"), watched=watched(exit="de"))
    assert (web.server.requests, web.proxy.asked) == ([], [])


async def test_an_onion_service_and_what_it_shows_are_asked_through_its_exit_by_name(web: Web) -> None:
    web.server.answers["/"] = plain(b"home")
    web.proxy.ports[80] = web.server.port
    await web.asker.get(f"http://{ONION}/", watched=watched(ONION))
    await web.asker.get(web.url("a.test"), watched=watched(ONION))
    assert [host for host, _ in web.proxy.asked] == [ONION, "127.78.0.3"]
    await web.asker.get(f"http://{ONION}/")  # on nobody's behalf: a removal check
    assert {host for host, _ in web.proxy.asked} == {ONION, "127.78.0.3"}
    assert len(web.server.requests) == 3
