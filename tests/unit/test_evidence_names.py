"""What the name servers say about the host of a page: asked of a real name server."""

import json
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from haetae_verify.canonical import canonical
from services.evidence.capture.steps.dns import dns
from services.evidence.capture.work import Made, StepFailed
from services.evidence.circumstances import names
from services.evidence.circumstances.names import questions
from services.evidence.domain import Exchange
from services.evidence.settings import Settings
from shared.clock import SystemClock
from shared.net import Fetcher
from tests.support.captures import AT, evidence_settings
from tests.support.circumstances import work
from tests.support.name_server import NameServer, name_server, wire_name

HOST, DOMAIN, ADDRESS = "shop.harbour.test", "harbour.test", "203.0.113.7"
PTR_NAME = "7.113.0.203.in-addr.arpa"
NS, SOA, PTR, MX, TXT, CAA = 2, 6, 12, 15, 16, 257


@dataclass
class Bed:
    server: NameServer
    settings: Settings

    async def step(self, url: str = f"http://{HOST}/", address: str = ADDRESS) -> Made:
        page = Exchange(url, 200, {}, {}, b"", address, AT)
        async with Fetcher(self.settings) as fetcher:
            return await dns(work(page, fetcher, self.settings, SystemClock()))


@pytest.fixture
async def bed() -> AsyncIterator[Bed]:
    async with name_server() as server:
        server.records[HOST] = (300, [ADDRESS, "2606:4700::1111"])
        server.others = {
            (DOMAIN, NS): [(3600, wire_name("ns1.hoster.test")), (3600, wire_name("ns2.hoster.test"))],
            (DOMAIN, SOA): [
                (60, wire_name("ns1.hoster.test") + wire_name("admin.hoster.test") + struct.pack(">5I", 1, 2, 3, 4, 5))
            ],
            (DOMAIN, MX): [(60, struct.pack(">H", 10) + wire_name("mail.harbour.test"))],
            (DOMAIN, TXT): [(60, b"\x06v=spf1\x05 \xff\0\n!")],
            (DOMAIN, CAA): [(60, b"\0\x05issueca.test")],
            (PTR_NAME, PTR): [(60, wire_name("edge7.hoster.test"))],
        }
        yield Bed(server, evidence_settings(dns_servers=server.at))


def records(made: Made) -> dict[tuple[str, str], list[str]]:
    return {(one["name"], one["kind"]): [record["data"] for record in one["records"]] for one in made.facts["answers"]}


async def test_all_that_shows_who_hosts_the_page_is_asked_and_kept(bed: Bed) -> None:
    made = await bed.step()
    assert records(made) == {
        (HOST, "A"): [ADDRESS],
        (HOST, "AAAA"): ["2606:4700::1111"],
        (HOST, "CAA"): [],
        (DOMAIN, "SOA"): ["ns1.hoster.test admin.hoster.test 1 2 3 4 5"],
        (DOMAIN, "NS"): ["ns1.hoster.test", "ns2.hoster.test"],
        (DOMAIN, "MX"): ["10 mail.harbour.test"],
        (DOMAIN, "TXT"): ["v=spf1 \\xff\n!"],
        (DOMAIN, "CAA"): ["0 issue ca.test"],
        (PTR_NAME, "PTR"): ["edge7.hoster.test"],
    }
    facts = made.facts
    assert (facts["host"], facts["domain"], facts["servers"]) == (HOST, DOMAIN, (bed.server.at,))
    assert facts["addresses"] == [ADDRESS, "2606:4700::1111"]
    assert {one["outcome"] for one in facts["answers"]} == {"answered", "nothing of this kind"}
    assert facts["answers"][0]["records"][0]["ttl"] == 300
    (file,) = made.files
    assert (file.name, file.content) == ("dns.json", False)
    assert json.loads(file.data)["answers"] == json.loads(canonical(facts))["answers"]


async def test_one_failure_is_told_beside_the_rest(bed: Bed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "ALL_S", 0.2)
    bed.server.failing.add(PTR_NAME)
    bed.server.silent.add(DOMAIN)
    told = {(one["name"], one["kind"]): one for one in (await bed.step()).facts["answers"]}
    assert told[HOST, "A"]["outcome"] == "answered"
    assert (told[DOMAIN, "NS"]["outcome"], told[DOMAIN, "NS"]["failure"]) == ("failed", "no answer within 0.2 s")
    assert told[PTR_NAME, "PTR"]["outcome"] == "failed"


async def test_whatever_a_name_server_says_is_told_or_called_misformatted(bed: Bed) -> None:
    bed.server.others = {
        (HOST, CAA): [(2**32 - 1, b"\0\x05issue\xff.test")],
        (DOMAIN, MX): [(60, struct.pack(">H", 1) + b"\x04\xffa.b\x04test\0")],
        (DOMAIN, NS): [(60, b"\x3fshort")],
        (DOMAIN, TXT): [(60, b"\xff" + b"x" * 10)],
        (DOMAIN, SOA): [(60, b"\xc0")],
    }
    made = await bed.step()
    canonical(made.facts).decode()
    assert records(made)[HOST, "CAA"] == ["0 issue \\xff.test"]
    outcomes = {(one["name"], one["kind"]): one["failure"] for one in made.facts["answers"]}
    assert outcomes[DOMAIN, "NS"] == outcomes[DOMAIN, "TXT"] == "Misformatted DNS reply"


async def test_a_name_that_is_gone_is_an_answer(bed: Bed) -> None:
    bed.server.records.clear()
    made = await bed.step()
    assert made.facts["answers"][0]["outcome"] == "no such name"
    assert made.facts["addresses"] == []


async def test_without_any_answer_the_step_has_failed(bed: Bed) -> None:
    bed.server.failing |= {HOST, DOMAIN, PTR_NAME}
    with pytest.raises(StepFailed, match="no name server answered"):
        await bed.step()


async def test_nobody_is_asked_for_what_the_operator_says(bed: Bed, tmp_path) -> None:
    (tmp_path / "hosts").write_text(f"127.0.0.1 {HOST}")
    bed.settings = evidence_settings(tmp_path / "hosts")
    made = await bed.step()
    assert (made.files, made.facts["asked"], bed.server.asked) == ((), False, [])


async def test_every_capture_asks_anew(bed: Bed) -> None:
    await bed.step()
    await bed.step()
    assert bed.server.times(HOST) == 2


def test_an_address_has_only_its_name_in_return() -> None:
    assert questions("203.0.113.7", None, ADDRESS) == ((PTR_NAME, "PTR"),)
    assert questions("[2001:db8::7]", None, "2001:db8::7")[-1][1] == "PTR"
    assert [kind for name, kind in questions(DOMAIN, DOMAIN, "") if name == DOMAIN] == [
        "A", "AAAA", "CAA", "SOA", "NS", "MX", "TXT",
    ]  # fmt: skip


async def test_no_name_server_hears_of_an_onion_service(bed: Bed) -> None:
    made = await bed.step("http://lanterns.onion/", "")
    assert (made.facts["asked"], bed.server.asked) == (False, [])
