"""By which way and with which secret a site is asked: as its line says, or not at all."""

from dataclasses import replace
from pathlib import Path

import pytest

from services.crawler.registry.credentials import Credential, read_credentials
from services.crawler.registry.grounds import DEFAULT_GROUND, GROUNDS, ground_of, obeys, read_grounds
from services.crawler.registry.ways import NoWay, Ways
from services.crawler.visit import Watched
from shared.events.values import Site, SiteKind
from tests.support.onion import onion_host

ONION = onion_host(bytes(32))
SECRETS = """
[login]
headers = {X-Access = "open-lantern"}
cookies = {session = "paper-boat", seen = "1"}
[plain]
basic = {user = "clerk", password = "blue:gate"}
over_http = true
[bot]
token = "17:kite"
"""


def watched(host: str = "a.test", country: str | None = None, **more: object) -> Watched:
    site = Site(host=host, name="A", kind=SiteKind.BOARD, country=country)
    return replace(Watched(site, 1.0, 60.0, True, "victim_request"), **more)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "credentials.toml"
    path.write_text(SECRETS)
    path.chmod(0o640)
    return path


@pytest.fixture
def ways(file: Path) -> Ways:
    return Ways({"kr", "de", "onion"}, read_credentials(file))


@pytest.mark.parametrize(
    ("site", "host", "exit"),
    [
        (watched(), "a.test", None),
        (watched(country="KR"), "a.test", "kr"),
        (watched(country="KR", exit="de"), "a.test", "de"),
        (watched(country="KR", exit="de"), "pictures.test", "de"),
        (watched(country="FR"), "a.test", None),
        (watched(ONION), ONION, "onion"),
        (watched(ONION, country="KR", exit="kr"), ONION, "onion"),
        (watched(ONION), "pictures.test", "onion"),
        (watched(exit="de"), ONION, "onion"),
        (None, "a.test", None),
        (None, ONION, "onion"),
    ],
)
def test_a_sites_own_exit_comes_before_its_countrys_and_onions_have_one(ways, site, host, exit) -> None:
    assert ways.exit_for(site, host) == exit


def test_another_exit_may_be_asked_for_but_never_for_an_onion_service(ways: Ways) -> None:
    assert ways.exit_for(watched(exit="kr"), "a.test", "de") == "de"
    assert ways.exit_for(watched(ONION), ONION, "de") == "onion"


@pytest.mark.parametrize(("site", "host"), [(watched(exit="jp"), "a.test"), (watched(ONION), ONION), (None, ONION)])
def test_an_exit_that_is_not_there_is_said_and_never_replaced_by_the_direct_way(site, host) -> None:
    with pytest.raises(NoWay, match=r"there is no exit (jp|onion); add the line"):
        Ways({"kr"}).exit_for(site, host)


def test_a_secret_goes_to_the_sites_own_host_alone(ways: Ways) -> None:
    site = watched(credential="login")
    assert ways.headers_for(site, "https://a.test/x") == {
        "X-Access": "open-lantern",
        "Cookie": "session=paper-boat; seen=1",
    }
    for other in ("https://b.test/", "https://sub.a.test/", "https://a.test.b.test/", "http://b.test/"):
        assert ways.headers_for(site, other) == {}
    assert ways.headers_for(watched(), "https://a.test/") == {}
    assert ways.headers_for(None, "https://a.test/") == {}


def test_a_secret_is_not_sent_where_everybody_can_read_it(ways: Ways) -> None:
    with pytest.raises(NoWay, match=r"credential login is sent over https alone; .* over_http = true in \[login\]"):
        ways.headers_for(watched(credential="login"), "http://a.test/")
    plain = ways.headers_for(watched(credential="plain"), "http://a.test/")
    assert plain == {"Authorization": "Basic Y2xlcms6Ymx1ZTpnYXRl"}


