"""Which earlier cases a new one is linked to: by content, and by what its site shares with others."""

from datetime import timedelta

import pytest

from services.drafter.linking.marks import one_operator
from services.drafter.linking.store import COMMON_DOMAINS
from services.drafter.links import MOST, links
from shared.clock import ManualClock
from shared.database import Database
from shared.events import EvidenceSealed, Surroundings, Trace
from shared.events.examples import EXAMPLES, T0
from shared.events.values import Match
from shared.identity import case_id, identity
from shared.notices import CASES_BANK, case_entry, reference

EVENT = EXAMPLES[EvidenceSealed]
PICTURE = EVENT.finding.pictures[0]
PDQ = PICTURE.pdq_dihedral[0]


@pytest.fixture
async def database(migrated):
    made = Database(migrated.dsn_for("drafter"), "/haetae/drafter", ManualClock())
    yield made
    await made.close()


def sealed(host, *, picture=None, matches=(), traces=(), minutes=0):
    """`picture`: seed of its digest; None shows none."""
    url = f"http://{host}/post/{minutes}"
    pictures = () if picture is None else (picture,)
    finding = EVENT.finding.model_copy(
        update={
            "url": url,
            "site": EVENT.finding.site.model_copy(update={"host": host}),
            "pictures": pictures,
            "found_at": T0 + timedelta(minutes=minutes),
        }
    )
    around = Surroundings(address="192.0.2.1", traces=tuple(Trace(kind=kind, value=value) for kind, value in traces))
    return EVENT.model_copy(
        update={
            "case_id": case_id(url),
            "finding": finding,
            "assessment": EVENT.assessment.model_copy(update={"matches": tuple(matches)}),
            "surroundings": around,
        }
    )


def picture(seed, bits=0, **more):
    """Another file of the same picture, `bits` of its hash changed."""
    pdq = f"{int(PDQ, 16) ^ ((1 << bits) - 1):064x}"
    digest = identity("picture", seed).hex * 2
    return PICTURE.model_copy(update={"sha256": digest, "pdq_dihedral": (pdq,), "pdq_quality": 90, **more})


def match(bank, entry):
    return Match(
        picture_url=PICTURE.url, bank=bank, entry=entry, algorithm="pdq", distance=3, variant="original", hash=PDQ
    )


async def linked(database, event):
    async with database.transaction() as tx:
        return await links(event, tx)


async def told(database, event):
    return {link.host: link.by for link in await linked(database, event)}


async def test_the_same_file_or_nearly_the_same_picture_links(database):
    first = sealed("one.test", picture=picture(1))
    assert await linked(database, first) == ()
    assert await told(database, sealed("two.test", picture=picture(1, bits=99), minutes=1)) == {"one.test": ("hash",)}
    (link,) = await linked(database, sealed("three.test", picture=picture(3, bits=31), minutes=2))
    assert (link.case_id, link.reference, link.host) == (first.case_id, reference(first.case_id), "one.test")
    assert link.found_at == first.finding.found_at
    assert await told(database, sealed("four.test", picture=picture(4, bits=140), minutes=3)) == {}


@pytest.mark.parametrize("more", [{"width": 159}, {"height": None}])
async def test_small_pictures_link_nothing(database, more):
    await linked(database, sealed("one.test", picture=picture(1, **more)))
    assert await told(database, sealed("two.test", picture=picture(1, **more), minutes=1)) == {}


async def test_flat_pictures_link_by_their_file_alone(database):
    await linked(database, sealed("one.test", picture=picture(1, pdq_quality=49)))
    assert await told(database, sealed("two.test", picture=picture(2, pdq_quality=49), minutes=1)) == {}
    assert await told(database, sealed("three.test", picture=picture(1, pdq_quality=49), minutes=2)) == {
        "one.test": ("hash",)
    }


