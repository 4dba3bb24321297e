"""The language of connector files, what they are checked for, how requests are signed and replies are read."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from services.notifier.channels.api.connector import Answered, Auth
from services.notifier.channels.api.credentials import Credential, read_credentials
from services.notifier.channels.api.files import SHIPPED, BadConnector, read_connectors, read_file
from services.notifier.channels.api.pointer import at, json_of
from services.notifier.channels.api.replies import Again, Refused, Taken, Unknown, judge
from services.notifier.channels.api.requests import report, values_of
from services.notifier.channels.api.signing import signed
from services.notifier.channels.api.template import fill, fill_all, fill_path, parse
from services.notifier.channels.port import Unsendable
from shared.net.calling import Reply
from tests.support.report_apis import api_notice

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GOOD = """
name = "mine"
version = 1
title = "Mine"
source = "made up"
confidence = "L"
base = "https://reports.platform-x.test/v1"
[report]
path = "/reports"
[report.body]
urls = "{urls|lines}"
"""


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("{host}", "a.test"),
        ("on {host}: {reference}", "on a.test: HT-1"),
        ("{urls|lines}", ["https://a.test/1", "https://a.test/2"]),
        ("{xarf|json}", {"a": [1]}),
        ("{seen_at|iso}", "2026-01-01T00:00:00Z"),
        ("{anonymity|told}", "send"),
        ("{role|told}", "no"),
        ("{nothing}", ""),
    ],
)
def test_a_placeholder_gives_what_it_says(text, made):
    values = {
        "host": "a.test",
        "reference": "HT-1",
        "urls": "https://a.test/1\nhttps://a.test/2",
        "xarf": '{"a": [1]}',
        "seen_at": "2026-01-01 00:00:00 UTC",
        "anonymity": "named",
    }
    assert fill(parse(text), values, {"told": {"named": "send", "default": "no"}}) == made


@given(st.text(max_size=60))
@settings(max_examples=200)
def test_a_text_is_a_template_or_is_refused_and_nothing_of_it_is_run(text):
    try:
        template = parse(text)
    except ValueError:
        return
    if not any(blank.filter for blank in template.blanks):
        assert isinstance(fill(template, {}, {}), str)
        assert "{" not in fill(template, {}, {})


@given(st.text(max_size=80))
@settings(max_examples=100)
def test_a_value_is_a_value_whatever_stands_in_it(value):
    """In JSON it stays one text, in a URL one segment, and no placeholder of its own is filled."""
    values = {"comments": value, "host": "never"}
    body = json.loads(json.dumps(fill_all({"said": parse("{comments}")}, values, {})))
    assert body == ({"said": value} if value else {})
    path = fill_path(parse("/reports/{comments}/end"), {"comments": value.encode("utf-8", "replace").decode()}, {})
    assert path.count("/") == 3
    assert not set(path) & set('?#" \n{}')


def test_what_is_empty_is_left_out_and_false_is_not():
    body = {"a": parse("{comments}"), "b": False, "c": 0, "d": [], "e": {"f": parse("{comments}")}}
    assert fill_all(body, {}, {}) == {"b": False, "c": 0}


def test_a_value_that_is_no_json_is_named():
    with pytest.raises(ValueError, match="comments is no JSON"):
        fill(parse("{comments|json}"), {"comments": "the lantern"}, {})


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda some: st.lists(some) | st.dictionaries(st.text(max_size=3), some),
    max_leaves=8,
)


@given(JSON, st.text(max_size=12))
@settings(max_examples=100)
def test_a_pointer_into_anything_gives_something_or_nothing(value, pointer):
    at(value, pointer)


def test_nesting_beyond_all_measure_is_no_answer():
    assert json_of(b"[" * 100_000) is None


@pytest.mark.parametrize("name", sorted(file.stem for file in SHIPPED.glob("*.toml")))
def test_a_shipped_connector_says_where_it_is_from_and_how_a_lost_answer_is_found(name):
    connector = read_connectors()[name]
    assert connector.confidence in "HML"
    assert len(connector.source) > 20
    assert connector.idempotency or connector.lookup
    assert connector.status
    assert read_file(SHIPPED / f"{name}.toml").name == name


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ('urls = "{url}"', "report.body: nothing is called 'url'"),
        ('urls = "{urls|shout}"', "no filter or table of `maps` is called 'shout'"),
        ('urls = "{urls|lines} and more"', "stand alone"),
        ('urls = "{urls.__class__}"', "is no placeholder"),
        ('urls = "{"', "brace"),
        ('urls = "x"\n[status]\npath = "/s"\nevery_s = 0', "status.every_s"),
        ('urls = "x"\n[lookup]\npath = "/s"\nitems = "x"\nreceipt = "/id"\nwhere = {"/a" = "b"}', "no JSON pointer"),
        ('urls = "x"\n[[bounds]]\nfield = "colour"', "a notice has no 'colour'"),
        ('urls = "x"\n[report.answer]\naccepted = ["2xx"]', "report.answer.accepted.0"),
        ("urls = ", "it is no TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_the_field_and_the_cure(tmp_path: Path, change, said):
    file = tmp_path / "mine.toml"
    file.write_text(GOOD.replace('urls = "{urls|lines}"', change))
    with pytest.raises(BadConnector, match=r"mine\.toml") as refused:
        read_connectors(tmp_path)
    assert said in str(refused.value)


def test_a_platform_takes_three_lines_and_the_agencys_own_file_goes_before_ours(tmp_path: Path):
    mine = 'name = "platform-x"\nextends = "deletion-support"\nbase = "https://reports.platform-x.test/v1"\n'
    (tmp_path / "platform-x.toml").write_text(mine)
    (tmp_path / "cloudflare.toml").write_text(GOOD.replace('"mine"', '"cloudflare"'))
    made = read_connectors(tmp_path)
    assert (made["platform-x"].entry, made["platform-x"].idempotency) == (
        "platform-x",
        made["deletion-support"].idempotency,
    )
    assert made["cloudflare"].title == "Mine"
    for parent in ('"nothing"', '["deletion-support"]'):
        (tmp_path / "other.toml").write_text(f'name = "other"\nextends = {parent}\n')
        with pytest.raises(BadConnector, match="stands by itself"):
            read_connectors(tmp_path)


def test_nothing_goes_out_without_tls_unless_somebody_said_so(tmp_path: Path):
    (tmp_path / "mine.toml").write_text(GOOD.replace("https://", "http://"))
    connector, values = read_connectors(tmp_path)["mine"], values_of(api_notice("mine"))
    with pytest.raises(ValueError, match="over_http"):
        report(connector, Credential(), values, NOW)
    assert report(connector, Credential(over_http=True), values, NOW).url == "http://reports.platform-x.test/v1/reports"


def test_a_body_may_be_a_form(tmp_path: Path):
    (tmp_path / "mine.toml").write_text(GOOD.replace('path = "/reports"', 'path = "/reports"\nform = "urlencoded"'))
    made = report(read_connectors(tmp_path)["mine"], Credential(), values_of(api_notice("mine")), NOW)
    assert made.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert made.body.startswith(b"urls=https%3A%2F%2Fharbour-board.test%2Fpost%2F1&urls=")


@pytest.mark.parametrize(
    ("kind", "given", "header", "value"),
    [
        ("bearer", {"token": "t"}, "Authorization", "Bearer t"),
        ("header", {"token": "t"}, "X-Key", "t"),
        ("basic", {"user": "u", "password": "p"}, "Authorization", "Basic dTpw"),
        ("hmac", {"key": "k"}, "X-Key", hmac.new(b"k", b"1767225600.{}", hashlib.sha256).hexdigest()),
    ],
)
def test_a_request_shows_who_sends_it(kind, given, header, value):
    own, auth = Credential.model_validate(given), Auth(kind=kind, header="X-Key")
    made = signed(auth, own, "POST", "https://a.test/r", {}, b"{}", NOW)
    assert made[header] == value
    assert made.get("X-Timestamp") == ("1767225600" if kind == "hmac" else None)
    with pytest.raises(ValueError, match="has no"):
        signed(auth, Credential(), "POST", "https://a.test/r", {}, b"{}", NOW)


@pytest.mark.parametrize(
    ("path", "headers", "signature"),
    [
        ("/test.txt", {"Range": "bytes=0-9"}, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        ("/?lifecycle", {}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("/?max-keys=2&prefix=J", {}, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)
def test_signature_version_4_agrees_with_the_examples_of_its_documentation(path, headers, signature):
    """Signature Calculations for the Authorization Header: GET Object, GET Bucket Lifecycle, List Objects."""
    own = Credential(
        access_key="AKIAIOSFODNN7EXAMPLE",
        secret_key=SecretStr("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        own={"region": "us-east-1"},
    )
    at_that_time = datetime(2013, 5, 24, tzinfo=UTC)
    url = f"https://examplebucket.s3.amazonaws.com{path}"
    made = signed(Auth(kind="aws4", service="s3"), own, "GET", url, headers, b"", at_that_time)
    assert made["Authorization"].endswith(f"Signature={signature}")


@pytest.mark.parametrize(
    ("status", "body", "judged"),
    [
        (201, b'{"id": "R-1"}', Taken("R-1")),
        (201, b'{"id": 77}', Taken("77")),
        (201, b'{"id": "two words"}', Unknown("status 201: its answer has no number of the report")),
        (201, b"<p>", Unknown("status 201: its answer has no number of the report")),
        (302, b"", Unknown("status 302")),
        (500, b'{"why": "a\\nb"}', Unknown("status 500: a b")),
        (404, b'{"why": "gone"}', Refused("status 404: gone")),
        (401, b"", Refused("status 401", by_hand=True)),
        (429, b"", Again("status 429", 30.0)),
    ],
)
def test_a_reply_says_taken_refused_again_or_nothing_to_rely_on(status, body, judged):
    rules = Answered(receipt=("/id",), reason=("/why",), by_hand=("401",))
    assert judge(Reply(status, {"retry-after": "30"}, body), rules, NOW) == judged


def test_what_a_server_repeats_of_a_secret_is_masked_wherever_it_is_cut():
    own = Credential.model_validate({"token": "t" * 40, "user": "us", "password": "p" * 40})
    for said in (own.token.get_secret_value(), f"Basic {own.basic()}"):
        body = json.dumps({"why": f"{'x' * 270} {said}"}).encode()
        judged = judge(Reply(400, {}, body), Answered(reason=("/why",)), NOW, own.masked)
        assert isinstance(judged, Refused)
        assert judged.reason.endswith("***")


@pytest.mark.parametrize(
    ("header", "token"),
    [("{subject}", "good"), ("{reference}", "bad\n"), ("{reference}", "등대"), (" {reference}", "good")],
)
def test_a_header_that_is_no_line_is_named_and_its_value_not_shown(tmp_path: Path, header, token):
    file = tmp_path / "mine.toml"
    auth = '[auth]\nkind = "bearer"\n[report]\n'
    file.write_text(
        GOOD.replace("[report]\n", auth).replace("[report.body]", f'headers = {{X-Ref = "{header}"}}\n[report.body]')
    )
    values = {**values_of(api_notice("mine")), "subject": "one\r\nX-Other: two"}
    with pytest.raises(Unsendable, match="is no line of ASCII") as refused:
        report(read_file(file), Credential.model_validate({"token": token}), {**values, "key": "k"}, NOW)
    assert "two" not in str(refused.value)
    assert token not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[a]\ntoken = ""', "a.token"),
        ('[a]\nbase = "ftp://a.test"', "a.base"),
        ('[a]\nbase = "https://us:hidden@a.test"', "a.base"),
        ('[a]\ncolour = "blue"', "a.colour"),
        ('[a]\ntoken = "hidden', "it is no TOML"),
    ],
)
def test_a_wrong_secret_is_named_and_never_shown(tmp_path: Path, text, said):
    file = tmp_path / "secrets.toml"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(ValueError, match=r"secrets\.toml") as refused:
        read_credentials(file)
    assert said in str(refused.value)
    assert "hidden" not in str(refused.value)
    file.chmod(0o644)
    with pytest.raises(ValueError, match="chmod"):
        read_credentials(file)
