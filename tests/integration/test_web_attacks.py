"""What a hostile page, user or program tries on the gateway's web: forgery, traversal, injection, floods."""

from __future__ import annotations

import importlib
import pkgutil
import re
import re._constants as codes
import re._parser as parser
import socket
from contextlib import AsyncExitStack
from dataclasses import replace
from uuid import uuid4

import httpx
import pytest

import services.gateway
from services.gateway.accounts import create_account
from services.gateway.rights.vocabulary import Right, Role
from services.gateway.security import MAX_BODY
from services.gateway.web import application
from shared.clock import ManualClock
from tests.integration.test_matrix import EVERYBODY, LETTERS, NEVER_ENDS, table
from tests.support.gateway import PASSWORD, make_desk
from tests.support.visitors import BASE, browser, program, seat


@pytest.fixture(scope="module")
async def room(migrated_once, tmp_path_factory):
    """A gateway, a browser without our pages' proof and a program for every role."""
    desk = make_desk(migrated_once.dsn_for("gateway"), tmp_path_factory.mktemp("gateway"), ManualClock())
    app = application(desk.parts)
    async with AsyncExitStack() as stack:
        browsers, programs = {}, {}
        for role in Role:
            scopes = list(Right) if role is Role.SERVICE else None
            token = await seat(desk, str(role), role, scopes=scopes)
            browsers[LETTERS[role]] = await stack.enter_async_context(browser(app, token, proves=False))
            programs[LETTERS[role]] = await stack.enter_async_context(program(app, token))
        yield desk, browsers, programs
    await desk.database.close()


def anonymous(desk, **parts) -> httpx.AsyncClient:
    app = application(replace(desk.parts, **parts)) if parts else application(desk.parts)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE)


async def test_a_form_s_proof_is_of_one_session(room) -> None:
    desk, browsers, _ = room
    token = await seat(desk, f"other-{uuid4().hex[:6]}", "reviewer")
    async with browser(application(desk.parts), token) as other:
        proof = other.headers["X-CSRF-Token"]
    story = await desk.awaiting_review(f"post/{uuid4()}")
    form = {"csrf": proof, "verdict": "rejected", "reason": "already-gone"}
    answer = await browsers["r"].post(f"/cases/{story.case}/decision", data=form)
    assert answer.status_code == 403


async def test_a_method_is_what_it_is(room) -> None:
    desk, browsers, programs = room
    story = await desk.awaiting_review(f"post/{uuid4()}")
    path = f"/cases/{story.case}/decision"
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        assert (await browsers["r"].get(path, headers={header: "POST"})).status_code == 405
    assert (await browsers["r"].get(f"{path}?_method=POST")).status_code == 405
    assert (await programs["r"].request("TRACE", "/")).status_code == 405
    simple = await programs["r"].post(
        f"/api{path}", content=b'{"verdict":"rejected"}', headers={"Content-Type": "text/plain"}
    )
    assert simple.status_code in (415, 422)  # what a form of another site could send is no JSON


TRAVERSALS = (
    "../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/settings.py", "....//....//etc/passwd",
    "..%5c..%5cweb.py", "%00", "picture-1.jpg%00.html", "/etc/passwd", "picture-1.jpg/../../x", "%c0%ae%c0%ae/web.py",
)  # fmt: skip


@pytest.mark.parametrize("name", TRAVERSALS)
async def test_no_name_leads_out_of_its_folder(room, name) -> None:
    desk, browsers, programs = room
    story = await desk.awaiting_review("post/traversal")
    for path in (f"/static/{name}", f"/cases/{story.case}/pictures/{name}", f"/cases/{story.case}/figures/{name}"):
        answer = await browsers["r"].get(httpx.URL(f"{BASE}{path}"))
        assert answer.status_code in (404, 405), path
        assert "root:" not in answer.text
    assert (await programs["S"].get(f"/figures/{name}.csv")).status_code in (404, 422)


