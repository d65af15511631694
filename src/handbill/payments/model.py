"""What payments and attempts are, and how their statuses move. Pure.

A payment is what the merchant is told about; an attempt is one try to take its money at one
acquirer. A decline ends the attempt, not the payment.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

import msgspec

from handbill.kernel.clock import DAY, HOUR, MINUTE, SECOND, Instant
from handbill.kernel.money import Money
from handbill.merchants.model import BY_HAND, Tenant

ATTEMPT_LIFE = HOUR
"""How long a payer has on the acquirer's page."""
PLACE_LIFE = 15 * MINUTE
"""The same on a link with a limit, where others wait for the place."""
TRANSFER_LIFE = 14 * DAY
"""The same for a bank transfer: banks take days, and so may whoever has to confirm it."""
PLACE_GRACE = MINUTE
"""How much longer the place is held than the attempt lasts: it is ended at the acquirer first."""
PAYMENT_LIFE = 24 * HOUR
"""How long a payment made by the API can be paid."""
GIVE_UP_AFTER = 30 * MINUTE
"""After the last decline a payment has failed."""
HOLD_LIFE = 7 * DAY
"""How long an amount is held for the merchant to capture it; acquirers may let go earlier."""
CREATE_LASTS = 30 * SECOND
"""Longer than a create request may take: until then an attempt that the acquirer does not know may
still be on its way."""
RECONCILE_AFTER = (
    15 * SECOND,
    MINUTE,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
)
"""When the acquirer is asked about an attempt that it has not told us about; the last repeats."""
RECONCILE_FOR = 72 * HOUR
"""How long past its end a silent attempt is asked for."""
RECONCILE = "payments.reconcile"
"""The kind of job that asks."""
LOOK_BACK_AFTER = (HOUR, DAY, 3 * DAY)
"""When the acquirer is asked again about an attempt that has ended: money can come after the end,
and a code can be paid twice."""
LOOK_BACK = "payments.look_back"
"""The kind of job that does."""
RELEASE = "payments.release"
"""The kind of job that lets go of what is held for an attempt that has ended."""
UNREACHED = "The acquirer cannot be reached at the moment."

REVIEW = "review"
"""Error code of an attempt whose money does not fit: a person must look."""


class PaymentStatus(StrEnum):
    CREATED = "created"
    PENDING = "pending"
    PROCESSING = "processing"
    CHARGED = "charged"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


_OPEN_ENDS = {
    PaymentStatus.CHARGED,
    PaymentStatus.FAILED,
    PaymentStatus.REJECTED,
    PaymentStatus.CANCELLED,
}
PAYMENT_STATES = {
    PaymentStatus.CREATED: {PaymentStatus.PENDING, PaymentStatus.PROCESSING, *_OPEN_ENDS},
    PaymentStatus.PENDING: {PaymentStatus.PROCESSING, *_OPEN_ENDS},
    PaymentStatus.PROCESSING: {PaymentStatus.PENDING, *_OPEN_ENDS},
    PaymentStatus.CHARGED: {PaymentStatus.REFUNDED},
    # Late money is a fact: it is recorded first, and then handled.
    PaymentStatus.FAILED: {PaymentStatus.CHARGED},
    PaymentStatus.CANCELLED: {PaymentStatus.CHARGED},
    PaymentStatus.REJECTED: {PaymentStatus.CHARGED},
    # A refund can fail after it was called done: the money is the merchant's again.
    PaymentStatus.REFUNDED: {PaymentStatus.CHARGED},
}
OPEN = frozenset({PaymentStatus.CREATED, PaymentStatus.PENDING, PaymentStatus.PROCESSING})
PAID = frozenset({PaymentStatus.CHARGED, PaymentStatus.REFUNDED})
"""Money came. There is a receipt, also where it has gone back since."""


class AttemptStatus(StrEnum):
    CREATED = "created"
    PENDING = "pending"
    AUTHORIZED = "authorized"
    CHARGED = "charged"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


_ATTEMPT_ENDS = {
    AttemptStatus.CHARGED,
    AttemptStatus.DECLINED,
    AttemptStatus.CANCELLED,
    AttemptStatus.EXPIRED,
}
ATTEMPT_STATES = {
    AttemptStatus.CREATED: {AttemptStatus.PENDING, AttemptStatus.AUTHORIZED, *_ATTEMPT_ENDS},
    AttemptStatus.PENDING: {AttemptStatus.AUTHORIZED, *_ATTEMPT_ENDS},
    AttemptStatus.AUTHORIZED: _ATTEMPT_ENDS,
    AttemptStatus.CHARGED: set[AttemptStatus](),
    # An acquirer may still take the money of an attempt that we thought had ended.
    AttemptStatus.DECLINED: {AttemptStatus.CHARGED},
    AttemptStatus.CANCELLED: {AttemptStatus.CHARGED},
    AttemptStatus.EXPIRED: {AttemptStatus.CHARGED},
}
LIVE = frozenset({AttemptStatus.CREATED, AttemptStatus.PENDING, AttemptStatus.AUTHORIZED})


