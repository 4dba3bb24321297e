"""Good inputs, neutral ones, to begin from."""

from __future__ import annotations

import base64
import io
import json
import zipfile

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import OKPKey

from haetae_verify import container, signed
from haetae_verify.canonical import canonical
from services.classifier.hashes.exchange.keys import key_id
from shared.events.examples import EXAMPLES

FORMAT = "haetae/manifest/1"
LISTS = (b'{"haetae":"hashes","version":1}\n{"lines":0,"sha256":"","signature":""}\n',)
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
URLS = (
    b"http://Harbour-Board.en.test:80/a/../b%7e?utm_source=x&b=2#top",
    "https://항구.test/게시판?페이지=2".encode(),
    b"//[2001:db8::1]:8443/%2e%2e/x",
    b"javascript:alert(1)",
)
PAGE = """<!doctype html><html lang="ko"><head><meta charset="utf-8"><title>등불 소포</title>
<link rel="canonical" href="/post/1"><base href="/b/"><meta http-equiv="refresh" content="0;url=/n"></head>
<body><article><time datetime="2026-11-22T09:00:00+09:00">어제</time><p>The lantern parcel waits at gate seven.</p>
<img src="/media/1.jpg" srcset="a.jpg 1x, b.jpg 2x"><a rel="next" href="?page=2">next</a>
<img src="data:image/png;base64,iVBORw0KGgo="><video src="v.mp4"></video></article></body></html>""".encode()
FEED = b"""<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Harbour</title><item>
<title>One</title><link>http://harbour-board.en.test/post/1</link>
<pubDate>Sun, 22 Nov 2026 09:00:00 GMT</pubDate></item></channel></rss>"""
ROBOTS = b"User-agent: *\nDisallow: /private/*.html$\nAllow: /\nCrawl-delay: 2\nSitemap: http://a.test/s.xml\n"
SITES_CSV = b"url,name,requests_per_second\nhttp://harbour-board.en.test/,Harbour,1\n"
SITES_JSON = b'{"url": "http://harbour-board.en.test/", "name": "Harbour", "requests_per_second": 1}\n'
DATES = (b"2026-11-22T09:00:00+09:00", "2026년 11월 22일 오후 3:04".encode(), b"Sun, 22 Nov 2026 09:00:00 GMT")
RULES = (b"risk > 0.3 and 'phone' in personal", b"not (risk >= 0.5 or urgency < 0.2) and language == 'ko'")
RULE = b'name = "harbour"\nwhen = "risk > 0.3"\nnote = "why"\n[then]\nraise_to = 0.9\nflag = true\n'
SIGNALS = b"signal_type,signal_str,collab,category,tags\npdq," + b"ab" * 32 + b",1,,\nvideo_md5 " + b"cd" * 16 + b"\n"
STOPNCII = (
    json.dumps({"hashRecords": [{"signalType": "ImagePDQ", "hashValue": "ab" * 32, "hashStatus": "Active"}]}).encode()
    + b"\n"
)
NCMEC = b"""<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2"><images count="1"><image>
<member id="1">A</member><id>image1</id><fingerprints><md5>00112233445566778899aabbccddeeff</md5></fingerprints>
</image></images></queryResult>"""
MAIL = """From: Desk <abuse@harbour-board.en.test>
To: answers@agency.test
Subject: =?utf-8?B?UmU6IOyalOyyrQ==?=
Message-ID: <1@harbour-board.en.test>
In-Reply-To: <notice@agency.test>
Content-Type: text/html; charset=utf-8

<p>We removed it. Ticket #4711</p><blockquote>The lantern parcel</blockquote>
""".replace("\n", "\r\n").encode()
DSN = """From: MAILER-DAEMON@mx.test
To: notices@agency.test
Subject: Undelivered
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.test
Original-Envelope-Id: 1234

Final-Recipient: rfc822; abuse@host.test
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 no such user

--b
Content-Type: text/rfc822-headers

Message-ID: <notice@agency.test>

--b--
""".replace("\n", "\r\n").encode()
RDAP = json.dumps(
    {
        "objectClassName": "domain",
        "status": ["active"],
        "events": [{"eventAction": "registration", "eventDate": "2020-01-01T00:00:00Z"}],
        "entities": [
            {
                "roles": ["registrar", "abuse"],
                "vcardArray": ["vcard", [["fn", {}, "text", "A"], ["email", {}, "text", "abuse@a.test"]]],
                "publicIds": [{"type": "IANA Registrar ID", "identifier": "1"}],
            }
        ],
        "services": [[["kr", "192.0.2.0/24"], ["https://rdap.test/"]]],
    }
).encode()
MAPPING = b'url = "{link}"\nitems = "data.items"\ntitle = "title"\ntext = "body"\nposted_at = "at"\n'
CONTAINER = container.write({"README.txt": b"Read this.", "bundle.json": b"{}", "page.html": PAGE})
SIGNED = signed.sign({"format": FORMAT, "case_id": "1", "objects": [], "steps": []}, KEY)
CANONICAL = canonical({"case_id": "1", "objects": [{"sha256": "ab" * 32, "bytes": 1}], "steps": []})
STATING = OKPKey.generate_key("Ed25519", {"kid": "a"})
STATEMENT = json.dumps(
    {
        "version": 1, "id": "7f0d0f3e-0c7a-4a3e-9b43-6d3b9a3d1c11", "issuer": "a", "kind": "withdrawal",
        "issued_at": "2026-11-21T00:00:00Z",
        "body": {"statement_id": "7f0d0f3e-0c7a-4a3e-9b43-6d3b9a3d1c12", "why": "mistake"},
    }
).encode()  # fmt: skip
LINES = b"\n".join(
    json.dumps(line).encode()
    for line in (
        {"haetae": "hashes", "version": 1, "agency": "a", "bank": "b", "kind": "known", "category": "c",
         "created": "2026-11-21T00:00:00Z", "key": key_id(KEY.public_key())},
        {"entry": "e", "category": "c", "algorithm": "pdq", "hash": "ab" * 32, "variant": "", "threshold": 31},
    )
)  # fmt: skip
INLINE = b"data:image/png;base64," + base64.b64encode(b"a" * 600)


def structured() -> bytes:
    event = next(iter(EXAMPLES.values()))
    attributes = {"specversion": "1.0", "id": "1", "type": event.type, "source": "/a", "time": "2026-11-22T00:00:00Z"}
    return json.dumps({**attributes, "data": json.loads(event.model_dump_json())}).encode()


def wacz() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("datapackage.json", json.dumps({"resources": []}))
    return out.getvalue()
