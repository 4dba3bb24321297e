"""Who is behind a page, asked of the sandbox's registries; and under which conditions it was captured."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from haetae_verify.canonical import canonical, digest
from sandbox.companies import CONTACTS, NETWORKS, REGISTRAR, REGISTRAR_ID
from sandbox.files import READY
from sandbox.registries import REGISTRANT, registered
from sandbox.running import Sandbox
from services.drafter.contacts.files import load_contacts
from services.drafter.contacts.resolve import resolve
from services.evidence.capture.captured import Captured
from services.evidence.capture.steps.conditions import conditions
from services.evidence.capture.steps.elsewhere import elsewhere
from services.evidence.capture.steps.rdap import rdap
from services.evidence.capture.traffic import Traffic
from services.evidence.capture.work import StepDone, StepFailed, Work
from services.evidence.circumstances.surroundings import surroundings
from services.evidence.domain import Exchange
from services.evidence.settings import Settings
from shared.clock import SystemClock
from shared.events import Surroundings
from shared.events.examples import PICTURE
from shared.net import Fetcher
from shared.version import VERSION
from tests.support.captures import AT, evidence_settings
from tests.support.cases import sealed
from tests.support.circumstances import work
from tests.support.time_server import time_server


@dataclass
class Bed:
    settings: Settings
    fetcher: Fetcher
    page: Exchange

    def work(self, **changes: object) -> Work:
        page = replace(self.page, **changes)  # type: ignore[arg-type]  # as the dataclass says
        return work(page, self.fetcher, self.settings, SystemClock())


@pytest.fixture(scope="module")
async def bed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bed]:
    home: Path = tmp_path_factory.mktemp("sandbox")
    async with Sandbox(home, scale=0.1) as sandbox:
        ready = json.loads((home / READY).read_text())
        settings = evidence_settings(home / "hosts", rdap_bootstrap=ready["rdap"])
        host = sandbox.world.hosts[0]
        async with Fetcher(settings) as fetcher:
            got = await fetcher.get(sandbox.url(host.name))
            yield Bed(settings, fetcher, Exchange(got.url, 200, {}, got.headers, got.body, got.address, AT))


async def test_the_registries_say_who_registered_and_who_hosts(bed: Bed) -> None:
    made = await rdap(bed.work())
    domain, network = made.facts["domain"]["registry"], made.facts["network"]["registry"]
    name = registered(bed.page.url.split("/")[2].partition(":")[0])
    assert (domain["name"], domain["is_asked_for"]) == (name, True)
    assert (domain["registrar"]["name"], domain["registrant_organisation"]) == (REGISTRAR.name, REGISTRANT)
    assert domain["registrar"]["iana_id"] == REGISTRAR_ID
    assert domain["abuse_emails"] == ["abuse@lantern-registrar.test"]
    assert [event["action"] for event in domain["events"]] == ["registration", "expiration"]
    assert (network["owner"], network["is_asked_for"]) == (NETWORKS[0].name, True)
    assert network["abuse_emails"] == ["abuse@paper-boat-hosting.test"]
    (file,) = made.files
    assert (file.name, file.content) == ("rdap.json", False)
    answers = json.loads(file.data)["answers"]
    assert [digest(answer["body"].encode()) for answer in answers] == [domain["sha256"], network["sha256"]]
    assert [json.loads(answer["body"])["objectClassName"] for answer in answers] == ["domain", "ip network"]
    canonical(made.facts)


async def test_what_one_registry_does_not_say_stands_beside_what_the_other_says(bed: Bed) -> None:
    made = await rdap(bed.work(address="198.51.100.7"))
    assert "registry" in made.facts["domain"]
    assert made.facts["network"]["why"] == "no_server"
    made = await rdap(bed.work(url="http://nobody.unknown-domain.test/"))
    assert made.facts["domain"]["why"] == "not_found"
    assert "registry" in made.facts["network"]


async def test_nobody_asked_is_no_failure_and_nobody_answering_is_one(bed: Bed) -> None:
    off = work(bed.page, bed.fetcher, evidence_settings(), SystemClock())
    made = await rdap(off)
    assert (made.files, made.facts["domain"]["why"], made.facts["network"]["why"]) == ((), "off", "off")
    gone = bed.settings.model_copy(update={"rdap_bootstrap": bed.settings.rdap_bootstrap.replace("directory", "gone")})
    with pytest.raises(StepFailed, match=r"gone/dns\.json answers 404.*gone/ipv4\.json"):
        await rdap(work(bed.page, bed.fetcher, gone, SystemClock()))


async def test_the_conditions_tell_tools_browser_and_clock(bed: Bed) -> None:
    async with time_server() as server:
        settings = bed.settings.model_copy(update={"ntp_servers": server.at, "outside_address": "203.0.113.1"})
        made = await conditions(work(bed.page, bed.fetcher, settings, SystemClock(), rendering=Drawn()))
    facts = made.facts
    assert (facts["software"]["haetae"], facts["browser"]) == (VERSION, "Chromium 1")
    assert all(facts["software"]["libraries"].values())
    assert (facts["viewport"], facts["languages"]) == ({"width": 1280, "height": 800}, "ko,en;q=0.5")
    assert (facts["exit"], facts["outside_address"]) == ("direct", "203.0.113.1")
    (compared,) = facts["clock"]["servers"]
    assert abs(compared["offset_ms"]) <= compared["round_trip_ms"] + 1
    assert set(facts["site_clock"]) == {"date", "offset_ms"}
    canonical(facts)


@dataclass
class Drawn:
    browser: str = "Chromium 1"


async def test_hosts_of_media_elsewhere_are_asked_about_too(bed: Bed) -> None:
    host, other = bed.page.url.split("/")[2].partition(":")[0], "pictures.elsewhere.test"
    at = bed.work()
    pictures = tuple(
        PICTURE.model_copy(update={"url": url})
        for url in (bed.page.url + "a.jpg", f"http://{other}/1.jpg", "http://b.unknown.test/2.jpg", "data:image/png,")
    )
    finding = at.event.finding.model_copy(update={"url": bed.page.url, "pictures": pictures})
    event = at.event.model_copy(update={"finding": finding})
    seen = replace(bed.page, url=f"http://{other}/1.jpg")
    traffic = Traffic(bed.fetcher, SystemClock(), "Capturer/1", "ko")
    traffic.exchanges.append(seen)
    made = await elsewhere(replace(at, event=event, traffic=traffic))
    told = {place["host"]: place for place in made.facts["hosts"]}
    assert (set(told), made.facts["left_out"]) == ({other, "b.unknown.test"}, 0)
    assert host not in told
    assert told[other]["network"]["registry"]["owner"] == NETWORKS[0].name
    assert told[other]["domain"]["why"] == "not_found"
    assert told["b.unknown.test"]["network"]["why"] == "no_server"
    (file,) = made.files
    assert (file.name, file.content) == ("rdap-elsewhere.json", False)
    canonical(made.facts)
    nothing = await elsewhere(at)
    assert (nothing.files, nothing.facts["hosts"]) == ((), [])


async def test_who_is_asked_follows_from_what_the_registries_said(bed: Bed) -> None:
    made = await rdap(bed.work())
    around = surroundings(Captured(AT, AT, (StepDone("rdap", AT, AT, made),)))
    event, contacts = sealed(url=bed.page.url, site={"abuse_email": "abuse@x.test"}), load_contacts(CONTACTS)

    def asked(around: Surroundings) -> list[tuple[str, str]]:
        found = resolve(event.model_copy(update={"surroundings": around}), contacts, {}, AT)
        return [(one.recipient.role, one.recipient.email) for one in found.asked]

    site, registrar = ("site", "abuse@x.test"), ("registrar", REGISTRAR.abuse_address)
    assert asked(around) == [site, ("host", NETWORKS[0].abuse_address), registrar]
    behind_cdn = around.model_copy(update={"network": NETWORKS[2].network})
    assert ("cdn", NETWORKS[2].abuse_address) in asked(behind_cdn)
    assert asked(around)[1] in asked(behind_cdn)  # a name alone takes nobody's place
