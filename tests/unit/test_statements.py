"""A signed statement holds as it was signed, by whom it was signed, and no other way."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OKPKey

from services.gateway.federation.statements import (
    ALGORITHM,
    BODIES,
    SKEW,
    TYPE,
    Statement,
    Unproved,
    Withdrawal,
    proved,
    sign,
)
from shared.events import StatedContact, StatedHash, StatedHashes, StatedOutcome, StatementKind
from shared.events.federation import HEX, LEAST_NOTICES, MAX_JWS, MOST_HASHES
from shared.identity import identity

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
DIGITS = "0123456789abcdef"
BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def key(kid: str = "lantern-1") -> OKPKey:
    return OKPKey.generate_key("Ed25519", {"kid": kid}, private=True)


def public(of: OKPKey) -> OKPKey:
    return OKPKey.import_key(of.as_dict(private=False))


KEY = key()
KEYS = {"lantern-1": public(KEY)}


def hex_of(algorithm: str) -> st.SearchStrategy[str]:
    return st.text(DIGITS, min_size=HEX[algorithm], max_size=HEX[algorithm])


@st.composite
def hashes(draw: st.DrawFn) -> StatedHash:
    algorithm = draw(st.sampled_from(sorted(HEX)))
    return StatedHash.model_validate({"algorithm": algorithm, "hash": draw(hex_of(algorithm))})


def contact(email: bool, language: str | None) -> StatedContact:
    way = {"email": "abuse@boat.test"} if email else {"form": "https://boat.test/abuse"}
    return StatedContact.model_validate(
        {"domain": "boat.test", "role": "host", "language": language, "known_at": NOW, **way}
    )


def outcome(notices: int, seconds: float | None) -> StatedOutcome:
    some = {"domain": "boat.test", "month": "2026-10-01", "answered": notices // 2, "removed": notices // 3}
    return StatedOutcome.model_validate({**some, "notices": notices, "answer_s": seconds})


KNOWN = st.builds(
    lambda found: StatedHashes(category="known_content", hashes=tuple(found)),
    st.lists(hashes(), min_size=1, max_size=MOST_HASHES),
)
SAID: dict[StatementKind, st.SearchStrategy[Any]] = {
    StatementKind.KNOWN: KNOWN,
    StatementKind.HARMLESS: KNOWN,
    StatementKind.CONTACT: st.builds(contact, st.booleans(), st.sampled_from([None, "ko", "en"])),
    StatementKind.OUTCOME: st.builds(
        outcome, st.integers(LEAST_NOTICES, 10**6), st.none() | st.floats(0, 10**9, allow_nan=False)
    ),
    StatementKind.WITHDRAWAL: st.builds(
        Withdrawal, statement_id=st.uuids(), why=st.sampled_from(["mistake", "appeal", "person_asked", "superseded"])
    ),
}


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    kind = draw(st.sampled_from(sorted(SAID)))
    body = draw(SAID[kind]).model_dump(mode="json", exclude_none=True)
    until = draw(st.none() | st.just(NOW + timedelta(days=90)))
    return Statement(id=draw(st.uuids()), issuer="lantern", kind=kind, issued_at=NOW, until=until, body=body)


def one(**more: Any) -> Statement:
    body = {"category": "known_content", "hashes": [{"algorithm": "sha256", "hash": "ab" * 32}]}
    given = {"id": identity("one"), "issuer": "lantern", "kind": "known", "issued_at": NOW, "body": body}
    return Statement.model_validate({**given, **more})


def signed(payload: object, by: OKPKey = KEY, **header: str) -> str:
    """As somebody else's code writes it."""
    head = {"alg": ALGORITHM, "kid": "lantern-1", "typ": TYPE, **header}
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return jws.serialize_compact(head, text, by, algorithms=[ALGORITHM])


def why(text: str, issuer: str = "lantern", keys: dict[str, OKPKey] | None = None, now: datetime = NOW) -> str:
    with pytest.raises(Unproved) as refused:
        proved(text, issuer, KEYS if keys is None else keys, now)
    return str(refused.value)


def test_every_kind_has_a_body() -> None:
    assert set(BODIES) == set(SAID) == set(StatementKind)


@given(statements())
def test_what_was_signed_is_what_is_read(statement: Statement) -> None:
    read = proved(sign(statement, KEY), "lantern", KEYS, NOW)
    assert read == statement
    assert read.said == statement.said


def test_the_longest_statement_of_hashes_is_short_enough() -> None:
    body = {"category": "c" * 60, "hashes": [{"algorithm": "sha256", "hash": "ab" * 32}] * MOST_HASHES}
    text = sign(one(body=body, until=NOW), KEY)
    assert len(text) <= MAX_JWS
    assert len(proved(text, "lantern", KEYS, NOW).body["hashes"]) == MOST_HASHES


TEXT = sign(one(), KEY)


@given(place=st.integers(0, len(TEXT) - 1), letter=st.sampled_from(f"{BASE64URL}.= \n\x00é"))
def test_any_other_letter_is_refused(place: int, letter: str) -> None:
    """Also one that decodes to the same bytes: one statement is one text."""
    if letter != TEXT[place]:
        why(TEXT[:place] + letter + TEXT[place + 1 :])


