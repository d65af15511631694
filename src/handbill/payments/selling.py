"""Sales at a till: a one-off payment for each, and what a till may see and do with the latest.

A till reaches the payments of its merchant's mode for a week and nothing older, and only what was
sold at a till can be cancelled there. Money goes back with the merchant's PIN alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from handbill.catalog import store as catalog
from handbill.infra.crypto import Crypto
from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.clock import DAY, MINUTE
from handbill.kernel.errors import Invalid, LinkNotPayable, NotFound
from handbill.kernel.money import AMOUNT_MAX, Money
from handbill.merchants import accounts, tills
from handbill.merchants.model import BY_HAND, Identity, Tenant
from handbill.merchants.tills import PinCheck, PinVerdict
from handbill.payments import ordering, refund_store, refunding, store, till_store
from handbill.payments.model import Attempt, Payment
from handbill.payments.ordering import PaymentOrder
from handbill.payments.refund import Refund, left_of
from handbill.payments.till_store import Line, Sold

LIFE = 15 * MINUTE
"""How long a payer may begin to pay a sale: they stand before the till."""
REACH = 7 * DAY
LATEST_MAX = 10
REASON = "till"
"""Of refunds, for the merchant's books."""
COUNT_MAX = 99
KINDS_MAX = 50
"""Different products in one sale."""
TITLE_KINDS_MAX = 5
"""Products that stand by name in what the payer reads."""


class Basket(msgspec.Struct, frozen=True):
    """What is sold: so many of each product, by id, and an amount that was typed (0: none).
    `name` makes a repeat harmless, and is the number on the payer's receipt."""

    name: str
    typed_minor: int
    counts: Mapping[str, int]


class Sale(msgspec.Struct, frozen=True):
    """A payment as a till knows it, with its live or else latest attempt. `lines` are empty for
    what was sold elsewhere, and for an amount that was typed."""

    payment: Payment
    attempt: Attempt | None
    is_of_till: bool
    lines: tuple[Line, ...] = ()


class Returning(msgspec.Struct, frozen=True):
    """What is to go back of a payment. `refund_id` makes a repeat harmless."""

    payment_id: str
    amount_minor: int
    refund_id: str


class GivenBack(msgspec.Struct, frozen=True):
    """`refund` is there where the PIN was right."""

    check: PinCheck
    refund: Refund | None = None


def sell(tx: Tx, crypto: Crypto, till: Identity, basket: Basket) -> Payment:
    """Raises Invalid, LinkNotPayable; DuplicateTxid where something else was sold by this name."""
    tenant, currency = till.tenant, tills.get(tx, till.tenant).currency
    if not accounts.offered(tx, tenant, currency).keys() - BY_HAND:  # who waits there cannot wait
        raise LinkNotPayable("not_open_yet", "No way to take this payment is set up yet.")
    lines = _lines(tx, tenant, basket, currency)
    total = basket.typed_minor + sum(line.minor for line in lines)
    if not 1 <= total <= AMOUNT_MAX:
        raise Invalid({"amount": [f"must be from 1 to {AMOUNT_MAX}"]})
    asked = PaymentOrder(
        amount=Money(total, currency),
        txid=basket.name,
        description=_description(lines),
        metadata={"till": till.key_id},
    )
    ordered = ordering.order(tx, crypto, tenant, asked, (), life=LIFE)
    if ordered.is_new:
        till_store.add(tx, ordered.payment.id, till.key_id, lines)
    return ordered.payment


def get(tx: Tx, tenant: Tenant, payment_id: str) -> Sale:
    """Raises NotFound, also for what is out of a till's reach."""
    known = ids.parse_id(payment_id)
    sold = till_store.find(tx, tenant, known, tx.now - REACH) if known else None
    if sold is None:
        raise NotFound("There is no such sale.")
    return _sale(tx, sold)


def latest(tx: Tx, tenant: Tenant) -> list[Sale]:
    """The newest first."""
    found = till_store.latest(tx, tenant, tx.now - REACH, LATEST_MAX)
    return [_sale(tx, sold) for sold in found]


def left(tx: Tx, payment: Payment) -> Money:
    """How much of it can still be given back."""
    return Money(left_of(payment, refund_store.of_payment(tx, payment.id)), payment.currency)


def give_back(tx: Tx, crypto: Crypto, tenant: Tenant, asked: Returning, pin: str) -> GivenBack:
    """A refund, where the PIN is right: at most one of its name, to be sent by `Refunds.send`. A
    wrong PIN is counted, so it is an answer and no error.

    Raises NotFound, NotRefundable, Invalid, all of them only after a right PIN.
    """
    check = tills.check_pin(tx, crypto, tenant, pin)
    if check.verdict is not PinVerdict.RIGHT:
        return GivenBack(check)
    payment = get(tx, tenant, asked.payment_id).payment
    known = refund_store.find(tx, asked.refund_id)
    if known is not None and known.payment_id == payment.id:
        return GivenBack(check, known)
    refund = refunding.open_refund(
        tx, payment, asked.amount_minor, REASON, refund_id=asked.refund_id
    )
    return GivenBack(check, refund)


def _lines(tx: Tx, tenant: Tenant, basket: Basket, currency: str) -> tuple[Line, ...]:
    counts = {product: count for product, count in basket.counts.items() if count}
    if len(counts) > KINDS_MAX or not all(1 <= count <= COUNT_MAX for count in counts.values()):
        words = f"at most {KINDS_MAX} products, each 1 to {COUNT_MAX} times"
        raise Invalid({"products": [words]})
    found = catalog.find_many(tx, tenant, list(counts))
    if len(found) < len(counts) or any(product.currency != currency for product in found):
        raise Invalid({"products": ["one of them is no longer sold"]})
    return tuple(Line(p.header, counts[p.id], p.amount.minor * counts[p.id]) for p in found)


def _description(lines: tuple[Line, ...]) -> str | None:
    """For the payer, in a line. None: their page says what it says of any payment."""
    if not lines:
        return None
    shown = lines[:TITLE_KINDS_MAX]
    named = [f"{x.count} \u00d7 {x.title}" if x.count > 1 else x.title for x in shown]
    return ", ".join(named) + (", …" if len(lines) > TITLE_KINDS_MAX else "")


def _sale(tx: Tx, sold: Sold) -> Sale:
    return Sale(
        payment=store.get(tx, sold.payment_id),
        attempt=store.latest_attempt(tx, sold.payment_id),
        is_of_till=sold.key_id is not None,
        lines=sold.lines or (),
    )
