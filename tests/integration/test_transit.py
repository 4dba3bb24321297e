"""Case keys wrapped by a key service, over HTTP, with a local peer that answers as the documentation says."""

import asyncio
from contextlib import aclosing

import pytest
from pydantic import SecretStr
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse

from shared.failures import Rejected, Transient
from shared.objects.cipher import Tampered
from shared.objects.folder import FolderStore
from shared.objects.keyring import Keyring, LocalKey
from shared.objects.transit import MAX_ANSWER, Transit
from shared.objects.vault import Vault, open_keyring
from tests.support.objects import object_settings
from tests.support.transit import TOKEN, transit_peer

PLACE, KEY = b"key of a case", bytes(range(32))


@pytest.fixture
async def peer():
    async with transit_peer() as made:
        yield made


@pytest.fixture
async def transit(peer):
    async with aclosing(Transit(peer.url, "transit", "haetae", SecretStr(TOKEN), None)) as made:
        yield made


async def test_a_key_comes_back_for_its_place_alone(transit):
    wrapped = await transit.wrap(KEY, PLACE)
    assert KEY not in wrapped
    assert await transit.unwrap(wrapped, PLACE) == KEY
    with pytest.raises(Tampered):
        await transit.unwrap(wrapped, b"key of another")
    with pytest.raises(Tampered):
        await transit.unwrap(wrapped[:-8] + b"AAAAAAA=", PLACE)


async def test_a_newer_version_of_the_key_rewraps(transit, peer, tmp_path):
    vault = Vault(FolderStore(tmp_path / "evidence"), FolderStore(tmp_path / "keys"), transit)
    case = (await vault_with_a_case(vault))[0]
    assert not await vault.keys.rewrap(case)
    peer.rotate()
    assert await vault.keys.rewrap(case)
    assert not await vault.keys.rewrap(case)
    assert (tmp_path / "keys" / str(case)).read_bytes().startswith(b"vault:v2:")


async def test_a_case_moves_from_the_master_key_to_the_key_service(transit, tmp_path):
    stores = FolderStore(tmp_path / "evidence"), FolderStore(tmp_path / "keys")
    case, sha256 = await vault_with_a_case(Vault(*stores, LocalKey(KEY)))
    both = Vault(*stores, Keyring(transit, [LocalKey(KEY)]))
    assert await both.get(case, sha256) == b"kept"
    assert await both.keys.rewrap(case)
    assert await Vault(*stores, Keyring(transit)).get(case, sha256) == b"kept"


async def test_what_is_wrong_with_the_service_is_said(transit, peer, tmp_path):
    wrapped = await transit.wrap(KEY, PLACE)
    peer.sealed = True
    with pytest.raises(Transient, match="sealed"):
        await transit.unwrap(wrapped, PLACE)
    peer.sealed = False
    for wrong in (
        Transit(peer.url, "transit", "another", SecretStr(TOKEN), None),
        Transit(peer.url, "elsewhere", "haetae", SecretStr(TOKEN), None),
    ):
        async with aclosing(wrong):
            with pytest.raises(Rejected, match="HAETAE_TRANSIT"):
                await wrong.wrap(KEY, PLACE)
    async with aclosing(Transit("http://127.0.0.1:9", "transit", "haetae", SecretStr(TOKEN), None)) as away:
        with pytest.raises(Transient, match="does not answer"):
            await away.wrap(KEY, PLACE)


async def drips():
    while True:
        yield b" "
        await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    "says",
    [
        lambda: RedirectResponse("http://127.0.0.1:9/"),
        lambda: Response(b"[" * 50_000),
        lambda: Response(b" " * (MAX_ANSWER + 1)),
        lambda: StreamingResponse(drips()),
        lambda: Response(b"\x1f\x8b", headers={"content-encoding": "gzip"}),
        lambda: JSONResponse({"data": ["plaintext"]}),
        lambda: JSONResponse({"data": {"plaintext": "열쇠", "ciphertext": "vault:v1:열쇠"}}),
        lambda: JSONResponse({"data": {"plaintext": "c2hvcnQ=", "ciphertext": f"vault:v{'9' * 5_000}:AAAA"}}),
    ],
    ids=["redirect", "deep", "huge", "slow", "compressed", "list", "not ASCII", "short"],
)
async def test_no_answer_of_a_key_service_is_taken_for_a_key(transit, peer, says, monkeypatch):
    wrapped = await transit.wrap(KEY, PLACE)
    monkeypatch.setattr("shared.objects.transit.SECONDS", 0.3)
    peer.says = says
    for asked in (transit.wrap(KEY, PLACE), transit.unwrap(wrapped, PLACE)):
        with pytest.raises(Transient, match=r"key service|gave no"):
            await asked


async def test_the_token_is_read_again_when_its_file_changes(peer, tmp_path):
    file = tmp_path / "token"
    async with aclosing(Transit(peer.url, "/transit/", "haetae", None, file)) as transit:
        for wrong, said in (("expired\n", "renew it"), ("", "no token"), ("of two\nlines", "no token")):
            file.write_text(wrong)
            with pytest.raises(Transient, match=said) as waits:
                await transit.wrap(KEY, PLACE)
            assert "lines" not in str(waits.value)
        file.write_text(f"{TOKEN}\n")
        assert await transit.unwrap(await transit.wrap(KEY, PLACE), PLACE) == KEY


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"master_key": None}, "HAETAE_MASTER_KEY"),
        ({"former_master_keys": "c2hvcnQ="}, "HAETAE_FORMER_MASTER_KEYS"),
        ({"former_master_keys": "열쇠"}, "HAETAE_FORMER_MASTER_KEYS"),
        ({"transit_url": "vault.test"}, "https://"),
        ({"transit_url": "https://vault.test"}, "HAETAE_TRANSIT_TOKEN"),
    ],
)
async def test_a_wrong_setting_is_named(s3_settings, given, named):
    fields = {name: SecretStr(value) if value and "keys" in name else value for name, value in given.items()}
    settings = object_settings(s3_settings).model_copy(update=fields)
    with pytest.raises(ValueError, match=named):
        async with open_keyring(settings):
            pass


async def vault_with_a_case(vault):
    from uuid import uuid4

    case = uuid4()
    return case, await vault.put(case, b"kept")
