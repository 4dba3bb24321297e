"""What reads bytes of strangers: each with the errors that it promises, and what must be true of its answer."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import tempfile
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from joserfc import jws

from haetae_verify import container, manifest, signed, wacz
from haetae_verify.canonical import NotCanonical
from haetae_verify.canonical import read as canonical_json
from haetae_verify.wrong import Wrong
from services.classifier.hashes.exchange import formats, ncmec, signals, stopncii
from services.classifier.hashes.exchange import signed as signed_lists
from services.classifier.hashes.exchange.keys import TrustedAgency, key_id, read_trusted
from services.classifier.risk.expression import Expression, RuleInvalid
from services.classifier.risk.rules import Rule, RulesInvalid
from services.crawler.connectors.json_mapping import parse_mapping
from services.crawler.pages.charset import decode as decode_page
from services.crawler.pages.dates import date_of
from services.crawler.pages.feeds import feed_links, is_feed, read_feed
from services.crawler.pages.reading import read_page
from services.crawler.registry.robots_rules import matches, parse_robots, robots_text
from services.crawler.registry.site_lines import parse_sites
from services.evidence.archive.reading import read as read_archived
from services.gateway.api import cursors
from services.gateway.api.cursors import cursor_of, key_of
from services.gateway.federation.keys import public_key
from services.gateway.federation.receiving import read_list
from services.gateway.federation.statements import ALGORITHM, TYPE, Unproved, kid_of, proved
from services.gateway.problems import Problem
from services.notifier.inbox import html, judging, letter, quoting
from shared.events.envelope import Undecodable, decode
from shared.events.examples import EXAMPLES
from shared.events.structured import unfolded
from shared.pages.inline_pictures import inline_pictures
from shared.rdap import directory, records, shapes
from shared.rdap.failures import RdapFailed
from shared.rdap.resting import seconds_of
from shared.urls import canonical, host_of, path_of
from tests.support.fuzz import examples as good
from tests.support.fuzz.engine import Target

NO_UTF8 = (ValueError, UnicodeDecodeError)  # of a file that is not, in the words of Python
NO_JSON = (*NO_UTF8, json.JSONDecodeError, UnicodeEncodeError)
AT = datetime(2026, 11, 22, tzinfo=UTC)
POST = "http://harbour-board.en.test/post/1"
TAGS = (b"<div>", b"</p>", b"<table>", b"<!--", b"-->", b"<![CDATA[", b"<svg>", b"&#x110000;", b"<base href=")
TOML = (b"[[a]]", b"= [", b"'''", b'"""', b"inf", b"1979-05-27", b"\\u0000")
JSON = (b"null", b"true", b"[[", b"{}", b'""', b"1e400", b"\\ud800")
MIME = (b"boundary=", b"=?utf-8?Q?=FF?=", b"charset=x", b"Content-Transfer-Encoding: base64\r\n", b"\r\n\r\n", b"<<>>")
EVENTS = tuple(one.type.encode() + b"\n" + one.model_dump_json().encode() for one in EXAMPLES.values())

Call = Callable[[bytes], object]
TRUSTED = {key_id(good.KEY.public_key()): TrustedAgency("a", good.KEY.public_key())}


def text(call: Callable[[str], object]) -> Call:
    return lambda data: call(data.decode(errors="replace"))


def url(data: bytes) -> None:
    made = canonical(data.decode(errors="replace"), POST)
    if made is not None:
        assert canonical(made) == made, "not one spelling"
        assert host_of(made), "no host"
        path_of(made)


def robots(data: bytes) -> None:
    """The first line is also a pattern for the rest."""
    parse_robots(robots_text(data))
    pattern, _, path = data.decode(errors="replace")[:2000].partition("\n")
    matches(pattern, path)


def feed(data: bytes) -> None:
    is_feed(data, "application/rss+xml")
    read_feed(data, "application/rss+xml", POST)
    feed_links(data.decode(errors="replace"), POST)


def charset(data: bytes) -> None:
    """The first line is the header that came with it."""
    head, _, body = data.partition(b"\n")
    decode_page(body, head.decode("latin-1")).encode()


def sites(format: str) -> Call:
    return text(lambda said: parse_sites(said.splitlines(), format))


def from_file(read: Callable[[Path], Iterable[object]]) -> Call:
    def call(data: bytes) -> None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            for _ in read(Path(file.name)):
                pass

    return call


list_proved = from_file(lambda file: signed_lists.read_signed(file, TRUSTED))


def mail(data: bytes) -> None:
    read = letter.read(data)
    judging.judge(read.subject, quoting.own_words(read.text), read.automatic, "")


def one_container(data: bytes) -> None:
    assert container.write(container.read(data)) == data, "two containers of the same files"


def statement(data: bytes) -> None:
    said = data.decode(errors="replace")
    kid_of(said)
    proved(said, "a", {}, AT)


def signed_statement(data: bytes) -> None:
    """As an agency signs it that says whatever it likes."""
    header = {"alg": ALGORITHM, "kid": "a", "typ": TYPE}
    proved(jws.serialize_compact(header, data, good.STATING, algorithms=[ALGORITHM]), "a", {"a": good.STATING}, AT)


def signed_lines(data: bytes) -> None:
    """As an agency signs them whose key is trusted; the last line is made here."""
    lines = [*(line.rstrip(b"\r") for line in data.split(b"\n"))]
    digest = hashlib.sha256(b"".join(line + b"\n" for line in lines))
    signature = base64.b64encode(good.KEY.sign(signed_lists.CONTEXT + digest.digest())).decode()
    end = {"lines": len(lines) - 1, "sha256": digest.hexdigest(), "signature": signature}
    list_proved(b"\n".join([*lines, json.dumps(end).encode()]))


