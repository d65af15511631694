"""One-off payments that a merchant orders through the API; their payers come later, by the page.

A merchant's own name for the payment (`txid`) makes a repeat harmless: the same order answers the
payment that is there, another order under the same name is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network

import msgspec

from handbill.infra.crypto import Crypto
from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.clock import Instant
from handbill.kernel.errors import DuplicateTxid, Faults, Invalid
from handbill.kernel.money import AMOUNT_MAX, Money, currency_fault
from handbill.kernel.warnings import Warned
from handbill.links import rules
from handbill.links.model import AmountType, Terms, metadata_faults
from handbill.merchants.fees import derive
from handbill.merchants.model import Tenant
from handbill.payments import facts, model, payers, service, store
from handbill.payments.model import Customer, Payment, PaymentStatus, PaymentType
from handbill.payments.opening import payable_merchant

TXID_MAX = 128


class PaymentOrder(msgspec.Struct, frozen=True):
    """What the merchant says of the payment. Without a `txid` it gets its own id for one."""

    amount: Money
    txid: str | None = None
    description: str | None = None
    return_url: str | None = None
    fail_url: str | None = None
    notify_url: str | None = None
    customer: Customer = Customer()
    lang: str | None = None
    metadata: dict[str, str] = msgspec.field(default_factory=dict)


class Ordered(msgspec.Struct, frozen=True):
    """`warnings`: the payment is there, but nobody can pay it yet."""

    payment: Payment
    is_new: bool
    warnings: tuple[Warned, ...] = ()


def order(
    tx: Tx,
    crypto: Crypto,
    tenant: Tenant,
    asked: PaymentOrder,
    networks: Sequence[IPv4Network | IPv6Network],
    *,
    life: Instant = model.PAYMENT_LIFE,
) -> Ordered:
    """At most one payment for each `txid`, which can be paid for `life`. Raises Invalid,
    DuplicateTxid, LinkNotPayable."""
    # It outlives the payer's data, so it must not be one from which they can be guessed.
    fingerprint = crypto.fingerprint(msgspec.json.encode(asked, order="sorted"))
    if asked.txid is not None:
        known = store.find_by_txid(tx, tenant, asked.txid)
        if known is not None and known.fingerprint == fingerprint:
            return Ordered(known, is_new=False)
        if known is not None:
            raise DuplicateTxid(f"The txid {asked.txid} belongs to another payment.")
    if found := _faults(tx, tenant, asked, networks):
        raise Invalid(found)
    payment = _new_payment(tx, tenant, asked, fingerprint, tx.now + life)
    store.add(tx, payment)
    facts.record(tx, "payment.created", payment, first=True)
    service.look_again(tx, payment, payment.expires_at)
    return Ordered(payment, True, tuple(rules.account_warnings(tx, tenant, payment.currency)))


def _faults(
    tx: Tx, tenant: Tenant, asked: PaymentOrder, networks: Sequence[IPv4Network | IPv6Network]
) -> Faults:
    """By the names of the API."""
    found: Faults = {}
    if not 1 <= asked.amount.minor <= AMOUNT_MAX:
        found["params.amount"] = [f"must be from 1 to {AMOUNT_MAX}"]
    if words := currency_fault(asked.amount.currency):
        found["params.currency"] = [words]
    if asked.txid is not None and not 1 <= len(asked.txid) <= TXID_MAX:
        found["params.txid"] = [f"must have 1 to {TXID_MAX} characters"]
    addresses = Terms(
        amount_type=AmountType.FIXED,
        amount_minor=asked.amount.minor,
        currency=asked.amount.currency,
        notify_url=asked.notify_url,
        return_url=asked.return_url,
        fail_url=asked.fail_url,
    )
    judged = {**rules.faults(tx, tenant, addresses, networks), **metadata_faults(asked.metadata)}
    names = {"notify_url": "notifyUrl", "return_url": "returnUrl", "fail_url": "failUrl"}
    return found | {f"params.{names.get(name, name)}": words for name, words in judged.items()}


def _new_payment(
    tx: Tx, tenant: Tenant, asked: PaymentOrder, fingerprint: str, expires_at: Instant
) -> Payment:
    amounts = derive(payable_merchant(tx, tenant.merchant_id).fee_rule, asked.amount)
    payment_id = ids.new_id(tx.now)
    return Payment(
        id=payment_id,
        merchant_id=tenant.merchant_id,
        test=tenant.test,
        link_id=None,
        product_id=None,
        txid=asked.txid or payment_id,
        type=PaymentType.PAYMENT,
        fingerprint=fingerprint,
        token=ids.token(),
        payer=None,
        payer_id=payers.add(tx, tenant, asked.customer),
        status=PaymentStatus.CREATED,
        amount_minor=amounts.amount,
        amount_with_fee_minor=amounts.with_fee,
        amount_dest_minor=0,
        refunded_minor=0,
        currency=asked.amount.currency,
        method=None,
        provider=None,
        title=None,
        description=asked.description,
        notify_url=asked.notify_url,
        return_url=asked.return_url,
        fail_url=asked.fail_url,
        lang=asked.lang,
        metadata=asked.metadata,
        error_code=None,
        error_description=None,
        late=False,
        surplus=False,
        capture=True,
        created_at=tx.now,
        updated_at=tx.now,
        expires_at=expires_at,
        charged_at=None,
    )
