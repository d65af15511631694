"""What the core asks of an acquirer, and the values that it answers with.

A provider takes values and gives values. It never sees our rows, never changes our state, never
renders a page. A decline is an answer, not an error; silence is `OutcomeUnknown`, never a guess.

Raised by every verb with network in it:
- ProviderRejected: our request was wrong; nothing happened.
- ProviderUnavailable: the acquirer was never reached, or said that it did nothing.
- OutcomeUnknown: sent, but no readable answer. Ask `fetch`, or repeat with the same key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from handbill.kernel.clock import Instant
from handbill.kernel.money import Money

# --- Outcomes of a payment attempt -----------------------------------------------------------


class Charged(msgspec.Struct, frozen=True, tag=True):
    """The money is the merchant's. `amount` is what the acquirer says it took, and `reference` is
    what a refund of it names.

    One attempt may be charged more than once, as where a static code is scanned twice. Every charge
    then has a reference of its own, which a notification may name, and is refunded by itself; the
    same reference is the same charge. `also` are the other charges of the attempt that the acquirer
    knows of, without an `also` of their own. It may be empty although there are some: `fetch` by
    our attempt id, or by the reference that `create` gave, tells all.
    """

    reference: str
    amount: Money
    attempt_id: str | None = None
    fee: Money | None = None
    also: tuple[Charged, ...] = ()


class Authorized(msgspec.Struct, frozen=True, tag=True):
    """Held for a capture (two-stage)."""

    reference: str
    amount: Money
    attempt_id: str | None = None


class ActionRequired(msgspec.Struct, frozen=True, tag=True):
    """The payer goes on: to `redirect_url`, or by scanning `qr_payload`. What `create` answers has
    one of them; where a later answer has neither, it is as it was."""

    reference: str
    redirect_url: str | None = None
    qr_payload: str | None = None
    expires_at: Instant | None = None


class Pending(msgspec.Struct, frozen=True, tag=True):
    """The payer has done their part; the acquirer has not decided yet."""

    reference: str


class Declined(msgspec.Struct, frozen=True, tag=True):
    """`code` is one of ours (`insufficient_funds`, ...); `message` is fit for a payer, or empty. It
    stands in events and webhooks for good: words that could name a person are left out."""

    reference: str
    code: str
    message: str = ""


class Cancelled(msgspec.Struct, frozen=True, tag=True):
    """Ended without money: by the payer, by us, or by the acquirer's deadline (`expired`)."""

    reference: str
    expired: bool = False


Outcome = Charged | Authorized | ActionRequired | Pending | Declined | Cancelled


# --- Outcomes of a refund --------------------------------------------------------------------


class RefundSucceeded(msgspec.Struct, frozen=True, tag=True):
    """The money is on its way to the payer. `amount` is what the acquirer says it gives back."""

    reference: str
    amount: Money


class RefundPending(msgspec.Struct, frozen=True, tag=True):
    """Taken in, not decided: a notification follows, or `fetch_refund` tells how it ended."""

    reference: str


class RefundFailed(msgspec.Struct, frozen=True, tag=True):
    """Nothing is given back; the same amount may be refunded again. `code` is the acquirer's own
    word and `message` its reason, both for the merchant."""

    reference: str
    code: str
    message: str = ""


RefundOutcome = RefundSucceeded | RefundPending | RefundFailed


# --- What goes in ----------------------------------------------------------------------------


class ReceiptLine(msgspec.Struct, frozen=True):
    """A line of a fiscal receipt: `amount` is the sum of the line."""

    name: str
    quantity: str
    amount: Money


class Payer(msgspec.Struct, frozen=True):
    """What is known of the payer. All of it may be missing."""

    email: str | None = None
    phone: str | None = None
    name: str | None = None
    address: str | None = None
    """Network address."""