class Standing(StrEnum):
    """What a charge is to its payment. `kept`: the one that pays it. `surplus`: money that came for
    what was paid already; `accepted`: such money that the merchant keeps. `review`: money that
    does not fit; a person decides."""

    KEPT = "kept"
    SURPLUS = "surplus"
    ACCEPTED = "accepted"
    REVIEW = "review"


class PaymentType(StrEnum):
    LINK = "link"
    PAYMENT = "payment"


class Customer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the merchant or the payer told of the payer."""

    email: str | None = None
    phone: str | None = None
    name: str | None = None


class Line(msgspec.Struct, frozen=True):
    """What was bought of one product: `quantity` times its portion `qty`, for `amount_minor` in
    all. `title` as it was then."""

    product: str
    title: str
    qty: str
    quantity: int
    amount_minor: int

    @property
    def units(self) -> str:
        """Quantity and portion in one number: 3 times 0.250 is 0.75."""
        return format((Decimal(self.qty) * self.quantity).normalize(), "f")


class Answer(msgspec.Struct, frozen=True):
    """What the payer said to the merchant's question; `key` is its name in the metadata."""

    key: str
    label: str
    value: str


class Agreement(msgspec.Struct, frozen=True):
    """The words beside Pay when it was pressed. `ticked`: the payer had to tick a box."""

    text: str
    at: Instant
    ticked: bool


class Payment(msgspec.Struct, frozen=True):
    """`token` opens its status page; `payer` is the hash of the payer's cookie, `payer_id` the row
    of what is known of them (`payers`), `personal` the query of the personal address at which they
    began, `placement_id` the placement whose code led them there. The three amounts are in minor
    units; `amount_dest_minor` is 0 until the charge.
    `capture`: the money is taken at once; otherwise it is held until the merchant captures it. What
    the payer chose stays as they chose it: the tip, which the amount holds, the lines, the answer
    and the agreement."""

    id: str
    merchant_id: int
    test: bool
    link_id: str | None
    product_id: str | None
    txid: str
    type: PaymentType
    fingerprint: str | None
    token: str
    payer: str | None
    payer_id: str | None
    status: PaymentStatus
    amount_minor: int
    amount_with_fee_minor: int
    amount_dest_minor: int
    refunded_minor: int
    currency: str
    method: str | None
    provider: str | None
    title: str | None
    description: str | None
    notify_url: str | None
    return_url: str | None
    fail_url: str | None
    lang: str | None
    metadata: dict[str, str]
    error_code: str | None
    error_description: str | None
    late: bool
    surplus: bool
    capture: bool
    created_at: Instant
    updated_at: Instant
    expires_at: Instant
    charged_at: Instant | None
    personal: str | None = None
    placement_id: str | None = None
    tip_minor: int = 0
    lines: tuple[Line, ...] = ()
    answer: Answer | None = None
    agreement: Agreement | None = None

    @property
    def tenant(self) -> Tenant:
        return Tenant(self.merchant_id, self.test)

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, self.currency)

    @property
    def has_days(self) -> bool:
        """Whether a bank transfer could come in time. A sale at a till waits for minutes."""
        return self.expires_at - self.created_at >= PAYMENT_LIFE


class Attempt(msgspec.Struct, frozen=True):
    """One try at one acquirer. Its id is the key under which the acquirer knows it. `standing` is
    set once money came; `received` is what came where that is not what was asked. `capture_minor`
    (of the payment's amount) and `capture_with_fee_minor` are set once the merchant wants a held
    amount taken. `bank_entry`: what the merchant's bank calls the money of a transfer, if a person
    has said so."""

    id: str
    payment_id: str
    merchant_id: int
    account_id: str
    provider: str
    method: str
    status: AttemptStatus
    live: bool
    reference: str | None
    redirect_url: str | None
    qr_payload: str | None
    amount_minor: int
    currency: str
    fee_minor: int | None
    standing: Standing | None
    received_minor: int | None
    received_currency: str | None
    capture_minor: int | None
    capture_with_fee_minor: int | None
    error_code: str | None
    error_description: str | None
    created_at: Instant
    updated_at: Instant
    expires_at: Instant
    bank_entry: str | None = None

    @property
    def amount(self) -> Money:
        """What the payer pays: the amount with the payer's fee."""
        return Money(self.amount_minor, self.currency)

    @property
    def by_hand(self) -> bool:
        """Whether a person says that the money came, and only a person can send it back."""
        return self.method in BY_HAND

    @property
    def expected(self) -> Money:
        """What the acquirer is to take: of a held amount, what the merchant captures."""
        return Money(self.capture_with_fee_minor or self.amount_minor, self.currency)


def reconcile_at(asked: int, now: Instant) -> Instant:
    """When to ask after the `asked`-th question (0: none was asked yet)."""
    return now + RECONCILE_AFTER[min(asked, len(RECONCILE_AFTER) - 1)]
