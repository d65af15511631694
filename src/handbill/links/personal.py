"""Personal addresses of a link: an amount, the merchant's own reference, a payer's e-mail address
and a time, under a signature.

No row stands behind one: it is the link's own address with a query that only this installation can
make, so they cost nothing to make and nothing to forget. The values can be read by whoever has the
address, but for the e-mail address, which is encrypted: addresses lie in logs of proxies and in the
histories of browsers. The same values make the same address.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlencode

import msgspec

from handbill.infra.crypto import Crypto
from handbill.kernel.clock import DAY, SECOND, Instant, parse_iso
from handbill.kernel.errors import Faults, Invalid, LinkNotPayable
from handbill.kernel.money import AMOUNT_MAX, Money
from handbill.links.model import AmountType, Link

PURPOSE = "personal"
REFERENCE_MAX = 100
EMAIL_MAX = 254
LIFE_MAX = 5 * 365 * DAY
QUERY_MAX = 4_096
"""Characters of a query that is looked at. The longest that is made here has some 2,000."""

CHANGED = "address_changed"
EXPIRED = "address_expired"
OUTDATED = "address_outdated"

_SIGNATURE = "sig"
_SIGNED = ("amount", "currency", "reference", "email", "expires")
_HAS_SIGNATURE = re.compile(rb"(?:^|[&;])sig=")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")


class Prefill(msgspec.Struct, frozen=True):
    """What is filled in for one payer."""

    amount: Money | None = None
    reference: str | None = None
    email: str | None = None
    expires_at: Instant | None = None

    def end_on(self, link: Link, now: Instant) -> str | None:
        """Why nobody can pay at this address any more, though they could at the link's own. The
        signed amount is never replaced by another."""
        if self.expires_at is not None and self.expires_at <= now:
            return EXPIRED
        return OUTDATED if _amount_fault(link, self.amount) else None


class Personal(msgspec.Struct, frozen=True):
    """What a query says that was found to be signed here. `query` is its canonical form: what else
    came with it is left out."""

    prefill: Prefill
    query: str


def faults(link: Link, prefill: Prefill, now: Instant) -> Faults:
    """Why the merchant cannot have this address, by the names of the API."""
    found: Faults = {}
    if prefill == Prefill():
        found["amount"] = ["or reference, email or expires is required"]
    if words := _amount_fault(link, prefill.amount):
        found["amount"] = [words]
    reference, email, expires_at = prefill.reference, prefill.email, prefill.expires_at
    if reference is not None and not _is_reference(reference):
        found["reference"] = [f"must have 1 to {REFERENCE_MAX} printable characters"]
    if email is not None and not (_EMAIL.fullmatch(email) and email.isprintable()):
        found["email"] = ["must be an e-mail address"]
    if expires_at is not None and not now < expires_at <= now + LIFE_MAX:
        found["expires"] = [f"must be in the future, and at most {LIFE_MAX // DAY} days ahead"]
    return found


def make(crypto: Crypto, link: Link, prefill: Prefill, now: Instant) -> Personal:
    """Raises Invalid."""
    if found := faults(link, prefill, now):
        raise Invalid(found)
    return sign(crypto, link.id, prefill)


def sign(crypto: Crypto, link_id: str, prefill: Prefill) -> Personal:
    """`expires_at` is kept to the second."""
    amount, email, expires_at = prefill.amount, prefill.email, prefill.expires_at
    said = {
        "amount": None if amount is None else str(amount.minor),
        "currency": None if amount is None else amount.currency,
        "reference": prefill.reference,
        "email": None if email is None else crypto.veil(PURPOSE, email, link_id),
        "expires": None if expires_at is None else str(expires_at // SECOND),
    }
    pairs = {name: text for name, text in said.items() if text is not None}
    signature = crypto.mark(PURPOSE, _values(link_id, pairs))
    return Personal(prefill, _query(signature, pairs))


def is_signed(query: bytes) -> bool:
    """Whether a signature stands in it, right or wrong; also behind an `&` that became `&amp;`."""
    return _HAS_SIGNATURE.search(query) is not None


def read(crypto: Crypto, link_id: str, query: bytes) -> Personal | None:
    """None where nothing is signed: then nothing of it counts. Other parameters are passed over:
    messengers add their own. Raises LinkNotPayable where the signature is wrong."""
    if not is_signed(query):
        return None
    pairs = _pairs(query)
    signature = pairs.pop(_SIGNATURE, "") if pairs is not None else ""
    if pairs is None or not crypto.is_mark(PURPOSE, _values(link_id, pairs), signature):
        raise LinkNotPayable(CHANGED, "The signature of this address does not fit it.")
    amount, expires = pairs.get("amount"), pairs.get("expires")
    email = pairs.get("email")
    prefill = Prefill(
        amount=None if amount is None else Money(int(amount), pairs["currency"]),
        reference=pairs.get("reference"),
        email=None if email is None else crypto.unveil(PURPOSE, email, link_id),
        expires_at=None if expires is None else int(expires) * SECOND,
    )
    return Personal(prefill, _query(signature, pairs))


def read_expires(value: object) -> Instant:
    """From whole Unix seconds, or ISO 8601 with an offset. Raises ValueError with words."""
    words = "must be Unix seconds or a time with its offset, such as 2026-03-01T10:00:00+00:00"
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 12:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**12:
        return value * SECOND
    if not isinstance(value, str) or len(value) > 40:
        raise ValueError(words)
    try:
        return parse_iso(value) // SECOND * SECOND
    except ValueError:
        raise ValueError(words) from None


def _amount_fault(link: Link, amount: Money | None) -> str | None:
    if amount is None:
        return None
    if amount.currency != link.currency:
        return f"must be in {link.currency}"
    if link.amount_type is AmountType.FIXED:
        fits = amount == link.amount
        words = f"must be {link.amount_minor}, as the link says, or absent: its amount is fixed"
        return None if fits else words
    low, high = link.min_minor or 1, link.max_minor or AMOUNT_MAX
    return None if low <= amount.minor <= high else f"must be from {low} to {high}"


def _is_reference(text: str) -> bool:
    return 1 <= len(text) <= REFERENCE_MAX and text.isprintable() and not text.isspace()


def _pairs(query: bytes) -> dict[str, str] | None:
    """Those that count, in their order. None where one is doubled, or there is too much."""
    if len(query) > QUERY_MAX:
        return None
    found = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    ours = [(name, text) for name, text in found if name in (*_SIGNED, _SIGNATURE)]
    pairs = {name: text for one in (*_SIGNED, _SIGNATURE) for name, text in ours if name == one}
    return pairs if len(pairs) == len(ours) else None


def _query(signature: str, pairs: dict[str, str]) -> str:
    """The signature first: an address that was cut off still shows that it was signed."""
    return urlencode({_SIGNATURE: signature, **pairs}, quote_via=quote)


def _values(link_id: str, pairs: dict[str, str]) -> list[str | None]:
    """What is signed: the texts themselves, so that no other spelling of a number is the same."""
    return [link_id, *(pairs.get(name) for name in _SIGNED)]