BREAKS = (
    "/%0d%0aX-Injected:%201",
    "//evil.test",
    "https://evil.test/",
    "/\\evil.test",
    "/%09/evil.test",
    "javascript:1",
)


@pytest.mark.parametrize("going", BREAKS)
async def test_no_redirect_leads_away_or_carries_a_header(room, going) -> None:
    desk, browsers, _ = room
    for path in (f"/login?next={going}", f"/language/en?next={going}", f"/display/theme/dark?next={going}"):
        answer = await browsers["r"].get(httpx.URL(f"{BASE}{path}"))
        assert "x-injected" not in answer.headers
        assert answer.headers.get("location", "/").startswith("/")
        assert not answer.headers.get("location", "/").startswith(("//", "/\\", "/\t"))
    async with anonymous(desk) as nobody:
        sent = await nobody.get(httpx.URL(f"{BASE}/cases/{uuid4()}?a={going}"))
        assert sent.headers["location"].startswith("/login?next=%2F")


async def test_what_a_header_says_of_itself_goes_nowhere(room) -> None:
    """A forged host, forwarded addresses, an odd language: nothing of it comes back."""
    _, browsers, _ = room
    hostile = {
        "Host": "evil.test",
        "X-Forwarded-Host": "evil.test",
        "X-Original-URL": "/people",
        "X-Rewrite-URL": "/people",
        "Accept-Language": 'en"><script>,xx-evil.test;q=1',
        "Referer": "https://evil.test/",
    }
    for path in ("/", "/alerts", "/nowhere", "/login"):
        answer = await browsers["r"].get(path, headers=hostile)
        assert "evil.test" not in answer.text + str(answer.headers)
        assert answer.status_code in (200, 303, 404)


async def test_names_of_files_stay_within_their_header(room) -> None:
    desk, _, programs = room
    story = await desk.awaiting_review(f"post/{uuid4()}")
    answer = await programs["r"].get(f"/cases/{story.case}/pictures/screenshot-blurred.jpg")
    assert answer.headers["content-disposition"] == "inline; filename*=UTF-8''screenshot-blurred.jpg"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; sandbox")
    report = await programs["r"].get(f"/cases/{story.case}/report.pdf")
    assert re.fullmatch(r'attachment; filename="HT-[0-9A-Z]{8}\.pdf"', report.headers["content-disposition"])


async def test_cookies_are_for_this_host_and_no_script(room) -> None:
    desk, *_ = room
    login = f"cookie-{uuid4().hex[:6]}"
    await create_account(desk.database, login, PASSWORD, ["reviewer"])
    for tls in (False, True):
        async with anonymous(desk, tls=tls) as nobody:
            page = await nobody.get("/login")
            cookies = page.headers.get_list("set-cookie")
            assert cookies
            for cookie in cookies:
                parts = {part.strip().lower() for part in cookie.split(";")[1:]}
                assert {"httponly", "samesite=lax", "path=/"} <= parts
                assert not any(part.startswith("domain") for part in parts)
                assert ("secure" in parts) == tls
                assert cookie.startswith("__Host-") == tls
            assert ("strict-transport-security" in page.headers) == tls


async def test_no_answer_with_a_case_stays_in_a_cache(room) -> None:
    desk, browsers, _ = room
    story = await desk.awaiting_review(f"post/{uuid4()}")
    ids = {"case_id": str(story.case), "name": "screenshot-blurred.jpg", "notice_id": str(story.notices[0].notice_id)}
    for row in table():
        if row.method != "GET" or row.roles == EVERYBODY or row.path in NEVER_ENDS or row.own != "200":
            continue
        letter = next(letter for letter in "SrsAcavx" if letter in row.roles)
        path = re.sub(r"\{(\w+)\}", lambda found: ids.get(found[1], "x"), row.path)
        answer = await browsers[letter].get(path)
        kept = answer.headers["cache-control"]
        assert "no-store" in kept or ("private" in kept and "no-cache" in kept), (path, kept)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "content-security-policy" in answer.headers


