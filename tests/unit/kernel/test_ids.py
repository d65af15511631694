"""Names: ordered ids, tokens that cannot be guessed, codes and keys that people copy."""

from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.kernel import ids

NOW = 1_772_359_200_000


def test_an_id_is_a_version_seven_uuid_of_its_instant() -> None:
    parsed = uuid.UUID(ids.new_id(NOW))

    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    assert parsed.int >> 80 == NOW


def test_ids_sort_as_they_were_made_within_a_millisecond_and_beyond() -> None:
    made = [ids.new_id(NOW + number // 1_000) for number in range(5_000)]

    assert made == sorted(set(made))


def test_ids_of_many_threads_are_all_different() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: ids.new_id(NOW), range(5_000)))

    assert len(set(made)) == 5_000


def test_an_id_that_was_typed_is_brought_to_its_canonical_form() -> None:
    made = ids.new_id(NOW)

    assert ids.parse_id(made) == made
    assert ids.parse_id(made.upper()) == made


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc12345-...",
        "0" * 36,
        "{" + "0" * 34 + "}",
        "urn:uuid:" + "0" * 27,
        "00000000000000000000000000000000----",
        "0198c0de-0000-7000-8000-00000000000g",
        "0198c0de-0000-7000-8000-0000000000_1",
        "0198c0de-0000-7000-8000-0000000000\u06601",
        "0198c0de-0000-7000-8000-000000000001\n",
    ],
)
def test_what_is_no_uuid_is_no_id(text: str) -> None:
    assert ids.parse_id(text) is None


def test_a_token_has_128_bits_and_goes_into_an_address() -> None:
    made = {ids.token() for _ in range(100)}

    assert len(made) == 100
    assert all(re.fullmatch(r"[0-9A-Za-z_-]{22}", token) for token in made)


def test_a_code_is_read_however_it_was_typed() -> None:
    code = ids.short_code()

    assert re.fullmatch(f"[{ids.CROCKFORD}]{{10}}", code)
    assert ids.parse_short_code(code.lower()) == code
    assert ids.parse_short_code("oOiIlL0123") == "0011110123"
    for wrong in ("", code[:-1], code + "0", "UUUUUUUUUU", "0123-45678", "\u0660123456789"):
        assert ids.parse_short_code(wrong) is None


def test_codes_and_references_use_every_letter() -> None:
    letters = "".join(ids.short_code() for _ in range(500))
    references = [ids.reference() for _ in range(100)]

    assert set(letters) == set(ids.CROCKFORD)
    pattern = re.compile(f"[{ids.CROCKFORD}]{{4}}-[{ids.CROCKFORD}]{{4}}-[{ids.CROCKFORD}]{{4}}")
    assert all(pattern.fullmatch(one) for one in references)
    assert len(set(references)) == 100


@pytest.mark.parametrize("test", [True, False])
def test_a_key_says_its_mode_and_knows_itself(test: bool) -> None:
    key = ids.api_key(test=test)

    assert re.fullmatch(rf"hb_{'test' if test else 'live'}_[0-9A-Za-z]{{36}}", key)
    assert ids.is_api_key(key)


@given(st.integers(0, 43), st.sampled_from("0aZ_é "))
def test_a_key_with_one_wrong_character_is_none(place: int, letter: str) -> None:
    key = ids.api_key(test=True)
    changed = key[:place] + letter + key[place + 1 :]

    assert ids.is_api_key(changed) == (changed == key)


@pytest.mark.parametrize("text", ["", "hb_test_", "hb_live_" + "0" * 36, "sk_test_" + "0" * 36])
def test_other_texts_are_no_keys(text: str) -> None:
    assert not ids.is_api_key(text)