async def test_the_same_entry_of_a_bank_links_and_one_of_a_case_leads_to_it(database):
    first = sealed("one.test", matches=[match("reports", "2026-117")])
    await linked(database, first)
    assert await told(database, sealed("two.test", matches=[match("others", "2026-117")], minutes=1)) == {}
    again = [match("reports", "2026-117"), match("reports", "2026-117")]
    assert await told(database, sealed("three.test", matches=again, minutes=2)) == {"one.test": ("entry",)}
    entry = case_entry(first.case_id, 1)
    assert await told(database, sealed("four.test", matches=[match(CASES_BANK, entry)], minutes=3)) == {
        "one.test": ("entry",)
    }
    foreign = [match("others", entry), match(CASES_BANK, "no case"), match(CASES_BANK, "a/b/c")]
    assert await told(database, sealed("five.test", matches=foreign, minutes=4)) == {}


async def test_the_same_case_again_is_linked_as_before_and_never_to_itself(database):
    await linked(database, sealed("one.test", picture=picture(1)))
    second = sealed("two.test", picture=picture(1), matches=[match("reports", "1")], minutes=1)
    assert await linked(database, second) == await linked(database, second)
    assert await told(database, second) == {"one.test": ("hash",)}


async def test_what_a_case_shows_later_links_too(database):
    first = sealed("one.test", picture=picture(1))
    await linked(database, first)
    await linked(database, sealed("one.test", picture=picture(2, bits=140)))
    assert await told(database, sealed("two.test", picture=picture(3, bits=141), minutes=1)) == {"one.test": ("hash",)}


@pytest.mark.parametrize("files", [1, MOST + 5])  # one, and as many of the same picture
async def test_at_most_twenty_the_newest_and_the_first(database, files):
    for number in range(MOST + 5):
        await linked(database, sealed(f"host{number}.test", picture=picture(number % files), minutes=number))
    hosts = [
        link.host
        for link in await linked(database, sealed("last.test", picture=picture(0 if files == 1 else 99), minutes=99))
    ]
    assert hosts == [*(f"host{number}.test" for number in range(MOST + 4, 5, -1)), "host0.test"]


async def test_sites_of_one_operator_do_not_hide_the_same_content(database):
    owned = [("analytics", "x:1")]
    await linked(database, sealed("oldest.test", traces=owned))
    await linked(database, sealed("first.test", picture=picture(1), minutes=1))
    for number in range(MOST - 1):
        await linked(database, sealed(f"host{number}.test", traces=owned, minutes=2 + number))
    by = await told(database, sealed("last.test", picture=picture(1), traces=owned, minutes=99))
    assert by["first.test"] == ("hash",)
    assert len(by) == MOST


FRAME = [("favicon", "f" * 64), ("template", "e" * 64)]
HOSTED = [("ip", "192.0.2.1"), ("nameserver", "ns1.dns.test")]


@pytest.mark.parametrize(
    ("shared", "by"),
    [
        ([("analytics", "x:1")], ("analytics",)),
        (FRAME, ("favicon", "template")),
        ([FRAME[1], *HOSTED], ("ip", "nameserver", "template")),
        (FRAME[:1] + HOSTED[:1], None),
        (FRAME[:1], None),
        (HOSTED, None),
        ([("favicon", "x:1")], None),  # another kind of the same value
    ],
)
async def test_sites_of_one_operator(database, shared, by):
    first = sealed("www.lantern.test", traces=[*FRAME, *HOSTED, ("analytics", "x:1")])
    await linked(database, first)
    same_site = sealed("m.lantern.test", traces=shared, minutes=1)
    assert await told(database, same_site) == {}
    seen = await told(database, sealed("www.parcel.test", traces=shared, minutes=2))
    expected = {} if by is None else {("m.lantern.test" if shared != [("favicon", "x:1")] else "www.lantern.test"): by}
    assert seen == expected


async def test_what_many_domains_share_links_nobody(database):
    everybodys = [("analytics", "x:1")]
    for number in range(COMMON_DOMAINS):
        await linked(database, sealed(f"shop{number}.test", traces=everybodys, minutes=number))
    assert len(await linked(database, sealed(f"shop{COMMON_DOMAINS}.test", traces=everybodys, minutes=97))) == MOST
    assert await linked(database, sealed("another.test", traces=everybodys, minutes=98)) == ()


def test_which_traces_say_that_two_sites_are_ones():
    assert one_operator({"analytics"})
    assert one_operator({"favicon", "template"})
    assert one_operator({"template", "nameserver", "ip"})
    assert not any(map(one_operator, [set(), {"favicon"}, {"template", "ip"}, {"ip", "nameserver"}]))
