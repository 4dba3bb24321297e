"""The command line as a person uses it: what is given is taken, what is wrong is named with its line and the cure."""

import asyncio
import csv
import os
import sys
from dataclasses import dataclass

import psycopg
import pytest
from PIL import Image
from typer.testing import CliRunner

from deploy.local.access import libpq_url
from haetae.cli import app

WIDE = {"COLUMNS": "200", "NO_COLOR": "1"}


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str


async def haetae(*arguments: object, url: str | None = None) -> Ran:
    """In this process, where what a command does not catch is raised."""
    given = {**WIDE, "HAETAE_DATABASE_URL": url}
    ran = await asyncio.to_thread(CliRunner().invoke, app, [*map(str, arguments)], env=given)
    if ran.exception and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return Ran(ran.exit_code, ran.stdout, ran.stderr)


async def process(*arguments: object, url: str | None = None) -> Ran:
    """As a person starts it."""
    env = {**os.environ, **WIDE, **({"HAETAE_DATABASE_URL": url} if url else {})}
    process = await asyncio.create_subprocess_exec(sys.executable, *map(str, arguments), env=env, stdout=-1, stderr=-1)
    out, err = await process.communicate()
    return Ran(process.returncode or 0, out.decode(), err.decode())


@pytest.fixture
def url(migrated):
    return migrated.owner_url


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(libpq_url(url)) as connection:
        return connection.execute(query).fetchall()


async def test_sites_are_imported_and_wrong_lines_named(tmp_path, postgres_url):
    file = tmp_path / "sites.csv"
    file.write_text(
        "url,name,kind,language,country,abuse_email,requests_per_second,revisit_seconds\n"
        "https://one.example.org/,One,board,ko,KR,abuse@one.example.org,1,60\n"
        "https://two.example.org/,Two,casino,ko,KR,abuse@two.example.org,1,60\n"
        "https://three.example.org/,Three,gallery,en,,,,\n"
    )
    ran = await process("-m", "haetae", "sites", "import", file, url=postgres_url)
    assert ran.status == 1
    assert "2 sites imported" in ran.out
    assert "line 3" in ran.err
    assert "kind" in ran.err
    assert rows(postgres_url, "SELECT host FROM crawler.sites ORDER BY host") == [
        ("one.example.org",),
        ("three.example.org",),
    ]
    assert len(rows(postgres_url, "SELECT url FROM crawler.frontier")) == 2


async def test_hashes_are_computed_imported_and_announced(tmp_path, url):
    folder, file = tmp_path / "pictures", tmp_path / "hashes.csv"
    folder.mkdir()
    stripes = Image.effect_mandelbrot((512, 512), (-2.0, -1.5, 1.0, 1.5), 60).convert("RGB")
    stripes.save(folder / "fractal.png")
    Image.new("RGB", (200, 200), "grey").save(folder / "plain.png")
    ran = await haetae("hashes", "compute", folder, "--bank", "own", "--category", "stand-in", "--out", file)
    assert ran.status == 1, "a picture without structure has no hash, and that is said"
    assert "plain.png" in ran.err
    listed = list(csv.DictReader(file.open()))
    assert {row["entry"] for row in listed} == {"fractal"}
    ran = await haetae("hashes", "import", file, url=url)
    assert (ran.status, f"{len(listed)} hashes imported" in ran.out) == (0, True)
    assert rows(url, "SELECT count(*) FROM classifier.bank_entries") == [(len(listed),)]
    assert rows(url, "SELECT DISTINCT topic FROM classifier.outbox") == [("hash.listed",)]


async def test_a_wrong_hash_is_named_and_the_rest_kept(tmp_path, url):
    file = tmp_path / "hashes.csv"
    good = "0f" * 32
    file.write_text(
        f"bank,entry,category,algorithm,hash\nb,one,c,sha256,{good}\nb,two,c,md5,{good}\nb,three,c,pdq,zz\n"
    )
    ran = await haetae("hashes", "import", file, url=url)
    assert ran.status == 1
    assert "1 hashes imported" in ran.out
    assert "line 3" in ran.err
    assert "line 4" in ran.err


@pytest.mark.parametrize("name", ["sites.txt", "sites"])
async def test_a_file_of_another_kind_is_refused_with_the_cure(tmp_path, url, name):
    (tmp_path / name).write_text("url\n")
    ran = await haetae("sites", "import", tmp_path / name, url=url)
    assert ran.status == 1
    assert ".csv or a .jsonl" in ran.err
    assert "Traceback" not in ran.err


async def test_a_line_ends_where_the_file_ends_it(tmp_path, url):
    file = tmp_path / "sites.jsonl"
    file.write_text('{"url": "https://one.example.org/", "name": "One\u2028two"}\n', encoding="utf-8")
    ran = await haetae("sites", "import", file, url=url)
    assert (ran.status, "1 sites imported" in ran.out) == (0, True)


@pytest.mark.parametrize(
    ("command", "lines", "place"),
    [
        ("sites", "url,name\nhttps://one.example.org/,하나\n", 34),
        ("hashes", "bank,entry,category,algorithm,hash\nb,하나,c,pdq,00\n", 37),
    ],
)
async def test_a_file_that_is_no_text_is_named_with_the_cure(tmp_path, url, command, lines, place):
    file = tmp_path / "list.csv"
    file.write_bytes(lines.encode("cp949"))
    ran = await haetae(command, "import", file, url=url)
    assert ran.status == 1
    assert f"{file}: byte {place} is no UTF-8: save it as UTF-8" in ran.err


