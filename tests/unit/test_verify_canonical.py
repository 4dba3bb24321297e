"""Canonical JSON: RFC 8785 for what is written here, and read back in no other form."""

import json

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from haetae_verify.canonical import MOST, NotCanonical, canonical, read

NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=6)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALARS = st.none() | st.booleans() | st.integers(-MOST, MOST) | TEXTS
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3))


@given(st.dictionaries(NAMES, VALUES, max_size=4))
@settings(max_examples=100)
def test_it_is_what_another_library_makes_of_rfc_8785(value):
    assert canonical(value) == rfc8785.dumps(value)
    assert read(canonical(value)) == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"a": 1}',
        b'{"b":1,"a":1}',
        b'{"a":1,"a":1}',
        b'{"a":1.5}',
        b'{"a":1e3}',
        b'{"a":NaN}',
        b'{"a":9007199254740992}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\ud800"}',
        b'{"a":"\xff"}',
        b"\xef\xbb\xbf{}",
        b"{}\n",
        b'{"a":' * 100_000,
        b'{"a":' + b"9" * 10_000 + b"}",
    ],
)
def test_other_forms_are_refused(data):
    with pytest.raises(NotCanonical):
        read(data)


def test_what_has_no_form_is_not_written():
    for value in (float("nan"), "\ud800", {1: object()}):
        with pytest.raises((ValueError, TypeError)):
            canonical({"a": value})
    assert json.loads(canonical({"a": "é"})) == {"a": "é"}
