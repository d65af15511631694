"""Bodies are read strictly, and never further than their bound."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.kernel.errors import Malformed
from handbill.web.bodies import DEPTH_MAX, parse_json, printable

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(PLAIN)
def test_plain_json_is_read_as_it_is(value: Any) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_in_words(body: bytes) -> None:
    words = "."
    try:
        parse_json(body)
    except Malformed as refused:
        words = refused.detail

    assert words.endswith(".")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"{", "line 1, column 2"),
        (b'{"a": 1,}', "line 1, column 9"),
        (b"{'a': 1}", "line 1, column 2"),
        (b"\xff\xfe", "not UTF-8"),
        (b"\xef\xbb\xbf{}", "line 1"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": -Infinity}', "-Infinity is not JSON"),
        (b'{"amount": 1, "b": 2, "amount": 3}', "amount"),
        (b'{"x": {"y": [{"deep": 1, "deep": 1}]}}', "deep"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "too long"),
        (b'{"a": 1e99999999999999999999}', "too long"),
        (b'{"a": "\x01"}', "line 1"),
    ],
)
def test_what_is_not_json_is_refused_and_says_where(body: bytes, words: str) -> None:
    with pytest.raises(Malformed) as refused:
        parse_json(body)

    assert words in refused.value.detail


def test_a_number_with_a_point_is_never_an_integer() -> None:
    assert parse_json(b"1000.0") == Decimal("1000.0")
    assert type(parse_json(b"1000.0")) is Decimal
    assert type(parse_json(b"1000")) is int


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_depth_is_bounded(opening: bytes) -> None:
    closing = b"]" if opening == b"[" else b"}"
    at_the_bound = opening * DEPTH_MAX + b"1" + closing * DEPTH_MAX

    parse_json(at_the_bound)
    with pytest.raises(Malformed, match="levels deep"):
        parse_json(opening * 10_000)


def test_brackets_in_texts_are_not_depth() -> None:
    body = json.dumps({"a": '[{"\\' * 100, "b": "]" * 100}).encode()

    assert parse_json(body)["b"] == "]" * 100


def test_an_open_text_of_escaped_quotes_is_refused_at_once() -> None:
    with pytest.raises(Malformed):
        parse_json(b"[" * 40 + b'"' + b'\\"' * 30_000)


@given(st.text())
def test_a_callers_word_can_always_be_repeated(text: str) -> None:
    repeated = printable(text + "\ud800")

    assert len(repeated) <= 64
    repeated.encode()