async def test_no_file_of_a_folder_is_passed_over_silently(tmp_path):
    folder, out = tmp_path / "pictures", tmp_path / "hashes.csv"
    (folder / "more").mkdir(parents=True)
    (folder / "list.pdf").write_text("no picture")
    (folder / ".hidden").write_text("of the system's")
    Image.effect_mandelbrot((300, 300), (-2.0, -1.5, 1.0, 1.5), 60).convert("RGB").save(folder / "fractal.tiff")
    ran = await haetae("hashes", "compute", folder, "--bank", "own", "--category", "stand-in", "--out", out)
    assert ran.status == 1
    assert [line.split(":")[0] for line in ran.err.splitlines()] == ["list.pdf", "more"]
    assert {row["entry"] for row in csv.DictReader(out.open())} == {"fractal"}


async def test_a_folder_without_pictures_and_a_place_that_is_not_there_are_said(tmp_path):
    (tmp_path / "empty").mkdir()
    names = ("--bank", "own", "--category", "stand-in")
    empty = await haetae("hashes", "compute", tmp_path / "empty", *names, "--out", tmp_path / "hashes.csv")
    assert (empty.status, "no picture" in empty.err) == (1, True)
    nowhere = await haetae("hashes", "compute", tmp_path / "empty", *names, "--out", tmp_path / "no" / "hashes.csv")
    assert (nowhere.status, "Traceback" in nowhere.err, "hashes.csv" in nowhere.err) == (1, False, True)


async def test_a_lost_password_is_replaced_and_a_viewer_only_looks(url, tmp_path):
    words = ("--password-file", password_file(tmp_path, "a long enough one"))
    assert (await haetae("accounts", "password", "kim", *words, url=url)).status == 1
    await haetae("accounts", "add", "kim", "--viewer", *words, url=url)
    (before,) = rows(url, "SELECT password_hash, roles FROM gateway.accounts")
    assert before[1] == ["viewer"]
    assert (await haetae("accounts", "password", "kim", *words, url=url)).status == 0
    assert rows(url, "SELECT password_hash FROM gateway.accounts") != [(before[0],)]


def password_file(folder, password):
    (folder / "password").write_text(password + "\n")
    return folder / "password"


async def test_an_account_needs_a_password_of_some_length(url, tmp_path):
    words = ("--password-file", password_file(tmp_path, "short"))
    short = await haetae("accounts", "add", "kim", *words, url=url)
    assert short.status == 1
    assert "12" in short.err
    password_file(tmp_path, "a long enough one")
    added = await haetae("accounts", "add", "kim", *words, url=url)
    assert added.status == 0
    twice = await haetae("accounts", "add", "kim", *words, url=url)
    assert "exists already" in twice.err


async def test_a_database_that_is_away_is_said_in_one_line(tmp_path):
    file = tmp_path / "sites.jsonl"
    file.write_text('{"url": "https://one.example.org/", "name": "One", "kind": "board"}\n')
    ran = await haetae("sites", "import", file, url="postgresql+psycopg://haetae:x@127.0.0.1:1/haetae")
    assert ran.status == 1
    assert "Traceback" not in ran.err
    assert "HAETAE_DATABASE_URL" in ran.err


@pytest.mark.parametrize("url", ["nonsense", "mysql://haetae:x@127.0.0.1/haetae", "nosuch://x/y"])
async def test_an_address_of_no_database_is_said_in_one_line(url):
    ran = await haetae("migrate", url=url)
    assert ran.status == 1
    assert "Traceback" not in ran.err
    assert "is HAETAE_DATABASE_URL postgresql+psycopg://" in ran.err


@pytest.mark.parametrize(
    "options", [("--sandbox", "--scale", "0"), ("--port", "99999"), ("--review", "you"), ("--home", __file__)]
)
async def test_a_wrong_option_is_refused_before_anything_starts(tmp_path, options):
    ran = await haetae("run", *options, *(() if "--home" in options else ("--home", tmp_path / "home")))
    assert (ran.status, options[-2] in ran.err) == (2, True)
    assert not (tmp_path / "home").exists()


async def test_without_a_server_the_embedded_one_is_used(tmp_path):
    file = tmp_path / "sites.jsonl"
    file.write_text('{"url": "https://one.example.org/", "name": "One", "kind": "board"}\n')
    home = tmp_path / "home"
    ran = await process("-m", "haetae", "sites", "import", file, "--home", home)
    assert (ran.status, ran.err) == (0, "")
    assert "1 sites imported" in (await process("-m", "haetae", "sites", "import", file, "--home", home)).out


HELP = """
import sys
from haetae.cli import app
try:
    app(["--help"])
finally:
    sys.exit([name for name in ("sqlalchemy", "services", "rule_engine", "deploy") if name in sys.modules])
"""


async def test_help_names_every_command_and_waits_for_none():
    ran = await process("-c", HELP)
    assert (ran.status, ran.err) == (1, "[]\n")
    for command in ("run", "migrate", "sites", "banks", "hashes", "accounts"):
        assert command in ran.out


@pytest.mark.parametrize("model", ["nothing", "."])
async def test_a_run_without_a_model_says_how_to_make_one(tmp_path, model):
    ran = await haetae("run", "--model", tmp_path / model, "--home", tmp_path / "home")
    assert ran.status == 1
    assert "make models" in ran.err


async def test_a_sandbox_run_empties_only_its_own_folder(tmp_path):
    (tmp_path / "letters").write_text("dear")
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").touch()
    ran = await process("-m", "haetae", "run", "--sandbox", "--once", "--model", model, "--home", tmp_path)
    assert ran.status == 1
    assert "not the folder of a sandbox run" in ran.err
    assert (tmp_path / "letters").read_text() == "dear"
