"""Which keys are keys, and what counts as the same request."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from handbill.kernel.errors import KeyMalformed
from handbill.web.bodies import parse_json
from handbill.web.repeats import canonical, fingerprint, read_key

PRINTABLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
KEYS = st.text(PRINTABLE, min_size=1, max_size=255)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(KEYS)
def test_every_key_can_be_sent_in_quotes(key: str) -> None:
    quoted = key.replace("\\", "\\\\").replace('"', '\\"')

    assert read_key([f'"{quoted}"']) == key


@given(KEYS.filter(lambda key: key.strip(" ") == key and not key.startswith('"')))
def test_what_neither_begins_with_a_quote_nor_ends_in_spaces_can_be_sent_bare(key: str) -> None:
    assert read_key([key]) == key


@given(st.lists(st.text(st.characters(max_codepoint=0xFF)), min_size=1, max_size=2))
def test_any_header_is_a_key_or_refused(values: list[str]) -> None:
    try:
        key = read_key(values)
    except KeyMalformed:
        return
    assert key is not None
    assert 1 <= len(key) <= 255
    assert key.isascii()
    assert key.isprintable()


def test_no_header_is_no_key() -> None:
    assert read_key([]) is None


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JSON, st.booleans(), st.sampled_from([None, 2]))
def test_the_spelling_of_json_means_nothing(value: Any, ascii_only: bool, indent: int) -> None:
    spelled = json.dumps(value, ensure_ascii=ascii_only, indent=indent, sort_keys=not ascii_only)

    sent = spelled.encode("utf-8", "surrogatepass")
    assert canonical(json.loads(sent)) == canonical(value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a": 1}', '{"a": "1"}'),
        ('{"a": 1}', '{"a": 1.0}'),
        ('{"a": 1}', '{"a": true}'),
        ('{"a": null}', "{}"),
        ("[1, 2]", "[2, 1]"),
        ('{"a": {"b": 1}}', '{"a.b": 1}'),
    ],
)
def test_what_json_means_does(one: str, other: str) -> None:
    assert canonical(parse_json(one.encode())) != canonical(parse_json(other.encode()))


PARTS = st.tuples(st.sampled_from(["POST", "PUT"]), st.text(), st.binary(), st.binary())


@given(PARTS, PARTS)
@example(("POST", "/a", b"b", b""), ("POST", "/ab", b"", b""))
def test_requests_have_the_same_fingerprint_when_they_are_the_same(one: Any, other: Any) -> None:
    assert (fingerprint(*one) == fingerprint(*other)) is (one == other)
