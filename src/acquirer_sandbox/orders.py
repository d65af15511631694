"""What a shop orders: a payment as it asks for it, judged and created."""

from __future__ import annotations

from typing import Annotated

import msgspec

from acquirer_sandbox import agenda, choosing, payments, sbp, store
from acquirer_sandbox.model import Method, Payment, Shop, Status
from acquirer_sandbox.scenarios import SCENARIOS, Scenario
from handbill.infra.database import Tx
from handbill.kernel import ids
from handbill.kernel.clock import DAY, HOUR, Instant
from handbill.kernel.errors import Invalid
from handbill.kernel.money import AMOUNT_MAX, currency_fault

ADDRESS_LENGTH_MAX = 2_048
LIFETIME = HOUR
LIFETIME_MAX = 30 * DAY

Amount = Annotated[int, msgspec.Meta(ge=1, le=AMOUNT_MAX)]
Address = Annotated[
    str, msgspec.Meta(max_length=ADDRESS_LENGTH_MAX, pattern=r"\Ahttps?://[^\s/?#@]+[^\s\x00]*\Z")
]
# A zero character is text in JSON, but not in PostgreSQL.
_STORABLE = r"\A[^\x00]*\Z"
Word = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=_STORABLE)]
Line = Annotated[str, msgspec.Meta(max_length=2_000, pattern=_STORABLE)]
MetadataName = Annotated[str, msgspec.Meta(max_length=40)]
Metadata = Annotated[
    dict[MetadataName, Annotated[str, msgspec.Meta(max_length=500)]], msgspec.Meta(max_length=50)
]


class NewPayment(msgspec.Struct, frozen=True):
    """The body of POST /v1/payments. `amount` in minor units, `expires_at` in Unix milliseconds
    (an hour from now by default), `capture` false for two stages."""

    amount: Amount
    currency: str
    method: Method
    attempt_id: Word
    return_url: Address
    notification_url: Address
    description: Line = ""
    capture: bool = True
    expires_at: Instant | None = None
    metadata: Metadata = {}


def create(tx: Tx, shop: Shop, order: NewPayment, base_url: str) -> Payment:
    """Raises Invalid. `base_url` is where payers find this acquirer."""
    scenario = _check(order, tx.now)
    if order.method is Method.SBP:
        token = sbp.code()
        url = sbp.payload(base_url, token, order.amount)
    else:
        token = ids.token()
        url = f"{base_url}/pay/{token}"
    payment = Payment(
        id=ids.new_id(tx.now),
        shop_id=shop.id,
        attempt_id=order.attempt_id,
        token=token,
        method=order.method,
        status=Status.AWAITING_PAYER,
        amount_minor=order.amount,
        captured_minor=0,
        refunded_minor=0,
        currency=order.currency,
        capture=order.capture,
        description=order.description,
        return_url=order.return_url,
        notification_url=order.notification_url,
        payment_url=url,
        metadata=order.metadata,
        scenario=scenario.name if scenario else None,
        decline_code=None,
        repeats=(),
        disputed=False,
        created_at=tx.now,
        updated_at=tx.now,
        expires_at=order.expires_at or tx.now + LIFETIME,
    )
    store.add_payment(tx, payment)
    agenda.plan(tx, payments.EXPIRE, shop.id, {"payment": payment.id}, payment.expires_at)
    return payments.begin(tx, payment, scenario) if scenario else payment


def _check(order: NewPayment, now: Instant) -> Scenario | None:
    """Gives the scenario that is asked for. Raises Invalid with all faults."""
    faults: dict[str, list[str]] = {}
    fault = currency_fault(order.currency)
    if fault is None and order.method is Method.SBP and order.currency != "RUB":
        fault = "must be RUB: fast payments know no other currency"
    if fault is not None:
        faults["currency"] = [fault]
    if order.expires_at is not None and not now < order.expires_at <= now + LIFETIME_MAX:
        faults["expires_at"] = ["must lie ahead, by 30 days at most"]
    scenario = None
    try:
        scenario = choosing.asked(order.metadata, order.amount, order.method)
    except KeyError:
        names = ", ".join(SCENARIOS)
        faults[f"metadata.{choosing.METADATA_KEY}"] = [f"must be one of {names}"]
    if faults:
        words = "; ".join(f"{field} {', '.join(why)}" for field, why in faults.items())
        raise Invalid(faults, words)
    return scenario
