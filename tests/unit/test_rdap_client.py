"""RDAP servers as badly as there are: over real sockets and the guarded fetcher."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.evidence.capture.steps import rdap as step
from services.evidence.circumstances import registries
from services.evidence.domain import Exchange
from shared.clock import ManualClock
from shared.net import Fetcher, NetSettings
from shared.rdap import Rdap, RdapFailed, Why, asking
from shared.rdap.asking import MAX_BYTES
from shared.rdap.remembered import KEPT_S, Remembered
from shared.rdap.resting import MOST_S, UNSAID_S, Resting, seconds_of
from tests.support.captures import evidence_settings
from tests.support.circumstances import work
from tests.support.raw_server import RawServer, plain, raw_server

NAME, ADDRESS = "harbour.test", "203.0.113.7"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@dataclass
class Bed:
    server: RawServer
    fetcher: Fetcher
    rdap: Rdap
    clock: ManualClock

    def asked(self, path: str) -> int:
        return sum(request.startswith(f"GET {path} ".encode()) for request in self.server.requests)

    def url(self, path: str) -> str:
        return f"http://registry.test:{self.server.port}{path}"


def answer(value: object, *headers: str, status: str = "200 OK") -> bytes:
    return plain(json.dumps(value).encode(), "Content-Type: application/rdap+json", *headers, status=status)


def domain(**more: object) -> dict[str, object]:
    return {"objectClassName": "domain", "ldhName": NAME, **more}


@pytest.fixture
async def bed(tmp_path: Path) -> AsyncIterator[Bed]:
    clock, hosts = ManualClock(), tmp_path / "hosts"
    hosts.write_text("127.78.0.1 registry.test other.test")
    async with raw_server() as server, Fetcher(NetSettings(allowed_hosts_file=hosts)) as fetcher:
        base = f"http://registry.test:{server.port}"
        server.answers = {
            "/boot/dns.json": answer({"services": [[["test"], [base]]]}),
            "/boot/ipv4.json": answer({"services": [[["203.0.0.0/8"], [base]]]}),
            f"/domain/{NAME}": answer(domain()),
            f"/ip/{ADDRESS}": answer({"objectClassName": "ip network", "name": "BOAT-NET"}),
        }
        yield Bed(server, fetcher, Rdap(fetcher, f"{base}/boot/", clock), clock)


async def test_answers_and_the_directory_are_kept_for_a_day(bed: Bed) -> None:
    first = await bed.rdap.domain(NAME)
    assert await bed.rdap.domain(NAME) is first
    assert (first.record.name, first.url, first.at) == (NAME, bed.url(f"/domain/{NAME}"), bed.clock.now())
    assert json.loads(first.body) == domain()
    assert (await bed.rdap.network(ADDRESS)).record.name == "BOAT-NET"
    bed.clock.advance(KEPT_S + 1)
    assert await bed.rdap.domain(NAME) is not first
    assert (bed.asked(f"/domain/{NAME}"), bed.asked("/boot/dns.json"), bed.asked(f"/ip/{ADDRESS}")) == (2, 2, 1)


async def test_a_directory_that_is_away_is_used_as_it_was(bed: Bed) -> None:
    await bed.rdap.domain(NAME)
    bed.clock.advance(KEPT_S + 1)
    bed.server.answers["/boot/dns.json"] = answer({}, status="500 Internal Server Error")
    await bed.rdap.domain(NAME)
    assert bed.asked(f"/domain/{NAME}") == 2


@pytest.mark.parametrize(
    ("status", "why", "says"),
    [
        ("404 Not Found", Why.NOT_FOUND, "there is no such object"),
        ("500 Internal Server Error", Why.AWAY, "answers 500"),
        ("403 Forbidden", Why.AWAY, "answers 403"),
    ],
)
async def test_a_refusal_has_its_name(bed: Bed, status: str, why: Why, says: str) -> None:
    bed.server.answers[f"/domain/{NAME}"] = answer(domain(), status=status)
    with pytest.raises(RdapFailed, match=says) as failure:
        await bed.rdap.domain(NAME)
    assert failure.value.why is why
    assert bed.asked(f"/domain/{NAME}") == 1  # never tried again


async def test_a_server_that_is_busy_is_left_alone_for_as_long_as_it_says(bed: Bed) -> None:
    bed.server.answers[f"/domain/{NAME}"] = answer({}, "Retry-After: 120", status="429 Too Many Requests")
    for path in (NAME, "quay.test"):
        with pytest.raises(RdapFailed, match="left alone") as failure:
            await bed.rdap.domain(path)
        assert failure.value.why is Why.RESTING
    assert bed.asked("/domain/quay.test") == 0
    bed.clock.advance(121)
    bed.server.answers[f"/domain/{NAME}"] = answer(domain())
    assert (await bed.rdap.domain(NAME)).record.name == NAME


@pytest.mark.parametrize(
    "body", [b"<html>busy</html>", b"", b"[]", b"{", b'{"objectClassName": "entity"}', b"[" * 100_000]
)
async def test_what_is_no_rdap_is_named_and_not_kept(bed: Bed, body: bytes) -> None:
    bed.server.answers[f"/domain/{NAME}"] = plain(body)
    with pytest.raises(RdapFailed) as failure:
        await bed.rdap.domain(NAME)
    assert failure.value.why is Why.BROKEN
    bed.server.answers[f"/domain/{NAME}"] = plain(json.dumps(domain()).encode(), "Content-Type: text/html")
    assert (await bed.rdap.domain(NAME)).record.name == NAME  # the content type is not believed


async def test_an_answer_of_megabytes_is_refused(bed: Bed) -> None:
    bed.server.answers[f"/domain/{NAME}"] = answer(domain(remarks="x" * MAX_BYTES))
    with pytest.raises(RdapFailed, match="larger than"):
        await bed.rdap.domain(NAME)


async def test_a_server_that_says_nothing_is_given_up(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    async def say_nothing(_: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(asking, "ASK_S", 0.1)
    bed.server.answers[f"/domain/{NAME}"] = say_nothing
    with pytest.raises(RdapFailed, match="no whole answer within") as failure:
        await bed.rdap.domain(NAME)
    assert failure.value.why is Why.AWAY


async def test_a_registry_may_send_on_to_another_but_not_in_circles_or_inside(bed: Bed) -> None:
    def to(url: str) -> bytes:
        return plain(b"", f"Location: {url}", status="302 Found")

    bed.server.answers[f"/domain/{NAME}"] = to(f"http://other.test:{bed.server.port}/elsewhere")
    bed.server.answers["/elsewhere"] = answer(domain())
    assert (await bed.rdap.domain(NAME)).url == f"http://other.test:{bed.server.port}/elsewhere"
    bed.server.answers |= {
        "/domain/quay.test": to("/domain/quay.test"), "/domain/pier.test": to("http://127.0.0.1/"),
    }  # fmt: skip
    for name, says in (("quay.test", "redirects"), ("pier.test", "loopback")):
        with pytest.raises(RdapFailed, match=says):
            await bed.rdap.domain(name)


async def test_the_registrar_is_asked_where_the_registry_links_it(bed: Bed) -> None:
    link = {"rel": "related", "type": "application/rdap+json", "href": bed.url("/registrar")}
    bed.server.answers[f"/domain/{NAME}"] = answer(domain(links=[link]))
    bed.server.answers["/registrar"] = answer(domain(handle="own"))
    onward = await bed.rdap.onward(await bed.rdap.domain(NAME))
    assert onward is not None
    assert onward.record.handle == "own"
    assert await bed.rdap.onward(onward) is None


@pytest.mark.parametrize("href", ["http://127.0.0.1/", "file:///etc/hostname", "nonsense", "http://"])
async def test_a_link_leads_nowhere_but_to_the_web(bed: Bed, href: str) -> None:
    link = {"rel": "related", "type": "application/rdap+json", "href": href}
    bed.server.answers[f"/domain/{NAME}"] = answer(domain(links=[link]))
    found = await bed.rdap.domain(NAME)
    with pytest.raises(RdapFailed):
        await bed.rdap.onward(found)


async def test_nobody_is_asked_without_a_directory_or_a_server(bed: Bed) -> None:
    async with Fetcher(NetSettings()) as fetcher:
        with pytest.raises(RdapFailed, match="HAETAE_RDAP_BOOTSTRAP is empty") as failure:
            await Rdap(fetcher, "", bed.clock).domain(NAME)
    assert failure.value.why is Why.OFF
    with pytest.raises(RdapFailed, match=r"names no server for 198\.51\.100\.1"):
        await bed.rdap.network("198.51.100.1")


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("120", 120.0), ("Sun, 22 Nov 2026 09:01:00 GMT", 60.0), (None, UNSAID_S), ("soon", UNSAID_S), ("-5", UNSAID_S),
        ("9" * 400, 999_999_999.0), ("Mon, 99 Foo 2026", UNSAID_S),
        ("Sun, 22 Nov " + "9" * 20 + " 09:00:00 GMT", UNSAID_S),
    ],
)  # fmt: skip
def test_how_long_a_server_wants_to_be_left_alone(told: str | None, seconds: float) -> None:
    assert seconds_of(told, NOW) == seconds


def test_nobody_is_left_alone_for_more_than_a_day() -> None:
    resting = Resting(ManualClock())
    assert resting.rest("registry.test", "999999999") == MOST_S
    assert resting.left_s("registry.test") == MOST_S


def test_what_was_used_longest_ago_goes_first() -> None:
    kept: Remembered[str] = Remembered(ManualClock().monotonic, most_bytes=10)
    kept.put("a", "first", 5)
    kept.put("b", "second", 5)
    assert kept.get("a") == "first"
    kept.put("c", "third", 5)
    assert (kept.get("a"), kept.get("b"), kept.get("c")) == ("first", None, "third")
    kept.put("a", "larger", 6)
    assert (kept.get("a"), kept.get("c")) == ("larger", None)


async def test_a_slow_registrar_does_not_hold_up_what_the_registry_said(
    bed: Bed, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def say_nothing(_: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(registries, "ALL_S", 0.1)
    link = {"rel": "related", "type": "application/rdap+json", "href": bed.url("/registrar")}
    bed.server.answers |= {f"/domain/{NAME}": answer(domain(links=[link])), "/registrar": say_nothing}
    settings = evidence_settings(rdap_bootstrap=bed.url("/boot/"))
    page = Exchange(f"http://shop.{NAME}/", 200, {}, {}, b"", ADDRESS, NOW)
    made = await step.rdap(work(page, bed.fetcher, settings, bed.clock))
    said = made.facts["domain"]
    assert (said["registry"]["name"], said["registrar"]["why"]) == (NAME, "away")
    assert said["registrar"]["failure"] == "no answer within 0.1 s of the first question"
    assert made.facts["network"]["registry"]["name"] == "BOAT-NET"