def signed_document(data: bytes) -> None:
    """What is canonical can be signed, and is then what was signed."""
    document = {**canonical_json(data), "format": good.FORMAT}
    assert signed.check(signed.sign(document, good.KEY), good.FORMAT).items() >= document.items(), "another document"


def cursor(data: bytes) -> None:
    """As it came, and with its spelling right."""
    for said in (data, base64.urlsafe_b64encode(data[:200])):
        try:
            key_of(said.decode(errors="replace"), cursors.number, cursors.moment, cursors.text, UUID)
        except Problem:
            continue


def registry(data: bytes) -> None:
    answer = shapes.parsed(data, "here")
    records.registration(answer, "here")
    records.network(answer, "here")
    directory.for_domain(directory.servers(answer), "a.kr")


def event(data: bytes) -> None:
    """The first line names the kind."""
    kind, _, value = data.partition(b"\n")
    headers = {"ce_id": b"7f0d0f3e-0c7a-4a3e-9b43-6d3b9a3d1c11", "ce_source": b"/a", "ce_specversion": b"1.0"}
    decode(value, {**headers, "ce_type": kind, "ce_time": b"2026-11-22T00:00:00+00:00"})


TARGETS = (
    Target("url", url, (), good.URLS, (b"%2e", b"//", b"@", b":80", b"?", b"#", b"xn--")),
    Target(
        "charset", charset, (), (b"text/html; charset=euc-kr\n" + good.PAGE,), (b"charset=utf-7", b"<meta charset=")
    ),
    Target("page", lambda data: read_page(data, POST), (), (good.PAGE,), TAGS),
    Target("archived page", read_archived, (), (good.PAGE,), TAGS),
    Target("feed", feed, (), (good.FEED,), (b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"<item>", b"<![CDATA[")),
    Target("date", text(date_of), (), good.DATES, (b"Z", b"+99:99", b"24:00", "년".encode())),
    Target("robots", robots, (), (good.ROBOTS,), (b"*", b"$", b"User-agent:", b"Disallow:")),
    Target("sites csv", sites("csv"), (ValueError,), (good.SITES_CSV,), (b'"', b",")),
    Target("sites jsonl", sites("jsonl"), (ValueError,), (good.SITES_JSON,), JSON),
    Target("rule", text(Expression), (RuleInvalid,), good.RULES, (b"(", b" in ", b"not ", b"==", b"'")),
    Target("rule file", text(Rule.from_toml), (RulesInvalid,), (good.RULE,), TOML),
    Target("mapping", text(lambda said: parse_mapping(said, "here")), (ValueError,), (good.MAPPING,), TOML),
    Target(
        "ncmec", from_file(lambda file: ncmec.read_ncmec(file, "a")), (ValueError,), (good.NCMEC,), (b"<!DOCTYPE a>",)
    ),
    Target("signals", from_file(lambda file: signals.read_signals(file, "a")), NO_UTF8, (good.SIGNALS,)),
    Target("stopncii", from_file(lambda one: stopncii.read_stopncii(one, "a")), NO_UTF8, (good.STOPNCII,), JSON),
    Target("signed list", from_file(lambda file: signed_lists.read_signed(file, {})), (ValueError,), good.LISTS, JSON),
    Target("trusted keys", from_file(read_trusted), (ValueError,), (b'[[agency]]\nname = "a"\nkey = "YWI="\n',), TOML),
    Target("list of hashes", from_file(formats.detect), (ValueError,), (good.SIGNALS, good.NCMEC, good.STOPNCII)),
    Target("mail", mail, (letter.Unreadable,), (good.MAIL, good.DSN), MIME),
    Target("mail's html", text(html.plain), (), (good.PAGE,), TAGS),
    Target("container", one_container, (Wrong,), (good.CONTAINER,), (b"PK\3\4", b"PK\1\2", b"PK\5\6")),
    Target("manifest", manifest.parse, (Wrong,), (good.SIGNED,), JSON),
    Target("signed", lambda data: signed.check(data, good.FORMAT), (signed.BadSignature,), (good.SIGNED,), JSON),
    Target("wacz", lambda data: wacz.check_wacz("a", io.BytesIO(data)), (Wrong,), (good.wacz(),), (b"PK\1\2",)),
    Target("statement", statement, (Unproved,), (b"eyJhbGciOiJFZERTQSJ9.e30.c2ln",), (b".", b"e30", b"=")),
    Target("signed statement", signed_statement, (Unproved,), (good.STATEMENT,), JSON),
    Target("signed lines", signed_lines, (ValueError,), (good.LINES,), JSON),
    Target("signed document", signed_document, (NotCanonical,), (good.CANONICAL,), JSON),
    Target(
        "cursor", cursor, (), (cursor_of(1.5, AT, "a", UUID(int=1)).encode(), b'[1.5,"2026-11-22T00:00:00Z"]'), JSON
    ),
    Target("inline picture", text(lambda said: inline_pictures([said])), (), (good.INLINE,), (b";base64,", b"%", b"=")),
    Target("statements", read_list, (Problem,), (b'["a.b.c"]', b'{"items": [{"statement": "a.b.c"}]}'), JSON),
    Target("peer's key", text(public_key), (ValueError, binascii.Error), (b"A" * 43,), (b"=", b"-_")),
    Target("registry", registry, (RdapFailed,), (good.RDAP,), JSON),
    Target("retry-after", text(lambda said: seconds_of(said, AT)), (), (b"120", b"Sun, 22 Nov 2026 09:00:00 GMT")),
    Target(
        "structured event",
        lambda data: unfolded(data, {}),
        NO_JSON,
        (good.structured(),),
        JSON,
    ),
    Target("event", event, (Undecodable,), EVENTS, JSON),
)