class Charge(msgspec.Struct, frozen=True):
    """One attempt to take money. `key` makes a repeat of the same request harmless."""

    attempt_id: str
    key: str
    amount: Money
    method: str
    description: str
    return_url: str
    notification_url: str
    expires_at: Instant
    capture: bool = True
    payer: Payer = Payer()
    locale: str = "en"
    lines: tuple[ReceiptLine, ...] = ()
    metadata: Mapping[str, str] = msgspec.field(default_factory=dict)


class Notification(msgspec.Struct, frozen=True):
    """A hint that something happened. `event_id` is the same in every repeat of it.

    `reference` is that of the payment: ask `fetch`. With a `refund_reference`, it happened to a
    refund of that payment: ask `fetch_refund`. The refund may be one that we do not know by this
    reference yet, where the notification was quicker than the answer to `refund`; `refund_id` is
    ours, where the acquirer names it. `is_dispute`: the payer's bank disputes the charge and may
    take the money back; that is between the merchant and the acquirer, and changes nothing here.
    """

    event_id: str
    reference: str
    refund_reference: str | None = None
    refund_id: str | None = None
    is_dispute: bool = False


class Acknowledgement(msgspec.Struct, frozen=True):
    """The body that the acquirer wants to read when we have stored its notification."""

    body: bytes = b""
    content_type: str = "text/plain"


class Capabilities(msgspec.Struct, frozen=True):
    """What an account of this acquirer can do."""

    methods: frozenset[str]
    currencies: frozenset[str] | None = None
    """None: every ISO 4217 currency."""
    amount_max: Mapping[str, int] = msgspec.field(default_factory=dict)
    """Minor units by method, where there is a limit."""
    refunds: bool = True
    """False: the money cannot be sent back from here; `refund` raises ProviderRejected."""
    partial_refund: bool = True
    two_stage: bool = False
    tells: bool = True
    """False: nobody can be asked whether money came. A person who sees it says so; `fetch` says
    that the payer must act, whatever has become of it."""
    needs_receipt: bool = False
    page_hosts: tuple[str, ...] = ()
    """Origins that the payer is sent to. The pay page names them in `form-action`: without it
    Chromium drops the redirect silently."""


class Provider(Protocol):
    """One account at one acquirer, opened by `open(credentials, outbound)` of its module."""

    @property
    def capabilities(self) -> Capabilities: ...

    async def create(self, charge: Charge) -> Outcome: ...

    async def capture(self, reference: str, amount: Money, key: str) -> Outcome:
        """Takes held money, all of it or a part once; the rest is let go. ProviderRejected: it is
        not held (any more), or not so much; `fetch` says what has become of it."""

    async def cancel(self, reference: str, key: str) -> Outcome:
        """Ends a payment that waits, or lets held money go. ProviderRejected: it was taken, or the
        bank is deciding."""

    async def refund(self, reference: str, amount: Money, refund_id: str) -> RefundOutcome:
        """Gives back all or a part of the charge `reference`. `refund_id` is ours: a repeat with it
        is the same refund. ProviderRejected: nothing is given back."""

    async def fetch_refund(
        self, reference: str | None, refund_id: str, payment_reference: str
    ) -> RefundOutcome | None:
        """By the acquirer's reference of the refund, or by our refund id where the answer to
        `refund` got lost; some acquirers find it among those of the payment only.
        None: the acquirer does not know it, so nothing happened."""

    async def fetch(self, reference: str | None, attempt_id: str) -> Outcome | None:
        """By the acquirer's reference, or by our attempt id where the create got lost.
        None: the acquirer does not know it, so nothing happened."""

    async def check(self) -> str | None:
        """None: the account is usable. Otherwise why not, in words."""

    def parse_notification(
        self, headers: Mapping[str, str], body: bytes, remote_address: str
    ) -> Notification:
        """No input or output. Header names are in lower case. Raises NotAuthentic."""

    @property
    def acknowledgement(self) -> Acknowledgement: ...
