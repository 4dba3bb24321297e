"""Who is asked: each once, in order, with where the contact is from; and nobody who must not know."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.drafter.contacts.files import load_contacts
from services.drafter.contacts.mailboxes import domain_of
from services.drafter.contacts.packets import packet_recipients
from services.drafter.contacts.resolve import Resolved, key, resolve
from shared.events import EvidenceSealed, Place
from tests.support.contacts import HOST, NOW, REGISTRAR, around, case, contact

SHIPPED = load_contacts()
OWN = """
[[provider]]
id = "shipped-elsewhere"
name = "Own"
{matches}
[[provider.reach]]
role = "{role}"
channel = "{channel}"
email = "{email}"
connector = "{connector}"
languages = ["en", "ko"]
source = "our talk with them"
confidence = "H"
checked = 2026-11-01
verify = false
"""
NO_SEARCH = 'without = ["google-search"]\n'
SITE = "abuse@harbour-board.en.test"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("contacts")


@pytest.fixture(scope="module")
def plain(folder: Path):
    (folder / "plain.toml").write_text(NO_SEARCH)
    return load_contacts(folder / "plain.toml")


def own(
    folder: Path, matches: str, role: str, channel: str = "mail", email: str = "desk@own.test", connector: str = ""
):
    text = OWN.format(matches=matches, role=role, channel=channel, email=email, connector=connector)
    (folder / "own.toml").write_text(NO_SEARCH + text)
    return load_contacts(folder / "own.toml")


def rows(found: Resolved) -> list[tuple[int, int, str, str]]:
    return [(one.rung, one.after_hours, one.recipient.role, key(one.recipient)) for one in found.asked]


def codes(found: Resolved) -> list[str]:
    return [problem.code for problem in found.problems]


TABLE = [
    ({}, [(0, 0, "site", SITE), (1, 24, "host", HOST), (2, 72, "registrar", REGISTRAR)], []),
    ({"abuse_email": None}, [(0, 0, "host", HOST), (1, 48, "registrar", REGISTRAR)], ["no_contact"]),
    ({"sole_purpose": True}, [(0, 0, "host", HOST), (1, 48, "registrar", REGISTRAR)], ["sole_purpose"]),
    (
        {"category": "minor_apparent"},
        [(0, 0, "site", SITE), (0, 0, "host", HOST), (1, 72, "registrar", REGISTRAR)],
        [],
    ),
    # One mailbox, one notice: in the role that comes first.
    (
        {"surroundings": around(contact("host", HOST), contact("registrar", HOST.upper()))},
        [(0, 0, "site", SITE), (1, 24, "host", HOST)],
        [],
    ),
    # The registry is asked where no registrar is known.
    (
        {"surroundings": around(contact("registry", "abuse@registry.test"))},
        [(0, 0, "site", SITE), (1, 72, "registrar", "abuse@registry.test")],
        [],
    ),
    (
        {"surroundings": around(contact("registry", "abuse@registry.test"), contact("registrar", REGISTRAR))},
        [(0, 0, "site", SITE), (1, 72, "registrar", REGISTRAR)],
        [],
    ),
    # A host that is the site itself: by its domain, by its name, by the name of its domain.
    ({"surroundings": around(contact("host", "noc@mail.en.test"))}, [(0, 0, "site", SITE)], ["owner_contact"]),
    (
        {"surroundings": around(contact("host", "noc@other.test", "HARBOUR-BOARD, Inc.")), "name": "Harbour board"},
        [(0, 0, "site", SITE)],
        ["owner_contact"],
    ),
    # Where the site list has no mailbox, that is the site's: told as what it is.
    (
        {"surroundings": around(contact("host", "noc@en.test"), contact("registrar", REGISTRAR)), "abuse_email": None},
        [(0, 0, "site", "noc@en.test"), (1, 72, "registrar", REGISTRAR)],
        ["owner_contact"],
    ),
    (
        {"surroundings": around(contact("host", "noc@en.test")), "abuse_email": None, "sole_purpose": True},
        [],
        ["sole_purpose", "owner_contact", "nobody"],
    ),
    # The first that is nobody's own is taken.
    (
        {"surroundings": around(contact("host", "noc@en.test"), contact("host", HOST), contact("host", "c@d.test"))},
        [(0, 0, "site", SITE), (1, 24, "host", HOST)],
        ["owner_contact"],
    ),
    (
        {"surroundings": around(failures=("network:away", "domain:off", "dns:failed", "domain:not_found"))},
        [(0, 0, "site", SITE)],
        ["registries_failed"],
    ),
    ({"surroundings": around(), "abuse_email": None}, [], ["no_contact", "nobody"]),
    (
        {"surroundings": around(contact("host", HOST, at=NOW - timedelta(days=31)))},
        [(0, 0, "site", SITE), (1, 24, "host", HOST)],
        ["stale_contact"],
    ),
]


@pytest.mark.parametrize(("given", "asked", "problems"), TABLE)
def test_the_ladder_follows_from_what_is_known(plain, given, asked, problems) -> None:
    found = resolve(case(**given), plain, {}, NOW)
    assert (rows(found), codes(found)) == (asked, problems)


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("a.b.example.co.kr", "example.co.kr"),
        ("abuse@Mail.Host.test.", "host.test"),
        ("one.github.io", "one.github.io"),
        ("github.io", "github.io"),
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8::9", "2001:db8::9"),
    ],
)
def test_what_belongs_to_one_owner(name: str, domain: str) -> None:
    assert domain_of(name) == domain


def test_a_service_that_rents_names_out_is_no_owner_of_their_sites(plain) -> None:
    event = case(around(contact("host", "abuse@github.io")))
    finding = event.finding.model_copy(update={"url": "http://one.github.io/post"})
    found = resolve(event.model_copy(update={"finding": finding}), plain, {}, NOW)
    assert "abuse@github.io" in {key(one.recipient) for one in found.asked}


def test_a_curated_desk_comes_before_what_site_list_and_registries_say(folder: Path) -> None:
    contacts = own(folder, 'matches = { hosts = ["harbour-board.en.test"] }', "platform")
    assert rows(resolve(case(), contacts, {}, NOW))[0] == (0, 0, "platform", "desk@own.test")
    assert SITE not in {key(one.recipient) for one in resolve(case(), contacts, {}, NOW).asked}


@pytest.mark.parametrize(
    ("matches", "told"),
    [
        ('networks = ["boat"]', {}),
        ('networks = ["NET-7"]', {"network_handle": "NET-7-1"}),
        ('addresses = ["203.0.113.0/24"]', {}),
        ('nameservers = ["ns.own.test"]', {"nameservers": ("a.ns.own.test",)}),
        ('registrars = ["77"]', {"registrar_id": "77"}),
        ('tlds = ["test"]', {}),
        ('hosts = ["en.test"]', {}),
    ],
)
def test_a_provider_is_known_by_any_of_its_signs(folder: Path, matches: str, told: dict) -> None:
    contacts = own(folder, f"matches = {{ {matches} }}", "cdn")
    found = resolve(case(around(**told)), contacts, {}, NOW)
    assert (1, 24, "cdn", "desk@own.test") in rows(found)
    other = resolve(case(around(address="198.51.100.1", network="KITE")), contacts, {}, NOW)
    assert ("desk@own.test" in {key(one.recipient) for one in other.asked}) == ("tlds" in matches or "hosts" in matches)


def test_a_network_of_a_known_provider_is_not_asked_a_second_time_as_host(folder: Path) -> None:
    contacts = own(folder, 'matches = { addresses = ["203.0.113.0/24"] }', "cdn", "api", connector="boat-api")
    found = resolve(case(), contacts, {"shipped-elsewhere": 5.5}, NOW)
    assert [role for _, _, role, _ in rows(found)] == ["site", "cdn", "registrar"]
    cdn = found.asked[1].recipient
    assert (cdn.channel, cdn.connector, cdn.email, cdn.answers_in_hours) == ("api", "boat-api", "", 5.5)


@pytest.mark.parametrize("role", ["cdn", "host"])
def test_a_network_that_only_calls_itself_like_a_provider_is_asked_as_well(folder: Path, role: str) -> None:
    """Whoever holds an assignment chooses its name."""
    found = resolve(case(), own(folder, 'matches = { networks = ["BOAT"] }', role), {}, NOW)
    assert {"desk@own.test", HOST} <= {key(one.recipient) for one in found.asked}


def test_a_provider_is_written_to_in_the_sites_language_where_it_reads_it(folder: Path) -> None:
    contacts = own(folder, 'matches = { networks = ["BOAT"] }', "host")
    for language, expected in (("ko", "ko"), ("ja", "en")):
        found = resolve(case(language=language), contacts, {}, NOW)
        assert found.asked[1].recipient.language == expected


def test_a_hosts_country_decides_its_language_and_script(plain) -> None:
    for country, tag in (("TW", ("zh", "zh-Hant")), ("CN", ("zh", "")), ("KR", ("ko", "")), ("SE", ("en", ""))):
        to = resolve(case(around(contact("host", HOST), network_country=country)), plain, {}, NOW).asked[1].recipient
        assert ((to.language, to.locale), to.country) == (tag, country)
    site = resolve(case(language="zh", country="HK"), plain, {}, NOW).asked[0].recipient
    assert (site.language, site.locale, site.country) == ("zh", "zh-Hant", "HK")


def test_media_elsewhere_get_their_own_notice_first_on_their_own_ladder(plain) -> None:
    there = Place(
        host="pics.store.test", contacts=(contact("host", "abuse@store-net.test"), contact("registrar", REGISTRAR))
    )
    urls = ("http://pics.store.test/1.jpg", "http://harbour-board.en.test/2.jpg", "http://unknown.other.test/3.jpg")
    found = resolve(case(pictures=urls, elsewhere=(there,)), plain, {}, NOW)
    assert rows(found)[:2] == [(0, 0, "site", SITE), (0, 0, "host", "abuse@store-net.test")]
    named = found.asked[1].addresses
    assert (named.host, named.page, [shown.url for shown in named.pictures]) == ("pics.store.test", urls[0], [urls[0]])
    assert [shown.url for shown in found.asked[0].addresses.pictures] == [urls[1]]
    assert [(one.code, one.detail) for one in found.problems] == [("elsewhere", urls[2])]
    assert not [one for one in found.asked if one.recipient.role == "registrar" and one.addresses.host == named.host]


@pytest.mark.parametrize(
    ("category", "agrees", "asked"),
    [
        ("known_content", 1, {"pics.store.test"}),  # of two strangers' hosts, the one that serves what agrees
        ("suspected_picture", None, {"pics.store.test", "faces.other.test"}),  # which one it is, nobody knows
        ("suspected_text", None, set()),  # the words are the page's
        ("suspected_text", 1, {"pics.store.test"}),
    ],
)
def test_who_serves_a_pages_other_pictures_is_not_accused(plain, category: str, agrees: int | None, asked: set) -> None:
    urls = ("http://harbour-board.en.test/0.jpg", "http://pics.store.test/1.jpg", "http://faces.other.test/2.jpg")
    event = case(
        pictures=urls,
        elsewhere=tuple(
            Place(host=host, address="198.51.100.7", contacts=(contact("host", f"abuse@{host}"),))
            for host in ("pics.store.test", "faces.other.test")
        ),
        category=category,
    )
    match = event.assessment.matches[0].model_copy(update={"picture_url": urls[agrees or 0]})
    assessment = event.assessment.model_copy(update={"matches": (match,) if agrees else ()})
    found = resolve(event.model_copy(update={"assessment": assessment}), plain, {}, NOW)
    others = {one.addresses.host for one in found.asked} - {"harbour-board.en.test"}
    assert others == asked
    assert ("unconcerned" in codes(found)) == (len(asked) < 2)


def test_a_padded_address_keeps_no_picture_out_of_the_notice(plain) -> None:
    url = "http://harbour-board.en.test/1.jpg?" + "p" * 4050
    found = resolve(case(pictures=(url, "http://harbour-board.en.test/2.jpg")), plain, {}, NOW)
    assert [shown.url for shown in found.asked[0].addresses.pictures] == [url]
    assert codes(found) == ["too_many"]


def test_an_address_that_is_none_is_told_and_asks_nobody(plain) -> None:
    event = case()
    event = event.model_copy(update={"finding": event.finding.model_copy(update={"url": "http://[broken/"})})
    assert codes(resolve(event, plain, {}, NOW)) == ["unsafe_address"]


def test_media_on_a_sister_host_go_into_the_notice_of_the_same_mailbox(plain) -> None:
    urls = ("http://harbour-board.en.test/1.jpg", "http://img.harbour-board.en.test/2.jpg")
    found = resolve(case(pictures=urls), plain, {}, NOW)
    assert [shown.url for shown in found.asked[0].addresses.pictures] == list(urls)
    assert [shown.number for shown in found.asked[0].addresses.pictures] == [1, 2]
    assert [shown.url for shown in found.asked[1].addresses.pictures] == [urls[0]]  # the host of which nothing is known
    assert codes(found) == []


def test_whoever_must_not_be_told_is_not_told_by_others_either(plain) -> None:
    for kind in ({"sole_purpose": True}, {"category": "minor_apparent"}):
        found = resolve(case(**kind), plain, {}, NOW)
        assert {one.recipient.anonymity for one in found.asked if one.recipient.role != "site"} == {"none"}
    found = resolve(case(), plain, {}, NOW)
    assert [one.recipient.anonymity for one in found.asked] == ["named", "anonymous", "anonymous"]


def test_a_search_engine_is_asked_beside_and_holds_nobody_up() -> None:
    found = resolve(case(abuse_email=None), SHIPPED, {}, NOW)
    assert rows(found)[:2] == [(0, 0, "host", HOST), (0, 0, "search", "form:google-search")]
    hidden = resolve(case(kind="chat"), SHIPPED, {}, NOW)
    assert "search" not in {one.recipient.role for one in hidden.asked}


def test_packets_go_to_those_of_the_country_and_child_material_to_hotlines() -> None:
    def told(country: str | None, category: str) -> set[str]:
        return {to.provider for to in packet_recipients(country, category, SHIPPED)}

    assert told("KR", "known_content") == {"kmcsc", "kmcc"}
    assert told("US", "minor_apparent") == {"kmcsc", "ftc", "ncmec", "inhope"}
    assert told("FR", "known_content") == {"kmcsc", "eu-dsc"}
    assert told(None, "known_content") == {"kmcsc"}
    assert all(to.source and to.known_at for to in packet_recipients("GB", "known_content", SHIPPED))


MAILBOXES = st.sampled_from(
    [
        HOST,
        HOST.upper(),
        REGISTRAR,
        SITE,
        "noc@en.test",
        "a@sub.en.test",
        "x@free.test",
        "owner@free.test",
        "no mailbox",
    ]
)
CONTACTS = st.lists(
    st.builds(
        contact, st.sampled_from(["host", "registrar", "registry"]), MAILBOXES, st.sampled_from(["A", "Harbour board"])
    ),
    max_size=5,
)
HOSTS = st.sampled_from(["harbour-board.en.test", "img.harbour-board.en.test", "pics.store.test", "free.test"])


@st.composite
def cases(draw: st.DrawFn) -> EvidenceSealed:
    hosts = draw(st.lists(HOSTS, max_size=4))
    urls = tuple(f"http://{host}/{number}.jpg" for number, host in enumerate(hosts))
    places = tuple(Place(host=host, contacts=tuple(draw(CONTACTS))) for host in dict.fromkeys(hosts))
    return case(
        around(*draw(CONTACTS)),
        pictures=urls,
        elsewhere=places,
        category=draw(st.sampled_from(["known_content", "minor_apparent"])),
        sole_purpose=draw(st.booleans()),
        abuse_email=draw(st.none() | MAILBOXES),
    )


@settings(max_examples=80)
@given(cases())
def test_one_notice_a_mailbox_a_source_for_each_and_no_owner_of_a_sole_purpose_site(event: EvidenceSealed) -> None:
    found = resolve(event, SHIPPED, {}, NOW)
    keys = [key(one.recipient) for one in found.asked]
    assert len(keys) == len(set(keys))
    assert all(one.recipient.source and one.recipient.known_at for one in found.asked)
    assert all(one.addresses.page and one.rung >= 0 for one in found.asked)
    if found.asked:
        assert min((one.rung, one.after_hours) for one in found.asked) == (0, 0)
    site = event.finding.site
    if site.sole_purpose:
        forbidden = {"en.test", domain_of(site.abuse_email or "en.test")}
        assert not [one for one in found.asked if domain_of(one.recipient.email or "-") in forbidden]
        assert "site" not in {one.recipient.role for one in found.asked}
    assert found == resolve(event, SHIPPED, {}, NOW)
