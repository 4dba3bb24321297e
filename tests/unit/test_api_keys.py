"""Keys of requests that may come twice, their fingerprints, entity tags. Pure."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.api.conditional import names, tag_of
from services.gateway.api.keys import fingerprint, parse_key
from services.gateway.problems import Problem


@pytest.mark.parametrize("value", ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', "8e03978e-40d5-43dd-bc93-6894a57f9324 "])
def test_a_key_is_the_same_with_quotes_and_without(value: str) -> None:
    assert parse_key(value) == "8e03978e-40d5-43dd-bc93-6894a57f9324"


@pytest.mark.parametrize("value", ["", '""', '"a', "a b", '"a", "b"', "x" * 129, "키", "a\x00", '"a"b'])
def test_what_is_no_key_is_refused(value: str) -> None:
    with pytest.raises(Problem) as refused:
        parse_key(value)
    assert (refused.value.status, refused.value.field) == (400, "Idempotency-Key")


@settings(max_examples=50)
@given(st.lists(st.binary(max_size=6), max_size=4), st.lists(st.binary(max_size=6), max_size=4))
def test_two_requests_have_one_fingerprint_only_when_they_are_the_same(one: list[bytes], other: list[bytes]) -> None:
    assert (fingerprint(one) == fingerprint(other)) == (one == other)


def test_entity_tags_are_compared_as_a_list() -> None:
    tag = tag_of(b"{}")
    assert names(tag, tag)
    assert names(f'"other", W/{tag}', tag)
    assert names("*", tag)
    assert not names("", tag)
    assert not names(tag.strip('"'), tag)
    assert not names(tag_of(b"[]"), tag)
