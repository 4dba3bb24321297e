"""The agency's list of authorities and its signing key: what is wrong is named with the cure."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from deploy.local.authorities.issuing import new_root, pem
from services.evidence.seal.kept import number_of, renew_at, stamp_name
from services.evidence.seal.owed import LONGEST_WAIT_S, wait
from services.evidence.seal.signing import public_key, signing_key
from shared.stamps.authorities import read

AT = datetime(2026, 11, 22, tzinfo=UTC)
ROOT = pem(new_root("A test's authority", AT).certificate)
GOOD = '[[authority]]\nname = "kisa"\nurl = "https://tsa.agency.test/stamp"\nca_file = "root.pem"\n'


@pytest.fixture
def file(tmp_path):
    (tmp_path / "root.pem").write_bytes(ROOT + ROOT)
    (tmp_path / "no.pem").write_text("none")
    (tmp_path / "large.pem").write_bytes(ROOT + b"\n" * (1 << 18))
    return tmp_path / "authorities.toml"


def test_a_list_is_read(file):
    file.write_text(GOOD + GOOD.replace("kisa", "local-2") + 'policy = "1.2.410.200001"\n')
    first, second = read(file)
    assert (first.name, first.url, first.pem, len(first.roots), first.policy) == (
        "kisa",
        "https://tsa.agency.test/stamp",
        ROOT + ROOT,
        2,
        None,
    )
    assert second.policy == "1.2.410.200001"
    assert read(None) == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "entries"),
        ("authority = 3", "entries"),
        ("authority = [3]", "entry 1: give name"),
        (GOOD * 9, "one to 8"),
        (GOOD + "[other]\n", "nothing else"),
        (GOOD * 2, "two entries have one name"),
        ("[[authority", "cannot be read"),
        (GOOD + "policy = 3\n", "all of them text"),
        (GOOD + 'polcy = "1.2"\n', "'polcy' is missing or unknown"),
        (GOOD.replace("url", "uri"), "'url' is missing or unknown"),
        (GOOD.replace("kisa", "../kisa"), "name '../kisa'"),
        (GOOD.replace("https", "ftp"), "url 'ftp"),
        (GOOD.replace("tsa.", "me:secret@tsa."), "without a login"),
        (GOOD.replace("tsa.agency.test", "tsa.agency.test:99999"), "url '"),
        (GOOD + 'policy = "kisa"\n', "no object identifier"),
        (GOOD.replace("root.pem", "away.pem"), "away.pem has no certificates"),
        (GOOD.replace("root.pem", "no.pem"), "no.pem has no certificates"),
        (GOOD.replace("root.pem", "large.pem"), "large.pem is larger than 262144 bytes"),
    ],
)
def test_what_is_wrong_in_it_is_named(file, text, says):
    file.write_text(text)
    with pytest.raises(ValueError, match="HAETAE_STAMP_AUTHORITIES_FILE") as raised:
        read(file)
    assert says in str(raised.value)


def test_a_list_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"nothing\.toml cannot be read"):
        read(tmp_path / "nothing.toml")


def test_a_key_is_told_by_its_public_half():
    """RFC 8032, 7.1, test 1."""
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    made = signing_key(SecretStr(base64.b64encode(seed).decode()))
    assert public_key(made) == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"


@pytest.mark.parametrize("given", ["", "x", "A" * 42 + "==", "A" * 44 + "=", "가" * 44, "A" * 86 + "=="])
def test_a_wrong_key_is_refused_with_the_cure_and_not_shown(given):
    with pytest.raises(ValueError, match="HAETAE_SIGNING_KEY must be base64 of 32 bytes; make one") as raised:
        signing_key(SecretStr(given))
    assert not given or len(given) < 2 or given not in str(raised.value)


@given(days=st.integers(1, 20_000), before=st.integers(1, 1_000))
def test_a_stamp_is_renewed_while_it_stands(days, before):
    until = AT + timedelta(days=days)
    when = renew_at(AT, until, timedelta(days=before))
    assert AT < when < until
    assert until - when == min(timedelta(days=before), timedelta(days=days) / 2)


@given(st.integers(1, 10**6))
def test_a_stamp_is_found_by_its_name(number):
    assert number_of(stamp_name(number)) == number
    assert number_of("seal.json") is None


@given(st.integers(0, 10**6))
def test_waits_grow_to_an_end(tries):
    assert wait(tries) <= wait(tries + 1) <= timedelta(seconds=LONGEST_WAIT_S)
