"""Personal addresses: the same values make the same one, and none but ours is taken."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handbill.infra.crypto import Crypto
from handbill.kernel.clock import DAY, SECOND
from handbill.kernel.errors import Invalid, LinkNotPayable
from handbill.kernel.money import AMOUNT_MAX, Money
from handbill.links import personal
from handbill.links.model import AmountType, Link
from handbill.links.personal import Prefill
from tests.unit.links.test_model import link

NOW = 1_772_359_200_000
CRYPTO = Crypto(b"a key that only the tests have!!" * 2)
LINK, OTHER = "019ca8d7-2d00-7d36-9e8c-c23afd234f10", "019ca8d7-2d00-7d36-9e8c-c23afd234f11"
ALL = Prefill(Money(123_450, "RUB"), "INV-2041 / Zoë", "anna@example.com", NOW + DAY)

prefills = st.builds(
    Prefill,
    st.none() | st.builds(Money, st.integers(1, AMOUNT_MAX), st.sampled_from(["RUB", "JPY"])),
    st.none() | st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=100),
    st.none() | st.emails(),
    st.none() | st.integers(1, 2**33).map(lambda seconds: seconds * SECOND),
)


def query_of(prefill: Prefill) -> bytes:
    return personal.sign(CRYPTO, LINK, prefill).query.encode()


def was_changed(query: bytes, link_id: str = LINK, crypto: Crypto = CRYPTO) -> bool:
    try:
        personal.read(crypto, link_id, query)
    except LinkNotPayable as error:
        return error.state == personal.CHANGED
    return False


@settings(deadline=None)
@given(prefills)
def test_what_is_signed_comes_out_as_it_was_and_is_the_same_each_time(prefill: Prefill) -> None:
    made = personal.sign(CRYPTO, LINK, prefill)

    assert personal.sign(CRYPTO, LINK, prefill) == made
    assert personal.read(CRYPTO, LINK, made.query.encode()) == made
    assert made.query.isascii()


@settings(deadline=None)
@given(prefills, st.data())
def test_one_character_that_is_another_spoils_it(prefill: Prefill, data: st.DataObject) -> None:
    query = query_of(prefill).decode()
    place = data.draw(st.integers(0, len(query) - 1))
    other = data.draw(st.sampled_from("0123456789abcdefXYZ-_%&="))
    changed = (query[:place] + other + query[place + 1 :]).encode()

    if personal.is_signed(changed) and dict(parse_qsl(changed.decode())) != dict(parse_qsl(query)):
        assert was_changed(changed)
    else:  # without the name of the signature nothing of it counts
        read = personal.read(CRYPTO, LINK, changed)
        assert read is None or read.prefill == prefill


def test_every_other_letter_of_the_signature_is_refused() -> None:
    query = query_of(ALL).decode()
    end = query.index("&") - 1
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for letter in letters.replace(query[end], ""):
        assert was_changed((query[:end] + letter + query[end + 1 :]).encode())


def test_what_was_left_out_added_doubled_or_moved_is_refused() -> None:
    pairs = parse_qsl(query_of(ALL).decode())
    for i, pair in enumerate(pairs[1:], 1):
        assert was_changed(urlencode([*pairs[:i], *pairs[i + 1 :]]).encode())
        assert was_changed(urlencode([*pairs, pair]).encode())
    assert was_changed(b"sig=")
    assert was_changed(query_of(Prefill(reference="INV-2041")) + b"&amount=1")
    assert was_changed(query_of(ALL).replace(b"amount=123450", b"amount=0123450"))
    assert was_changed(query_of(ALL) + b"&x=" + b"y" * personal.QUERY_MAX)
    assert was_changed(query_of(ALL), link_id=OTHER)
    assert was_changed(query_of(ALL), crypto=Crypto(b"another installation's key, long"))


def test_a_cut_off_or_escaped_address_is_not_taken_for_the_links_own() -> None:
    query = query_of(ALL)
    for length in range(len("sig="), len(query)):
        assert was_changed(query[:length])
    assert was_changed(query.replace(b"&", b"&amp;"))
    assert was_changed(b"lang=de&amp;" + query)


def test_what_messengers_add_does_no_harm_and_is_left_out() -> None:
    made = personal.sign(CRYPTO, LINK, ALL)
    query = f"fbclid=x%26y&{made.query}&utm_source=mail&lang=de".encode()

    assert personal.read(CRYPTO, LINK, query) == made


def test_without_a_signature_nothing_counts() -> None:
    for query in (b"", b"amount=1&reference=x", b"%73ig=x", b"xsig=1", b"lang=de", b"a=sig=1"):
        assert not personal.is_signed(query)
        assert personal.read(CRYPTO, LINK, query) is None


def test_the_email_cannot_be_read_or_moved() -> None:
    query = query_of(ALL).decode()

    assert "anna" not in query
    assert quote("anna@example.com") not in query
    sealed = dict(parse_qsl(query))["email"]
    assert CRYPTO.unveil(personal.PURPOSE, sealed, LINK) == "anna@example.com"
    assert CRYPTO.unveil(personal.PURPOSE, sealed, OTHER) is None


def dynamic(**fields: Any) -> Link:
    return link(amount_type=AmountType.DYNAMIC, amount_minor=0, currency="RUB", id=LINK, **fields)


FIXED = link(amount_type=AmountType.FIXED, amount_minor=1_000, currency="RUB", id=LINK)


@pytest.mark.parametrize(
    ("on", "prefill", "field"),
    [
        (dynamic(), Prefill(), "amount"),
        (dynamic(), Prefill(Money(0, "RUB")), "amount"),
        (dynamic(), Prefill(Money(AMOUNT_MAX + 1, "RUB")), "amount"),
        (dynamic(min_minor=500), Prefill(Money(499, "RUB")), "amount"),
        (dynamic(max_minor=500), Prefill(Money(501, "RUB")), "amount"),
        (dynamic(), Prefill(Money(500, "USD")), "amount"),
        (FIXED, Prefill(Money(999, "RUB")), "amount"),
        (FIXED, Prefill(reference=""), "reference"),
        (FIXED, Prefill(reference="  "), "reference"),
        (FIXED, Prefill(reference="x" * 101), "reference"),
        (FIXED, Prefill(reference="a\nb"), "reference"),
        (FIXED, Prefill(email="anna"), "email"),
        (FIXED, Prefill(email="anna @example.com"), "email"),
        (FIXED, Prefill(email="a@b@c"), "email"),
        (FIXED, Prefill(email="a\x00@example.com"), "email"),
        (FIXED, Prefill(email="a" * 65 + "@example.com"), "email"),
        (FIXED, Prefill(expires_at=NOW), "expires"),
        (FIXED, Prefill(expires_at=NOW + personal.LIFE_MAX + 1), "expires"),
    ],
)
def test_what_cannot_be_signed_is_named(on: Link, prefill: Prefill, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        personal.make(CRYPTO, on, prefill, NOW)
    assert list(refused.value.faults) == [field]


def test_an_address_ends_by_its_time_or_when_its_amount_does_not_fit_any_more() -> None:
    lasting = Prefill(Money(1_000, "RUB"), expires_at=NOW + 1)
    for on, now, end in (
        (FIXED, NOW, None),
        (FIXED, NOW + 1, personal.EXPIRED),
        (dynamic(min_minor=1_000, max_minor=1_000), NOW, None),
        (dynamic(min_minor=1_001), NOW, personal.OUTDATED),
        (link(amount_type=AmountType.FIXED, amount_minor=999, currency="RUB"), NOW, "outdated"),
        (link(amount_type=AmountType.FIXED, amount_minor=1_000, currency="USD"), NOW, "outdated"),
    ):
        found = lasting.end_on(on, now)
        assert found == (personal.OUTDATED if end == "outdated" else end)
    assert Prefill(reference="x").end_on(dynamic(min_minor=1_001), NOW) is None


def test_a_time_is_unix_seconds_or_iso_with_an_offset() -> None:
    for said in (
        1_772_359_200,
        "1772359200",
        "2026-03-01T10:00:00Z",
        "2026-03-01T13:00:00.9+03:00",
    ):
        assert personal.read_expires(said) == NOW
    for wrong in ("", "soon", "2026-03-01", "2026-03-01T10:00:00", -1, True, 1.5, None, 10**12):
        with pytest.raises(ValueError, match="Unix seconds"):
            personal.read_expires(wrong)