@pytest.mark.parametrize(
    ("site", "problem"),
    [
        (watched(credential="login", legal_ground="public"), "under legal_ground public nobody logs in"),
        (watched(credential="login", legal_ground="struck out"), "under legal_ground struck out nobody logs in"),
        (
            watched(credential="lost"),
            r"there is no credential lost; add \[lost\] to the file",
        ),
    ],
)
def test_a_secret_needs_a_ground_and_an_entry(ways: Ways, site: Watched, problem: str) -> None:
    for use in (lambda: ways.headers_for(site, "https://a.test/"), lambda: ways.token_of(site)):
        with pytest.raises(NoWay, match=problem):
            use()


def test_a_token_is_given_to_who_asks_for_it_by_name(ways: Ways) -> None:
    assert ways.token_of(watched(credential="bot")) == "17:kite"
    assert ways.headers_for(watched(credential="bot"), "https://a.test/") == {}
    assert ways.token_of(watched()) is None
    with pytest.raises(NoWay, match="login has no token"):
        ways.token_of(watched(credential="login"))


def test_a_secret_is_in_no_text_that_could_be_logged(file: Path) -> None:
    shown = f"{read_credentials(file)!r} {read_credentials(file)['login']}"
    for secret in ("open-lantern", "paper-boat", "blue:gate", "17:kite"):
        assert secret not in shown


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[a]\nheaders = {Host = "paper-boat"}', "a.headers.Host"),
        ('[a]\nheaders = {"X-Access\\n" = "paper-boat"}', "it is no header"),
        ('[a]\nheaders = {X = "paper\\nboat"}', "a.headers.X: Value error, it must be printable ASCII"),
        ('[a]\ncookies = {x = "paper;boat"}', "a.cookies.x: Value error, it has characters that no cookie can have"),
        ('[a]\nbasic = {user = "paper-boat"}', "a.basic.password: Field required"),
        ('[a]\npasword = "paper-boat"', "a.pasword: Extra inputs"),
        ("[a]\nover_http = true", "a: Value error, give headers, cookies, basic or token"),
        ('a = "paper-boat"', "a: Input should be"),
        ('[a]\nheaders = {X = "paper-boat}\n', "it is no TOML (line 2); give [name]"),
    ],
)
def test_a_wrong_file_is_named_with_the_field_and_without_its_secrets(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "credentials.toml"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(ValueError, match=r"credentials\.toml") as wrong:
        read_credentials(path)
    assert problem in str(wrong.value)
    assert "boat" not in str(wrong.value)


def test_a_file_that_others_may_read_or_that_is_away_is_refused(file: Path, tmp_path: Path) -> None:
    file.chmod(0o644)
    with pytest.raises(ValueError, match=f"everybody on this machine may read it; run `chmod o= {file}`"):
        read_credentials(file)
    with pytest.raises(ValueError, match="No such file or directory; set HAETAE_CREDENTIALS_FILE"):
        read_credentials(tmp_path / "nothing")
    assert read_credentials(None) == {}


def test_a_ground_that_is_not_known_gives_no_right() -> None:
    assert ground_of("struck out") == GROUNDS[DEFAULT_GROUND]
    assert obeys("struck out", False)
    assert obeys("victim_request", True)
    assert not obeys("victim_request", False)


def test_grounds_say_whether_a_lawyer_has_to_look_and_public_gives_nothing(tmp_path: Path) -> None:
    assert all(ground.verify or not (ground.may_log_in or not ground.obeys_robots) for ground in GROUNDS.values())
    file = tmp_path / "grounds.toml"
    text = 'description = "d"\nsource = "s"\nconfidence = "H"\nmay_log_in = false\nverify = true\n'
    for wrong in ("obeys_robots = false", 'obeys_robots = "no"', "obey_robots = true"):
        file.write_text(f"[public]\n{text}{wrong}\n")
        with pytest.raises(ValueError, match=r"grounds\.toml: "):
            read_grounds(file)


def test_a_credential_is_a_value() -> None:
    one, same = (Credential.model_validate({"token": "17:kite"}) for _ in range(2))
    assert one == same
