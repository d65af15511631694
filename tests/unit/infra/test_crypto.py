"""What is made from the installation's key: sealed secrets, hashes of API keys, signed tokens."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handbill.infra.crypto import (
    KEY_FILE,
    Crypto,
    installation_key,
    webhook_secret,
)
from handbill.kernel.errors import CannotUnseal

NOW = 1_772_359_200_000
OURS = Crypto(b"our installation's key, 32 bytes")
THEIRS = Crypto(b"their installation's key, longer")

plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(plain)
def test_what_is_sealed_comes_out_as_it_was(value: Any) -> None:
    assert OURS.unseal(OURS.seal(value)) == value


def test_a_seal_shows_nothing_and_is_never_the_same() -> None:
    sealed = {OURS.seal("s3cr3t") for _ in range(10)}

    assert len(sealed) == 10
    assert not any("s3cr3t" in text for text in sealed)


def test_another_installation_cannot_open_a_seal() -> None:
    sealed = OURS.seal("s3cr3t")

    for broken in (sealed[:-4] + "AAA=", "", "nonsense"):
        with pytest.raises(CannotUnseal):
            OURS.unseal(broken)
    with pytest.raises(CannotUnseal, match="key file"):
        THEIRS.unseal(sealed)


def test_a_hash_of_a_key_is_the_same_here_and_nowhere_else() -> None:
    assert OURS.hash_api_key("k") == Crypto(b"our installation's key, 32 bytes").hash_api_key("k")
    assert OURS.hash_api_key("k") not in (THEIRS.hash_api_key("k"), OURS.hash_api_key("l"))


@given(plain)
def test_a_signed_value_is_read_until_its_time(value: Any) -> None:
    token = OURS.sign("pay", value, NOW + 1)

    assert OURS.verify("pay", token, NOW) == value
    assert OURS.verify("pay", token, NOW + 1) is None


@pytest.mark.parametrize(
    ("crypto", "purpose"), [(OURS, "receipt"), (OURS, "pa"), (THEIRS, "pay"), (OURS, "")]
)
def test_a_token_is_good_for_one_purpose_of_one_installation(crypto: Crypto, purpose: str) -> None:
    assert crypto.verify(purpose, OURS.sign("pay", "x", NOW + 1), NOW) is None


@given(st.integers(0, 60), st.sampled_from("AZaz09-_=!. é"))
def test_a_token_with_one_wrong_character_is_none(place: int, letter: str) -> None:
    token = OURS.sign("pay", ["link", "attempt"], NOW + 1)
    changed = token[:place] + letter + token[place + 1 :]

    read = OURS.verify("pay", changed, NOW)

    assert read == (["link", "attempt"] if changed == token else None)


@pytest.mark.parametrize("token", ["", "A", "AAAA", "=", "é", "A" * 400])
def test_nonsense_is_no_token(token: str) -> None:
    assert OURS.verify("pay", token, NOW) is None


@given(plain, plain)
def test_a_mark_is_of_its_value_and_purpose_alone(value: Any, other: Any) -> None:
    mark = OURS.mark("personal", value)

    assert (len(mark), OURS.is_mark("personal", value, mark)) == (22, True)
    assert OURS.is_mark("personal", other, mark) is (repr(other) == repr(value))
    assert not OURS.is_mark("pay", value, mark)
    assert not THEIRS.is_mark("personal", value, mark)
    for wrong in ("", mark[:-1], mark + "A", mark + "é"):
        assert not OURS.is_mark("personal", value, wrong)


@given(st.text(min_size=1, max_size=40))
def test_what_is_veiled_comes_out_for_the_same_thing_alone(text: str) -> None:
    veiled = OURS.veil("personal", text, "a link")

    assert OURS.veil("personal", text, "a link") == veiled
    assert OURS.unveil("personal", veiled, "a link") == text
    assert OURS.unveil("personal", veiled, "another") is None
    assert OURS.unveil("other", veiled, "a link") is None
    assert THEIRS.unveil("personal", veiled, "a link") is None
    assert OURS.unveil("personal", veiled[:-2], "a link") is None


@pytest.mark.parametrize("text", ["", "A", "AAAA", "=", "é", "A" * 400])
def test_nonsense_hides_nothing(text: str) -> None:
    assert OURS.unveil("personal", text, "a link") is None


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Crypto(b"x" * 31)


def test_the_key_of_an_installation_is_made_once_for_its_user_alone(tmp_path: Path) -> None:
    key = installation_key(tmp_path)

    assert installation_key(tmp_path) == key
    assert len(key) >= 32
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]


def test_processes_that_start_together_have_one_key(tmp_path: Path) -> None:
    for number in range(20):
        folder = tmp_path / str(number)
        folder.mkdir()
        with ThreadPoolExecutor(8) as pool:
            keys = set(pool.map(installation_key, [folder] * 8))
        assert len(keys) == 1
        assert len(keys.pop()) >= 32


def test_a_webhook_secret_has_the_form_of_the_open_standard() -> None:
    made = {webhook_secret() for _ in range(10)}

    assert len(made) == 10
    assert all(secret.startswith("whsec_") and len(secret) == 50 for secret in made)