FLOODS = {
    "nested": (b"[" * 100_000, 422),
    "nested objects": (b'{"a":' * 30_000 + b"1" + b"}" * 30_000, 422),
    "too large": (b" " * (MAX_BODY + 1), 413),
    "a long number": (b'{"round":' + b"9" * 100_000 + b"}", 422),
    "half a surrogate": (b'{"note":"\\ud800","verdict":"rejected"}', 422),
    "no UTF-8": (b'{"note":"\xff\xfe"}', 422),
    "not a number": (b'{"round":NaN}', 422),
    "nothing": (b"", 422),
}


@pytest.mark.parametrize("flood", FLOODS)
async def test_a_body_that_is_meant_to_hurt_is_refused(room, flood) -> None:
    _, _, programs = room
    content, status = FLOODS[flood]
    answer = await programs["r"].post(
        f"/api/cases/{uuid4()}/decision", content=content, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (status, 400, 404)
    assert answer.status_code != 500


async def test_a_form_with_too_many_fields_or_a_file_is_refused(room) -> None:
    _, browsers, _ = room
    path = f"/cases/{uuid4()}/decision"
    many = await browsers["r"].post(path, content="&".join(f"a{n}=1" for n in range(2_000)),
                                    headers={"Content-Type": "application/x-www-form-urlencoded"})  # fmt: skip
    assert many.status_code in (400, 403, 413)
    file = await browsers["r"].post(path, files={"csrf": ("x.txt", b"x" * 1000)})
    assert file.status_code in (400, 403)

    async def dribble():
        for _ in range(MAX_BODY // 1000 + 2):
            yield b"a" * 1000

    endless = await browsers["r"].post(
        path, content=dribble(), headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert endless.status_code == 413


async def test_nothing_that_is_given_an_address_goes_there(room) -> None:
    """The gateway itself fetches nothing: addresses of reports go to the crawler, which visits public hosts alone."""
    _, _, programs = room
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.setblocking(False)
        port = trap.getsockname()[1]
        addresses = [
            f"http://127.0.0.1:{port}/", f"http://localhost:{port}/", f"http://[::ffff:127.0.0.1]:{port}/",
            "http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", f"gopher://127.0.0.1:{port}/x",
            f"http://a@127.0.0.1:{port}/", f"http://2130706433:{port}/",
        ]  # fmt: skip
        for number, address in enumerate(addresses):
            report = {"reference": f"trap-{number}", "source": "police", "urls": [address]}
            answer = await programs["x"].post("/api/reports", json=report)
            assert answer.status_code in (201, 422)
            if not address.startswith("http"):
                assert answer.status_code == 422
        with pytest.raises(BlockingIOError):
            trap.accept()


# Repetitions within one another that cannot be read in two ways.
UNAMBIGUOUS = {"services.gateway.door.found_addresses.BARE": "each round begins with the dot that no round contains"}


def test_no_expression_takes_more_than_linear_time_to_fail() -> None:
    """No unbounded repetition within another one, in any expression that a module of the gateway keeps."""
    found = {}
    for module in pkgutil.walk_packages(services.gateway.__path__, "services.gateway."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, re.Pattern) and nested(parser.parse(value.pattern, value.flags)):
                found[f"{module.name}.{name}"] = value.pattern
    assert found.keys() - UNAMBIGUOUS.keys() == set()
    assert nested(parser.parse(r"(a+)+$"))


def nested(parsed, within: bool = False) -> bool:
    for code, argument in parsed:
        unbounded = code in (codes.MAX_REPEAT, codes.MIN_REPEAT) and argument[1] is codes.MAXREPEAT
        if unbounded and within:
            return True
        inner = [one for one in flat(argument) if isinstance(one, parser.SubPattern)]
        if any(nested(one, within or unbounded) for one in inner):
            return True
    return False


def flat(argument):
    if isinstance(argument, list | tuple):
        for one in argument:
            yield from flat(one)
    else:
        yield argument