@pytest.mark.parametrize("part", range(3))
def test_a_part_has_one_spelling(part: int) -> None:
    """The last letter of a part has bits that decode to nothing."""
    parts = TEXT.split(".")
    for letter in set(BASE64URL) - {parts[part][-1]}:
        why(".".join([*parts[:part], parts[part][:-1] + letter, *parts[part + 1 :]]))


@given(place=st.integers(0, len(TEXT)), letter=st.sampled_from(f"{BASE64URL}.= \n"), cut=st.booleans())
def test_a_letter_more_or_less_is_refused(place: int, letter: str, cut: bool) -> None:
    changed = TEXT[:place] + ("" if cut else letter) + TEXT[place + cut :]
    if changed != TEXT:
        why(changed)


@given(st.data())
def test_any_changed_bit_of_a_part_is_refused(data: st.DataObject) -> None:
    parts = TEXT.split(".")
    number = data.draw(st.integers(0, 2))
    raw = bytearray(base64.urlsafe_b64decode(parts[number] + "=="))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    parts[number] = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    why(".".join(parts))


@given(st.text(max_size=300))
def test_anything_is_refused_with_a_word(text: str) -> None:
    assert why(text) in {"no-key-of-the-agency", "bad-signature", "not-a-statement"}


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda some: st.lists(some) | st.dictionaries(st.text(), some))
)
def test_signed_nonsense_is_no_statement(payload: object) -> None:
    assert why(signed(payload)) == "not-a-statement"


@given(st.dictionaries(st.text().filter(lambda name: name not in Statement.model_fields), st.text(), max_size=5))
def test_fields_of_a_newer_writer_are_ignored(more: dict[str, str]) -> None:
    payload = {**more, **json.loads(one().model_dump_json())}
    payload["body"] = {"of_later": 1, **payload["body"]}
    assert proved(signed(payload), "lantern", KEYS, NOW).said == one().said


def test_another_version_is_not_guessed_at() -> None:
    assert why(signed({**json.loads(one().model_dump_json()), "version": 2})) == "not-a-statement"


def test_it_is_refused_with_the_reason() -> None:
    assert why("A" * (MAX_JWS + 1)) == "too-long"
    assert why(TEXT, keys={}) == "no-key-of-the-agency"
    assert why(TEXT, keys={"lantern-1": public(key())}) == "bad-signature"
    assert why(sign(one(), key("lantern-2"))) == "no-key-of-the-agency"
    assert why(TEXT, issuer="harbour") == "another-issuer"
    assert why(sign(one(issuer="harbour"), KEY)) == "another-issuer"
    assert why(TEXT, now=NOW - SKEW - timedelta(seconds=1)) == "in-the-future"
    assert proved(TEXT, "lantern", KEYS, NOW - SKEW) == one()


@pytest.mark.parametrize("header", [{"typ": "JWT"}, {"typ": ""}, {"kid": "lantern-9"}])
def test_another_header_is_none_of_a_statement(header: dict[str, str]) -> None:
    assert why(signed(json.loads(one().model_dump_json()), **header)) == "no-key-of-the-agency"


@pytest.mark.parametrize("algorithm", ["none", "HS256", "EdDSA", "ES256"])
def test_no_other_algorithm_is_taken(algorithm: str) -> None:
    head = base64.urlsafe_b64encode(json.dumps({"alg": algorithm, "kid": "lantern-1", "typ": TYPE}).encode())
    _, payload, signature = TEXT.split(".")
    for sealed in (signature, ""):
        assert why(f"{head.rstrip(b'=').decode()}.{payload}.{sealed}") == "bad-signature"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("known", {"category": "known_content", "hashes": []}),
        ("known", {"category": "known_content", "hashes": [{"algorithm": "md5", "hash": "ab" * 32}]}),
        ("known", {"category": "known_content", "hashes": [{"algorithm": "md5", "hash": "AB" * 16}]}),
        (
            "known",
            {"category": "known_content", "hashes": [{"algorithm": "md5", "hash": "ab" * 16}] * (MOST_HASHES + 1)},
        ),
        ("contact", {"domain": "boat.test", "role": "host", "known_at": "2026-11-22T00:00:00Z"}),
        ("contact", {"domain": "b", "role": "host", "email": "a@b.test", "known_at": "2026-11-22T00:00:00Z"}),
        ("contact", {"domain": "b.test", "role": "host", "form": "http://b.test", "known_at": "2026-11-22T00:00:00Z"}),
        ("outcome", {"domain": "b.test", "month": "2026-10-01", "notices": 9, "answered": 0, "removed": 0}),
        ("outcome", {"domain": "b.test", "month": "2026-10-02", "notices": 10, "answered": 0, "removed": 0}),
        ("outcome", {"domain": "b.test", "month": "2026-10-01", "notices": 10, "answered": 11, "removed": 0}),
        ("withdrawal", {"statement_id": "1", "why": "mistake"}),
    ],
)
def test_a_body_that_is_none_is_refused(kind: str, body: dict[str, Any]) -> None:
    assert why(signed({**json.loads(one().model_dump_json()), "kind": kind, "body": body})) == "not-a-statement"
